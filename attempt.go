package insights

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// maxHeaderBytes bounds the header of an answer.
const maxHeaderBytes = 1 << 20

// attemptTransport sends one request and reads the whole answer, both within
// the timeout of an attempt. So what the retry engine sees is either a whole
// answer or how it broke off, and the caller's transport sees no more of the
// engine than a request: its idle connections are not closed on a failure.
type attemptTransport struct {
	base    http.RoundTripper
	timeout time.Duration
	limit   int64 // of the body, in bytes
}

// RoundTrip implements [http.RoundTripper]. The body of the response is a
// [*received].
func (t attemptTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeoutCause(request.Context(), t.timeout, &attemptTimeout{t.timeout})
	defer cancel()
	resp, err := t.base.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return nil, timeoutOr(ctx, err)
	}
	body := receiveBody(resp, t.limit)
	if body.err != nil {
		body.err = timeoutOr(ctx, body.err)
	}
	resp.Body = body
	dropBadLocation(resp)
	return resp, nil
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

// newHTTPClient is private to a Client: the caller's own is never written to.
func newHTTPClient(cfg config) *http.Client {
	timeout := cfg.attemptTimeout
	if cfg.clientTimeout > 0 {
		timeout = min(timeout, cfg.clientTimeout)
	}
	return &http.Client{
		Transport:     attemptTransport{base: cfg.transport, timeout: timeout, limit: cfg.maxResponseBytes},
		Jar:           cfg.jar,
		CheckRedirect: redirectPolicy(cfg.limits, cfg.retry.MaxWait),
	}
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
	t.MaxIdleConnsPerHost = 4 * defaultConcurrency
	return t
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
