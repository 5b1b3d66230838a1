package insightstest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/sauceinsights/insights"
)

var (
	benchStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	benchEnd   = benchStart.AddDate(0, 6, 0)
)

// BenchmarkStart is what a test waits for before its first request.
func BenchmarkStart(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("runs=%d", n), func(b *testing.B) {
			for b.Loop() {
				srv := NewServer()
				srv.Add(Generate(1, n, benchStart, benchEnd)...)
				srv.store.snapshot(benchEnd.UnixMicro())
				srv.Close()
			}
		})
	}
}

// sink is a response that nobody reads.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}

// BenchmarkPage is one answer of 100 runs out of 1,000,000, without the
// network. Every page asks for other runs, so that none is written already at
// first.
func BenchmarkPage(b *testing.B) {
	const million = 1_000_000
	srv := NewServer(WithResultWindow(2 * million))
	defer srv.Close()
	srv.Add(Generate(1, million, benchStart, benchEnd)...)
	srv.store.snapshot(benchEnd.UnixMicro())
	stamp := func(t time.Time) string { return t.Format(time.RFC3339) }
	for _, bench := range []struct {
		name  string
		query func(i int) url.Values
	}{
		{"offset", func(i int) url.Values {
			return url.Values{"start": {stamp(benchStart)}, "end": {stamp(benchEnd)}, "from": {fmt.Sprint(i * 7919 % million)}}
		}},
		{"window", func(i int) url.Values {
			start := benchStart.Add(time.Duration(i*7919%4_000) * time.Hour)
			return url.Values{"start": {stamp(start)}, "end": {stamp(start.Add(24 * time.Hour))}, "desc": {"true"}}
		}},
		{"same page again", func(int) url.Values {
			return url.Values{"start": {stamp(benchStart)}, "end": {stamp(benchEnd)}, "from": {"500000"}}
		}},
		{"filter that nothing passes", func(int) url.Values {
			return url.Values{"start": {stamp(benchStart)}, "end": {stamp(benchEnd)}, "build": {"no such build"}}
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				q := bench.query(i)
				q.Set("size", "100")
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, PathTests+"?"+q.Encode(), http.NoBody)
				r.SetBasicAuth(Username, AccessKey)
				srv.ServeHTTP(&sink{http.Header{}}, r)
			}
		})
	}
}

// BenchmarkTrends is an answer of 10,000 buckets over 50,000 runs, each with an
// error of its own. Its memory is linear in the runs.
func BenchmarkTrends(b *testing.B) {
	srv := NewServer(WithExtraFields())
	defer srv.Close()
	for i := range 50_000 {
		srv.Add(insights.Test{CreationTime: benchStart.Add(time.Duration(i) * 12 * time.Second), Error: fmt.Sprint("error ", i), Status: insights.StatusFailed})
	}
	q := url.Values{"start": {benchStart.Format(time.RFC3339)}, "end": {benchEnd.Format(time.RFC3339)}, "interval": {"1m"}}
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, PathTestTrends+"?"+q.Encode(), http.NoBody)
		r.SetBasicAuth(Username, AccessKey)
		srv.ServeHTTP(&sink{http.Header{}}, r)
	}
}
