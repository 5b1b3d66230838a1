package insightstest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// TestServerClient shows that the SDK's own client gets along with every variant.
func TestServerClient(t *testing.T) {
	day := insights.Between(noon.Add(-12*time.Hour), noon.Add(12*time.Hour))
	srv := start(t)
	srv.Add(insights.Test{ID: "1cc1", Name: "Log in", Build: "b1", CreationTime: noon, StartTime: noon, Duration: 25, Error: "no\nway", Status: insights.StatusFailed})
	c := srv.Client()

	list, err := c.Tests(t.Context(), insights.TestsOptions{Period: day})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	assert.Equal(t, insights.Test{
		ID: "1cc1", Owner: insightstest.Username, Ancestor: insightstest.Username, Name: "Log in", Build: "b1",
		CreationTime: noon, StartTime: noon, EndTime: noon.Add(25 * time.Second), Duration: 25,
		Status: insights.StatusFailed, Error: "no\nway",
		DetailsURL: "https://saucelabs.com/rest/v1.1/insightstest-user/jobs/1cc1",
	}, list.Items[0])

	metrics, err := c.TestMetrics(t.Context(), insights.TestMetricsOptions{Period: day, Query: "Log in"})
	require.NoError(t, err)
	assert.Equal(t, 1, metrics.Aggs.Count)
	trends, err := c.TestTrends(t.Context(), insights.TestTrendsOptions{Period: day, Interval: time.Hour})
	require.NoError(t, err)
	assert.Equal(t, noon, trends.Buckets[0].Timestamp)
	builds, err := c.BuildsTests(t.Context(), insights.BuildsTestsOptions{Period: day})
	require.NoError(t, err)
	assert.Equal(t, "b1", builds.Builds.Items[0].Name)
	failures, err := c.ErrorTrends(t.Context(), insights.ErrorTrendsOptions{Period: day})
	require.NoError(t, err)
	assert.Equal(t, "no\nway", failures.Buckets[0].Name)
}

func TestServerClientOptions(t *testing.T) {
	day := insights.Between(noon.Add(-12*time.Hour), noon.Add(12*time.Hour))
	t.Run("it waits for milliseconds only", func(t *testing.T) {
		srv := start(t)
		srv.Fail(insightstest.Outage(3))
		begun := time.Now()
		_, err := srv.Client().Tests(t.Context(), insights.TestsOptions{Period: day})
		require.NoError(t, err)
		assert.Less(t, time.Since(begun), time.Second)
		assert.Len(t, srv.Requests(), 4)
	})
	t.Run("it waits for a Retry-After as production does", func(t *testing.T) {
		srv := insightstest.New(t)
		srv.Fail(insightstest.Throttle(1, time.Second))
		begun := time.Now()
		_, err := srv.Client().Tests(t.Context(), insights.TestsOptions{Period: day})
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(begun), time.Second)
		assert.Len(t, srv.Requests(), 2)
	})
	t.Run("what the caller says counts", func(t *testing.T) {
		srv := start(t)
		srv.Fail(insightstest.Outage(-1))
		c := srv.Client(insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}), insights.WithApplication("mine", "1"))
		_, err := c.Tests(t.Context(), insights.TestsOptions{Period: day})
		require.ErrorIs(t, err, insights.ErrServer)
		require.Len(t, srv.Requests(), 1)
		assert.Contains(t, srv.Requests()[0].UserAgent, "mine/1 ")
	})
	t.Run("it speaks the server's dialect", func(t *testing.T) {
		srv := start(t, insightstest.WithDialect(insights.DialectRenamed), insightstest.WithStrictParameters())
		_, err := srv.Client().Tests(t.Context(), insights.TestsOptions{Period: day, Query: "x", MissingBuild: true, Order: insights.NewestFirst})
		require.NoError(t, err)
		assert.Equal(t, "x", srv.Requests()[0].Query.Get("name"))
	})
	t.Run("it panics on bad options", func(t *testing.T) {
		srv := start(t)
		assert.Panics(t, func() { srv.Client(insights.WithConcurrency(0)) })
	})
}

func TestServerAdd(t *testing.T) {
	now := func() time.Time { return noon.Add(300 * time.Millisecond) }
	add := func(t *testing.T, run insights.Test) insights.Test {
		srv := start(t, insightstest.WithClock(now), insightstest.WithErrorSpelling(insights.StatusError), insightstest.WithTimes(insightstest.TimesInMilliseconds))
		srv.Add(run)
		list, err := srv.Client().Tests(t.Context(), insights.TestsOptions{Period: insights.Last(time.Hour)})
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		return list.Items[0]
	}
	t.Run("everything", func(t *testing.T) {
		got := add(t, insights.Test{})
		assert.Len(t, got.ID, 32)
		assert.Equal(t, insightstest.Username, got.Owner)
		assert.Equal(t, insightstest.Username, got.Ancestor)
		assert.Equal(t, insights.StatusComplete, got.Status)
		assert.Equal(t, []time.Time{noon, noon, noon}, []time.Time{got.CreationTime, got.StartTime, got.EndTime})
		assert.Contains(t, got.DetailsURL, "/rest/v1.1/insightstest-user/jobs/"+got.ID)
	})
	t.Run("an end", func(t *testing.T) {
		got := add(t, insights.Test{StartTime: noon.Add(-time.Minute), Duration: 1.5})
		assert.Equal(t, noon.Add(-time.Minute), got.CreationTime)
		assert.Equal(t, noon.Add(-time.Minute+1500*time.Millisecond), got.EndTime)
	})
	t.Run("a duration", func(t *testing.T) {
		got := add(t, insights.Test{CreationTime: noon.Add(-2 * time.Minute), StartTime: noon.Add(-time.Minute), EndTime: noon})
		assert.InDelta(t, 60, float64(got.Duration), 0)
	})
	t.Run("nothing, if it never started", func(t *testing.T) {
		got := add(t, insights.Test{Status: insights.StatusErrored, CreationTime: noon.Add(-time.Minute)})
		assert.Equal(t, insights.StatusError, got.Status)
		assert.Zero(t, got.StartTime)
		assert.Equal(t, noon.Add(-time.Minute), got.EndTime)
	})
	t.Run("a start, if it errored after some time", func(t *testing.T) {
		got := add(t, insights.Test{Status: insights.StatusErrored, CreationTime: noon.Add(-time.Minute), Duration: 5})
		assert.Equal(t, noon.Add(-time.Minute), got.StartTime)
	})
	t.Run("different IDs", func(t *testing.T) {
		srv := start(t)
		srv.Add(insights.Test{CreationTime: noon}, insights.Test{CreationTime: noon})
		got := get[wireGroup](t, plain(t), srv, insightstest.PathTests, around())
		assert.NotEqual(t, got.Items[0].ID, got.Items[1].ID)
	})
}

func TestServerRequests(t *testing.T) {
	srv, hc := start(t, insightstest.WithClock(func() time.Time { return noon })), plain(t)
	ask(t, hc, request(t, srv, insightstest.PathTests, around("query", "a b\n")))
	bad := request(t, srv, "/other", nil)
	bad.SetBasicAuth("ann", "s3cret")
	bad.Header.Set("User-Agent", "me")
	ask(t, hc, bad)

	requests := srv.Requests()
	require.Len(t, requests, 2)
	assert.Equal(t, insightstest.Request{
		Method: http.MethodGet, Path: insightstest.PathTests, Query: around("query", "a b\n"), RawQuery: around("query", "a b\n").Encode(),
		UserAgent: "Go-http-client/1.1", Time: noon, Status: 200, Bytes: len(unspoiled),
	}, requests[0])
	requests[1].Bytes = 0
	assert.Equal(t, insightstest.Request{Method: http.MethodGet, Path: "/other", Query: url.Values{}, UserAgent: "me", Time: noon, Status: 401}, requests[1])

	srv.ForgetRequests()
	assert.Empty(t, srv.Requests())
}

func TestServerWaitForRequests(t *testing.T) {
	t.Run("that come later", func(t *testing.T) {
		srv, hc := start(t), plain(t)
		type result struct {
			requests []insightstest.Request
			err      error
		}
		done := make(chan result)
		go func() {
			requests, err := srv.WaitForRequests(t.Context(), 3)
			done <- result{requests, err}
		}()
		for range 3 {
			ask(t, hc, request(t, srv, insightstest.PathTests, around()))
		}
		got := <-done
		require.NoError(t, got.err)
		assert.Len(t, got.requests, 3)
	})
	t.Run("that never come", func(t *testing.T) {
		why := errors.New("no more patience")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		_, err := start(t).WaitForRequests(ctx, 1)
		assert.ErrorIs(t, err, why)
	})
	t.Run("of a server that closes", func(t *testing.T) {
		srv := insightstest.NewServer()
		srv.Close()
		_, err := srv.WaitForRequests(t.Context(), 1)
		assert.ErrorContains(t, err, "closed")
	})
}

func TestWithOnRequest(t *testing.T) {
	var got []insightstest.Request
	srv := start(t, insightstest.WithOnRequest(func(r insightstest.Request) { got = append(got, r) }))
	ask(t, plain(t), request(t, srv, insightstest.PathTests, around("size", "x")))
	require.Len(t, got, 1)
	assert.Equal(t, 400, got[0].Status)
	assert.Equal(t, "x", got[0].Query.Get("size"))
}

// TestWithServerLimit drives the buckets by a clock of its own.
func TestWithServerLimit(t *testing.T) {
	var mu sync.Mutex
	now := noon
	advance := func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	next := func(t *testing.T, srv *insightstest.Server) (int, http.Header) {
		resp, _ := ask(t, plain(t), request(t, srv, insightstest.PathTests, around()))
		return resp.StatusCode, resp.Header
	}
	t.Run("a second", func(t *testing.T) {
		srv := start(t, insightstest.WithClock(clock), insightstest.WithServerLimit(2, 0))
		for _, left := range []string{"1", "0"} {
			status, header := next(t, srv)
			assert.Equal(t, 200, status)
			assert.Equal(t, "2", header.Get("X-Ratelimit-Limit"))
			assert.Equal(t, left, header.Get("X-Ratelimit-Remaining"))
			assert.Empty(t, header.Get("Retry-After"))
		}
		status, header := next(t, srv)
		assert.Equal(t, 429, status)
		assert.Equal(t, "1", header.Get("Retry-After"))
		assert.Equal(t, "1", header.Get("X-Ratelimit-Reset"))
		advance(500 * time.Millisecond)
		status, _ = next(t, srv)
		assert.Equal(t, 200, status, "half a second is one of two requests")
		status, _ = next(t, srv)
		assert.Equal(t, 429, status)
	})
	t.Run("an hour", func(t *testing.T) {
		srv := start(t, insightstest.WithClock(clock), insightstest.WithServerLimit(0, 2))
		next(t, srv)
		next(t, srv)
		status, header := next(t, srv)
		assert.Equal(t, 429, status)
		assert.Equal(t, "1800", header.Get("Retry-After"))
		advance(30 * time.Minute)
		status, _ = next(t, srv)
		assert.Equal(t, 200, status)
	})
	t.Run("both, and a refused request costs nothing", func(t *testing.T) {
		srv := start(t, insightstest.WithClock(clock), insightstest.WithServerLimit(1, 100), insightstest.WithRetryAfterDate())
		next(t, srv)
		for range 5 {
			status, header := next(t, srv)
			assert.Equal(t, 429, status)
			assert.Equal(t, "Mon, 02 Mar 2026 12:30:02 GMT", header.Get("Retry-After"), "row 35: half past and 1.5 s, rounded up")
		}
		advance(time.Minute)
		_, header := next(t, srv)
		assert.Equal(t, "1", header.Get("X-Ratelimit-Limit"), "the limit that is nearest to its end")
	})
	t.Run("none", func(t *testing.T) {
		srv := start(t)
		for range 30 {
			status, header := next(t, srv)
			assert.Equal(t, 200, status)
			assert.Empty(t, header.Get("X-Ratelimit-Limit"))
		}
	})
}

func TestServerConcurrent(t *testing.T) {
	srv := start(t)
	srv.Fail(insightstest.DropConnection(10), insightstest.Truncate(10).After(20), insightstest.Outage(10))
	runs := insightstest.Generate(1, 160, noon, noon.Add(time.Hour))
	hc := plain(t)
	var workers sync.WaitGroup
	for worker := range 16 {
		workers.Go(func() {
			for i := range 10 {
				srv.Add(runs[worker*10+i])
				path := allPaths[i%len(allPaths)]
				resp, err := hc.Do(request(t, srv, path, everything(path)))
				if err == nil {
					_, _ = io.Copy(io.Discard, resp.Body) // some break off
					_ = resp.Body.Close()
				}
				_ = srv.Requests()
			}
		})
	}
	workers.Wait()
	got := get[wireGroup](t, hc, srv, insightstest.PathTests, around("size", "1000"))
	assert.Len(t, got.Items, 160)
	assert.GreaterOrEqual(t, len(srv.Requests()), 161)
}

func TestWithListener(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	require.NoError(t, err)
	srv := start(t, insightstest.WithListener(l))
	assert.Equal(t, "http://127.0.0.1:"+strconv.Itoa(l.Addr().(*net.TCPAddr).Port), srv.URL)
	get[wireGroup](t, plain(t), srv, insightstest.PathTests, around())
}

func TestServerServeHTTP(t *testing.T) {
	srv := start(t)
	srv.Add(numbered(1)...)
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, request(t, srv, insightstest.PathTests, around()))
	assert.Equal(t, 200, w.Code)
	assert.Contains(t, w.Body.String(), `"id":"0"`)
}
