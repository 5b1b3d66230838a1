package conformance_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/stretchr/testify/require"
)

// behaviour answers one request that was read, as no HTTP library would, and
// reports whether the connection is kept for the next.
type behaviour func(conn *serverEnd) bool

// serve answers the first requests with b and the others with success; below
// zero, all with b. What it returns waits for the end of the server, which
// comes when the client has closed its connections.
func (b behaviour) serve(n *network, first int) (stop func()) {
	var requests atomic.Int32
	turn := func() behaviour {
		if number := int(requests.Add(1)); first >= 0 && number > first {
			return say(ok(nothing))
		}
		return b
	}
	return n.serve(func(conn *serverEnd) {
		reader := bufio.NewReader(conn)
		for {
			if _, err := http.ReadRequest(reader); err != nil {
				return
			}
			if b := turn(); !b(conn) {
				return
			}
		}
	})
}

// say writes an answer and keeps the connection.
func say(answer string) behaviour {
	return func(conn *serverEnd) bool {
		_, err := io.WriteString(conn, answer)
		return err == nil
	}
}

// sayAndClose writes the start of an answer and ends the connection.
func sayAndClose(answer string) behaviour {
	return func(conn *serverEnd) bool {
		_, _ = io.WriteString(conn, answer)
		return false
	}
}

// sayAndReset does so with a reset.
func sayAndReset(answer string) behaviour {
	return func(conn *serverEnd) bool {
		_, _ = io.WriteString(conn, answer)
		conn.reset()
		return false
	}
}

// sayAndHold writes the start of an answer, and nothing more until the client
// closes the connection.
func sayAndHold(answer string) behaviour {
	return func(conn *serverEnd) bool {
		_, _ = io.WriteString(conn, answer)
		_, _ = io.Copy(io.Discard, conn)
		return false
	}
}

// sayAndDribble writes the start of an answer, and then drip every second
// until the client closes the connection.
func sayAndDribble(answer, drip string) behaviour {
	return func(conn *serverEnd) bool {
		_, err := io.WriteString(conn, answer)
		for err == nil {
			time.Sleep(time.Second)
			_, err = io.WriteString(conn, drip)
		}
		return false
	}
}

// sayAgain writes the start of an answer, and then more without an end.
func sayAgain(answer, more string) behaviour {
	return func(conn *serverEnd) bool {
		_, err := io.WriteString(conn, answer)
		for err == nil {
			_, err = io.WriteString(conn, more)
		}
		return false
	}
}

// nothing is an answer to each of the calls that holds no run.
const nothing = `{"meta":{"status":200},"items":[],"aggs":{"count":0},"buckets":[],"metrics":{},"builds":{"items":[]}}`

func ok(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// Whatever a server sends, a call ends in time, with a value or an error that
// says what came.
func FuzzWire(f *testing.F) {
	for _, answer := range []string{
		ok(nothing), half, "HTTP/1.1 103 Early Hints\r\n\r\n" + ok(nothing), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Trailer: x\r\n\r\n",
		"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nX-Ratelimit-Remaining: 0\r\nX-Ratelimit-Reset: 2\r\n\r\n", "HTTP/1.0 404 No\r\n\r\n<html><title>no",
		"HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 422 No\r\nContent-Type: application/problem+json\r\n\r\n{\"detail\":[{\"loc\":[1]}]}",
	} {
		f.Add([]byte(answer), false)
		f.Add([]byte(answer), true)
	}
	f.Fuzz(func(t *testing.T, answer []byte, hold bool) {
		synctest.Test(t, func(t *testing.T) {
			b := sayAndClose(string(answer))
			if hold {
				b = sayAndHold(string(answer))
			}
			fault{"any", b, outcome{}}.survive(t)
		})
	})
}

func (f fault) survive(t *testing.T) {
	n := newNetwork(pipe)
	stop := f.server.serve(n, -1)
	transport := &http.Transport{DialContext: n.dial}
	c := clientOf(t, transport, n.address, setting{attempts: 2})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	began := time.Now()
	answered, err := theCalls[0].do(ctx, c)
	require.LessOrEqual(t, time.Since(began), 2*time.Second)
	require.Equal(t, answered, err == nil)
	if err != nil {
		apiErr, ok := errors.AsType[*insights.APIError](err)
		require.True(t, ok, "%T", err)
		require.NotContains(t, err.Error(), "\n")
		require.Less(t, len(err.Error()), 4<<10)
		require.LessOrEqual(t, len(apiErr.Body), 64<<10)
		require.Positive(t, apiErr.Attempts)
	}
	transport.CloseIdleConnections()
	stop()
}
