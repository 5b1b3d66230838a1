package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sauceinsights/insights/insightstest"
)

// measureFake measures the fake service itself.
func measureFake(ctx context.Context, e *effort) ([]row, error) {
	srv := insightstest.NewServer(insightstest.WithResultWindow(2 * e.many))
	defer srv.Close()
	srv.Add(insightstest.Generate(1, e.many, periodStart, periodEnd)...)
	askFor(srv, nil) // the index is made with the first answer
	what := fmt.Sprintf("insightstest with %s runs: ", thousands(e.many))
	offset, err := answerTimes(what+"100 runs from any offset", srv, func() url.Values {
		return url.Values{"from": {strconv.Itoa(rand.IntN(e.many))}}
	})
	if err != nil {
		return nil, err
	}
	day, err := answerTimes(what+"100 runs of any day, newest first", srv, anyDay)
	if err != nil {
		return nil, err
	}
	rate, err := requestRate(ctx, e, srv)
	if err != nil {
		return nil, err
	}
	requests := row{what: fmt.Sprintf("%srequests of 100 runs over %d connections", what, connections), ours: thousands(rate) + " a second"}
	start, err := startTime(e)
	return []row{offset, day, requests, start}, err
}

// anyDay are the parameters for the newest runs of a day from some second on.
func anyDay() url.Values {
	start := periodStart.Add(rand.N(periodEnd.Sub(periodStart)))
	return url.Values{"start": {start.Format(time.RFC3339)}, "end": {start.AddDate(0, 0, 1).Format(time.RFC3339)}, "desc": {"true"}}
}

// askFor asks for 100 runs, without the network, and returns the status.
func askFor(srv *insightstest.Server, query url.Values) int {
	values := url.Values{"start": {startText}, "end": {endText}, "size": {"100"}}
	for name := range query {
		values.Set(name, query.Get(name))
	}
	req := httptest.NewRequest(http.MethodGet, insightstest.PathTests+"?"+values.Encode(), http.NoBody)
	req.SetBasicAuth(insightstest.Username, insightstest.AccessKey)
	answer := &sink{header: http.Header{}}
	srv.ServeHTTP(answer, req)
	return answer.status
}

// sink is an answer that nobody reads.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

// answerTimes asks 5,000 times, each for something else.
func answerTimes(what string, srv *insightstest.Server, query func() url.Values) (row, error) {
	times := make([]time.Duration, 5_000)
	for i := range times {
		q := query()
		start := time.Now()
		status := askFor(srv, q)
		times[i] = time.Since(start)
		if status != http.StatusOK {
			return row{}, fmt.Errorf("%s: status %d", what, status)
		}
	}
	slices.Sort(times)
	return row{what: what, ours: duration(quantile(times, 0.5)), ratio: "99 % under " + duration(quantile(times, 0.99))}, nil
}

const connections = 64

// requestRate is how many requests a second are answered to clients that do
// nothing else, in the same process.
func requestRate(ctx context.Context, e *effort, srv *insightstest.Server) (int, error) {
	client := newPlain(srv.URL)
	defer client.http.CloseIdleConnections()
	end := time.Now().Add(50 * e.slots.slot)
	var answered atomic.Int64
	samples, err := schedule{rounds: 1}.measure(side{"requests", func() error {
		return together(connections, func(int) (err error) {
			for ; err == nil && time.Now().Before(end); answered.Add(1) {
				err = client.discard(ctx, rand.IntN(e.many), 100)
			}
			return err
		})
	}})
	if err != nil {
		return 0, err
	}
	return int(float64(answered.Load()) / samples[0][0].time.Seconds()), nil
}

// startTime is what a test waits for before its first answer.
func startTime(e *effort) (row, error) {
	samples, err := schedule{rounds: 2*e.loops + 1}.measure(side{"start", func() error {
		srv := insightstest.NewServer()
		defer srv.Close()
		srv.Add(insightstest.Generate(1, e.export, periodStart, periodEnd)...)
		if status := askFor(srv, nil); status != http.StatusOK {
			return fmt.Errorf("status %d", status)
		}
		return nil
	}})
	if err != nil {
		return row{}, err
	}
	return row{what: fmt.Sprintf("insightstest: start with %s generated runs, to the first answer", thousands(e.export)), ours: duration(medianTime(samples[0]))}, nil
}
