package exchange

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/sauceinsights/insights/internal/fault"
)

// engine repeats attempts and waits between them, as the steps of an attempt
// decided. It is the same for all calls: which one an attempt belongs to is known
// by the context of its request.
var engine = &retryablehttp.Client{
	HTTPClient: &http.Client{Transport: attempts{}},
	RetryMax:   math.MaxInt, // the policy of the call counts
	CheckRetry: func(ctx context.Context, _ *http.Response, _ error) (bool, error) {
		x := exchangeOf(ctx)
		return x.last.willRetry && x.stop == nil, nil
	},
	Backoff: func(_, _ time.Duration, _ int, resp *http.Response) time.Duration {
		return exchangeOf(resp.Request.Context()).last.wait
	},
	ErrorHandler: retryablehttp.PassthroughErrorHandler,
}

var noHeader = make(http.Header) // none is written to it: the request goes nowhere

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	return ctx.Value(exchangeKey{}).(*exchange) // by run
}

// run makes attempts until one succeeds or none is left. The result of the
// engine is not used: it has seen a placeholder for every answer.
func (x *exchange) run(ctx context.Context) {
	request := &http.Request{Method: http.MethodGet, URL: x.call.URL, Header: noHeader}
	request = request.WithContext(context.WithValue(ctx, exchangeKey{}, x))
	defer x.giveUnusedRetryBack() // also where a transport or a callback panics
	_, _ = engine.Do(&retryablehttp.Request{Request: request})
	if x.retries && x.stop == nil {
		x.stop = fault.OfContext(ctx) // it ended during the wait
	}
}

// attempts is the transport of the engine: a request of its is an attempt.
type attempts struct{}

// RoundTrip implements [http.RoundTripper].
func (attempts) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	x := exchangeOf(ctx)
	a := attempt{of: x}
	makeAttempt(ctx, &a)
	x.keep(ctx, a)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: request}, nil
}

// giveUnusedRetryBack returns to the budget what a retry cost that was decided
// and not made.
func (x *exchange) giveUnusedRetryBack() {
	if x.retries {
		x.Budget.release()
	}
}
