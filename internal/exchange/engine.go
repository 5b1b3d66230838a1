package exchange

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/sauceinsights/insights/internal/fault"
)

// run makes attempts until one succeeds or none is left. The result of the
// engine is not used: it has seen a placeholder for every answer.
func (x *exchange) run(ctx context.Context) {
	request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, x.call.URL, nil)
	if err != nil {
		x.last.failure = &fault.Error{Kind: fault.Transport, Cause: x.redacted(err)}
		return
	}
	defer x.giveUnusedRetryBack() // also where a transport or a callback panics
	_, _ = x.engine().Do(request)
	if x.retries && x.stop == nil {
		x.stop = fault.OfContext(ctx) // it ended during the wait
	}
}

// engine repeats attempts and waits between them, as the steps decided.
func (x *exchange) engine() *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: &http.Client{Transport: attempts{x, x.steps()}},
		RetryMax:   x.Retry.MaxAttempts,
		CheckRetry: func(context.Context, *http.Response, error) (bool, error) {
			return x.last.willRetry && x.stop == nil, nil
		},
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return x.last.wait },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// attempts is the transport of the engine: a request of its is an attempt.
//
// The exchange is not embedded: its client has a Transport.
type attempts struct {
	x   *exchange
	way step
}

// RoundTrip implements [http.RoundTripper].
func (t attempts) RoundTrip(request *http.Request) (*http.Response, error) {
	var a attempt
	t.way(request.Context(), &a)
	t.x.keep(request.Context(), a)
	return placeholder, nil
}

var placeholder = &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}

// giveUnusedRetryBack returns to the budget what a retry cost that was decided
// and not made.
func (x *exchange) giveUnusedRetryBack() {
	if x.retries {
		x.Budget.giveBack()
	}
}
