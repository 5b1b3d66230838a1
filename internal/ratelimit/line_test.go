package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/internal/fault"
)

// sending are requests that wait in a line, and when each was sent.
type sending struct {
	limits Limits
	began  time.Time

	mu   sync.Mutex
	who  []int
	when []time.Duration
	all  sync.WaitGroup
}

func sendingUnder(l Limits) *sending {
	return &sending{limits: l, began: time.Now()}
}

// send waits for its turn and notes it.
func (s *sending) send(ctx context.Context, who int) error {
	err := s.limits.Wait(ctx, time.Minute, func(time.Duration) {})
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.who, s.when = append(s.who, who), append(s.when, time.Since(s.began))
	}
	return err
}

// queue puts n requests in the line, one behind the other.
func (s *sending) queue(t *testing.T, ctx context.Context, first, n int) {
	for i := range n {
		s.all.Go(func() { _ = s.send(ctx, first+i) })
		synctest.Wait()
	}
}

// maxWithin is the largest number of requests in any span of that length.
func maxWithin(span time.Duration, when []time.Duration) int {
	when = slices.Sorted(slices.Values(when))
	most := 0
	for i := range when {
		until, _ := slices.BinarySearch(when, when[i]+span)
		most = max(most, until-i)
	}
	return most
}

func TestLimits(t *testing.T) {
	t.Run("send in even steps and in the order in which they were asked", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(NewSecond(50, 1), nil))
			s.queue(t, t.Context(), 0, 15)
			s.all.Wait()
			for i := range 15 {
				assert.Equal(t, i, s.who[i], "nobody overtakes")
				assert.Equal(t, time.Duration(i)*20*time.Millisecond, s.when[i])
			}
		})
	})
	t.Run("move up whoever stands behind one that leaves", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(NewSecond(8, 1), nil))
			impatient, cancel := context.WithCancel(t.Context())
			s.queue(t, impatient, 0, 62)
			s.queue(t, t.Context(), 100, 20)
			time.Sleep(500 * time.Millisecond)
			cancel()
			synctest.Wait()
			s.queue(t, t.Context(), 200, 1)
			s.all.Wait()
			sent := slices.Index(s.who, 100)
			assert.LessOrEqual(t, s.when[sent], 625*time.Millisecond, "the first of those behind")
			assert.Equal(t, 200, s.who[len(s.who)-1], "the newcomer waits behind them")
			assert.LessOrEqual(t, s.when[len(s.when)-1], 500*time.Millisecond+21*125*time.Millisecond)
			assert.Equal(t, 1, maxWithin(125*time.Millisecond, s.when))
		})
	})
	t.Run("refuse at once who would stand too far back for its deadline, and nobody else", func(t *testing.T) {
		for name, limits := range map[string]Limits{
			"the second": New(NewSecond(8, 2), nil),
			"the hour":   New(nil, NewHour(5)),
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := sendingUnder(limits)
					ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
					defer cancel()
					var errs []error
					for i := range 50 {
						s.all.Go(func() {
							if err := s.send(ctx, i); err != nil {
								errs = append(errs, err)
								assert.Zero(t, time.Since(s.began))
							}
						})
						synctest.Wait()
					}
					s.all.Wait()
					want := map[string]int{"the second": 25, "the hour": 5}[name]
					assert.Len(t, s.who, want)
					for _, err := range errs {
						assert.ErrorIs(t, err, fault.RateLimited)
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						assert.ErrorContains(t, err, "not sent: the rate limit asks for a wait of ")
					}
				})
			})
		}
	})
	t.Run("hold whoever came from the hour's end, with no rush", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(NewSecond(8, 2), NewHour(20)))
			s.queue(t, t.Context(), 0, 60)
			s.all.Wait()
			assert.Equal(t, 20, maxWithin(time.Hour, s.when))
			assert.LessOrEqual(t, maxWithin(time.Second, s.when), 10)
			assert.LessOrEqual(t, s.when[59], 2*time.Hour+3*time.Second)
		})
	})
	t.Run("share what they share", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := New(NewSecond(8, 1), NewHour(4))
			s, faster := sendingUnder(l), sendingUnder(l.With(NewSecond(100, 1), l.PerHour))
			s.queue(t, t.Context(), 0, 3)
			faster.queue(t, t.Context(), 0, 3)
			s.all.Wait()
			faster.all.Wait()
			both := append(slices.Clone(s.when), faster.when...)
			assert.Equal(t, 4, maxWithin(time.Hour, both), "the hour is one for both")
			assert.Equal(t, 10*time.Millisecond, faster.when[1]-faster.when[0], "the second is its own")
		})
	})
	t.Run("let everyone go at once where there are none, but in a pause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(nil, nil))
			s.limits.Server.pauseFor(5*time.Second, time.Now(), 0)
			s.queue(t, t.Context(), 0, 30)
			s.all.Wait()
			for _, at := range s.when {
				assert.Equal(t, 5*time.Second, at)
			}
		})
	})
	t.Run("leave the line as it was where the announcement panics", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := New(NewSecond(1, 1), nil)
			require.NoError(t, l.Wait(t.Context(), 0, nil))
			assert.Panics(t, func() { _ = l.Wait(t.Context(), 0, func(time.Duration) { panic("mine") }) })
			assert.NoError(t, l.Wait(t.Context(), 0, func(time.Duration) {}))
		})
	})
}

func TestLimitsInAPause(t *testing.T) {
	t.Run("hold the whole line, and end in no rush", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(NewSecond(8, 2), nil))
			s.queue(t, t.Context(), 0, 60)
			time.Sleep(time.Second)
			s.limits.Server.pauseFor(5*time.Second, time.Now(), 0)
			s.all.Wait()
			for _, at := range s.when {
				assert.False(t, at > time.Second && at < 6*time.Second, "%s", at)
			}
			assert.LessOrEqual(t, maxWithin(time.Second, s.when), 10)
		})
	})
	t.Run("refuse at once who can't be sent any more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(NewSecond(1, 1), nil))
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
			defer cancel()
			for i := range 8 {
				s.all.Go(func() {
					if err := s.send(ctx, i); err != nil {
						assert.ErrorIs(t, err, fault.RateLimited)
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						assert.Equal(t, 1500*time.Millisecond, time.Since(s.began), "at once")
					}
				})
				synctest.Wait()
			}
			time.Sleep(1500 * time.Millisecond)
			s.limits.Server.pauseFor(4*time.Second, time.Now(), 0)
			s.all.Wait()
			assert.Equal(t, []int{0, 1, 2, 3, 4}, s.who, "two were sent before, and three still can be")
		})
	})
	t.Run("refuse at once who can't be sent before more is allowed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(NewSecond(1, 1), nil))
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
			defer cancel()
			s.queue(t, ctx, 0, 5)
			time.Sleep(1500 * time.Millisecond)
			s.limits.Server.Observe(200, http.Header{"X-Ratelimit-Remaining": {"2"}, "X-Ratelimit-Reset": {"60"}}, time.Now(), 0)
			s.all.Wait()
			assert.Equal(t, []int{0, 1}, s.who, "two requests are in flight, for which the two remain")
			assert.Equal(t, 1500*time.Millisecond, time.Since(s.began))
		})
	})
	t.Run("count what remains by the place in the line", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := sendingUnder(New(NewSecond(100, 1), nil))
			s.limits.Server.allow(2, time.Now().Add(10*time.Second), time.Now())
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			s.queue(t, ctx, 0, 5)
			s.all.Wait()
			assert.Len(t, s.who, 2, "the others are refused")
			assert.Less(t, time.Since(s.began), time.Second)
		})
	})
	t.Run("end for a call that is called off, with its cause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := New(NewSecond(1, 1), nil)
			l.Server.pauseFor(time.Minute, time.Now(), 0)
			why := errors.New("the build is over")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(3*time.Second, func() { cancel(why) })
			began := time.Now()
			err := l.Wait(ctx, time.Hour, func(time.Duration) {})
			assert.Equal(t, 3*time.Second, time.Since(began))
			for _, want := range []error{why, context.Canceled, fault.RateLimited} {
				assert.ErrorIs(t, err, want)
			}
		})
	})
}

func TestLimitsAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(NewSecond(0.5, 1), nil)
		var told []time.Duration
		wait := func() {
			require.NoError(t, l.Wait(t.Context(), time.Hour, func(d time.Duration) { told = append(told, d) }))
		}
		wait()
		wait()
		l.Server.Observe(429, http.Header{"Retry-After": {"5"}}, time.Now(), 0)
		wait()
		assert.Equal(t, "[2s 5s]", fmt.Sprint(told), "each wait once, before it begins")
	})
}
