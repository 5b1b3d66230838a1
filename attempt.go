package insights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// errNoStatus is an answer that no HTTP server gives.
var errNoStatus = errors.New("malformed HTTP answer: it has no status")

// attemptTransport sends a request of an attempt and reads the whole answer,
// both before the attempt's deadline. So what the retry engine sees is either
// a whole answer or how it broke off, and the caller's transport sees no more
// of the engine than a request: its idle connections are not closed on a failure.
//
// The exchange is not embedded: its client has a CloseIdleConnections.
type attemptTransport struct {
	x *exchange
}

// RoundTrip implements [http.RoundTripper]. The body of the response is a
// [*received].
func (t attemptTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	transport := t.x.config.transport()
	ctx, cancel := t.x.attemptContext(request.Context(), transport)
	defer cancel()
	request = request.Clone(ctx) // the transport's own, whatever it keeps of it
	if isExposed(transport, request) {
		return nil, errPlainProxy
	}
	resp, err := send(transport, request)
	if err != nil {
		return nil, causeOr(ctx, err)
	}
	return t.x.receive(ctx, resp), nil
}

// receive reads the whole answer.
func (x *exchange) receive(ctx context.Context, resp *http.Response) *http.Response {
	defer func() { _ = resp.Body.Close() }() // what was read is all there is to know
	dropBadLocation(resp)
	resp.Header = x.mask.Header(resp.Header)
	body := receiveBody(ctx, resp, x.config.maxResponseBytes)
	body.err = causeOr(ctx, body.err)
	whole := *resp
	whole.Body = body
	return &whole
}

// attemptContext ends with the attempt's deadline, or where net/http sends its
// request again and again.
func (x *exchange) attemptContext(ctx context.Context, transport http.RoundTripper) (context.Context, context.CancelFunc) {
	bounded, cancel := context.WithDeadlineCause(ctx, x.deadline, &attemptTimeout{x.config.timeout()})
	if _, standard := transport.(*http.Transport); !standard {
		return bounded, cancel
	}
	bounded, end := context.WithCancelCause(bounded)
	return httptrace.WithClientTrace(bounded, boundConnections(end)), func() { end(nil); cancel() }
}

// mostConnections is how many new connections an attempt may take. Over HTTP/2
// net/http repeats a request by itself where the server says that it did nothing,
// each time on a new connection, with no end and no pause. That it goes through
// idle ones which were closed under it has an end.
const mostConnections = 3

var errNoneAnswered = fmt.Errorf("none of %d new connections had an answer", mostConnections)

func boundConnections(end context.CancelCauseFunc) *httptrace.ClientTrace {
	var taken atomic.Int32
	return &httptrace.ClientTrace{GotConn: func(conn httptrace.GotConnInfo) {
		if !conn.Reused && taken.Add(1) > mostConnections {
			end(errNoneAnswered)
		}
	}}
}

// send gives a response that is the exchange's own and complete in its form,
// whatever the transport of a caller or of a test left out of it or shares.
func send(transport http.RoundTripper, request *http.Request) (*http.Response, error) {
	given, err := transport.RoundTrip(request)
	if given == nil {
		return nil, cmp.Or(err, errNoStatus)
	}
	resp := *given
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if err != nil || resp.StatusCode < 100 {
		_ = resp.Body.Close() // not to be read, so there is nothing to know
		return nil, cmp.Or(err, errNoStatus)
	}
	if resp.Header == nil {
		resp.Header = make(http.Header)
	}
	return &resp, nil
}

// attemptTimeout is the end of an attempt that took too long.
type attemptTimeout struct {
	after time.Duration
}

func (e *attemptTimeout) Error() string {
	return fmt.Sprintf("the attempt took longer than %s", e.after)
}

// Timeout makes it a timeout to package net.
func (e *attemptTimeout) Timeout() bool { return true }

// causeOr is why the attempt ended ctx, if it did, and err otherwise.
func causeOr(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	if _, ok := cause.(*attemptTimeout); ok || cause == errNoneAnswered {
		return cause
	}
	return err
}

// httpClient follows redirects. It belongs to one exchange: the caller's own
// is never written to.
func (x *exchange) httpClient() *http.Client {
	return &http.Client{Transport: attemptTransport{x}, Jar: x.config.jar, CheckRedirect: x.redirect}
}

// timeout is that of an attempt, its redirects included.
func (cfg config) timeout() time.Duration {
	if cfg.clientTimeout > 0 {
		return min(cfg.attemptTimeout, cfg.clientTimeout)
	}
	return cfg.attemptTimeout
}

// withoutURL takes off the wrapper of net/http, whose text holds the URL.
func withoutURL(err error) error {
	for {
		wrapper, ok := err.(*url.Error)
		if !ok {
			return err
		}
		err = wrapper.Err
	}
}
