package insights_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
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

func ok(body string, headers ...string) string {
	head := append([]string{"HTTP/1.1 200 OK", fmt.Sprintf("Content-Length: %d", len(body))}, headers...)
	return strings.Join(head, "\r\n") + "\r\n\r\n" + body
}
