package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/sauceinsights/insights/insightstest"
)

// address is where to listen, which other machines reach only with -public.
func (c *config) address() (string, error) {
	addr, err := net.ResolveTCPAddr("tcp", c.addr)
	if err != nil {
		return "", fmt.Errorf("-addr %s: %w", c.addr, err)
	}
	if !addr.IP.IsLoopback() && !c.public {
		return "", fmt.Errorf("-addr %s can be reached from other machines: say -public if you mean it, or use 127.0.0.1:%d", c.addr, addr.Port)
	}
	return addr.String(), nil
}

func (c *config) listen(ctx context.Context) (net.Listener, error) {
	addr, err := c.address()
	if err != nil {
		return nil, err
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

// tryPort finds out that the port can't be opened before the runs are made,
// which may take long.
func (c *config) tryPort(ctx context.Context) error {
	l, err := c.listen(ctx)
	if err != nil {
		return err
	}
	return l.Close()
}

// port is an open port of the server.
type port struct {
	url    string
	http   *http.Server
	server *insightstest.Server
	ended  chan struct{} // closed when no more connections are accepted
}

func openPort(l net.Listener, srv *insightstest.Server) *port {
	p := &port{
		url:    "http://" + reachable(l.Addr()),
		http:   &http.Server{Handler: handler(srv), ReadHeaderTimeout: time.Minute},
		server: srv,
		ended:  make(chan struct{}),
	}
	go func() {
		defer close(p.ended)
		_ = p.http.Serve(l) // ends with the error that says it was closed
	}()
	return p
}

// reachable is an address under which this machine finds the port.
func reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return addr.String()
}

// graceful is how long requests get that are under way when the command ends.
const graceful = time.Second

// close ends what a fault holds, lets other requests end, and closes the port.
func (p *port) close() {
	p.server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), graceful)
	defer cancel()
	_ = p.http.Shutdown(ctx)
	_ = p.http.Close()
	<-p.ended
}

// handler answers what is not of the API itself. (A ServeMux would redirect
// paths that it finds unclean, which the API does not.)
func handler(srv *insightstest.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			healthy(w)
			return
		}
		srv.ServeHTTP(w, r)
	})
}

// healthy says that the server is ready, which it is from its first connection
// on.
func healthy(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"status":"ok"}`)) // a client that went away needs nothing
}
