package exchange

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"runtime"
	"time"
)

// Hide gives the transport that a client uses. A closure holds it, out of reach
// for a dump of the client: a connection that is kept open has a request in its
// buffers, and so the credentials.
func Hide(transport http.RoundTripper) func() http.RoundTripper {
	return func() http.RoundTripper { return transport }
}

// Own is Hide for a transport that belongs to a client and its clones: when the
// last of them is gone, its idle connections are closed. Where a test has put a mock
// in the place of [http.DefaultTransport] since, that is used: it would be a
// surprise to see requests get past it.
func Own(transport http.RoundTripper) func() http.RoundTripper {
	owner := new(struct{ transport http.RoundTripper })
	owner.transport = transport
	runtime.AddCleanup(owner, closeIdle, transport)
	return func() http.RoundTripper {
		if _, standard := http.DefaultTransport.(*http.Transport); !standard {
			return http.DefaultTransport
		}
		return owner.transport
	}
}

// Of is Hide for the transport that hc has when a request is sent: a mock may be
// put into hc after a client was made of it.
func Of(hc *http.Client) func() http.RoundTripper {
	return func() http.RoundTripper { return cmp.Or(hc.Transport, http.DefaultTransport) }
}

func closeIdle(transport http.RoundTripper) {
	if closer, ok := transport.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// CloseIdleConnections closes those of the transport.
func (c *Client) CloseIdleConnections() {
	closeIdle(c.Transport())
}

// distrustConnections notes that an attempt had no answer in time: what is behind
// the idle connections may be as dead, after a failover or in a network that forgot
// them.
func (c *Client) distrustConnections(attempt context.Context) {
	cause := context.Cause(attempt)
	_, timedOut := cause.(*attemptTimeout)
	if timedOut || errors.Is(cause, context.DeadlineExceeded) {
		c.stale.Store(true)
	}
}

// dropStaleConnections lets the next request take a new connection.
func (c *Client) dropStaleConnections() {
	if c.stale.CompareAndSwap(true, false) {
		c.CloseIdleConnections()
	}
}

// maxHeaderBytes bounds the header of an answer.
const maxHeaderBytes = 1 << 20

// A connection of HTTP/2 outlives the attempts that time out on it. One that is
// silent for so long is asked whether it is still there, and given up where it
// does not answer, in time for another try.
const (
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second
)

// DefaultTransport is that of net/http with a bound on headers, room for maxIdle
// connections, and no trust in silent ones.
func DefaultTransport(maxIdle int) http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // replaced by the program, which will have its reason
	}
	t := standard.Clone()
	t.MaxResponseHeaderBytes = maxHeaderBytes
	if t.OnProxyConnectResponse == nil {
		t.OnProxyConnectResponse = nameRefusal
	}
	t.MaxIdleConnsPerHost = maxIdle
	distrustSilence(t)
	return t
}

// distrustSilence sets what the program has not set. That its transport was used
// is enough for HTTP2 to be there, from Go 1.27 on.
func distrustSilence(t *http.Transport) {
	if t.HTTP2 == nil {
		t.HTTP2 = new(http.HTTP2Config)
	}
	t.HTTP2.SendPingTimeout = cmp.Or(t.HTTP2.SendPingTimeout, pingAfter)
	t.HTTP2.PingTimeout = cmp.Or(t.HTTP2.PingTimeout, pingTimeout)
	t.HTTP2.WriteByteTimeout = cmp.Or(t.HTTP2.WriteByteTimeout, pingTimeout)
}
