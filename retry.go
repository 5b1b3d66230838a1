package insights

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/ratelimit"
)

// decide says whether there is another attempt after a, and sets the wait
// before it. Where the policy would allow one and something else forbids it,
// x.stop says what.
func (x *exchange) decide(ctx context.Context, a answer) bool {
	x.wait, x.ordered = 0, false
	if a.failure == nil {
		x.config.budget.giveBack()
		return false
	}
	if !isWorthRetry(a.status, a.failure) || x.attempts >= x.config.retry.MaxAttempts {
		return false
	}
	if ctx.Err() != nil {
		x.stop = fault.OfContext(ctx)
		return false
	}
	wait, ordered := x.config.retry.next(x.attempts, a.header)
	if x.stop = x.forbids(ctx, wait); x.stop != nil {
		return false
	}
	x.wait, x.ordered = wait, ordered
	return true
}

// forbids says why there is no next attempt after that wait, or nil.
func (x *exchange) forbids(ctx context.Context, wait time.Duration) error {
	switch {
	case wait > x.config.retry.MaxWait:
		return fmt.Errorf("not tried again: the service orders a wait of %s, and the longest allowed is %s", wait.Round(time.Millisecond), x.config.retry.MaxWait)
	case !fault.Fits(ctx, wait):
		return &fault.Error{
			Kind: context.DeadlineExceeded,
			Text: fmt.Sprintf("not tried again: a wait of %s does not fit the deadline", wait.Round(time.Millisecond)),
		}
	case !x.config.budget.take():
		return errors.New("not tried again: the client's retry budget is used up")
	}
	return nil
}

// isWorthRetry reports whether a failure may pass by itself.
func isWorthRetry(status int, err error) bool {
	if errors.Is(err, errStatus) {
		return slices.Contains(retriedStatuses, status)
	}
	return errors.Is(err, ErrTransport) && canPass(err)
}

var retriedStatuses = []int{
	http.StatusTooManyRequests,
	http.StatusInternalServerError,
	http.StatusBadGateway,
	http.StatusServiceUnavailable,
	http.StatusGatewayTimeout,
}

// next is the wait after that many attempts, and whether the service ordered
// it: what Retry-After says, or anything up to a limit that doubles from
// attempt to attempt ("full jitter").
func (p RetryPolicy) next(attempts int, header http.Header) (wait time.Duration, ordered bool) {
	if d := ratelimit.RetryAfter(header, time.Now()); d > 0 {
		return d, true
	}
	limit := p.BaseWait
	for range attempts - 1 {
		if limit >= p.MaxWait/2 {
			limit = p.MaxWait
			break
		}
		limit *= 2
	}
	return rand.N(limit), false
}

// retryBudget keeps an outage from being multiplied by the calls of a client:
// a retry costs one of it, a success gives one back. Safe for concurrent use.
type retryBudget struct {
	left atomic.Int64
}

const fullBudget = 50

func newRetryBudget() *retryBudget {
	b := new(retryBudget)
	b.left.Store(fullBudget)
	return b
}

func (b *retryBudget) take() bool {
	if b.left.Add(-1) >= 0 {
		return true
	}
	b.left.Add(1)
	return false
}

func (b *retryBudget) giveBack() {
	for {
		left := b.left.Load()
		if left >= fullBudget || b.left.CompareAndSwap(left, left+1) {
			return
		}
	}
}
