package conformance_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a server of HTTP/2 can do that no HTTP library does.

// The types of frames, and their flags.
const (
	dataFrame     = 0
	headersFrame  = 1
	resetFrame    = 3
	settingsFrame = 4
	pingFrame     = 6
	goAwayFrame   = 7

	endOfStream  = 1
	endOfHeaders = 4
)

func frame(kind, flags byte, stream uint32, payload string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}

// Header blocks.
const (
	status200 = "\x88"
	status404 = "\x8d"
	status103 = "\x08\x03103"
)

// http2Server answers each request by hand, given its connection, its number
// there and its stream.
type http2Server struct {
	answer func(conn net.Conn, number int, stream uint32)
	isDeaf bool // after the first request of a connection it reads no more

	connections atomic.Int32
	requests    atomic.Int32
	running     sync.WaitGroup
	stop        chan struct{}

	mu    sync.Mutex
	ended bool // no connection is made any more
}

// dial is the DialContext of a transport, to a connection made by connect.
func (s *http2Server) dial(connect func() (client, server net.Conn, err error)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ended { // net/http dials on behind the back of a call
			return nil, net.ErrClosed
		}
		client, server, err := connect()
		if err == nil {
			s.connections.Add(1)
			s.running.Go(func() { s.serve(server) })
			s.running.Go(func() { <-s.stop; _ = server.Close() })
		}
		return client, err
	}
}

func (s *http2Server) serve(conn net.Conn) {
	_, err := io.ReadFull(conn, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")))
	greeted := make(chan struct{}) // reading goes on meanwhile, as a pipe has no room
	s.running.Go(func() {
		defer close(greeted)
		_, _ = conn.Write(frame(settingsFrame, 0, 0, ""))
	})
	for number := 1; err == nil; {
		head := make([]byte, 9)
		if _, err = io.ReadFull(conn, head); err != nil {
			return
		}
		_, err = io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head)>>8))
		if head[3] == headersFrame {
			s.requests.Add(1)
			turn, stream := number, binary.BigEndian.Uint32(head[5:])
			s.running.Go(func() {
				<-greeted
				s.answer(conn, turn, stream)
			})
			number++
		}
		if s.isDeaf && number > 1 {
			return
		}
	}
}

// clientOf asks s over the SDK's own transport.
func (s *http2Server) clientOf(t *testing.T, connect func() (client, server net.Conn, err error), opts ...insights.Option) *insights.Client {
	transport := exchange.DefaultTransport(4).(*http.Transport)
	transport.DialContext = s.dial(connect)
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetUnencryptedHTTP2(true)
	s.stop = make(chan struct{})
	t.Cleanup(func() {
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		transport.CloseIdleConnections()
		close(s.stop)
		s.running.Wait()
	})
	return clientOver(t, transport, append([]insights.Option{insights.WithBaseURL("http://127.0.0.1")}, opts...)...)
}

func socketPair() (client, server net.Conn, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer listener.Close()
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		return nil, nil, err
	}
	if server, err = listener.Accept(); err == nil {
		_ = server.(*net.TCPConn).SetReadBuffer(1 << 12) // soon full
		_ = client.(*net.TCPConn).SetWriteBuffer(1 << 12)
	}
	return client, server, err
}

func pipePair() (client, server net.Conn, err error) {
	client, server = net.Pipe()
	return client, server, nil
}

func TestClientOverHTTP2(t *testing.T) {
	// What net/http can't write holds a lock that it takes to end a request.
	t.Run("a server that stops reading holds no call", func(t *testing.T) {
		t.Parallel()
		for name, status := range map[string]string{"a success": status200, "a refusal": status404} {
			t.Run(name, func(t *testing.T) {
				server := &http2Server{isDeaf: true, answer: func(conn net.Conn, _ int, stream uint32) {
					_, err := conn.Write(frame(headersFrame, endOfHeaders, stream, status))
					for pings := bytes.Repeat(frame(pingFrame, 0, 0, "12345678"), 100); err == nil; {
						_, err = conn.Write(pings) // whose answers nobody reads
					}
				}}
				c := server.clientOf(t, socketPair)
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // within which the write is stuck
				defer cancel()
				ended := make(chan error, 1)
				go func() { ended <- ask(ctx, c) }()
				select {
				case err := <-ended:
					assert.Error(t, err)
				case <-time.After(10 * time.Second):
					t.Error("the call hangs")
				}
			})
		}
	})

	// net/http sends again what a server says it did not do, with no end.
	t.Run("an attempt is not many requests", func(t *testing.T) {
		for name, refusal := range map[string]func(stream uint32) []byte{
			"a goodbye before the request": func(uint32) []byte { return frame(goAwayFrame, 0, 0, "\x00\x00\x00\x00\x00\x00\x00\x00") },
			"a protocol error":             func(stream uint32) []byte { return frame(resetFrame, 0, stream, "\x00\x00\x00\x01") },
		} {
			t.Run(name, func(t *testing.T) {
				server := &http2Server{answer: func(conn net.Conn, _ int, stream uint32) { _, _ = conn.Write(refusal(stream)) }}
				err := ask(t.Context(), server.clientOf(t, socketPair, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: 1, MaxWait: 1})))
				assert.ErrorIs(t, err, insights.ErrTransport)
				assert.NotErrorIs(t, err, insights.ErrTimeout)
				assert.Equal(t, 2, requireAPIError(t, err).Attempts)
				assert.LessOrEqual(t, server.requests.Load(), int32(12), "some may be on their way when it is noticed")
			})
		}
	})

	// What is behind a connection can be gone without a word.
	t.Run("a dead connection is given up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := new(http2Server)
			server.answer = func(conn net.Conn, number int, stream uint32) {
				if server.connections.Load() > 1 || number == 1 {
					_, _ = conn.Write(append(frame(headersFrame, endOfHeaders, stream, status200), frame(dataFrame, endOfStream, stream, "{}")...))
				}
			}
			c := server.clientOf(t, pipePair)
			require.NoError(t, ask(t.Context(), c))
			began := time.Now()
			require.NoError(t, ask(t.Context(), c), "with a new connection")
			assert.Less(t, time.Since(began), 15*time.Second+time.Second)
			assert.EqualValues(t, 2, server.connections.Load())
		})
	})

	t.Run("early hints without an end are too large", func(t *testing.T) {
		server := &http2Server{answer: func(conn net.Conn, _ int, stream uint32) {
			hints := bytes.Repeat(frame(headersFrame, endOfHeaders, stream, status103), 1000)
			for err := error(nil); err == nil; {
				_, err = conn.Write(hints)
			}
		}}
		err := ask(t.Context(), server.clientOf(t, socketPair))
		assert.ErrorIs(t, err, insights.ErrResponseTooLarge)
		assert.Equal(t, 1, requireAPIError(t, err).Attempts)
	})
}
