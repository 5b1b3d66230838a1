package fault_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights/internal/fault"
)

func TestError(t *testing.T) {
	for text, err := range map[string]error{
		"rate limited":              &fault.Error{Kind: fault.RateLimited},
		"rate limited: reset":       &fault.Error{Kind: fault.RateLimited, Cause: errors.New("reset")},
		"not sent: no time for it.": &fault.Error{Kind: fault.RateLimited, Text: "not sent: no time for it.", Cause: context.DeadlineExceeded},
	} {
		assert.EqualError(t, err, text)
		assert.ErrorIs(t, err, fault.RateLimited)
	}
}

func TestOfContext(t *testing.T) {
	t.Run("keeps the cause that the caller gave", func(t *testing.T) {
		why := errors.New("the build is over")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		assert.ErrorIs(t, fault.OfContext(ctx), context.Canceled)
		assert.ErrorIs(t, fault.OfContext(ctx), why)
	})
	t.Run("is the plain error where no cause was given", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.Equal(t, context.Canceled, fault.OfContext(ctx))
	})
}

func TestFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.True(t, fault.Fits(t.Context(), time.Hour), "there is no deadline")
		assert.True(t, fault.Fits(ctx, time.Second-1))
		assert.False(t, fault.Fits(ctx, time.Second), "nothing can happen at the deadline itself")
	})
}

// lateContext has passed its deadline, and its timer is still to notice.
type lateContext struct {
	context.Context
	deadline time.Time
}

func (c lateContext) Deadline() (time.Time, bool) { return c.deadline, true }

func TestEnded(t *testing.T) {
	t.Run("is nil while the context goes on", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		assert.NoError(t, fault.Ended(ctx))
		assert.NoError(t, fault.Ended(t.Context()))
	})
	t.Run("waits for a timer that is late", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			parent, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			ctx := lateContext{parent, time.Now()}
			assert.ErrorIs(t, fault.Ended(ctx), context.Canceled)
			assert.Error(t, ctx.Err(), "whoever asks next is told the same")
		})
	})
	t.Run("does not wait for ever", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			assert.Equal(t, context.DeadlineExceeded, fault.Ended(lateContext{t.Context(), time.Now()}))
		})
	})
}
