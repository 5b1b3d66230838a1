package exchange

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sauceinsights/insights/internal/ratelimit"
	"github.com/sauceinsights/insights/internal/redact"
)

// TestMain fails the suite where a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

var errReset = errors.New("connection reset by peer")

// inMemory is a transport without a network, so that time can stand still.
type inMemory func(*http.Request) (*http.Response, error)

func (f inMemory) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

const secret = "Qz7-wXv!kLm/pRt&yUi2hGf<nBs"

// over is a client of transport, with the defaults of the SDK and no limits.
func over(transport http.RoundTripper) *Client {
	return &Client{
		Transport: Hide(transport),
		Timeout:   10 * time.Second,
		Retry:     Policy{MaxAttempts: 4, BaseWait: 500 * time.Millisecond, MaxWait: 30 * time.Second},
		Budget:    NewBudget(),
		Limits:    ratelimit.New(nil, nil),
		MaxBytes:  1 << 20,
		UserAgent: "a-test",
		Authorize: func(request *http.Request) { request.SetBasicAuth("a-user", secret) },
		Mask:      redact.New("a-user", secret),

		TimeoutHint: "a hint",
	}
}

const origin = "https://insights.test"

// get makes a call whose answer may be anything.
func get(ctx context.Context, t *testing.T, c *Client) Result {
	return getAt(ctx, t, c, origin)
}

func getAt(ctx context.Context, t *testing.T, c *Client, base string) Result {
	t.Helper()
	u, err := url.Parse(base + "/v1/tests?query=private")
	require.NoError(t, err)
	return c.Do(ctx, Call{URL: u, Path: "/v1/tests", Decode: func([]byte) error { return nil }})
}

// reply is an answer; headers come as name and value in turn.
func reply(status int, body string, headers ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	for i := 0; i+1 < len(headers); i += 2 {
		resp.Header.Add(headers[i], headers[i+1])
	}
	return resp
}

// inTurn gives one outcome after the other, and the last one ever after: an error,
// a status or what makes an answer.
func inTurn(outcomes ...any) inMemory {
	n := 0
	return func(*http.Request) (*http.Response, error) {
		n++
		switch outcome := outcomes[min(n, len(outcomes))-1].(type) {
		case error:
			return nil, outcome
		case func() *http.Response:
			return outcome(), nil
		default:
			return reply(outcome.(int), "{}"), nil
		}
	}
}

func replying(status int, body string, headers ...string) func() *http.Response {
	return func() *http.Response { return reply(status, body, headers...) }
}

// hang is a service that never answers.
func hang(request *http.Request) (*http.Response, error) {
	<-request.Context().Done()
	return nil, request.Context().Err()
}

func serve(t *testing.T, handle http.HandlerFunc) (*http.Transport, string) {
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.Client().Transport.(*http.Transport), server.URL
}
