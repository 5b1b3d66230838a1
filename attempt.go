package insights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
	_, isStandard := transport.(*http.Transport)
	ctx, cancel := context.WithDeadlineCause(request.Context(), t.x.deadline, &attemptTimeout{t.x.config.timeout()})
	defer cancel()
	watch := watchConnections(ctx, cancel, isStandard)
	defer watch.stop()
	request = request.Clone(watch.context(ctx)) // the transport's own, whatever it keeps of it
	if isExposed(transport, request) {
		return nil, errPlainProxy
	}
	resp, err := send(transport, request)
	if err != nil {
		return nil, causeOr(ctx, cmp.Or(watch.err(), err))
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
	if cause, ok := context.Cause(ctx).(*attemptTimeout); ok {
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
