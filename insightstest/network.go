package insightstest

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
)

// network is a network in memory with one server on it, whose listener it is.
type network struct {
	arriving chan net.Conn
	closing  chan struct{}
	close    func()
}

func newNetwork() *network {
	n := &network{arriving: make(chan net.Conn), closing: make(chan struct{})}
	n.close = sync.OnceFunc(func() { close(n.closing) })
	return n
}

// dial connects to the server, and fails as a port does that nobody listens on
// once it is closed.
func (n *network) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.arriving <- server:
		return client, nil
	case <-n.closing:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: n.Addr(), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept, with Close and Addr, implements [net.Listener].
func (n *network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.arriving:
		return conn, nil
	case <-n.closing:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.close()
	return nil
}

// Addr returns a loopback address, which clients accept without TLS, with a
// port on which nothing listens: a client that does not know of the network
// reaches no other server by mistake.
func (n *network) Addr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
}
