package exchange

import (
	"context"
	"math"
	"net/http"
	"net/url"
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
		return exchangeOf(ctx).goesOn(), nil
	},
	Backoff: func(_, _ time.Duration, _ int, resp *http.Response) time.Duration {
		return exchangeOf(resp.Request.Context()).last.wait
	},
	ErrorHandler: retryablehttp.PassthroughErrorHandler,
}

// toNowhere is what the engine sends. Nothing is written to it.
var toNowhere = &http.Request{Method: http.MethodGet, URL: new(url.URL), Header: make(http.Header)}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	return ctx.Value(exchangeKey{}).(*exchange) // by run
}

// run makes attempts until one succeeds or none is left. The first one is the
// last of most calls: the engine is told of it only if another is to follow.
func (x *exchange) run(ctx context.Context) {
	defer x.giveUnusedRetryBack() // also where a transport or a callback panics
	x.attempt(ctx)
	if !x.goesOn() {
		return
	}
	request := toNowhere.WithContext(context.WithValue(ctx, exchangeKey{}, x))
	_, _ = engine.Do(&retryablehttp.Request{Request: request}) // it has seen a placeholder for every answer
	if x.retries && x.stop == nil {
		x.stop = fault.OfContext(ctx) // it ended during the wait
	}
}

// attempt makes the next attempt.
func (x *exchange) attempt(ctx context.Context) {
	x.current = attempt{of: x}
	makeAttempt(ctx, &x.current)
	x.keep(ctx, x.current)
}

// goesOn reports whether another attempt is to follow.
func (x *exchange) goesOn() bool {
	return x.last.willRetry && x.stop == nil
}

// attempts is the transport of the engine: a request of its is an attempt.
type attempts struct{}

// RoundTrip implements [http.RoundTripper].
func (attempts) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	x := exchangeOf(ctx)
	if x.isTold {
		x.attempt(ctx)
	}
	x.isTold = true
	x.placeholder = http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: request}
	return &x.placeholder, nil
}

// giveUnusedRetryBack returns to the budget what a retry cost that was decided
// and not made.
func (x *exchange) giveUnusedRetryBack() {
	if x.retries {
		x.Budget.release()
	}
}
