package conformance_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// oneAttempt is a client that gives up soon.
func oneAttempt(t *testing.T, baseURL string, hc *http.Client, opts ...insights.Option) *insights.Client {
	first := []insights.Option{
		insights.WithBaseURL(baseURL), insights.WithHTTPClient(hc),
		insights.WithAttemptTimeout(100 * time.Millisecond), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}),
	}
	return clientOver(t, nil, append(first, opts...)...)
}

func TestErrTimeout(t *testing.T) {
	t.Parallel()
	t.Run("says how far the attempt had come", func(t *testing.T) {
		silent, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer silent.Close()
		slow := httptest.NewServer(http.HandlerFunc(stall))
		defer slow.Close()
		stalling := httptest.NewServer(http.HandlerFunc(stallInTheBody))
		defer stalling.Close()
		unreachable := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		for where, test := range map[string]struct {
			url       string
			transport *http.Transport
		}{
			"connecting":                            {"https://insights.test", unreachable},
			"in the TLS handshake":                  {"https://" + silent.Addr().String(), new(http.Transport)},
			"waiting for the headers of the answer": {slow.URL, new(http.Transport)},
			"reading the body of the answer":        {stalling.URL, new(http.Transport)},
		} {
			t.Run(where, func(t *testing.T) {
				defer test.transport.CloseIdleConnections()
				err := ask(t.Context(), oneAttempt(t, test.url, &http.Client{Transport: test.transport}))
				assert.ErrorIs(t, err, insights.ErrTimeout)
				assert.ErrorContains(t, err, "the attempt took longer than 100ms, "+where)
				var network net.Error
				require.ErrorAs(t, err, &network)
				assert.True(t, network.Timeout())
			})
		}
	})
	t.Run("names the timeout that struck", func(t *testing.T) {
		slow := httptest.NewServer(http.HandlerFunc(stall))
		defer slow.Close()
		for hint, hc := range map[string]*http.Client{
			"WithAttemptTimeout sets how long an attempt may take":               {Transport: new(http.Transport)},
			"it was the Timeout of the HTTP client, which is shorter":            {Transport: new(http.Transport), Timeout: 20 * time.Millisecond},
			"a timeout of the system or of the transport struck, before that of": {Transport: &http.Transport{ResponseHeaderTimeout: 20 * time.Millisecond}},
		} {
			err := ask(t.Context(), oneAttempt(t, slow.URL, hc))
			assert.ErrorIs(t, err, insights.ErrTimeout, hint)
			assert.ErrorContains(t, err, hint)
		}
	})
}

func TestErrTransportTexts(t *testing.T) {
	// A proxy may answer anything where it is asked to connect to the service.
	t.Run("a proxy that refuses to connect is named", func(t *testing.T) {
		for status, attempts := range map[int]int{400: 1, 403: 1, 404: 1, 407: 1, 429: 2, 500: 2, 502: 2, 503: 2, 599: 2} {
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, http.MethodConnect, r.Method)
				w.WriteHeader(status)
			}))
			address, err := url.Parse(proxy.URL)
			require.NoError(t, err)
			transport := &http.Transport{Proxy: http.ProxyURL(address)}
			err = ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: 1, MaxWait: 1})))
			assert.ErrorIs(t, err, insights.ErrTransport, "%d", status)
			assert.ErrorContains(t, err, "the proxy refused to connect: ", "%d", status)
			if text := http.StatusText(status); text != "" {
				assert.ErrorContains(t, err, text)
			}
			assert.Equal(t, attempts, requireAPIError(t, err).Attempts, "%d", status)
			proxy.Close()
		}
		t.Run("and one that breaks off is a broken connection", func(t *testing.T) {
			proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
			defer proxy.Close()
			address, err := url.Parse(proxy.URL)
			require.NoError(t, err)
			err = ask(t.Context(), clientOver(t, &http.Transport{Proxy: http.ProxyURL(address)}, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})))
			assert.ErrorIs(t, err, insights.ErrTransport)
			assert.NotContains(t, err.Error(), "refused to connect")
		})
	})

	t.Run("no text is there twice", func(t *testing.T) {
		for body, want := range map[string]string{
			"Bad Gateway":                    "insights: GET /v1/analytics/tests: 502 Bad Gateway",
			"502 Bad Gateway":                "insights: GET /v1/analytics/tests: 502 Bad Gateway",
			`{"message":"bad gateway"}`:      "insights: GET /v1/analytics/tests: 502 Bad Gateway",
			`{"message":"upstream is down"}`: "insights: GET /v1/analytics/tests: 502 Bad Gateway: upstream is down",
		} {
			transport, _ := inTurn(replying(502, body))
			assert.EqualError(t, ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))), want)
		}
	})
}

func TestWithHTTPClientLater(t *testing.T) {
	// A mock may come after the client.
	t.Run("a transport that is replaced later is used", func(t *testing.T) {
		mock := inMemory(func(*http.Request) (*http.Response, error) { return nil, errors.New("mocked") })
		t.Run("in an HTTP client", func(t *testing.T) {
			hc := new(http.Client)
			c := clientOver(t, nil, insights.WithHTTPClient(hc), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
			hc.Transport = mock
			assert.ErrorContains(t, ask(t.Context(), c), "mocked")
		})
		t.Run("in the place of net/http's own", func(t *testing.T) {
			c, err := insights.NewClient(insights.USWest1, account, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
			require.NoError(t, err)
			original := http.DefaultTransport
			defer func() { http.DefaultTransport = original }()
			http.DefaultTransport = mock
			assert.ErrorContains(t, ask(t.Context(), c), "mocked")
		})
	})
}
