package conformance_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// network is a network with one server on it. In memory, and in a bubble of
// testing/synctest, its time is virtual: a day of silence takes no time.
type network struct {
	address string   // of the server
	proxy   *url.URL // on the way to it; nil: none

	connect  connector
	arriving chan net.Conn
	closing  chan struct{}
	close    func()
	refuse   atomic.Int32 // as many connections fail; below zero: all
	failure  error        // how they do

	dialed   atomic.Int32 // connections, also those that failed
	requests atomic.Int32 // sent in clear
}

// connector makes the two ends of a connection.
type connector func() (client, server net.Conn, err error)

func newNetwork(connect connector) *network {
	n := &network{address: "http://127.0.0.1", connect: connect, arriving: make(chan net.Conn), closing: make(chan struct{})}
	n.close = sync.OnceFunc(func() { close(n.closing) })
	return n
}

// pipe is a connection in memory.
func pipe() (client, server net.Conn, err error) {
	client, server = net.Pipe()
	return client, server, nil
}

// sockets is a real connection.
func sockets() (client, server net.Conn, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer listener.Close()
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		return nil, nil, err
	}
	server, err = listener.Accept()
	return client, server, err
}

// dial is the DialContext of a transport.
func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	n.dialed.Add(1)
	if n.refuse.Load() != 0 {
		n.refuse.Add(-1)
		return nil, n.failure
	}
	client, server, err := n.connect()
	if err != nil {
		return nil, err
	}
	end := &clientEnd{Conn: client, network: n}
	select {
	case n.arriving <- &serverEnd{server, end}:
		return end, nil
	case <-n.closing:
		return nil, errRefused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// errRefused is what a port says that nobody listens on.
var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

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

func (n *network) Addr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
}

// serve talks to each connection in a goroutine of its own, and closes it then.
// What it returns waits for the end of all.
func (n *network) serve(talk func(*serverEnd)) (stop func()) {
	var running sync.WaitGroup
	running.Go(func() {
		for conn, err := n.Accept(); err == nil; conn, err = n.Accept() {
			running.Go(func() {
				defer conn.Close()
				talk(conn.(*serverEnd))
			})
		}
	})
	return func() {
		n.close()
		running.Wait()
	}
}

// clientEnd counts requests, and breaks as its server wishes.
type clientEnd struct {
	net.Conn
	network *network
	broken  atomic.Bool
}

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

func (e *clientEnd) Read(p []byte) (int, error) {
	n, err := e.Conn.Read(p)
	if err != nil && e.broken.Load() {
		err = errReset
	}
	return n, err
}

func (e *clientEnd) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("GET ")) {
		e.network.requests.Add(1)
	}
	return e.Conn.Write(p)
}

type serverEnd struct {
	net.Conn
	client *clientEnd
}

// reset ends the connection with an RST, or as if by one.
func (e *serverEnd) reset() {
	if socket, ok := e.Conn.(*net.TCPConn); ok {
		_ = socket.SetLinger(0)
	} else {
		e.client.broken.Store(true)
	}
	_ = e.Close()
}

// selfSigned is a certificate that lasts for all times.
var selfSigned = sync.OnceValue(func() tls.Certificate {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, _ := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})
