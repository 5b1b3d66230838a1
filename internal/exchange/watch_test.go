package exchange

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/internal/fault"
)

func TestClientConnections(t *testing.T) {
	// Idle connections that are closed under a request are as many as there are.
	t.Run("new connections are counted alone", func(t *testing.T) {
		ctx, end := context.WithCancelCause(t.Context())
		w := watchConnections(end, true)
		for range 30 {
			w.got(httptrace.GotConnInfo{Reused: true})
		}
		for range 3 {
			require.NoError(t, ctx.Err())
			w.got(httptrace.GotConnInfo{})
		}
		require.NoError(t, ctx.Err())
		w.got(httptrace.GotConnInfo{})
		assert.Equal(t, errNoneAnswered, context.Cause(ctx))
	})

	// Over HTTP/1 it is net/http that ends the reading of a body.
	t.Run("a body over HTTP/2 that goes on after the attempt is broken off", func(t *testing.T) {
		for major, broken := range map[int]bool{1: false, 2: true} {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				defer theirs.Close()
				time.AfterFunc(time.Minute, func() { _ = theirs.Close() })
				c := over(inMemory(func(request *http.Request) (*http.Response, error) {
					httptrace.ContextClientTrace(request.Context()).GotConn(httptrace.GotConnInfo{Conn: ours})
					return &http.Response{StatusCode: 200, ProtoMajor: major, Body: ours, ContentLength: -1}, nil
				}))
				c.Retry.MaxAttempts = 1
				began := time.Now()
				result := get(t.Context(), t, c)
				assert.Equal(t, broken, time.Since(began) < 11*time.Second, "it took %s", time.Since(began))
				assert.Equal(t, broken, errors.Is(result.Err, fault.Timeout))
			})
		}
	})

	// A connection that net/http can't let go of is closed for it.
	t.Run("a connection that holds an attempt is closed", func(t *testing.T) {
		for name, test := range map[string]struct {
			returns time.Duration
			closed  bool
		}{"at once": {0, false}, "soon enough": {50*time.Millisecond - 1, false}, "too late": {50*time.Millisecond + 1, true}} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					w := watchConnections(func(error) { cancel() }, true)
					ours, theirs := net.Pipe()
					defer theirs.Close()
					w.got(httptrace.GotConnInfo{Conn: ours})
					release := w.guard(ctx)
					time.Sleep(time.Second + test.returns)
					release()
					synctest.Wait()
					assert.Equal(t, test.closed, ours.SetDeadline(time.Time{}) != nil)
					_ = ours.Close()
				})
			})
		}
	})
}
