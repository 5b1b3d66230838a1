package conformance_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// answered is what the five calls make of one answer, each in its shape.
func answered(t *testing.T, status int, headers map[string]string, body string, ask func(context.Context, *insights.Client, ...insights.CallOption) error) (info insights.ResponseInfo, err error) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) {
		resp := httpmock.NewStringResponse(status, body)
		resp.Header.Set("Content-Type", "application/json")
		for name, value := range headers {
			resp.Header.Set(name, value)
		}
		return resp, nil
	})
	c, err := insights.NewClient(insights.USWest1, insights.Credentials{Username: "a-user", AccessKey: "a-key-of-tests-0123"},
		insights.WithHTTPClient(&http.Client{Transport: mock}), insights.WithoutRateLimit(), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	err = ask(t.Context(), c, insights.CaptureResponse(&info))
	return info, err
}

// firstRun asks for runs, and keeps the first.
func firstRun(run *insights.Test) func(context.Context, *insights.Client, ...insights.CallOption) error {
	return func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) error {
		page, err := c.Tests(ctx, insights.TestsOptions{Period: insights.Last(time.Hour)}, opts...)
		if err == nil && len(page.Items) > 0 {
			*run = page.Items[0]
		}
		return err
	}
}

// TestTestListOfPublicCases has what users of other clients reported, tried on this
// one: each of them made a whole page, or an export, impossible.
func TestTestListOfPublicCases(t *testing.T) {
	at := time.Date(2021, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		record     string
		want       insights.Test
		unreadable int
	}{
		"a number for a build":         {`{"id":"a","build":118}`, insights.Test{ID: "a", Build: "118"}, 0},
		"a number for a name":          {`{"id":"a","name":7}`, insights.Test{ID: "a", Name: "7"}, 0},
		"a number for an ID":           {`{"id":4711}`, insights.Test{ID: "4711"}, 0},
		"false for no error":           {`{"id":"a","error":false}`, insights.Test{ID: "a"}, 1},
		"text for a duration":          {`{"id":"a","duration":"25"}`, insights.Test{ID: "a", Duration: 25}, 0},
		"no number for a duration":     {`{"id":"a","duration":"NaN"}`, insights.Test{ID: "a"}, 1},
		"an empty text for a duration": {`{"id":"a","duration":""}`, insights.Test{ID: "a"}, 0},
		"an offset of zeros":           {`{"id":"a","end_time":"2021-05-01T12:00:00+0000"}`, insights.Test{ID: "a", EndTime: at}, 0},
		"an offset without colon":      {`{"id":"a","end_time":"2021-05-01T14:00:00+0200"}`, insights.Test{ID: "a", EndTime: at}, 0},
		"a blank between day and time": {`{"id":"a","end_time":"2021-05-01 12:00:00Z"}`, insights.Test{ID: "a", EndTime: at}, 0},
		"a day of zeros":               {`{"id":"a","end_time":"0000-00-00T00:00:00Z"}`, insights.Test{ID: "a"}, 1},
		"None":                         {`{"id":"a","end_time":"None"}`, insights.Test{ID: "a"}, 1},
		"an empty time":                {`{"id":"a","end_time":""}`, insights.Test{ID: "a"}, 0},
		"Unix seconds":                 {`{"id":"a","end_time":1619870400}`, insights.Test{ID: "a", EndTime: at}, 0},
		"Unix seconds as text":         {`{"id":"a","end_time":"1619870400"}`, insights.Test{ID: "a", EndTime: at}, 0},
		"null for everything":          {`{"id":"a","name":null,"build":null,"error":null,"duration":null,"end_time":null}`, insights.Test{ID: "a"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var run insights.Test
			info, err := answered(t, 200, nil, `{"items":[`+c.record+`],"has_more":false}`, firstRun(&run))
			require.NoError(t, err)
			assert.True(t, c.want.EndTime.Equal(run.EndTime), "%s", run.EndTime)
			c.want.EndTime, run.EndTime = time.Time{}, time.Time{}
			assert.Equal(t, c.want, run)
			assert.Equal(t, c.unreadable, info.Unreadable)
		})
	}
}

// TestErrServerOfPublicCases has answers with status 200 that say an error.
func TestErrServerOfPublicCases(t *testing.T) {
	for body, kind := range map[string]error{
		`{"meta":{"status":503},"items":[]}`:                      insights.ErrServer,
		`{"meta":{"status":400},"items":[]}`:                      insights.ErrInvalidRequest,
		`{"meta":{"status":"429"}}`:                               insights.ErrRateLimited,
		`{"error":"the index is away","items":null}`:              insights.ErrBadResponse,
		`{"message":"Internal Server Error"}`:                     insights.ErrBadResponse,
		`{"meta":{"status":200},"error":{"message":"try later"}}`: insights.ErrBadResponse,
	} {
		var run insights.Test
		_, err := answered(t, 200, nil, body, firstRun(&run))
		require.ErrorIs(t, err, kind, body)
	}
}

func TestTestMetricsOfPublicCases(t *testing.T) {
	for _, body := range []string{
		`{"aggs":{"count":0,"statuses":[],"fastestRun":{},"slowestRun":[]}}`, `{"aggs":{"count":0,"statuses":{},"fastestRun":null}}`, `{"aggs":{"count":"0","statuses":""}}`,
	} {
		_, err := answered(t, 200, nil, body, func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) error {
			m, err := c.TestMetrics(ctx, insights.TestMetricsOptions{Period: insights.Last(time.Hour), Query: "x"}, opts...)
			if err == nil {
				assert.Nil(t, m.Aggs.FastestRun, body)
			}
			return err
		})
		assert.NoError(t, err, body)
	}
	for _, body := range []string{`{"buckets":{},"metrics":[]}`, `{"buckets":[{"count":1,"aggs":[]}],"metrics":{"os":[],"status":{}}}`, `{"buckets":[{"count":1,"aggs":{"status":{}}}]}`} {
		_, err := answered(t, 200, nil, body, func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) error {
			_, err := c.TestTrends(ctx, insights.TestTrendsOptions{Period: insights.Last(time.Hour), Interval: time.Hour}, opts...)
			return err
		})
		assert.NoError(t, err, body)
	}
}

func TestKindOfPublicCases(t *testing.T) {
	for status, kind := range map[int]string{408: "timeout", 414: "invalid_request", 520: "server", 521: "server", 522: "server", 523: "server", 524: "server", 529: "server", 530: "server"} {
		var run insights.Test
		_, err := answered(t, status, map[string]string{"Content-Type": "text/html"}, "<html>cloudy</html>", firstRun(&run))
		assert.Equal(t, kind, insights.Kind(err), status)
	}
}

func TestCredentialsOfPublicCases(t *testing.T) {
	for _, key := range []string{`"quoted-key-of-an-env-file"`, `'quoted'`, " blank-before", "blank-behind ", "line-end\n", "carriage-return\r\n", "\ttab", "\u00a0no-break"} {
		_, err := insights.NewClient(insights.USWest1, insights.Credentials{Username: "a-user", AccessKey: key})
		require.ErrorIs(t, err, insights.ErrInvalidOptions, "%q", key)
		assert.NotContains(t, err.Error(), strings.Trim(key, "\"' \n\r\t"), "and is not shown")
	}
}

func TestWithHTTPClientOfPublicCases(t *testing.T) {
	hc := &http.Client{}
	c, err := insights.NewClient(insights.USWest1, insights.Credentials{Username: "a-user", AccessKey: "a-key-of-tests-0123"}, insights.WithHTTPClient(hc), insights.WithoutRateLimit())
	require.NoError(t, err)
	httpmock.ActivateNonDefault(hc) // after the client was made
	defer httpmock.DeactivateAndReset()
	httpmock.RegisterResponder("GET", `=~^https://api\.us-west-1\.saucelabs\.com/v1/analytics/tests`, httpmock.NewStringResponder(200, `{"items":[{"id":"mocked"}]}`).HeaderSet(http.Header{"Content-Type": {"application/json"}}))
	var run insights.Test
	require.NoError(t, firstRun(&run)(t.Context(), c))
	assert.Equal(t, "mocked", run.ID)
}

func TestDataOfASuccessOfPublicCases(t *testing.T) {
	var run insights.Test
	_, err := answered(t, 200, nil, fmt.Sprintf(`{"items":[{"id":%q,"name":"shows a-key-of-tests-0123"}]}`, "a-key-of-tests-0123"), firstRun(&run))
	require.NoError(t, err)
	assert.Equal(t, "a-key-of-tests-0123", run.ID, "data is the user's, whatever it looks like")
	assert.Equal(t, "shows a-key-of-tests-0123", run.Name)
}
