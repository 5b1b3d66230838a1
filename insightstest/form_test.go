package insightstest_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// sample is a run with everything, and halfway one that never started.
var sample = []insights.Test{{
	ID: "1cc1", Owner: "ann", Ancestor: "a-team", Name: "Log \"in\"", Build: "b1",
	CreationTime: noon.Add(785 * time.Millisecond), StartTime: noon.Add(2 * time.Second), EndTime: noon.Add(27 * time.Second), Duration: 25,
	Status: insights.StatusErrored, Error: "one\ntwo\t\\ \x01 \xff é\u2028 <b>", OS: "Windows 10", OSNormalized: "Windows", Browser: "Chrome 51.0", BrowserNormalized: "Chrome",
	DetailsURL: "https://saucelabs.com/rest/v1.1/a-team/jobs/1cc1",
}}

var waiting = []insights.Test{{ID: "w", Owner: "ann", Ancestor: "a", Name: "n", CreationTime: noon, EndTime: noon.Add(time.Minute), Status: insights.StatusErrored, DetailsURL: "u"}}

// everything are the parameters that each call needs.
func everything(path string) url.Values {
	switch path {
	case insightstest.PathTestMetrics:
		return around("query", "Log \"in\"")
	case insightstest.PathTestTrends:
		return around("interval", "1h")
	}
	return around()
}

var allPaths = []string{insightstest.PathTests, insightstest.PathTestMetrics, insightstest.PathTestTrends, insightstest.PathBuildsTests, insightstest.PathErrorTrends}

const (
	errorText  = `"one\ntwo\t\\ \u0001 ` + "\uFFFD é\u2028 " + `<b>"`
	twelve     = `{"id":"1cc1","owner":"ann","ancestor":"a-team","name":"Log \"in\"","build":"b1","creation_time":"2026-03-02T12:00:00Z","end_time":"2026-03-02T12:00:27Z","status":"errored","error":` + errorText + `,"os":"Windows 10","browser":"Chrome 51.0","details_url":"https://saucelabs.com/rest/v1.1/a-team/jobs/1cc1"}`
	sixteen    = `{"id":"1cc1","owner":"ann","ancestor":"a-team","name":"Log \"in\"","build":"b1","creation_time":"2026-03-02T12:00:00Z","start_time":"2026-03-02T12:00:02Z","end_time":"2026-03-02T12:00:27Z","duration":25,"status":"errored","error":` + errorText + `,"os":"Windows 10","os_normalized":"Windows","browser":"Chrome 51.0","browser_normalized":"Chrome","details_url":"https://saucelabs.com/rest/v1.1/a-team/jobs/1cc1"}`
	eleven     = `{"id":"1cc1","owner":"ann","ancestor":"a-team","name":"Log \"in\"","creation_time":"2026-03-02T12:00:00Z","end_time":"2026-03-02T12:00:27Z","status":"errored","error":` + errorText + `,"os":"Windows 10","browser":"Chrome 51.0","details_url":"https://saucelabs.com/rest/v1.1/a-team/jobs/1cc1"}`
	windowsOne = `[{"name":"Windows 10","count":1}]`
)

// TestServerForm checks whole answers, byte by byte but for the way tabs are escaped.
func TestServerForm(t *testing.T) {
	tests := map[string]struct {
		options []insightstest.Option
		runs    []insights.Test
		path    string
		want    string
	}{
		"tests":            {nil, sample, insightstest.PathTests, `{"meta":{"status":200},"items":[` + sixteen + `],"has_more":false}`},
		"tests, reference": {[]insightstest.Option{insightstest.WithFields(insightstest.FieldsOfReference)}, sample, insightstest.PathTests, `{"meta":{"status":200},"items":[` + twelve + `],"has_more":false}`},
		"metrics": {
			nil, sample, insightstest.PathTestMetrics,
			`{"meta":{"status":200},"aggs":{"count":1,"fastestRun":` + sixteen + `,"slowestRun":` + sixteen + `,"statuses":{"errored":1},"totalQueueTime":1.215,"totalRunTime":25,"avgRunTime":25}}`,
		},
		"metrics, reference": {
			[]insightstest.Option{insightstest.WithFields(insightstest.FieldsOfReference)},
			sample, insightstest.PathTestMetrics,
			`{"meta":{"status":200},"aggs":{"count":1,"fastestRun":` + sixteen + `,"slowestRun":` + sixteen + `,"statuses":{"errored":1},"totalQueueTime":1.215,"totalRunTime":25}}`,
		},
		"row 26: metrics of no runs": {
			nil, nil, insightstest.PathTestMetrics,
			`{"meta":{"status":200},"aggs":{"count":0,"statuses":{},"totalQueueTime":0,"totalRunTime":0,"avgRunTime":0}}`,
		},
		"row 26: metrics of no runs, nulls and zeros": {
			[]insightstest.Option{insightstest.WithNulls(), insightstest.WithZeroStatuses(), insightstest.WithFields(insightstest.FieldsOfReference)},
			nil, insightstest.PathTestMetrics,
			`{"meta":{"status":200},"aggs":{"count":0,"fastestRun":null,"slowestRun":null,"statuses":{"complete":0,"errored":0,"failed":0,"passed":0},"totalQueueTime":0,"totalRunTime":0}}`,
		},
		"trends, reference": {
			[]insightstest.Option{insightstest.WithFields(insightstest.FieldsOfReference)},
			sample, insightstest.PathTestTrends,
			`{"meta":{"status":200},"buckets":[{"timestamp":"2026-03-02T12:00:00.000Z","count":1,"aggs":{"os":` + windowsOne + `,"owner":[{"name":"ann","count":1}],"status":[{"name":"errored","count":1}]}}],"metrics":{"os":{"Windows 10":1},"owner":{"ann":1},"status":{"errored":1}}}`,
		},
		"builds": {
			nil, sample, insightstest.PathBuildsTests,
			`{"meta":{"status":200},"builds":{"items":[{"name":"b1","tests_count":1,"duration":25,"start_time":"2026-03-02T12:00:02Z","end_time":"2026-03-02T12:00:27Z","tests":[` + eleven + `],"has_more":false,"aggs":{"status":[{"name":"errored","count":1}]}}],"has_more":false},"tests_missing_build":{"items":[],"has_more":false}}`,
		},
		"errors": {
			nil, sample, insightstest.PathErrorTrends,
			`{"meta":{"status":200},"buckets":[{"name":` + errorText + `,"count":1,"items":[` + eleven + `],"has_more":false}]}`,
		},
		"a run that never started": {
			nil, waiting, insightstest.PathTests,
			`{"meta":{"status":200},"items":[{"id":"w","owner":"ann","ancestor":"a","name":"n","build":"","creation_time":"2026-03-02T12:00:00Z","end_time":"2026-03-02T12:01:00Z","duration":0,"status":"errored","error":"","os":"","os_normalized":"","browser":"","browser_normalized":"","details_url":"u"}],"has_more":false}`,
		},
		"rows 22 and 24: nulls": {
			[]insightstest.Option{insightstest.WithNulls()},
			waiting, insightstest.PathTests,
			`{"meta":{"status":200},"items":[{"id":"w","owner":"ann","ancestor":"a","name":"n","build":null,"creation_time":"2026-03-02T12:00:00Z","start_time":null,"end_time":"2026-03-02T12:01:00Z","duration":0,"status":"errored","error":null,"os":null,"os_normalized":null,"browser":null,"browser_normalized":null,"details_url":"u"}],"has_more":false}`,
		},
		"row 24: an empty list is null": {[]insightstest.Option{insightstest.WithNulls()}, nil, insightstest.PathErrorTrends, `{"meta":{"status":200},"buckets":null}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := start(t, test.options...)
			srv.Add(test.runs...)
			_, body := ask(t, plain(t), request(t, srv, test.path, everything(test.path)))
			assert.Equal(t, test.want, strings.ReplaceAll(body, `\u0009`, `\t`))
		})
	}
}

// TestOptionForm checks what a switch changes in the answers of all calls.
func TestOptionForm(t *testing.T) {
	tests := map[string]struct {
		option insightstest.Option
		path   string
		want   string
	}{
		"row 22: milliseconds":    {insightstest.WithTimes(insightstest.TimesInMilliseconds), insightstest.PathTests, `"creation_time":"2026-03-02T12:00:00.785Z"`},
		"row 22: offset":          {insightstest.WithTimes(insightstest.TimesWithOffset), insightstest.PathTests, `"creation_time":"2026-03-02T12:00:00+00:00"`},
		"row 22: no zone":         {insightstest.WithTimes(insightstest.TimesWithoutZone), insightstest.PathBuildsTests, `"start_time":"2026-03-02T12:00:02"`},
		"row 21: seconds":         {insightstest.WithBucketTimes(insightstest.BucketSeconds), insightstest.PathTestTrends, `"timestamp":1772452800,"datetime":"2026-03-02T12:00:00.000Z"`},
		"row 21: milliseconds":    {insightstest.WithBucketTimes(insightstest.BucketMilliseconds), insightstest.PathTestTrends, `"timestamp":1772452800000,"datetime":"2026-03-02T12:00:00.000Z"`},
		"row 14: in runs":         {insightstest.WithErrorSpelling(insights.StatusError), insightstest.PathTests, `"status":"error"`},
		"row 14: in sums":         {insightstest.WithErrorSpelling(insights.StatusError), insightstest.PathTestTrends, `"status":{"error":1}`},
		"row 23: text":            {insightstest.WithTextStatus(`"c"`), insightstest.PathBuildsTests, `{"meta":{"status":"\"c\""}`},
		"row 25: durations":       {insightstest.WithDecimals(), insightstest.PathTests, `"duration":25.0`},
		"row 25: counts":          {insightstest.WithDecimals(), insightstest.PathTestTrends, `"count":1.0`},
		"row 25: whole lengths":   {insightstest.WithDecimals(), insightstest.PathTestMetrics, `"totalQueueTime":1.215,"totalRunTime":25.0`},
		"row 24: runs":            {insightstest.WithExtraFields(), insightstest.PathTests, `"_count":7,"_meta":{`},
		"row 24: further sums":    {insightstest.WithExtraFields(), insightstest.PathTestTrends, `"osError":[{"name":"Windows 10","count":1}],"browserFail":[],`},
		"row 24: further totals":  {insightstest.WithExtraFields(), insightstest.PathTestTrends, `"browserError":{"Chrome 51.0":1},"errorMessage":{"one`},
		"row 24: group has build": {insightstest.WithExtraFields(), insightstest.PathErrorTrends, `"build":"b1"`},
		"row 24: zeros":           {insightstest.WithZeroStatuses(), insightstest.PathTestTrends, `"status":{"complete":0,"errored":1,"failed":0,"passed":0}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := start(t, test.option)
			srv.Add(sample...)
			for _, path := range allPaths {
				_, body := ask(t, plain(t), request(t, srv, path, everything(path)))
				assert.True(t, json.Valid([]byte(body)), body)
				if path == test.path {
					assert.Contains(t, body, test.want)
				}
			}
		})
	}
}

func TestWithMeanTimes(t *testing.T) {
	srv := start(t, insightstest.WithMeanTimes(), insightstest.WithFields(insightstest.FieldsOfReference))
	for _, seconds := range []insights.Seconds{10, 20, 60} {
		srv.Add(insights.Test{Name: "n", CreationTime: noon, StartTime: noon.Add(3 * time.Second), Duration: seconds})
	}
	got := get[wireMetrics](t, plain(t), srv, insightstest.PathTestMetrics, around("query", "n"))
	assert.InDelta(t, 30, got.Aggs.TotalRunTime, 0) // row 27
	assert.InDelta(t, 3, got.Aggs.TotalQueueTime, 0)
}

func TestWithGzip(t *testing.T) {
	srv := start(t, insightstest.WithGzip())
	srv.Add(sample...)
	_, want := ask(t, plain(t), request(t, srv, insightstest.PathTests, around()))
	require.True(t, json.Valid([]byte(want)))
	req := request(t, srv, insightstest.PathTests, around())
	req.Header.Set("Accept-Encoding", "gzip")
	resp, body := ask(t, plain(t), req)
	assert.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
	assert.Equal(t, want, unzip(t, body))
}

func unzip(t *testing.T, compressed string) string {
	t.Helper()
	text, err := io.ReadAll(unzipping(t, strings.NewReader(compressed)))
	require.NoError(t, err)
	return string(text)
}

func unzipping(t *testing.T, compressed io.Reader) io.Reader {
	t.Helper()
	z, err := gzip.NewReader(compressed)
	require.NoError(t, err)
	return z
}

// TestVariants takes the runs out of every variant as a careful client would:
// page by page, by what it received, until a page is empty.
func TestVariants(t *testing.T) {
	runs := insightstest.Generate(3, 150, noon, noon.Add(3*time.Hour))
	names := map[string]bool{}
	for _, v := range insightstest.Variants() {
		assert.False(t, names[v.Name], "the name %q is there twice", v.Name)
		names[v.Name] = true
		t.Run(v.Name, func(t *testing.T) {
			srv, hc := start(t, v.Options...), plain(t)
			srv.Add(runs...)
			seen := map[string]int{}
			for first := noon.Add(-time.Second); first.Before(noon.Add(3 * time.Hour)); first = first.Add(time.Hour) {
				q := query("start", first.Format(time.RFC3339), "end", first.Add(time.Hour+time.Second).Format(time.RFC3339), "size", "40")
				pageThrough(t, hc, srv, q, seen)
			}
			assert.Len(t, seen, len(runs))
		})
	}
}

func pageThrough(t *testing.T, hc *http.Client, srv *insightstest.Server, q url.Values, seen map[string]int) {
	t.Helper()
	for from := 0; ; {
		q.Set("from", strconv.Itoa(from))
		page := get[wireGroup](t, hc, srv, insightstest.PathTests, q)
		for _, r := range page.Items {
			seen[r.ID]++
		}
		if len(page.Items) == 0 || !page.HasMore {
			return
		}
		from += len(page.Items)
	}
}

func TestServerReferenceSamples(t *testing.T) {
	srv, hc := start(t), plain(t)
	day := func(hours int) time.Time { return time.Date(2021, 5, 1, 12+hours, 0, 0, 0, time.UTC) }
	for i := range 12 {
		srv.Add(insights.Test{ID: strconv.Itoa(i), Build: "build-123", CreationTime: day(i), OS: "Linux"})
	}
	srv.Add(insights.Test{Name: "AnalyticsSeleniumTest on OS X 10.10", CreationTime: time.Unix(1515687172, 0)})
	ref := func(path, rawQuery string) string {
		req := request(t, srv, path, nil)
		req.URL.RawQuery = rawQuery
		resp, body := ask(t, hc, req)
		require.Equal(t, http.StatusOK, resp.StatusCode, body)
		return body
	}
	assert.Equal(t, 2, strings.Count(ref(insightstest.PathTests, "start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z&size=10&from=10&build=build-123"), `"id"`))
	assert.Contains(t, ref(insightstest.PathTestMetrics, "start=1515687172&end=1516291972&query=AnalyticsSeleniumTest%20on%20OS%20X%2010.10"), `"count":1,`)
	assert.Equal(t, 12, strings.Count(ref(insightstest.PathTestTrends, "interval=1h&start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z&os=Linux"), `"timestamp"`))
	assert.Contains(t, ref(insightstest.PathBuildsTests, "start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z"), `"tests_count":12,`)
	assert.Contains(t, ref(insightstest.PathErrorTrends, "start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z&scope=organization"), `"buckets":[]`)
}
