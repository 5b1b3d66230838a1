package insightstest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// value returns a JSON text as maps, lists and texts; numbers keep the way in
// which they are written, so that 30.0 is not 30.
func value(t *testing.T, text []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v map[string]any
	require.NoError(t, d.Decode(&v))
	return v
}

func captured(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return value(t, text)
}

func seenLive(t *testing.T) *insightstest.Server {
	opts, err := insightstest.Named("as-seen-live")
	require.NoError(t, err)
	return insightstest.New(t, opts...)
}

// answerOf asks for a day, and returns the answer.
func answerOf(t *testing.T, srv *insightstest.Server, path string, day time.Time, pairs ...string) map[string]any {
	t.Helper()
	q := query(append(pairs, "start", day.Format(time.RFC3339), "end", day.AddDate(0, 0, 1).Format(time.RFC3339))...)
	_, body := ask(t, plain(t), request(t, srv, path, q))
	return value(t, []byte(body))
}

// runOf returns a captured run as one to add.
func runOf(t *testing.T, item any) insights.Test {
	t.Helper()
	text, err := json.Marshal(item)
	require.NoError(t, err)
	var run insights.Test
	require.NoError(t, json.Unmarshal(text, &run))
	return run
}

// TestVariantsAsSeenLive gives the fake the runs of the captured answers, and
// compares what it says to the same request with what the real service said.
func TestVariantsAsSeenLive(t *testing.T) {
	june := time.Date(2025, 6, 6, 0, 0, 0, 0, time.UTC)
	t.Run("tests", func(t *testing.T) {
		want, srv := captured(t, "tests-2025-06.json"), seenLive(t)
		items := want["items"].([]any)
		for i := len(items) - 1; i >= 0; i-- { // of runs of one time, the last added comes first
			srv.Add(runOf(t, items[i]))
		}
		srv.Add(insights.Test{CreationTime: june.Add(time.Hour)}) // there was more
		assert.Equal(t, want, answerOf(t, srv, insightstest.PathTests, june))
	})
	t.Run("test-metrics, without query", func(t *testing.T) {
		want, srv := captured(t, "test-metrics-2025-06.json"), seenLive(t)
		aggs := want["aggs"].(map[string]any)
		srv.Add(runOf(t, aggs["fastestRun"]), runOf(t, aggs["slowestRun"]))
		for i := range 52 { // the others had 1,370 s in all, and waited for 1,651 s
			run := insights.Test{CreationTime: june.Add(12 * time.Hour), Status: insights.StatusPassed, Duration: 26}
			queued := 31 * time.Second
			switch {
			case i < 12:
				run.Status = insights.StatusFailed
			case i == 12:
				run.Status = insights.StatusComplete
			case i == 13:
				run.Duration, queued = 44, 70*time.Second
			}
			run.StartTime = run.CreationTime.Add(queued)
			srv.Add(run)
		}
		assert.Equal(t, want, answerOf(t, srv, insightstest.PathTestMetrics, june))
	})
	march := time.Date(2019, 3, 15, 0, 0, 0, 0, time.UTC)
	t.Run("trends", func(t *testing.T) {
		srv := seenLive(t)
		systems := []string{"Windows 10", "Windows 7", "Windows 10", "Windows 7", "OS X El Capitan (10.11)", "OS X Yosemite (10.10)"}
		browsers := []string{"Chrome 54.0", "Edge 14.14393", "Firefox 49.0", "Firefox 64.0", "Internet Explorer 11.0", "Safari 10.0"}
		for i := range 12 {
			srv.Add(insights.Test{Owner: "user-1", OS: systems[i%6], Browser: browsers[i%6], Status: insights.StatusPassed, CreationTime: march.Add(18*time.Hour + time.Duration(i)*time.Minute)})
		}
		assert.Equal(t, captured(t, "test-trends-2019-03.json"), answerOf(t, srv, insightstest.PathTestTrends, march, "interval", "1h"))
	})
	t.Run("trends of no runs", func(t *testing.T) {
		want := captured(t, "test-trends-empty-2019-03.json")
		statuses := want["metrics"].(map[string]any)["status"].(map[string]any)
		require.Equal(t, json.Number("127"), statuses["complete"], "edited by hand")
		statuses["complete"] = json.Number("0")
		assert.Equal(t, want, answerOf(t, seenLive(t), insightstest.PathTestTrends, march, "interval", "1h"))
	})
	t.Run("a run that never started, as in a capture of 2026", func(t *testing.T) {
		srv := seenLive(t)
		srv.Add(insights.Test{ID: "e", Owner: "oauth-name-09cd4", CreationTime: noon, EndTime: noon.Add(time.Minute), Status: insights.StatusErrored})
		_, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, around()))
		item := value(t, []byte(body))["items"].([]any)[0].(map[string]any)
		assert.Nil(t, item["start_time"])
		assert.Contains(t, item, "start_time")
		assert.Equal(t, json.Number("0"), item["duration"])
		assert.Equal(t, "error", item["status"])
		assert.Equal(t, "", item["build"])
		assert.Equal(t, "https://api.internal-host.example/rest/v1.1/jobs/e", item["details_url"])
	})
	t.Run("groups, as in fixtures of 2017", func(t *testing.T) {
		srv := seenLive(t)
		for i, length := range []insights.Seconds{195, 5} {
			srv.Add(insights.Test{Owner: "o", Build: "b", CreationTime: noon.Add(time.Duration(i) * time.Hour), Duration: length, Error: "no", Status: insights.StatusFailed})
		}
		_, body := ask(t, plain(t), request(t, srv, insightstest.PathBuildsTests, around()))
		build := value(t, []byte(body))["builds"].(map[string]any)["items"].([]any)[0].(map[string]any)
		for key, want := range map[string]any{"owner": "o", "duration": json.Number("200"), "duration_absolute": json.Number("3605"), "duration_test_max": json.Number("195")} {
			assert.Equal(t, want, build[key], key)
		}
		_, body = ask(t, plain(t), request(t, srv, insightstest.PathErrorTrends, around()))
		errors := value(t, []byte(body))
		assert.Equal(t, json.Number("2"), errors["all_items_count"])
		item := errors["buckets"].([]any)[0].(map[string]any)["items"].([]any)[0].(map[string]any)
		assert.Equal(t, "b", item["build"])
		assert.Contains(t, item, "start_time")
		assert.Contains(t, item, "duration")
	})
}

// TestVariantsAsDocumentedToday holds the variant to the newer documentation.
func TestVariantsAsDocumentedToday(t *testing.T) {
	opts, err := insightstest.Named("as-documented-today")
	require.NoError(t, err)
	srv := insightstest.New(t, opts...)
	srv.Add(insights.Test{ID: "1", CreationTime: noon.Add(785 * time.Millisecond), Status: insights.StatusFailed, Error: "no", OS: "Linux", Browser: "Chrome 1"},
		insights.Test{ID: "2", CreationTime: noon, Status: insights.StatusErrored}, insights.Test{ID: "3", CreationTime: noon, Status: insights.StatusPassed})
	found := func(t *testing.T, path string, q url.Values) map[string]any {
		t.Helper()
		resp, body := ask(t, plain(t), request(t, srv, path, q))
		require.Equal(t, 200, resp.StatusCode, body)
		return value(t, []byte(body))
	}
	t.Run("no parameter is required, the newest comes first, times have milliseconds", func(t *testing.T) {
		items := found(t, insightstest.PathTests, nil)["items"].([]any)
		require.Len(t, items, 3)
		first := items[0].(map[string]any)
		assert.Equal(t, "2026-03-02T12:00:00.785Z", first["creation_time"])
		assert.Len(t, first, 16)
	})
	t.Run("status is a list", func(t *testing.T) {
		got := found(t, insightstest.PathTests, query("status", "failed", "status", "errored"))
		assert.Len(t, got["items"], 2)
	})
	t.Run("trends by 15 things, a day wide unless it is said", func(t *testing.T) {
		got := found(t, insightstest.PathTestTrends, nil)
		assert.Equal(t, "complete", got["meta"].(map[string]any)["status"])
		bucket := got["buckets"].([]any)[0].(map[string]any)
		assert.Equal(t, json.Number("1772409600"), bucket["timestamp"])
		assert.Equal(t, "2026-03-02T00:00:00.000Z", bucket["datetime"])
		aggs := bucket["aggs"].(map[string]any)
		for _, key := range []string{"browser", "browserError", "browserFail", "device", "deviceError", "deviceFail", "errorMessage", "framework", "frameworkError", "frameworkFail", "os", "osError", "osFail", "owner", "status"} {
			assert.IsType(t, []any{}, aggs[key], key)
		}
		assert.Len(t, aggs, 15)
		resp, _ := ask(t, plain(t), request(t, srv, insightstest.PathTestTrends, query("interval", "2h")))
		assert.Equal(t, 422, resp.StatusCode)
	})
	t.Run("metrics and builds as in the reference", func(t *testing.T) {
		got := found(t, insightstest.PathTestMetrics, query("query", "x"))
		assert.Equal(t, json.Number("200"), got["meta"].(map[string]any)["status"])
		assert.NotContains(t, got["aggs"], "avgRunTime")
	})
	t.Run("no trends by error, and mistakes are 422", func(t *testing.T) {
		resp, _ := ask(t, plain(t), request(t, srv, insightstest.PathErrorTrends, nil))
		assert.Equal(t, 404, resp.StatusCode)
		resp, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, query("size", "x")))
		assert.Equal(t, 422, resp.StatusCode)
		assert.Contains(t, body, `{"detail":[{"loc":["query","size"]`)
	})
}

func TestWithFamilyNames(t *testing.T) {
	for _, c := range []struct{ a, b, family, versioned string }{
		{"Windows 11", "Windows", "Windows", "Windows 11"},
		{"Windows", "Windows 11", "Windows", "Windows 11"},
		{"macOS", "macOS Ventura", "macOS", "macOS Ventura"},
		{"macOS Ventura", "macOS", "macOS", "macOS Ventura"},
		{"iPad Air", "iPad", "iPad", "iPad Air"},
		{"Google Pixel 9", "Android", "Android", "Google Pixel 9"},
		{"Android", "Pixel 9", "Android", "Pixel 9"},
		{"Linux", "Linux", "Linux", "Linux"},
		{"Windows 10", "", "Windows 10", "Windows 10"},
		{"", "Windows 10", "Windows 10", "Windows 10"},
		{"", "", "", ""},
	} {
		srv := insightstest.New(t, insightstest.WithFamilyNames())
		srv.Add(insights.Test{ID: "1", OS: c.a, OSNormalized: c.b, Browser: c.b, BrowserNormalized: c.a})
		got, _ := srv.Test("1")
		name := fmt.Sprintf("%q and %q", c.a, c.b)
		assert.Equal(t, []string{c.family, c.versioned}, []string{got.OS, got.OSNormalized}, name)
		assert.Equal(t, []string{c.family, c.versioned}, []string{got.Browser, got.BrowserNormalized}, name)
	}
}

func TestNamed(t *testing.T) {
	opts, err := insightstest.Named("by-end, small-pages", "nulls")
	require.NoError(t, err)
	srv := insightstest.New(t, opts...)
	srv.Add(numbered(20)...)
	_, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, around("size", "10")))
	items := value(t, []byte(body))["items"].([]any)
	assert.Len(t, items, 7)
	assert.Nil(t, items[0].(map[string]any)["build"])
	_, err = insightstest.Named("by-end", "best")
	assert.ErrorContains(t, err, `no variant is named "best": take one of default, `)
	_, err = insightstest.Named()
	assert.Error(t, err)
	seen := map[string]bool{}
	for _, v := range slices.Concat(insightstest.Variants(), insightstest.Departures()) {
		assert.Regexp(t, "^[a-z0-9-]+$", v.Name)
		assert.False(t, seen[v.Name], "%s is there twice", v.Name)
		seen[v.Name] = true
		_, err := insightstest.Named(v.Name)
		assert.NoError(t, err)
	}
}
