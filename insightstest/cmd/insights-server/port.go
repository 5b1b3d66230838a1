package main

import (
	"context"
	"crypto/tls"
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
	url    string // as clients reach it
	http   *http.Server
	server *insightstest.Server
	ended  chan struct{} // closed when no more connections are accepted
}

// open opens the port, for HTTPS if there are certificates.
func (c *config) open(ctx context.Context, certificates []tls.Certificate, srv *insightstest.Server, h http.Handler) (*port, error) {
	l, err := c.listen(ctx)
	if err != nil {
		return nil, err
	}
	p := &port{
		url:    "http://" + reachable(l.Addr()),
		http:   &http.Server{Handler: h, ReadHeaderTimeout: time.Minute},
		server: srv,
		ended:  make(chan struct{}),
	}
	serve := p.http.Serve
	if len(certificates) > 0 {
		p.url = "https://" + reachable(l.Addr())
		p.http.TLSConfig = &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12}
		serve = func(l net.Listener) error { return p.http.ServeTLS(l, "", "") }
	}
	go func() {
		defer close(p.ended)
		_ = serve(l) // ends with the error that says it was closed
	}()
	return p, nil
}

// reachable is an address under which clients find the port: if it is open on
// all addresses, one of this machine that others reach, if it has one.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	host := "127.0.0.1"
	if own := ownAddresses(); len(own) > 0 {
		host = own[0].String()
	}
	return net.JoinHostPort(host, strconv.Itoa(tcp.Port))
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
