package insights

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var quiet = log.New(io.Discard, "", 0)

// rawServer answers each connection's requests with respond, which returns
// false to close the connection.
type rawServer struct {
	listener    net.Listener
	requests    atomic.Int32
	connections atomic.Int32
	closing     chan struct{}
	running     sync.WaitGroup
}

func serveRaw(t *testing.T, respond func(s *rawServer, conn *net.TCPConn) bool) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &rawServer{listener: listener, closing: make(chan struct{})}
	s.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			s.running.Go(func() { s.serve(conn.(*net.TCPConn), respond) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		close(s.closing)
		s.running.Wait()
	})
	return s
}

func (s *rawServer) serve(conn *net.TCPConn, respond func(*rawServer, *net.TCPConn) bool) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := http.ReadRequest(reader); err != nil {
			return
		}
		s.requests.Add(1)
		if !respond(s, conn) {
			return
		}
	}
}

// reset ends a connection with an RST.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

// say writes an answer and keeps the connection.
func say(answer string) func(*rawServer, *net.TCPConn) bool {
	return func(_ *rawServer, conn *net.TCPConn) bool {
		_, err := io.WriteString(conn, answer)
		return err == nil
	}
}

// sayAndClose writes the start of an answer and ends the connection.
func sayAndClose(answer string) func(*rawServer, *net.TCPConn) bool {
	return func(_ *rawServer, conn *net.TCPConn) bool {
		_, _ = io.WriteString(conn, answer)
		return false
	}
}

// sayAndReset does so with an RST.
func sayAndReset(answer string) func(*rawServer, *net.TCPConn) bool {
	return func(_ *rawServer, conn *net.TCPConn) bool {
		_, _ = io.WriteString(conn, answer)
		reset(conn)
		return false
	}
}

// sayAndHold writes the start of an answer, and then one byte again and again,
// or nothing.
func sayAndHold(answer, drip string) func(*rawServer, *net.TCPConn) bool {
	return func(s *rawServer, conn *net.TCPConn) bool {
		_, _ = io.WriteString(conn, answer)
		ticks := time.NewTicker(5 * time.Millisecond)
		defer ticks.Stop()
		for {
			select {
			case <-s.closing:
				return false
			case <-ticks.C:
				if _, err := io.WriteString(conn, drip); err != nil {
					return false
				}
			}
		}
	}
}

func ok(body string, headers ...string) string {
	head := append([]string{"HTTP/1.1 200 OK", fmt.Sprintf("Content-Length: %d", len(body))}, headers...)
	return strings.Join(head, "\r\n") + "\r\n\r\n" + body
}

// The matrix: each fault on each call.
func TestFaultsOnTheWire(t *testing.T) {
	const half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\":["
	for name, fault := range map[string]struct {
		respond  func(*rawServer, *net.TCPConn) bool
		kind     error
		attempts int32
		reused   bool
	}{
		"reset before the headers":      {sayAndReset(""), ErrTransport, 2, false},
		"closed before the headers":     {sayAndClose(""), ErrTransport, 2, false},
		"reset in the headers":          {sayAndReset("HTTP/1.1 200 OK\r\nContent-Le"), ErrTransport, 2, false},
		"closed in the headers":         {sayAndClose("HTTP/1.1 200 OK\r\nContent-Le"), ErrTransport, 2, false},
		"reset in the body":             {sayAndReset(half), ErrTransport, 2, false},
		"closed in the body":            {sayAndClose(half), ErrTransport, 2, false},
		"closed in a chunk":             {sayAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"), ErrTransport, 2, false},
		"a broken chunk":                {sayAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"), ErrTransport, 2, false},
		"a broken refusal":              {sayAndClose("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nno"), ErrNotFound, 1, false},
		"half-open silence":             {sayAndHold("", ""), ErrTimeout, 2, false},
		"headers that dribble":          {sayAndHold("HTTP/1.1 200 OK\r\nX-Slow: ", "x"), ErrTimeout, 2, false},
		"a body that dribbles":          {sayAndHold(half, " "), ErrTimeout, 2, false},
		"a body that hangs":             {sayAndHold(half, ""), ErrTimeout, 2, false},
		"no HTTP":                       {sayAndClose("SSH-2.0-OpenSSH_9.9\r\n"), ErrTransport, 2, false},
		"status 000":                    {say("HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\n{}"), ErrTransport, 2, false},
		"status 99":                     {sayAndClose("HTTP/1.1 99 Odd\r\nContent-Length: 2\r\n\r\n{}"), ErrTransport, 2, false},
		"two lengths":                   {sayAndClose("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), ErrTransport, 2, false},
		"switching protocols":           {sayAndHold("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "x"), ErrBadResponse, 1, false},
		"early hints":                   {say("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + ok("{}")), nil, 1, true},
		"early hints without an end":    {sayAndHold("", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000)), ErrResponseTooLarge, 1, false},
		"a flood of headers":            {sayAndClose("HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Flood: "+strings.Repeat("x", 1000)+"\r\n", 110)), ErrResponseTooLarge, 1, false},
		"one endless header":            {sayAndClose("HTTP/1.1 200 OK\r\nX-Flood: " + strings.Repeat("x", 100_000)), ErrResponseTooLarge, 1, false},
		"an announced length too large": {sayAndHold("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", "x"), ErrResponseTooLarge, 1, false},
		"a length that cuts":            {sayAndClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + `{"items":[]}`), ErrBadResponse, 1, false},
		"204":                           {say("HTTP/1.1 204 No Content\r\n\r\n"), ErrBadResponse, 1, true},
		"205":                           {say("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"), ErrBadResponse, 1, true},
		"206":                           {say("HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\n{}"), nil, 1, true},
		"HTTP/1.0 without a length":     {sayAndClose("HTTP/1.0 200 OK\r\n\r\n{}"), nil, 1, false},
		"304":                           {say("HTTP/1.1 304 Not Modified\r\n\r\n"), ErrRedirect, 1, true},
		"a proxy's 407":                 {say("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"), ErrTransport, 1, true},
		"a storm of 429":                {say("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n"), ErrRateLimited, 2, true},
		"502 with a page":               {say("HTTP/1.1 502 Bad\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"), ErrServer, 2, true},
		"success":                       {say(ok("{}", "Content-Type: application/json")), nil, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveRaw(t, fault.respond)
			transport := &http.Transport{MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: name == "a length that cuts"} // or net/http logs the rest
			defer transport.CloseIdleConnections()
			c := clientOver(t, transport, WithBaseURL("http://"+s.listener.Addr().String()),
				WithAttemptTimeout(10*time.Millisecond), WithRetry(RetryPolicy{MaxAttempts: 2, MinWait: 1, MaxWait: 1}))
			if fault.kind != ErrTimeout {
				c.config.attemptTimeout = 5 * time.Second
			}
			for _, call := range theCalls {
				s.requests.Store(0)
				_, err := call.do(t.Context(), c)
				if fault.kind == nil {
					require.NoError(t, err, call.name)
				} else {
					require.ErrorIs(t, err, fault.kind, call.name)
					assert.EqualValues(t, fault.attempts, requireAPIError(t, err).Attempts)
					assert.NotErrorIs(t, err, context.DeadlineExceeded)
					checkLine(t, err)
				}
				if fault.kind != ErrTimeout { // a request that timed out may not have been read
					assert.Equal(t, fault.attempts, s.requests.Load(), call.name)
				}
			}
			if fault.reused {
				assert.EqualValues(t, 1, s.connections.Load(), "the connection is used again")
			}
		})
	}
}

func TestAResetAtEveryKibibyteOfTheBodyIsTriedAgain(t *testing.T) {
	body := `{"items":[` + strings.Repeat(`{"name":"a test","status":"passed"},`, 450) + `{}]}`
	for length := 0; length < len(body); length += 1 << 10 {
		var answered atomic.Int32
		whole := ok(body)
		cut := len(whole) - len(body) + length
		s := serveRaw(t, func(s *rawServer, conn *net.TCPConn) bool {
			if answered.Add(1) == 1 {
				return sayAndReset(whole[:cut])(s, conn)
			}
			return say(whole)(s, conn)
		})
		transport := &http.Transport{}
		c := clientOver(t, transport, WithBaseURL("http://"+s.listener.Addr().String()), WithRetry(RetryPolicy{MaxAttempts: 2, MinWait: 1}))
		list, err := c.Tests(t.Context(), TestsOptions{Period: lastWeek})
		require.NoError(t, err, "reset after %d bytes", length)
		assert.Len(t, list.Items, 451)
		assert.EqualValues(t, 2, s.requests.Load(), "reset after %d bytes", length)
		transport.CloseIdleConnections()
	}
}

func TestARefusedConnectionIsTriedAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	err = ask(t.Context(), clientOver(t, &http.Transport{}, WithBaseURL("http://"+listener.Addr().String()), WithRetry(RetryPolicy{MinWait: 1, MaxWait: 1})))
	assert.ErrorIs(t, err, ErrTransport)
	assert.Equal(t, 4, requireAPIError(t, err).Attempts)
	assert.ErrorAs(t, err, new(*net.OpError))
	assert.Contains(t, err.Error(), "connection refused (after 4 attempts)")
}

func TestANameThatCannotBeFoundIsNotLookedUpAgain(t *testing.T) {
	for name, test := range map[string]struct {
		failure  *net.DNSError
		attempts int
	}{
		"no such host": {&net.DNSError{Err: "no such host", Name: "insights.test", IsNotFound: true}, 1},
		"server down":  {&net.DNSError{Err: "server misbehaving", Name: "insights.test", IsTemporary: true}, 3},
	} {
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: test.failure}
		}}
		err := ask(t.Context(), clientOver(t, transport, WithRetry(RetryPolicy{MaxAttempts: 3, MinWait: 1, MaxWait: 1})))
		assert.ErrorIs(t, err, ErrTransport, name)
		lookup, ok := errors.AsType[*net.DNSError](err)
		require.True(t, ok, name)
		assert.Equal(t, test.failure, lookup)
		assert.Equal(t, test.attempts, requireAPIError(t, err).Attempts, name)
	}
}

func TestADeadlineIsKeptOnTheWire(t *testing.T) {
	for name, respond := range map[string]func(*rawServer, *net.TCPConn) bool{
		"silence":              sayAndHold("", ""),
		"headers that dribble": sayAndHold("HTTP/1.1 200 OK\r\nX-Slow: ", "x"),
		"a body that dribbles": sayAndHold("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", " "),
		"resets":               sayAndReset(""),
		"an outage":            say("HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveRaw(t, respond)
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			c := clientOver(t, transport, WithBaseURL("http://"+s.listener.Addr().String()), WithRetry(RetryPolicy{MaxAttempts: 1000, MinWait: time.Millisecond, MaxWait: 20 * time.Millisecond}))
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			err := ask(ctx, c)
			assert.Error(t, err)
			assert.Less(t, time.Since(began), 150*time.Millisecond)
			if name != "resets" && name != "an outage" { // whose retry budget may end them first
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			}
		})
	}
}
