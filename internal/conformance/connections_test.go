package conformance_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// failover is a service whose connections die without a word, as behind a VPN, a
// NAT or a failover: new ones work.
type failover struct {
	*httptest.Server
	generation atomic.Int32
	open       atomic.Int32
}

type generationKey struct{}

func newFailover(t *testing.T, http2 bool) *failover {
	f := new(failover)
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Context().Value(generationKey{}) != f.generation.Load() {
			<-request.Context().Done() // dead: nothing comes back
			return
		}
		time.Sleep(10 * time.Millisecond) // so that calls at once take connections of their own
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(nothing))
	}))
	f.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, generationKey{}, f.generation.Load())
	}
	f.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			f.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			f.open.Add(-1)
		}
	}
	f.EnableHTTP2 = http2
	if http2 {
		f.StartTLS()
	} else {
		f.Start()
	}
	t.Cleanup(f.Close)
	return f
}

// kill makes every connection that is open a dead one.
func (f *failover) kill() { f.generation.Add(1) }

func TestClientConnections(t *testing.T) {
	t.Run("dead connections", func(t *testing.T) {
		for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
			t.Run("cost one attempt, however many are idle, over "+name, func(t *testing.T) {
				service := newFailover(t, http2)
				transport := service.Client().Transport
				defer service.Client().CloseIdleConnections()
				c, err := insights.NewClient("", account, insights.WithBaseURL(service.URL), insights.WithHTTPClient(&http.Client{Transport: transport}),
					insights.WithoutRateLimit(), insights.WithAttemptTimeout(150*time.Millisecond), insights.WithRetry(insights.RetryPolicy{BaseWait: 20 * time.Millisecond}))
				require.NoError(t, err)
				var calls sync.WaitGroup
				for range 4 {
					calls.Go(func() { assert.NoError(t, ask(t.Context(), c)) })
				}
				calls.Wait()

				service.kill()
				var info insights.ResponseInfo
				require.NoError(t, ask(t.Context(), c, insights.CaptureResponse(&info)))
				assert.LessOrEqual(t, info.Attempts, 3, "a stream of HTTP/2 may still be closing when the second one begins")
				require.NoError(t, ask(t.Context(), c, insights.CaptureResponse(&info)))
				require.NoError(t, ask(t.Context(), c, insights.CaptureResponse(&info)))
				assert.Equal(t, 1, info.Attempts)
			})
		}
	})

	t.Run("long refusal costs no connection", func(t *testing.T) {
		var dialed atomic.Int32
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(strings.Repeat("no ", 100_000)))
		}))
		defer service.Close()
		transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dialed.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		}}
		defer transport.CloseIdleConnections()
		c := clientOver(t, transport, insights.WithBaseURL(service.URL))
		for range 5 {
			err := ask(t.Context(), c)
			assert.ErrorIs(t, err, insights.ErrInvalidRequest)
			assert.Len(t, requireAPIError(t, err).Body, 64<<10)
		}
		assert.EqualValues(t, 1, dialed.Load())
	})
}

func TestClientThatIsDroppedLeavesNoConnections(t *testing.T) {
	service := newFailover(t, false)
	for range 20 {
		c, err := insights.NewClient("", account, insights.WithBaseURL(service.URL), insights.WithoutRateLimit())
		require.NoError(t, err)
		clone, err := c.Clone(insights.WithConcurrency(1))
		require.NoError(t, err)
		require.NoError(t, ask(t.Context(), clone))
	}
	assert.Eventually(t, func() bool {
		runtime.GC()
		return service.open.Load() == 0
	}, 5*time.Second, 10*time.Millisecond)
}
