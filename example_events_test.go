package insights_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/sauceinsights/insights"
)

// counters stand for those of any metrics library. Events may come from several
// goroutines at once.
type counters struct {
	mu     sync.Mutex
	values map[string]int
}

func (c *counters) add(name, label string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values[fmt.Sprintf("%s{%s}", name, label)] += n
}

// observe turns an attempt into counters. Path is one of five, so it is fit for
// a label.
func (c *counters) observe(_ context.Context, a insights.Attempt) {
	outcome := fmt.Sprint(a.StatusCode)
	if a.Err != nil {
		outcome = "failed"
	}
	c.add("requests_total", fmt.Sprintf("path=%q,outcome=%q", a.Path, outcome), 1)
	c.add("received_bytes_total", fmt.Sprintf("path=%q", a.Path), int(a.Bytes))
	if a.Wait > 0 {
		c.add("retries_total", fmt.Sprintf("path=%q,ordered=%t", a.Path, a.ServerOrdered), 1)
	}
}

func ExampleWithOnAttempt() {
	requests := 0
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if requests++; requests == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, `{"items": [], "has_more": false}`)
	}))
	defer service.Close()

	metrics := &counters{values: make(map[string]int)}
	client, err := insights.NewClient("", insights.Credentials{Username: "you", AccessKey: "your-access-key"},
		insights.WithBaseURL(service.URL),
		insights.WithOnAttempt(metrics.observe),
		insights.WithRetry(insights.RetryPolicy{BaseWait: time.Millisecond}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	if _, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(24 * time.Hour)}); err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(metrics.values)) {
		fmt.Println(name, metrics.values[name])
	}
	// Output:
	// received_bytes_total{path="/v1/analytics/tests"} 32
	// requests_total{path="/v1/analytics/tests",outcome="200"} 1
	// requests_total{path="/v1/analytics/tests",outcome="503"} 1
	// retries_total{path="/v1/analytics/tests",ordered=false} 1
}
