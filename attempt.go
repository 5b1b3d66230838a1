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

// maxHeaderBytes bounds the header of an answer.
const maxHeaderBytes = 1 << 20

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
	ctx, cancel := context.WithDeadlineCause(request.Context(), t.x.deadline, &attemptTimeout{t.x.config.timeout()})
	defer cancel()
	transport := t.x.config.transport()
	attempt := func() (*http.Response, error) {
		return attemptWith(transport, request.WithContext(ctx), t.x.config.maxResponseBytes)
	}
	if standard, ok := transport.(*http.Transport); !ok {
		return orLeave(ctx, attempt)
	} else if isExposed(standard, request) {
		return nil, errPlainProxy
	}
	return attempt()
}

// attemptWith sends a request and reads the whole answer, up to limit bytes.
func attemptWith(transport http.RoundTripper, request *http.Request, limit int64) (*http.Response, error) {
	resp, err := send(transport, request)
	if err != nil {
		return nil, timeoutOr(request.Context(), err)
	}
	body := receiveBody(resp, limit)
	if body.err != nil {
		body.err = timeoutOr(request.Context(), body.err)
	}
	resp.Body = body
	dropBadLocation(resp)
	return resp, nil
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

// timeoutOr is the attempt's timeout where that ended ctx, and err otherwise.
func timeoutOr(ctx context.Context, err error) error {
	if timeout, ok := errors.AsType[*attemptTimeout](context.Cause(ctx)); ok {
		return timeout
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

// connections give the transport that a client uses. A closure holds it, out
// of reach for a dump of the client: a connection that is kept open has a
// request in its buffers, and so the credentials.
type connections func() http.RoundTripper

func connectionsOf(transport http.RoundTripper) connections {
	return func() http.RoundTripper { return transport }
}

// defaultTransport is that of net/http with a bound on headers and room for
// the idle connections of a few AllTests loops.
func defaultTransport() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // replaced by the program, which will have its reason
	}
	t := standard.Clone()
	t.MaxResponseHeaderBytes = maxHeaderBytes
	if t.OnProxyConnectResponse == nil {
		t.OnProxyConnectResponse = nameRefusal
	}
	t.MaxIdleConnsPerHost = 4 * defaultConcurrency
	return t
}

// nameRefusal gives a proxy's 407 and 403 the words by which they are known.
// Otherwise the error has those of the proxy, which may be any.
func nameRefusal(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusProxyAuthRequired, http.StatusForbidden:
		return errors.New(http.StatusText(resp.StatusCode))
	}
	return nil
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
