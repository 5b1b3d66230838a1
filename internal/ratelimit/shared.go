package ratelimit

import (
	"context"

	"github.com/sauceinsights/insights/internal/fault"
)

// Limiter is a limit that is shared with other clients, perhaps of other
// processes.
type Limiter interface {
	Wait(context.Context) error
}

// admit asks the shared limiter, once for every request.
func (l Limits) admit(r *request) error {
	if l.Shared == nil || r.isAdmitted {
		return nil
	}
	if err := l.Shared.Wait(r.ctx); err != nil {
		return refusedBy(r.ctx, err)
	}
	r.isAdmitted = true
	return nil
}

func refusedBy(ctx context.Context, err error) error {
	if fault.Ended(ctx) != nil {
		return calledOff(ctx)
	}
	return &fault.Error{Kind: fault.RateLimited, Text: "not sent: the shared limiter: " + err.Error(), Cause: err}
}
