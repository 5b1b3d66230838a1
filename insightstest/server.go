package insightstest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sauceinsights/insights"
)

// Server is a fake Insights service. It listens on a port of its own until it
// is closed; all methods are safe for concurrent use.
type Server struct {
	URL string // http://127.0.0.1:port, without a trailing slash

	settings settings
	store    *store
	faults   faultQueue
	limiter  *limiter
	log      requestLog
	buffers  bufferPool
	nextID   atomic.Int64

	arriving sync.Mutex
	arrived  int

	http     *http.Server
	closing  context.Context // ends when the server closes
	close    context.CancelFunc
	serving  sync.WaitGroup // the loop that accepts, and a connection each
	clientMu sync.Mutex
	clients  []*insights.Client
}

// NewServer starts a server without runs, on a free loopback port unless
// [WithListener] says otherwise. Close it when it is no longer needed. It
// panics if it can't listen.
func NewServer(opts ...Option) *Server {
	s := &Server{settings: newSettings(opts)}
	s.store = newStore()
	s.limiter = newLimiter(s.settings.limit)
	s.closing, s.close = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: time.Minute,
		BaseContext:       func(net.Listener) context.Context { return s.closing },
		ConnState:         s.watch,
	}
	s.serve(s.settings.listener)
	return s
}

func (s *Server) serve(l net.Listener) {
	if l == nil {
		l = listen()
	}
	s.URL = "http://" + reachable(l.Addr())
	s.serving.Go(func() {
		_ = s.http.Serve(l) // ends with the error that says it was closed
	})
}

// reachable is an address under which this machine finds the port: one that
// stands for all addresses is none to connect to everywhere.
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
		s.serving.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.serving.Done()
	}
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
// and the idle connections of the clients that [Server.Client] made, and waits
// until nothing of the server runs any more. To call it again does nothing.
func (s *Server) Close() {
	s.close()
	_ = s.http.Close() // what can't be closed is closed already
	s.serving.Wait()
	s.clientMu.Lock()
	defer s.clientMu.Unlock()
	for _, c := range s.clients {
		c.CloseIdleConnections()
	}
}

// Client returns a client of the server: with its credentials, without rate
// limits of its own, with waits of a few milliseconds between attempts, and
// with what [WithDialect] and [WithResultWindow] say. opts come after that and
// so count. It panics on options that are refused.
func (s *Server) Client(opts ...insights.Option) *insights.Client {
	own := []insights.Option{
		insights.WithBaseURL(s.URL),
		insights.WithoutRateLimit(),
		insights.WithRetry(insights.RetryPolicy{BaseWait: time.Millisecond, MaxWait: 10 * time.Millisecond}),
		insights.WithResultWindow(s.settings.resultWindow),
	}
	if s.settings.dialect != nil {
		own = append(own, insights.WithDialect(*s.settings.dialect))
	}
	c, err := insights.NewClient("", s.Credentials(), append(own, opts...)...)
	if err != nil {
		panic(fmt.Sprintf("insightstest: %v", err))
	}
	s.clientMu.Lock()
	defer s.clientMu.Unlock()
	s.clients = append(s.clients, c)
	return c
}

// Credentials are those of the account that the server lets in.
func (s *Server) Credentials() insights.Credentials {
	return insights.Credentials{Username: s.settings.username, AccessKey: s.settings.key}
}

// ServeHTTP answers one request. The server calls it for its own port; it is
// there for tests that bring another listener, or none.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	entry := s.log.begin(r, s.settings.now())
	fault := s.faults.take(entry)
	if fault.Delay != forever {
		fault.Delay += s.settings.latency
	}
	if !s.pause(r, fault.Delay) || fault.Ending == Drop {
		abort()
	}
	a := s.spoiled(&fault, func() *answer { return s.answer(r) })
	defer s.buffers.put(a.pooled)
	s.settings.onRequest(s.log.answered(entry, a.status, len(a.body)))
	t := transfer{server: s, w: w, r: r, answer: a, fault: &fault}
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
