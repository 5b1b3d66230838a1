package ratelimit

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/sauceinsights/insights/internal/fault"
)

// sharedLimiter is a limiter that answers as a test wants.
type sharedLimiter func(context.Context) error

func (l sharedLimiter) Wait(ctx context.Context) error { return l(ctx) }

func (l Limits) sharing(other Limiter) Limits {
	l.Shared = other
	return l
}

func TestLimitsShared(t *testing.T) {
	t.Run("are asked once for a request, one after the other, and before the client's own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var inside atomic.Int32
			var asked []time.Duration
			began := time.Now()
			s := sendingUnder(New(NewSecond(8, 1), nil).sharing(sharedLimiter(func(context.Context) error {
				assert.EqualValues(t, 1, inside.Add(1))
				defer inside.Add(-1)
				asked = append(asked, time.Since(began))
				time.Sleep(time.Millisecond)
				return nil
			})))
			s.queue(t, t.Context(), 0, 30)
			s.all.Wait()
			assert.Len(t, asked, 30)
			assert.Less(t, asked[29], s.when[29])
			assert.Equal(t, 1, maxWithin(125*time.Millisecond, s.when))
		})
	})
	t.Run("end in no rush where they were closed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			opens := time.Now().Add(5 * time.Second)
			s := sendingUnder(New(NewSecond(8, 1), nil).sharing(sharedLimiter(func(context.Context) error {
				time.Sleep(time.Until(opens))
				return nil
			})))
			s.queue(t, t.Context(), 0, 60)
			s.all.Wait()
			assert.Equal(t, 5*time.Second, s.when[0])
			assert.LessOrEqual(t, maxWithin(time.Second, s.when), 10)
		})
	})
	t.Run("are asked after a pause, and not again in one that follows", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var asked []time.Duration
			began := time.Now()
			l := New(nil, nil)
			l.Shared = sharedLimiter(func(context.Context) error {
				asked = append(asked, time.Since(began))
				l.Server.pauseFor(7*time.Second, time.Now(), 0)
				return nil
			})
			l.Server.pauseFor(3*time.Second, time.Now(), 0)
			require.NoError(t, l.Wait(t.Context(), time.Minute, func(time.Duration) {}))
			assert.Equal(t, []time.Duration{3 * time.Second}, asked)
			assert.Equal(t, 10*time.Second, time.Since(began))
		})
	})
	t.Run("are asked by many at once where there is no line", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(nil, nil).sharing(sharedLimiter(func(context.Context) error {
				time.Sleep(time.Second)
				return nil
			})))
			s.queue(t, t.Context(), 0, 20)
			s.all.Wait()
			assert.Equal(t, time.Second, s.when[19])
		})
	})
	t.Run("keep their reason where they refuse, and cost the next nothing", func(t *testing.T) {
		full := errors.New("the hour is used up")
		answers := []error{full, nil}
		l := New(NewSecond(1, 1), nil).sharing(sharedLimiter(func(context.Context) error {
			err := answers[0]
			answers = answers[1:]
			return err
		}))
		err := l.Wait(t.Context(), 0, func(time.Duration) {})
		assert.ErrorIs(t, err, full)
		assert.ErrorIs(t, err, fault.RateLimited)
		assert.EqualError(t, err, "not sent: the shared limiter: the hour is used up")
		assert.NoError(t, l.Wait(t.Context(), 0, func(time.Duration) {}))
	})
	t.Run("may be a rate.Limiter", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(NewSecond(8, 1), nil).sharing(rate.NewLimiter(2, 1)))
			s.queue(t, t.Context(), 0, 5)
			s.all.Wait()
			assert.Equal(t, 2*time.Second, s.when[4])

			short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			began := time.Now()
			assert.ErrorIs(t, s.send(short, 0), fault.RateLimited)
			assert.Zero(t, time.Since(began), "it refuses at once")
		})
	})
	t.Run("end with the context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := New(NewSecond(8, 1), nil).sharing(sharedLimiter(func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})).Wait(ctx, 0, func(time.Duration) {})
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorIs(t, err, fault.RateLimited)
		})
	})
}
