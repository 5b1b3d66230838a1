package insights

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// inMemory is a transport without a network, so that time can stand still.
type inMemory func(*http.Request) (*http.Response, error)

func (f inMemory) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	return f(request)
}

// reply is an answer; headers come as name and value in turn.
func reply(status int, body string, headers ...string) *http.Response {
	resp := &http.Response{
		StatusCode:    status,
		Header:        http.Header{},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	for i := 0; i+1 < len(headers); i += 2 {
		resp.Header.Add(headers[i], headers[i+1])
	}
	return resp
}

// inTurn gives one answer after the other, and the last one ever after.
func inTurn(outcomes ...any) (transport inMemory, requests *atomic.Int32) {
	requests = new(atomic.Int32)
	return func(*http.Request) (*http.Response, error) {
		n := int(requests.Add(1))
		switch outcome := outcomes[min(n, len(outcomes))-1].(type) {
		case error:
			return nil, outcome
		case func() *http.Response:
			return outcome(), nil
		default:
			return reply(outcome.(int), "{}"), nil
		}
	}, requests
}

func replying(status int, body string, headers ...string) func() *http.Response {
	return func() *http.Response { return reply(status, body, headers...) }
}

var errReset = errors.New("connection reset by peer")

// A key that is not hexadecimal, as a real one would be.
var account = Credentials{Username: "a-user", AccessKey: "Qz7-wXv!kLm/pRt&yUi2hGf<nBs"}

const testOrigin = "https://insights.test"

// clientOver asks transport, unpaced.
func clientOver(t testing.TB, transport http.RoundTripper, opts ...Option) *Client {
	t.Helper()
	first := []Option{WithBaseURL(testOrigin), WithHTTPClient(&http.Client{Transport: transport}), WithoutRateLimit()}
	c, err := NewClient("", account, append(first, opts...)...)
	require.NoError(t, err)
	return c
}

var lastWeek = Last(7 * 24 * time.Hour)

// apiCall is one of the calls that a client offers.
type apiCall struct {
	name, path string
	do         func(context.Context, *Client, ...CallOption) (any, error)
}

// theCalls are all that make one request.
var theCalls = []apiCall{
	{"Tests", testsPath, func(ctx context.Context, c *Client, opts ...CallOption) (any, error) {
		return c.Tests(ctx, TestsOptions{Period: lastWeek}, opts...)
	}},
	{"TestMetrics", testMetricsPath, func(ctx context.Context, c *Client, opts ...CallOption) (any, error) {
		return c.TestMetrics(ctx, TestMetricsOptions{Period: lastWeek, Query: "login"}, opts...)
	}},
	{"TestTrends", testTrendsPath, func(ctx context.Context, c *Client, opts ...CallOption) (any, error) {
		return c.TestTrends(ctx, TestTrendsOptions{Period: lastWeek, Interval: time.Hour}, opts...)
	}},
	{"BuildsTests", buildsTestsPath, func(ctx context.Context, c *Client, opts ...CallOption) (any, error) {
		return c.BuildsTests(ctx, BuildsTestsOptions{Period: lastWeek}, opts...)
	}},
	{"ErrorTrends", errorTrendsPath, func(ctx context.Context, c *Client, opts ...CallOption) (any, error) {
		return c.ErrorTrends(ctx, ErrorTrendsOptions{Period: lastWeek}, opts...)
	}},
}

// ask makes the simplest call.
func ask(ctx context.Context, c *Client, opts ...CallOption) error {
	_, err := c.Tests(ctx, TestsOptions{Period: lastWeek}, opts...)
	return err
}

// requireAPIError is err with everything known of it.
func requireAPIError(t testing.TB, err error) *APIError {
	t.Helper()
	apiErr, ok := errors.AsType[*APIError](err)
	require.True(t, ok, "%T is no *APIError: %v", err, err)
	return apiErr
}

// TestMain fails the suite where a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}
