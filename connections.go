package insights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"
)

// connections give the transport that a client uses. A closure holds it, out
// of reach for a dump of the client: a connection that is kept open has a
// request in its buffers, and so the credentials.
type connections func() http.RoundTripper

func connectionsOf(transport http.RoundTripper) connections {
	return func() http.RoundTripper { return transport }
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

// defaultTransport is that of net/http with a bound on headers, room for the idle
// connections of a few AllTests loops, and no trust in silent ones.
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

// nameRefusal gives a proxy's 407 and 403 the words by which they are known.
// Otherwise the error has those of the proxy, which may be any.
func nameRefusal(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusProxyAuthRequired, http.StatusForbidden:
		return errors.New(http.StatusText(resp.StatusCode))
	}
	return nil
}

// maxConnections is how many new connections an attempt may take. Over HTTP/2
// net/http repeats a request by itself where the server says that it did nothing,
// each time on a new connection, with no end and no pause. That it goes through
// idle ones which were closed under it has an end.
const maxConnections = 3

var errNoneAnswered = fmt.Errorf("none of %d new connections had an answer", maxConnections)

// cancelGrace is how long net/http may take to notice the end of an attempt.
const cancelGrace = 50 * time.Millisecond

// connectionWatch sees the connections that an attempt takes. It ends the attempt
// where those are too many, and closes the one that holds it beyond its end: over
// HTTP/2 a server that stops reading could hold it for ever, as a write that is
// stuck has a lock that the reading and closing of a body wait for.
type connectionWatch struct {
	cancel    context.CancelFunc
	isBounded bool // a transport of the caller's may have its reasons
	forget    func() bool
	ended     chan struct{}

	mu      sync.Mutex
	current net.Conn
	taken   int // new ones
}

func watchConnections(ctx context.Context, cancel context.CancelFunc, isBounded bool) *connectionWatch {
	w := &connectionWatch{cancel: cancel, isBounded: isBounded, ended: make(chan struct{})}
	w.forget = context.AfterFunc(ctx, w.free)
	return w
}

// context is that of the request whose connections are to be seen.
func (w *connectionWatch) context(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: w.got})
}

func (w *connectionWatch) got(conn httptrace.GotConnInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current = conn.Conn
	if !conn.Reused {
		w.taken++
	}
	if w.tooMany() {
		w.cancel()
	}
}

func (w *connectionWatch) tooMany() bool {
	return w.isBounded && w.taken > maxConnections
}

// free closes the connection of an attempt that has ended and does not return.
func (w *connectionWatch) free() {
	select {
	case <-w.ended:
		return
	case <-time.After(cancelGrace):
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current != nil {
		_ = w.current.Close() // to make it fail is the purpose
	}
}

// stop is for the end of the attempt.
func (w *connectionWatch) stop() {
	w.forget()
	close(w.ended)
}

// err is why the attempt was ended, if it was.
func (w *connectionWatch) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tooMany() {
		return errNoneAnswered
	}
	return nil
}
