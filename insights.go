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

// Tests returns one page of the runs in a period ([GET /v1/analytics/tests]).
// [Client.AllTests] returns all of them.
//
// Like every call it returns either a value or an error. The error is an
// [*OptionsError], and nothing was sent, or an [*APIError].
//
// [GET /v1/analytics/tests]: https://docs.saucelabs.com/dev/api/insights/#get-test-results
func (c *Client) Tests(ctx context.Context, opts TestsOptions, callOpts ...CallOption) (*TestList, error) {
	return get[TestList](ctx, c, testsPath, singlePage{opts}, callOpts)
}

// TestMetrics sums up the runs of the test that opts.Query names
// ([GET /v1/analytics/insights/test-metrics]): how many there were, how they
// ended, the fastest and the slowest.
//
// [GET /v1/analytics/insights/test-metrics]: https://docs.saucelabs.com/dev/api/insights/#get-summary-of-test-metrics
func (c *Client) TestMetrics(ctx context.Context, opts TestMetricsOptions, callOpts ...CallOption) (*TestMetrics, error) {
	return get[TestMetrics](ctx, c, testMetricsPath, opts, callOpts)
}

// TestTrends counts the runs of every interval of a period
// ([GET /v1/analytics/trends/tests]), by owner, status, OS, browser and whatever
// else the service splits by.
//
// [GET /v1/analytics/trends/tests]: https://docs.saucelabs.com/dev/api/insights/#get-test-trends
func (c *Client) TestTrends(ctx context.Context, opts TestTrendsOptions, callOpts ...CallOption) (*TestTrends, error) {
	return get[TestTrends](ctx, c, testTrendsPath, opts, callOpts)
}

// BuildsTests returns the runs of a period by build
// ([GET /v1/analytics/trends/builds_tests]): by the reference, the first 25
// builds with the first 10 runs of each.
//
// [GET /v1/analytics/trends/builds_tests]: https://docs.saucelabs.com/dev/api/insights/#get-builds-and-tests
func (c *Client) BuildsTests(ctx context.Context, opts BuildsTestsOptions, callOpts ...CallOption) (*BuildsTests, error) {
	return get[BuildsTests](ctx, c, buildsTestsPath, opts, callOpts)
}

// ErrorTrends returns the runs of a period that ended with an error, by error
// message ([GET /v1/analytics/trends/errors]). Newer documentation no longer
// lists this call. If the service has dropped it, the error matches
// [ErrNotFound].
//
// [GET /v1/analytics/trends/errors]: https://docs.saucelabs.com/dev/api/insights/#get-error-trends
func (c *Client) ErrorTrends(ctx context.Context, opts ErrorTrendsOptions, callOpts ...CallOption) (*ErrorTrends, error) {
	return get[ErrorTrends](ctx, c, errorTrendsPath, opts, callOpts)
}

// options are the parameters of one call.
type options interface {
	Validate() error
	query(Dialect) any
}

// get makes one call: it checks what it was given, exchanges a request for a
// response, and decodes that.
func get[T any](ctx context.Context, c *Client, path string, opts options, callOpts []CallOption) (*T, error) {
	call, err := c.newCall(ctx, path, opts, callOpts)
	if err != nil {
		return nil, err
	}
	var got struct {
		answer *T
		said   decoded
	}
	began := time.Now()
	result := c.exchange.Do(ctx, exchange.Call{URL: &call.url, Path: path, Decode: func(body []byte) error {
		got.answer = new(T)
		got.said = decode(body, got.answer)
		return got.said.failure
	}})
	c.reportUnreadable(ctx, path, got.said.unreadable)
	c.capture(call, result, got.said.unreadable, time.Since(began))
	if result.Failed {
		return nil, c.apiError(call, result, got.said)
	}
	return got.answer, nil
}
