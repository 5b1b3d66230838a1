package exchange

import (
	"context"
	"net"
	"net/http/httptrace"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
