package insights

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/wire"
)

// exchange is one call on the wire, from its first request to a whole answer.
// The way of a call, step by step:
//
//	pace       wait for a place under the rate limits     pace.go, places.go
//	authorize  set the credentials on the request         secrets.go
//	send       one attempt, within its timeout            attempt.go
//	redirect   follow to the same origin only             redirect.go, origin.go
//	receive    read the whole body, within its bound      body.go
//	classify   success, or which failure                  classify.go
//	observe    learn the limits that the service states   serverlimit.go
//	decide     try again, and after which wait            retry.go
//	report     tell the event, log                        events.go
//	decode     once, after the last attempt               decode.go
type exchange struct {
	*Client
	call    *call
	started time.Time

	attempts int           // so far
	sent     time.Time     // when the current attempt began
	deadline time.Time     // when the current attempt must be over
	underWay bool          // a request is, and counted so
	last     answer        // what came of the last attempt that tells something
	again    bool          // another attempt is to follow
	wait     time.Duration // before the next attempt
	ordered  bool          // the service ordered that wait
	stop     error         // why there is no next attempt, where that is not plain

	unreadable wire.Unreadable // values of the answer
}

// exchange sends the call's request, as often as the retry policy allows, and
// decodes the answer.
func (c *Client) exchange(ctx context.Context, call *call, into any) error {
	x := &exchange{Client: c, call: call, started: time.Now()}
	defer func() { x.last.release() }()
	x.run(ctx)
	if x.succeeded() {
		x.last.failure = x.decode(into)
		x.reportUnreadable(ctx)
	}
	x.capture()
	if x.succeeded() {
		return nil
	}
	return x.apiError()
}

func (x *exchange) succeeded() bool {
	return x.last.failure == nil && x.stop == nil
}

// run makes attempts until one succeeds or none is left. What became of them
// is in x: the engine's own result repeats it with less detail.
func (x *exchange) run(ctx context.Context) {
	request, err := x.request(ctx)
	if err != nil {
		x.last.failure = &fault.Error{Kind: ErrTransport, Cause: x.hide(err)}
		return
	}
	if x.stop = x.pace(ctx); x.stop != nil {
		return
	}
	defer x.leave() // also where a transport or a callback panics
	// The engine's result is not asked for: afterAttempt has seen it already.
	_, _ = x.engine().Do(request)
	if x.again && x.stop == nil {
		x.stop = fault.OfContext(ctx) // it ended during the wait
	}
}

func (x *exchange) request(ctx context.Context) (*retryablehttp.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, x.call.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", x.userAgent)
	x.authorize(request)
	return &retryablehttp.Request{Request: request}, nil
}

// engine repeats attempts and waits between them. Everything that is to be
// decided is decided in afterAttempt.
func (x *exchange) engine() *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient:   x.httpClient(),
		RetryMax:     x.config.retry.MaxAttempts - 1,
		CheckRetry:   x.afterAttempt,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return x.wait },
		PrepareRetry: x.beforeRetry,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// beforeRetry is the PrepareRetry of the engine: the wait is over.
func (x *exchange) beforeRetry(request *http.Request) error {
	request.Header.Del("Cookie") // net/http adds those of the jar again
	if x.stop = x.pace(request.Context()); x.stop != nil {
		return x.stop
	}
	x.again = false
	return nil
}

// leave gives back what the call has taken and not used, such as a retry that was
// decided, paid for and not made.
func (x *exchange) leave() {
	x.finish()
	if x.again {
		x.config.budget.giveBack()
	}
}

// pace waits until the next request may be sent, and starts the clock of the
// attempt.
func (x *exchange) pace(ctx context.Context) error {
	err := x.takePlace(ctx)
	x.underWay = err == nil
	x.sent = time.Now()
	x.deadline = x.sent.Add(x.config.timeout())
	return err
}

func (x *exchange) takePlace(ctx context.Context) error {
	return x.config.limits.Wait(ctx, x.config.retry.MaxWait, func(d time.Duration) { x.reportPace(ctx, d) })
}

// afterAttempt takes in the outcome of an attempt and says whether to make
// another. It is the CheckRetry of the engine.
func (x *exchange) afterAttempt(ctx context.Context, resp *http.Response, err error) (bool, error) {
	x.attempts++
	x.finish()
	a := answerOf(resp, err)
	a.failure = x.classify(ctx, a)
	x.config.limits.Server.Observe(a.status, a.header, time.Now())
	x.again = x.decide(ctx, a)
	x.report(ctx, a)
	x.keep(ctx, a)
	return x.again, nil
}

// finish counts the request under way as done.
func (x *exchange) finish() {
	if x.underWay {
		x.config.limits.Server.Finish()
		x.underWay = false
	}
}

// keep holds on to the outcome of an attempt. One that the context cut short
// does not hide what came of the attempt before it.
func (x *exchange) keep(ctx context.Context, a answer) {
	if x.attempts > 1 && ctx.Err() != nil && errors.Is(a.failure, ctx.Err()) {
		x.stop = a.failure
		a.release()
		return
	}
	x.last.release()
	x.last = a
}
