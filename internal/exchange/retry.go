package exchange

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/ratelimit"
)

// Policy says how often and how patiently a request is tried.
type Policy struct {
	MaxAttempts       int // the first included
	BaseWait, MaxWait time.Duration
}

// decide says whether another attempt follows, and after which wait.
func decide(next step) step {
	return func(ctx context.Context, a *attempt) {
		next(ctx, a)
		x := a.of
		switch {
		case a.failure == nil:
			x.Budget.release()
		case a.number < x.Retry.MaxAttempts && isRetryable(a.status, a.failure):
			x.retryAfter(ctx, a)
		}
	}
}

// retryAfter decides on the next attempt, which the policy would allow.
func (x *exchange) retryAfter(ctx context.Context, a *attempt) {
	asked := ratelimit.RetryAfter(a.header, a.received)
	jitter := x.Retry.jitter(a.number, asked)
	if asked > 0 {
		jitter = min(jitter, roomAfter(ctx, asked))
	}
	if a.stop = x.forbids(ctx, asked, asked+jitter); a.stop == nil {
		a.wait, a.jitter, a.serverRequested = asked+jitter, jitter, asked > 0
		a.willRetry, x.retries = true, true
	}
}

// forbids says why there is no next attempt after a wait, or nil.
func (x *exchange) forbids(ctx context.Context, asked, wait time.Duration) error {
	ended := fault.Ended(ctx)
	switch {
	case ended != nil:
		return ended
	case asked > x.Retry.MaxWait:
		return fmt.Errorf("not tried again: the service asks for a wait of %s, and the longest allowed is %s", asked.Round(time.Millisecond), x.Retry.MaxWait)
	case !fault.Fits(ctx, wait):
		return &fault.Error{
			Kind: context.DeadlineExceeded,
			Text: fmt.Sprintf("not tried again: a wait of %s does not fit the deadline", wait.Round(time.Millisecond)),
		}
	case !x.Budget.take():
		return errors.New("not tried again: the client's retry budget is used up")
	}
	return nil
}

// isRetryable reports whether a failure may pass by itself.
func isRetryable(status int, err error) bool {
	if err == errStatus {
		return IsRetriedStatus(status)
	}
	failure, ok := errors.AsType[*fault.Error](err)
	return ok && failure.Passes
}

// IsRetriedStatus reports whether what a status tells of may pass by itself.
func IsRetriedStatus(status int) bool {
	return slices.Contains(retriedStatuses, status)
}

// retriedStatuses are the documented ones, and those of content delivery networks
// in front of services: 520 to 524, 529 (overloaded) and 530.
var retriedStatuses = []int{
	http.StatusRequestTimeout,
	http.StatusTooManyRequests,
	http.StatusInternalServerError,
	http.StatusBadGateway,
	http.StatusServiceUnavailable,
	http.StatusGatewayTimeout,
	520, 521, 522, 523, 524, 529, 530,
}

// jitter is a random wait after that many attempts, beside the one that the
// service asked for: anything up to a limit that doubles from attempt to attempt
// ("full jitter"). The limit begins with BaseWait, or with what was asked for, up to
// 5 s: clients who were all asked for the same do not all come back together.
func (p Policy) jitter(attempts int, asked time.Duration) time.Duration {
	limit := min(max(p.BaseWait, min(asked, maxSpread)), p.MaxWait)
	for range attempts - 1 {
		if limit >= p.MaxWait/2 {
			limit = p.MaxWait
			break
		}
		limit *= 2
	}
	return rand.N(limit)
}

// maxSpread is how far the first answers to one request of the service to wait are
// spread.
const maxSpread = 5 * time.Second

// roomAfter returns how much later than asked for there is time for an attempt.
func roomAfter(ctx context.Context, asked time.Duration) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return math.MaxInt64
	}
	return max(0, (time.Until(deadline)-asked)/2)
}

// Budget keeps an outage from being multiplied by the calls of a client:
// a retry costs one of it, a success gives one back. Safe for concurrent use.
type Budget struct {
	left atomic.Int64
}

// FullBudget is how many retries a budget has at most.
const FullBudget = 50

// NewBudget returns a full one.
func NewBudget() *Budget {
	b := new(Budget)
	b.left.Store(FullBudget)
	return b
}

func (b *Budget) take() bool {
	if b.left.Add(-1) >= 0 {
		return true
	}
	b.left.Add(1)
	return false
}

func (b *Budget) release() {
	for {
		left := b.left.Load()
		if left >= FullBudget || b.left.CompareAndSwap(left, left+1) {
			return
		}
	}
}

// Left is how many retries are left.
func (b *Budget) Left() int {
	return int(b.left.Load())
}
