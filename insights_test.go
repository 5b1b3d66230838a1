package insights_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// method is one of the five calls: what it sends, and what it makes of the
// reference's sample answer.
type method struct {
	call   func(context.Context, *insights.Client, ...insights.CallOption) (any, error)
	url    string // exactly
	sample string // in testdata
	check  func(*testing.T, any)
}

var (
	mayDay  = insights.Between(time.Date(2021, 5, 1, 12, 0, 0, 0, time.UTC), time.Date(2021, 5, 2, 12, 0, 0, 0, time.UTC))
	january = insights.Between(time.Unix(1515687172, 0), time.Unix(1516291972, 0))
)

const host = "https://api.us-west-1.saucelabs.com"

var methods = map[string]method{
	"Tests": {
		call: func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
			return c.Tests(ctx, insights.TestsOptions{Period: mayDay, Build: "build-123", Order: insights.NewestFirst, From: 10, Size: 10}, opts...)
		},
		url:    host + "/v1/analytics/tests?build=build-123&desc=true&end=2021-05-02T12%3A00%3A00Z&from=10&size=10&start=2021-05-01T12%3A00%3A00Z",
		sample: "tests.json",
		check: func(t *testing.T, value any) {
			list := value.(*insights.TestList)
			assert.Equal(t, 200, list.Meta.Status)
			assert.True(t, list.HasMore)
			assert.Equal(t, []insights.Test{{
				ID: "50fdd2369eer3031ad912kib57b12440", Owner: "USERNAME", Ancestor: "USERNAME", Name: "TestGet", Build: "build-123",
				CreationTime: at(2017, 3, 1, 12, 13, 39), EndTime: at(2017, 3, 1, 12, 16, 22),
				Status: insights.StatusComplete, OS: "OS X El Capitan (10.11)", Browser: "iPhone 10.0",
				DetailsURL: "https://saucelabs.com/rest/v1.1/a-team/jobs/50fdd2369eer3031ad912kib57b12440",
			}}, list.Items)
		},
	},
	"TestMetrics": {
		call: func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
			return c.TestMetrics(ctx, insights.TestMetricsOptions{Period: january, Query: "AnalyticsSeleniumTest on OS X 10.10"}, opts...)
		},
		url:    host + "/v1/analytics/insights/test-metrics?end=2018-01-18T16%3A12%3A52Z&query=AnalyticsSeleniumTest%20on%20OS%20X%2010.10&start=2018-01-11T16%3A12%3A52Z",
		sample: "test_metrics.json",
		check: func(t *testing.T, value any) {
			metrics := value.(*insights.TestMetrics)
			assert.Equal(t, 200, metrics.Meta.Status)
			assert.Equal(t, 1008, metrics.Aggs.Count)
			assert.Equal(t, map[insights.Status]int{"errored": 7, "failed": 1, "passed": 1000}, metrics.Aggs.Statuses)
			assert.Equal(t, insights.Seconds(0.3843098311817279), metrics.Aggs.TotalQueueTime)
			assert.Equal(t, insights.Seconds(33.18867924528302), metrics.Aggs.TotalRunTime)
			assert.Zero(t, metrics.Aggs.AvgRunTime)
			assert.Equal(t, seleniumRun("1cc127f6af024184a45fc45817672a341", at(2018, 1, 12, 11, 50, 2), 25, insights.StatusPassed, ""), metrics.Aggs.FastestRun)
			assert.Equal(t, seleniumRun("faf35305919245ebaceab93712d009b0", at(2018, 1, 15, 19, 10, 1), 1858, insights.StatusErrored,
				"Test exceeded maximum duration after 1800 seconds"), metrics.Aggs.SlowestRun)
		},
	},
	"TestTrends": {
		call: func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
			return c.TestTrends(ctx, insights.TestTrendsOptions{Period: mayDay, Interval: time.Hour, OS: []string{"Linux"}}, opts...)
		},
		url:    host + "/v1/analytics/trends/tests?end=2021-05-02T12%3A00%3A00Z&interval=1h&os=Linux&start=2021-05-01T12%3A00%3A00Z",
		sample: "test_trends.json",
		check: func(t *testing.T, value any) {
			assert.Equal(t, &insights.TestTrends{
				Meta: insights.Meta{Status: 200},
				Buckets: []insights.TrendBucket{{
					Timestamp: at(2017, 3, 9, 12, 0, 0),
					Count:     204,
					Aggs: insights.TrendAggs{
						OS:     []insights.NamedCount{{Name: "OS X El Capitan (10.11)", Count: 98}, {Name: "Windows 7", Count: 65}, {Name: "Linux", Count: 41}},
						Owner:  []insights.NamedCount{{Name: "a-team", Count: 204}},
						Status: []insights.NamedCount{{Name: "complete", Count: 133}, {Name: "passed", Count: 58}, {Name: "failed", Count: 12}, {Name: "errored", Count: 1}},
					},
				}},
				Metrics: insights.TrendMetrics{
					OS:     map[string]int{"Linux": 163, "OS X El Capitan (10.11)": 356, "Windows 7": 229},
					Owner:  map[string]int{"a-team": 748},
					Status: map[string]int{"complete": 496, "errored": 2, "failed": 44, "passed": 206},
				},
			}, value)
		},
	},
	"BuildsTests": {
		call: func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
			return c.BuildsTests(ctx, insights.BuildsTestsOptions{
				Period: insights.Last(7 * 24 * time.Hour), Scope: insights.ScopeSingle, Owner: []string{"mia", "jan"}, Browser: []string{"Chrome 137.0", "a,b"},
			}, opts...)
		},
		url:    host + "/v1/analytics/trends/builds_tests?browser=Chrome%20137.0&browser=a%2Cb&owner=mia&owner=jan&scope=single&time_range=7d",
		sample: "builds_tests.json",
		check: func(t *testing.T, value any) {
			assert.Equal(t, &insights.BuildsTests{
				Meta: insights.Meta{Status: 200},
				Builds: insights.BuildList{
					HasMore: true,
					Items: []insights.Build{{
						Name: "build-123", TestsCount: 34, Duration: 1916, StartTime: at(2017, 3, 1, 12, 9, 16), EndTime: at(2017, 3, 1, 12, 41, 25),
						HasMore: true,
						Tests: []insights.Test{{
							ID: "a1a2b38812hy42e5affbd54p9757re5t", Owner: "USERNAME", Ancestor: "USERNAME", Name: "TestStatus",
							CreationTime: at(2017, 3, 1, 12, 9, 16), EndTime: at(2017, 3, 1, 12, 10, 44), Status: insights.StatusFailed,
							OS: "Linux", Browser: "Android 5.1", DetailsURL: "https://saucelabs.com/rest/v1.1/a-team/jobs/a1a2b38812hy42e5affbd54p9757re5t",
						}},
						Aggs: insights.BuildAggs{Status: []insights.NamedCount{{Name: "complete", Count: 23}, {Name: "passed", Count: 9}, {Name: "failed", Count: 2}}},
					}},
				},
				TestsMissingBuild: insights.TestGroup{Items: []insights.Test{}},
			}, value)
		},
	},
	"ErrorTrends": {
		call: func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
			return c.ErrorTrends(ctx, insights.ErrorTrendsOptions{Period: mayDay, Scope: insights.ScopeOrganization, Status: insights.StatusErrored}, opts...)
		},
		url:    host + "/v1/analytics/trends/errors?end=2021-05-02T12%3A00%3A00Z&scope=organization&start=2021-05-01T12%3A00%3A00Z&status=errored",
		sample: "error_trends.json",
		check: func(t *testing.T, value any) {
			const message = "Selenium didn't complete your last command on time.\nFor help, please check https://docs.saucelabs.com/dev/error-messages"
			assert.Equal(t, &insights.ErrorTrends{
				Meta: insights.Meta{Status: 200},
				Buckets: []insights.ErrorBucket{{
					Name: message, Count: 1,
					Items: []insights.Test{{
						ID: "8f5nf6370061122bb6ah4ee10a2c966d", Owner: "USERNAME", Ancestor: "USERNAME", Name: "TestScreenshot",
						CreationTime: at(2017, 3, 1, 17, 47, 35), EndTime: at(2017, 3, 1, 17, 54, 3), Status: insights.StatusErrored, Error: message,
						OS: "Linux", Browser: "Android 5.1", DetailsURL: "https://saucelabs.com/rest/v1.1/USERNAME/jobs/8f5nf6370061122bb6ah4ee10a2c966d",
					}},
				}},
			}, value)
		},
	},
}

func at(year int, month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

func seleniumRun(id string, created time.Time, seconds insights.Seconds, status insights.Status, message string) *insights.Test {
	return &insights.Test{
		ID: id, Owner: "a-team", Ancestor: "a-team", Name: "AnalyticsSeleniumTest on OS X 10.10",
		CreationTime: created, StartTime: created, EndTime: created.Add(seconds.Duration()), Duration: seconds, Status: status, Error: message,
		OS: "OS X Yosemite (10.10)", Browser: "Chrome 51.0", DetailsURL: "https://saucelabs.com/rest/v1.1/a-team/jobs/" + id,
	}
}

// mocked is a client of the region whose every request goes to a mock.
func mocked(t *testing.T) (*insights.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	client, err := insights.NewClient(insights.USWest1, insights.Credentials{Username: "mia", AccessKey: "0123-4567-89ab"},
		insights.WithHTTPClient(&http.Client{Transport: mock}), insights.WithApplication("ci", "1.2"), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	return client, mock
}

// replyWith serves a file of testdata, and keeps the request.
func replyWith(t *testing.T, mock *httpmock.MockTransport, sample string) *http.Request {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", sample))
	require.NoError(t, err)
	seen := new(http.Request)
	mock.RegisterNoResponder(func(request *http.Request) (*http.Response, error) {
		*seen = *request
		response := httpmock.NewBytesResponse(200, body)
		response.Header.Set("Content-Type", "application/json")
		return response, nil
	})
	return seen
}

func TestClientMethods(t *testing.T) {
	for name, method := range methods {
		t.Run(name, func(t *testing.T) {
			t.Run("sends one authenticated GET to the documented address", func(t *testing.T) {
				client, mock := mocked(t)
				request := replyWith(t, mock, method.sample)
				_, err := method.call(t.Context(), client)
				require.NoError(t, err)

				assert.Equal(t, 1, mock.GetTotalCallCount())
				assert.Equal(t, http.MethodGet, request.Method)
				assert.Equal(t, method.url, request.URL.String())
				user, key, ok := request.BasicAuth()
				assert.True(t, ok)
				assert.Equal(t, "mia/0123-4567-89ab", user+"/"+key)
				assert.Equal(t, "application/json", request.Header.Get("Accept"))
				assert.True(t, strings.HasPrefix(request.UserAgent(), "ci/1.2 insights-go/"), request.UserAgent())
				assert.Len(t, request.Header, 3, "and no further header")
				assert.Nil(t, request.Body)
			})
			t.Run("decodes every field of the reference's sample", func(t *testing.T) {
				client, mock := mocked(t)
				replyWith(t, mock, method.sample)
				value, err := method.call(t.Context(), client)
				require.NoError(t, err)
				method.check(t, value)
			})
			t.Run("gives a refusal with its message, and no value", func(t *testing.T) {
				client, mock := mocked(t)
				mock.RegisterNoResponder(httpmock.NewJsonResponderOrPanic(400, map[string]string{"message": "start and end parameters are required."}))
				value, err := method.call(t.Context(), client)
				assert.Nil(t, value)
				assert.ErrorIs(t, err, insights.ErrInvalidRequest)
				var refusal *insights.APIError
				require.ErrorAs(t, err, &refusal)
				assert.Equal(t, 400, refusal.StatusCode)
				assert.Equal(t, 1, refusal.Attempts)
				assert.Equal(t, "start and end parameters are required.", refusal.Message)
				assert.Equal(t, host+refusal.Path, strings.Split(method.url, "?")[0])
			})
			t.Run("gives the cause of a connection that fails, and no value", func(t *testing.T) {
				client, mock := mocked(t)
				broken := errors.New("the cable is out")
				mock.RegisterNoResponder(httpmock.NewErrorResponder(broken))
				value, err := method.call(t.Context(), client)
				assert.Nil(t, value)
				assert.ErrorIs(t, err, insights.ErrTransport)
				assert.ErrorIs(t, err, broken)
			})
			t.Run("sends nothing for options that are wrong", func(t *testing.T) {
				client, mock := mocked(t)
				value, err := method.call(t.Context(), client, insights.WithQuery("", "x"))
				assert.Nil(t, value)
				assert.ErrorIs(t, err, insights.ErrInvalidOptions)
				assert.Zero(t, mock.GetTotalCallCount())
			})
		})
	}
}

func TestStatusCounts(t *testing.T) {
	want := map[insights.Status]int{insights.StatusPassed: 3, insights.StatusFailed: 1}
	list := []insights.NamedCount{{Name: "passed", Count: 3}, {Name: "failed", Count: 1}}
	metrics := insights.TestMetrics{Aggs: insights.TestAggs{Statuses: map[insights.Status]int{"passed": 3, "failed": 1}}}

	t.Run("have one shape for the four on the wire", func(t *testing.T) {
		assert.Equal(t, want, metrics.StatusCounts())
		assert.Equal(t, want, insights.TestTrends{Metrics: insights.TrendMetrics{Status: map[string]int{"passed": 3, "failed": 1}}}.StatusCounts())
		assert.Equal(t, want, insights.TrendBucket{Aggs: insights.TrendAggs{Status: list}}.StatusCounts())
		assert.Equal(t, want, insights.Build{Aggs: insights.BuildAggs{Status: list}}.StatusCounts())
	})
	t.Run("add up a status that comes twice", func(t *testing.T) {
		twice := insights.BuildAggs{Status: append(list, insights.NamedCount{Name: "passed", Count: 4})}
		assert.Equal(t, 7, insights.Build{Aggs: twice}.StatusCounts()["passed"])
	})
	t.Run("are nil where nothing was counted", func(t *testing.T) {
		assert.Nil(t, insights.TestMetrics{}.StatusCounts())
		assert.Nil(t, insights.TestTrends{}.StatusCounts())
		assert.Nil(t, insights.TrendBucket{}.StatusCounts())
		assert.Nil(t, insights.Build{}.StatusCounts())
	})
	t.Run("are the caller's own", func(t *testing.T) {
		metrics.StatusCounts()["passed"] = 99
		assert.Equal(t, 3, metrics.Aggs.Statuses["passed"])
	})
}
