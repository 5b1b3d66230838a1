// Package exchange makes one GET, as often as its policy allows, to one whole
// answer: paced, bounded, and without credentials in what it shows.
//
// go-retryablehttp is the loop that repeats attempts, and no more (engine.go): what
// is to be decided is decided by the steps of an attempt.
package exchange

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/ratelimit"
	"github.com/sauceinsights/insights/internal/redact"
)

// Client is what the calls of a client have in common. Safe for concurrent use.
type Client struct {
	Transport func() http.RoundTripper // a closure, see Hide
	Jar       http.CookieJar
	Timeout   time.Duration // of an attempt, its redirects included
	Retry     Policy
	Budget    *Budget
	Limits    ratelimit.Limits
	MaxBytes  int64 // of a success, after decompression
	UserAgent string
	Authorize func(*http.Request) // a closure, so that no formatting and no dump reaches the key
	Mask      redact.Masker       // likewise
	Logger    *slog.Logger        // nil: no logging
	OnAttempt func(context.Context, Attempt)

	TimeoutHint string // what to do about an attempt that took too long

	stale atomic.Bool // an attempt timed out, and its connections are still there
}

// Call is one GET.
type Call struct {
	URL    *url.URL
	Path   string             // of the URL, for events
	Decode func([]byte) error // reads a success; a *fault.Error says which failure it is, any other error is a bad response
}

// Result is what came of a call.
type Result struct {
	Status   int         // of the last answer; 0: there was none
	Header   http.Header // of the last answer, without credentials; nil: there was none
	Body     []byte      // of the last answer, without credentials, at most 64 KiB; nil for a success
	Attempts int
	Failed   bool
	Err      error // why it failed, as far as the status does not tell
	Refused  bool  // the body may say why it failed
}

// Do makes the call. Decode has been called with the answer if it has not failed.
func (c *Client) Do(ctx context.Context, call Call) Result {
	x := &exchange{Client: c, call: call}
	defer x.last.release()
	x.run(ctx)
	return x.result()
}

// exchange is one call on the wire, from its first request to a whole answer.
type exchange struct {
	*Client
	call        Call
	attempts    int           // so far
	current     attempt       // which is being made
	last        attempt       // the last one that tells something
	retries     bool          // a retry was decided, and not made yet
	stop        error         // why there is no next attempt, where that is not plain
	isTold      bool          // the engine knows of the first attempt
	placeholder http.Response // what the engine sees of every answer
}

// show makes a text fit to be shown: without credentials and the query string.
func (x *exchange) show(text string) string {
	return x.Mask.For(x.call.URL.RawQuery)(text)
}

// attempt is one attempt and what has come of it.
type attempt struct {
	of              *exchange
	number          int // 1 for the first
	response            // nothing: there was none
	duration        time.Duration
	failure         error         // why it is no success
	willRetry       bool          // another attempt is to follow
	wait            time.Duration // before that
	jitter          time.Duration // which is a part of it
	serverRequested bool          // the service asked for the rest
	stop            error         // why none follows, where that is not plain
}

// step takes its part in an attempt, and knows the next step only.
type step func(context.Context, *attempt)

// steps are the way of an attempt, from the last step to the first.
func steps() step {
	way := step(send)   // one request and its redirects, to a whole answer
	way = classify(way) // success, or which failure
	way = decode(way)   // what the success says
	way = decide(way)   // another attempt, and after which wait?
	way = observe(way)  // what the service says of its limits
	way = report(way)   // the event and the log
	return pace(way)    // before all that: until it may be sent
}

// makeAttempt goes the way: it is the same for all attempts.
var makeAttempt = steps()

// observe learns what the service says of its limits. A pause for everyone ends
// when this call would try again.
func observe(next step) step {
	return func(ctx context.Context, a *attempt) {
		next(ctx, a)
		x, jitter := a.of, a.jitter
		if !a.willRetry {
			jitter = x.Retry.jitter(1, ratelimit.RetryAfter(a.header, a.received))
		}
		x.Limits.Server.Observe(a.status, a.header, a.received, jitter)
	}
}

// keep holds on to the outcome of an attempt. One that the context cut short
// does not hide what came of the attempt before it.
func (x *exchange) keep(ctx context.Context, a attempt) {
	if x.attempts > 1 && ctx.Err() != nil && errors.Is(a.failure, ctx.Err()) {
		x.stop = a.failure
		a.release()
		return
	}
	x.last.release()
	x.last, x.stop = a, a.stop
}

func (x *exchange) result() Result {
	failure := x.last.failure
	result := Result{
		Status: x.last.status, Header: x.last.header, Attempts: x.attempts,
		Failed: failure != nil || x.stop != nil,
		Err:    joined(failure, x.stop),
	}
	if result.Failed {
		result.Body = x.last.shownBody(x.Mask)
		result.Refused = failure == errStatus || errors.Is(failure, fault.BadResponse)
	}
	return result
}

// joined is why the last attempt failed and why there is no next one, as far as
// the status does not tell.
func joined(failure, stop error) error {
	switch {
	case failure == nil || failure == errStatus:
		return stop
	case stop == nil:
		return failure
	}
	return &fault.Error{Kind: failure, Text: failure.Error() + "; " + stop.Error(), Cause: stop}
}
