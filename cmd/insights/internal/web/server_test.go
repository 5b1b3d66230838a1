package web

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/dashboard"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/insightstest"
)

// fake is a source that a test holds back, or lets fail.
type fake struct {
	runs   []insights.Test
	reads  atomic.Int32
	gate   chan struct{} // nil: open
	failed error
}

func (f *fake) Name() string                           { return "mia" }
func (f *fake) Lasts() time.Duration                   { return time.Minute }
func (f *fake) Fill(context.Context, *dashboard.Input) {}
func (f *fake) Metrics(context.Context, string, time.Time, time.Time) (*insights.TestMetrics, error) {
	return nil, errors.New("metrics are away")
}

func (f *fake) Runs(ctx context.Context, _, _ time.Time) iter.Seq2[insights.Test, error] {
	f.reads.Add(1)
	return func(yield func(insights.Test, error) bool) {
		if f.gate != nil {
			select {
			case <-f.gate:
			case <-ctx.Done():
			}
		}
		for _, run := range f.runs {
			if !yield(run, nil) {
				return
			}
		}
		if f.failed != nil {
			yield(insights.Test{}, f.failed)
		}
	}
}

func newFake(n int) *fake {
	return &fake{runs: insightstest.Generate(1, n, time.Now().AddDate(0, 0, -6), time.Now().Add(-time.Minute))}
}

func serve(t *testing.T, opts Options) *httptest.Server {
	t.Helper()
	if opts.Now == nil {
		opts.Now = time.Now
	}
	srv := httptest.NewServer(New(t.Context(), opts))
	t.Cleanup(srv.Close)
	return srv
}

func get(t *testing.T, srv *httptest.Server, path string, change ...func(*http.Request)) (status int, body string, header http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
	require.NoError(t, err)
	for _, f := range change {
		f(r)
	}
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text), resp.Header
}

func TestServerGuard(t *testing.T) {
	srv := serve(t, Options{Source: newFake(50), Hosts: []string{"insights.example.com"}})
	t.Run("only reads", func(t *testing.T) {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			status, _, header := get(t, srv, "/", func(r *http.Request) { r.Method = method })
			assert.Equal(t, http.StatusMethodNotAllowed, status, method)
			assert.Equal(t, "GET, HEAD", header.Get("Allow"))
		}
		status, _, _ := get(t, srv, "/", func(r *http.Request) { r.Method = http.MethodHead })
		assert.Equal(t, http.StatusOK, status)
	})
	t.Run("answers under its own names", func(t *testing.T) {
		for host, want := range map[string]int{
			"localhost": 200, "LOCALHOST:80": 200, "127.0.0.1:1": 200, "[::1]:80": 200, "insights.example.com": 200, "insights.example.com:443": 200,
			"evil.example.com": http.StatusMisdirectedRequest, "127.0.0.1.evil.com": http.StatusMisdirectedRequest, "10.0.0.1": http.StatusMisdirectedRequest,
		} {
			status, body, _ := get(t, srv, "/", func(r *http.Request) { r.Host = host })
			assert.Equal(t, want, status, host)
			assert.Equal(t, want == 200, strings.Contains(body, "Pass rate"), host)
		}
	})
	t.Run("sends a policy that lets nothing in", func(t *testing.T) {
		_, _, header := get(t, srv, "/")
		assert.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'")
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		assert.Equal(t, "no-store", header.Get("Cache-Control"))
	})
	t.Run("asks for the password", func(t *testing.T) {
		srv := serve(t, Options{Source: newFake(5), Password: "correct horse battery"})
		for _, path := range []string{"/", "/test?name=x", "/style.css", "/readyz", "/metrics"} {
			status, _, header := get(t, srv, path)
			assert.Equal(t, http.StatusUnauthorized, status, path)
			assert.Contains(t, header.Get("WWW-Authenticate"), "Basic")
		}
		status, _, _ := get(t, srv, "/", func(r *http.Request) { r.SetBasicAuth("x", "wrong") })
		assert.Equal(t, http.StatusUnauthorized, status)
		status, _, _ = get(t, srv, "/", func(r *http.Request) { r.SetBasicAuth("x", "correct horse battery") })
		assert.Equal(t, http.StatusOK, status)
		status, _, _ = get(t, srv, "/healthz")
		assert.Equal(t, http.StatusOK, status, "which tells nothing")
	})
}

func TestServerParameters(t *testing.T) {
	srv := serve(t, Options{Source: newFake(200)})
	for path, want := range map[string]int{
		"/": 200, "/?period=30d": 200, "/?os=Windows&browser=Chrome&owner=": 200, "/?os=nobody": 200,
		"/?period=9d": 400, "/?period=": 200, "/?colour=red": 400, "/?os=a&os=b": 400, "/?os=" + strings.Repeat("x", 5000): 400,
		"/test": 400, "/test?name=": 400, "/test?name=nobody": 404, "/build?name=nobody": 404, "/error?name=nobody": 404, "/nope": 404,
	} {
		status, body, _ := get(t, srv, path)
		assert.Equal(t, want, status, path)
		assert.Contains(t, body, "</html>", path)
	}
	t.Run("lead from a page to the next", func(t *testing.T) {
		_, body, _ := get(t, srv, "/?period=14d")
		for _, kind := range []string{"/test?", "/build?", "/error?"} {
			_, rest, ok := strings.Cut(body, `href="`+kind)
			require.True(t, ok, kind)
			address, _, _ := strings.Cut(rest, `"`)
			status, page, _ := get(t, srv, kind+html.UnescapeString(address))
			assert.Equal(t, 200, status, address)
			assert.Contains(t, page, "History")
		}
	})
	t.Run("of a test show that its metrics are away", func(t *testing.T) {
		status, body, _ := get(t, srv, "/test?name="+url.QueryEscape(newFake(200).runs[0].Name))
		assert.Equal(t, 200, status)
		assert.Contains(t, body, "metrics are away")
	})
}

func TestServerReading(t *testing.T) {
	t.Run("is done once, for 200 viewers", func(t *testing.T) {
		source := newFake(5000)
		srv := serve(t, Options{Source: source})
		var viewers sync.WaitGroup
		for range 200 {
			viewers.Go(func() {
				resp, err := srv.Client().Get(srv.URL + "/")
				if assert.NoError(t, err) {
					assert.Equal(t, 200, resp.StatusCode)
					_ = resp.Body.Close()
				}
			})
		}
		viewers.Wait()
		assert.Equal(t, int32(1), source.reads.Load())
	})
	t.Run("shows how far it is, within a second", func(t *testing.T) {
		source := newFake(10)
		source.gate = make(chan struct{})
		srv := serve(t, Options{Source: source})
		began := time.Now()
		status, body, _ := get(t, srv, "/")
		assert.Less(t, time.Since(began), time.Second)
		assert.Equal(t, 200, status)
		assert.Contains(t, body, "Reading the runs of mia: 0 so far")
		assert.Contains(t, body, `http-equiv="refresh"`)
		status, _, _ = get(t, srv, "/readyz")
		assert.Equal(t, http.StatusServiceUnavailable, status)
		close(source.gate)
		require.Eventually(t, func() bool { status, _, _ := get(t, srv, "/readyz"); return status == 200 }, 5*time.Second, 10*time.Millisecond)
		_, body, _ = get(t, srv, "/")
		assert.Contains(t, body, "Pass rate and volume")
	})
	t.Run("that fails says why", func(t *testing.T) {
		srv := serve(t, Options{Source: &fake{failed: errors.New("503 Service Unavailable")}})
		status, body, _ := get(t, srv, "/")
		assert.Equal(t, http.StatusBadGateway, status)
		assert.Contains(t, body, "503 Service Unavailable")
	})
	t.Run("that fails later leaves what was there, with a warning", func(t *testing.T) {
		source := newFake(100)
		clock := atomic.Int64{}
		srv := serve(t, Options{Source: source, Now: func() time.Time { return time.Now().Add(time.Duration(clock.Load())) }})
		_, body, _ := get(t, srv, "/")
		require.Contains(t, body, "Pass rate and volume")
		source.failed = errors.New("503 Service Unavailable")
		clock.Store(int64(time.Hour))
		require.Eventually(t, func() bool {
			status, body, _ := get(t, srv, "/")
			return status == 200 && strings.Contains(body, "reading it again failed: 503") && strings.Contains(body, "Pass rate and volume")
		}, 5*time.Second, 10*time.Millisecond)
	})
}

func TestFromService(t *testing.T) {
	srv := insightstest.New(t)
	runs := insightstest.Generate(1, 400, time.Now().AddDate(0, 0, -6), time.Now().Add(-time.Minute))
	srv.Add(runs...)
	source := FromService{Client: srv.Client(), Of: "mia"}
	t.Run("asks with all five calls", func(t *testing.T) {
		page := serve(t, Options{Source: source})
		_, body, _ := get(t, page, "/")
		assert.Contains(t, body, "Pass rate and volume")
		_, body, _ = get(t, page, "/test?name="+url.QueryEscape(runs[0].Name))
		assert.Contains(t, body, "runs as the service counts them")
		asked := map[string]bool{}
		for _, r := range srv.Requests() {
			asked[r.Path] = true
		}
		assert.Len(t, asked, 5)
	})
	t.Run("leaves the panel of a call that fails with the reason", func(t *testing.T) {
		for path, panel := range map[string]string{insightstest.PathTestTrends: "days", insightstest.PathBuildsTests: "builds", insightstest.PathErrorTrends: "errors"} {
			srv.Fail(insightstest.Outage(-1).On(path))
			board, err := BoardOf(t.Context(), source, "7d", false, time.Now())
			srv.Recover()
			require.NoError(t, err)
			assert.Contains(t, board.Failed[panel], "503", panel)
			assert.Len(t, board.Failed, 1)
		}
	})
	t.Run("shows the figures of the fake's truth", func(t *testing.T) {
		board, err := BoardOf(t.Context(), source, "7d", false, time.Now())
		require.NoError(t, err)
		total, builds, messages := 0, map[string]int{}, 0
		for _, d := range board.Days {
			total += d.Counts.Runs
		}
		for _, run := range runs {
			if run.Build != "" {
				builds[run.Build]++
			}
			if run.Error != "" {
				messages++
			}
		}
		assert.Equal(t, len(runs), total)
		require.Len(t, board.Builds, len(builds))
		for _, b := range board.Builds {
			assert.Equal(t, builds[b.Name], b.Counts.Runs, b.Name)
		}
		grouped := 0
		for _, g := range board.Errors {
			grouped += g.Runs
		}
		assert.Equal(t, messages, grouped)
	})
}

func TestFromStore(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	require.NoError(t, err)
	defer func() { assert.NoError(t, db.Close()) }()
	runs := insightstest.Generate(1, 100_000, time.Now().AddDate(0, 0, -13), time.Now().Add(-time.Minute))
	_, err = db.Write(t.Context(), runs, store.State{})
	require.NoError(t, err)
	srv := serve(t, Options{Source: FromStore{db}})
	began := time.Now()
	for {
		_, body, _ := get(t, srv, "/")
		if strings.Contains(body, "Pass rate and volume") {
			break
		}
	}
	t.Logf("the first page of 100,000 runs after %s", time.Since(began))
	began = time.Now()
	_, body, _ := get(t, srv, "/")
	t.Logf("the next after %s, %d bytes", time.Since(began), len(body))
	assert.Contains(t, body, fmt.Sprint(db.Name()))
}
