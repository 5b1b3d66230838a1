package insights

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// exchange is one call on the wire, from its first request to a whole answer.
// The way of a call, step by step:
//
//	pace       wait for a place under the rate limits     pace.go
//	authorize  set the credentials on the request         secrets.go
//	send       one attempt, within its timeout            attempt.go
//	redirect   follow to the same origin only             redirect.go
//	receive    read the whole body, within its bound      body.go
//	mask       hide credentials that the answer echoes    secrets.go
//	classify   success, or which failure                  classify.go
//	observe    learn the limits that the service states   pace.go
//	decide     try again, and after which wait            retry.go
//	report     tell the event, log                        events.go
//	decode     once, after the last attempt               decode.go
type exchange struct {
	*Client
	call    *call
	started time.Time

	attempts int           // so far
	sent     time.Time     // when the current attempt began
	last     answer        // the last answer there was
	failure  error         // why the last attempt failed; nil: it did not
	wait     time.Duration // before the next attempt
	ordered  bool          // the service ordered that wait
	stop     error         // why there is no next attempt, where that is not plain
}

// exchange sends the call's request, as often as the retry policy allows, and
// decodes the answer.
func (c *Client) exchange(ctx context.Context, call *call, into any) error {
	x := &exchange{Client: c, call: call, started: time.Now()}
	defer func() { x.last.release() }()
	x.run(ctx)
	if x.failure == nil && x.stop == nil {
		x.failure = x.last.decode(into)
	}
	x.capture()
	if x.failure == nil && x.stop == nil {
		return nil
	}
	return x.apiError()
}

// run makes attempts until one succeeds or none is left. What became of them
// is in x: the engine's own result repeats it with less detail.
func (x *exchange) run(ctx context.Context) {
	if x.stop = x.pace(ctx); x.stop != nil {
		return
	}
	request, err := x.request(ctx)
	if err != nil {
		x.failure = &failure{kind: ErrTransport, cause: err}
		return
	}
	engine := retryablehttp.Client{
		HTTPClient:   x.http,
		RetryMax:     x.config.retry.MaxAttempts - 1,
		CheckRetry:   x.afterAttempt,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return x.wait },
		PrepareRetry: func(r *http.Request) error { x.stop = x.pace(r.Context()); return x.stop },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	x.sent = time.Now()
	if _, err := engine.Do(request); err != nil && x.stop == nil && ctx.Err() != nil && x.failure != nil {
		x.stop = contextError(ctx) // ended during the wait before a retry
	}
}

func (x *exchange) request(ctx context.Context) (*retryablehttp.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, x.call.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", x.userAgent)
	x.authorize(request)
	return retryablehttp.FromRequest(request)
}

// pace waits until the next request may be sent.
func (x *exchange) pace(ctx context.Context) error {
	err := x.config.limits.wait(ctx, x.config.retry.MaxWait, func(d time.Duration) { x.reportPace(ctx, d) })
	x.sent = time.Now()
	return err
}

// afterAttempt takes in the outcome of an attempt and says whether to make
// another. It is the CheckRetry of the engine.
func (x *exchange) afterAttempt(ctx context.Context, resp *http.Response, err error) (bool, error) {
	x.attempts++
	a := x.receive(resp, err)
	x.failure = x.classify(ctx, a)
	x.config.limits.observe(a, time.Now())
	again := x.decide(ctx, a)
	x.report(ctx, a)
	x.keep(ctx, a)
	return again, nil
}

// keep holds on to the outcome of an attempt. One that ended with the context,
// before there was an answer, does not hide the answer before it.
func (x *exchange) keep(ctx context.Context, a answer) {
	if a.status == 0 && ctx.Err() != nil && x.last.status != 0 {
		x.stop = x.failure
		x.failure = nil
		return
	}
	x.last.release()
	x.last = a
}
