package insightstest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Server is a fake Insights service. It listens on a port of its own, or in
// memory, until it is closed; all methods are safe for concurrent use.
//
// A mistake in what a method is given, such as a [Fault] that can't be, fails
// the test at once with t.Fatalf if the server was made by [New], and panics
// otherwise: a test that went on would test something else than it says.
type Server struct {
	URL string // http://127.0.0.1:port, without a trailing slash; in memory the port is 1

	t        testing.TB // nil: made by NewServer
	settings settings
	store    *store
	faults   faultQueue
	limiter  *limiter
	log      requestLog
	buffers  bufferPool
	nextID   atomic.Int64
	asked    atomic.Int64 // requests that were not refused
	lists    atomic.Int64 // those of them that asked a replica

	updating sync.Mutex
	arriving sync.Mutex
	arrived  int

	http        *http.Server
	network     *network        // nil: not in memory
	closing     context.Context // ends when the server closes
	close       context.CancelFunc
	serving     sync.WaitGroup // the loop that accepts
	connections gauge
	clients     clients
}

// New starts a server for a test, without runs. It is closed when the test and
// its subtests are over. A test that passed so far then fails if a [Fault] was never met: what
// it was there to show was not tested. Faults that [Server.Recover] or
// [Server.Reset] took away don't count.
//
// Called in a bubble of testing/synctest, it needs [InMemory].
func New(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s := newServer(opts)
	s.t = t
	t.Cleanup(func() {
		s.Close()
		s.requireFaultsMet()
	})
	return s
}

// NewServer starts a server for a program, or for a test that wants to close it
// itself. Close it when it is no longer needed. It panics if it can't listen.
func NewServer(opts ...Option) *Server {
	return newServer(opts)
}

func newServer(opts []Option) *Server {
	s := &Server{settings: newSettings(opts)}
	s.store = newStore()
	s.limiter = newLimiter(s.settings.limit)
	s.closing, s.close = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: time.Minute,
		BaseContext:       func(net.Listener) context.Context { return s.closing },
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, onConnection{}, true)
		},
		ConnState: s.watch,
	}
	s.serve(s.listener())
	return s
}

func (s *Server) listener() net.Listener {
	switch {
	case s.settings.inMemory:
		s.network = newNetwork()
		return s.network
	case s.settings.listener != nil:
		return s.settings.listener
	}
	return listen()
}

func (s *Server) serve(l net.Listener) {
	s.URL = "http://" + reachable(l.Addr())
	s.serving.Go(func() {
		_ = s.http.Serve(l) // ends with the error that says it was closed
	})
}

// now returns the service's time.
func (s *Server) now() time.Time {
	return s.settings.serviceTime()
}

// mistake reports a wrong use of a method; see [Server].
func (s *Server) mistake(method, format string, args ...any) {
	text := "insightstest: " + method + ": " + fmt.Sprintf(format, args...)
	if s.t == nil {
		panic(text)
	}
	s.t.Helper()
	s.t.Fatal(text)
}

// reachable returns an address under which this machine finds the port: one
// that stands for all addresses is none to connect to everywhere.
func reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return addr.String()
}

// watch counts the connections. Each begins in the loop that accepts, so that
// none can begin once that has ended.
func (s *Server) watch(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.connections.add(1)
	case http.StateClosed, http.StateHijacked:
		s.connections.add(-1)
	}
}

// onConnection marks the context of a request that came over a connection of
// the server's own.
type onConnection struct{}

// outside calls a function of the user. The connection does not count
// meanwhile, so that the function may close the server.
func (s *Server) outside(ctx context.Context, call func()) {
	if ctx.Value(onConnection{}) != nil {
		s.connections.add(-1)
		defer s.connections.add(1)
	}
	call()
}

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l, err = net.Listen("tcp6", "[::1]:0")
	}
	if err != nil {
		panic(fmt.Sprintf("insightstest: no loopback port to listen on: %v", err))
	}
	return l
}

// Close ends all requests, also those that a [Fault] holds, closes the port
// and the idle connections of the clients that [Server.Client] and
// [Server.HTTPClient] made, and waits until nothing of the server runs any
// more but functions of [WithOnRequest], [WithArrivals] and [Fault.Match]: they
// may call Close. To call it again does nothing.
func (s *Server) Close() {
	s.close()
	_ = s.http.Close() // what can't be closed is closed already
	s.serving.Wait()
	s.connections.untilNone()
	s.clients.closeIdleConnections()
}

// ServeHTTP answers one request. The server calls it for its own port; it is
// there for tests that bring another listener, or none.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	entry := s.log.begin(r, s.now())
	w.Header().Set("Date", entry.Time.UTC().Format(http.TimeFormat))
	fault := s.fault(r, entry)
	if fault.Delay != forever {
		fault.Delay += s.settings.latency
	}
	if !s.pause(r, fault.Delay) || fault.Ending == Drop {
		abort()
	}
	a := s.spoiled(&fault, func() *response { return s.answer(r) })
	defer s.buffers.put(a.pooled)
	answered := s.log.answered(entry, a.status, len(a.body))
	if s.settings.onRequest != nil {
		s.outside(r.Context(), func() { s.settings.onRequest(answered) })
	}
	t := transfer{server: s, w: w, r: r, response: a, fault: &fault}
	t.send()
}

// forever is a pause that only the client or the server ends.
const forever = time.Duration(1<<63 - 1)

// pause waits, and reports whether client and server are still there.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.closing.Done():
	}
	return false
}

// gauge counts what runs. Safe for concurrent use.
type gauge struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // closed when n gets to 0; nil: nobody waits
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n += n
	if g.n <= 0 && g.none != nil {
		close(g.none)
		g.none = nil
	}
}

func (g *gauge) untilNone() {
	g.mu.Lock()
	if g.n <= 0 {
		g.mu.Unlock()
		return
	}
	if g.none == nil {
		g.none = make(chan struct{})
	}
	none := g.none
	g.mu.Unlock()
	<-none
}
