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
