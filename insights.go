package insights

import (
	"context"
	"time"

	"github.com/sauceinsights/insights/internal/exchange"
)

// The calls of the API, all GET.
const (
	testsPath       = "/v1/analytics/tests"
	testMetricsPath = "/v1/analytics/insights/test-metrics"
	testTrendsPath  = "/v1/analytics/trends/tests"
	buildsTestsPath = "/v1/analytics/trends/builds_tests"
	errorTrendsPath = "/v1/analytics/trends/errors"
)

// Tests returns one page of the runs in a period. [Client.AllTests] returns
// them all.
//
// Like every call it returns a value or an error, never both: an
// [*OptionsError] before anything was sent, or an [*APIError].
func (c *Client) Tests(ctx context.Context, opts TestsOptions, callOpts ...CallOption) (*TestList, error) {
	return get[TestList](ctx, c, testsPath, singlePage{opts}, callOpts)
}

// TestMetrics sums up the runs of the test that opts.Query names: how many
// there were, how they ended, the fastest and the slowest.
func (c *Client) TestMetrics(ctx context.Context, opts TestMetricsOptions, callOpts ...CallOption) (*TestMetrics, error) {
	return get[TestMetrics](ctx, c, testMetricsPath, opts, callOpts)
}

// TestTrends counts the runs of every interval of a period, by owner, status,
// system and whatever else the service splits by.
func (c *Client) TestTrends(ctx context.Context, opts TestTrendsOptions, callOpts ...CallOption) (*TestTrends, error) {
	return get[TestTrends](ctx, c, testTrendsPath, opts, callOpts)
}

// BuildsTests returns the runs of a period by build: the first 25 builds with
// their first 10 runs each, by the reference.
func (c *Client) BuildsTests(ctx context.Context, opts BuildsTestsOptions, callOpts ...CallOption) (*BuildsTests, error) {
	return get[BuildsTests](ctx, c, buildsTestsPath, opts, callOpts)
}

// ErrorTrends returns the runs of a period that ended with an error, by error
// message. Newer documentation no longer lists this call; where the service
// has dropped it the error matches [ErrNotFound].
func (c *Client) ErrorTrends(ctx context.Context, opts ErrorTrendsOptions, callOpts ...CallOption) (*ErrorTrends, error) {
	return get[ErrorTrends](ctx, c, errorTrendsPath, opts, callOpts)
}

// options are the parameters of one call.
type options interface {
	Validate() error
	query(Dialect) any
}

// get makes one call: it checks what it was given, exchanges a request for an
// answer, and decodes that.
func get[T any](ctx context.Context, c *Client, path string, opts options, callOpts []CallOption) (*T, error) {
	call, err := c.newCall(ctx, path, opts, callOpts)
	if err != nil {
		return nil, err
	}
	var answer *T
	var said decoded
	began := time.Now()
	result := c.exchange.Do(ctx, exchange.Call{URL: call.url, Path: path, Decode: func(body []byte) error {
		answer = new(T)
		said = decode(body, answer)
		return said.failure
	}})
	c.reportUnreadable(ctx, path, said.unreadable)
	c.capture(call, result, said.unreadable, time.Since(began))
	if result.Failed {
		return nil, c.apiError(call, result, said)
	}
	return answer, nil
}
