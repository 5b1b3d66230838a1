package exchange

import (
	"context"
	"fmt"
	"net"
	"net/http/httptrace"
	"sync"
	"time"
)

// maxConnections is how many new connections an attempt may take. Over HTTP/2
// net/http repeats a request by itself where the server says that it did nothing,
// each time on a new connection, with no end and no pause. That it goes through
// idle ones which were closed under it has an end.
const maxConnections = 3

var errNoneAnswered = fmt.Errorf("none of %d new connections had an answer", maxConnections)

// cancelGrace is how long net/http may take to notice the end of an attempt.
const cancelGrace = 50 * time.Millisecond

// phase is how far a request has come; empty: its transport does not say.
type phase string

const (
	connecting    phase = "connecting"
	inHandshake   phase = "in the TLS handshake"
	awaitsHeaders phase = "waiting for the headers of the answer"
	inBody        phase = "reading the body of the answer"
)

// connectionWatch sees the connections that an attempt takes, and how far it has
// come. It ends the attempt where they are too many.
type connectionWatch struct {
	end       context.CancelCauseFunc
	isBounded bool // a transport of the caller's may have its reasons

	mu      sync.Mutex
	phase   phase
	current net.Conn
	taken   int // new ones

	trace httptrace.ClientTrace
}

func watchConnections(end context.CancelCauseFunc, isStandard bool) connectionWatch {
	return connectionWatch{end: end, isBounded: isStandard}
}

// begin is for each request of an attempt.
func (w *connectionWatch) begin() {
	if w.isBounded {
		w.enter(connecting)
	}
}

// context is that of the requests whose connections are to be seen.
func (w *connectionWatch) context(ctx context.Context) context.Context {
	w.trace.TLSHandshakeStart = func() { w.enter(inHandshake) }
	w.trace.GotConn = w.got
	return httptrace.WithClientTrace(ctx, &w.trace)
}

func (w *connectionWatch) enter(p phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase = p
}

// at is how far the attempt has come.
func (w *connectionWatch) at() phase {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.phase
}

func (w *connectionWatch) hasConnection() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current != nil
}

func (w *connectionWatch) got(conn httptrace.GotConnInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase, w.current = awaitsHeaders, conn.Conn
	if !conn.Reused {
		w.taken++
	}
	if w.tooMany() {
		w.end(errNoneAnswered)
	}
}

func (w *connectionWatch) tooMany() bool {
	return w.isBounded && w.taken > maxConnections
}

// guard closes the connection of a body that is still being read some time after
// ctx has ended: over HTTP/2 a server that stops reading could hold it for ever, as a
// write that is stuck has a lock that the reading and closing of a body wait for.
// Release is for the end of the body.
func (w *connectionWatch) guard(ctx context.Context) (release func()) {
	released := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		select {
		case <-released:
		case <-time.After(cancelGrace):
			w.breakUp()
		}
	})
	return func() { forget(); close(released) }
}

func (w *connectionWatch) breakUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current != nil {
		_ = w.current.Close() // to make it fail is the purpose
	}
}
