package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sauceinsights/insights"
)

// measureLimits reads under rate limits, which the server has too: first a
// high one, to be short, and then the defaults.
func measureLimits(ctx context.Context, e *effort) ([]row, error) {
	var rows []row
	for _, l := range []pacing{{200, 200, e.export}, {8, 10, e.export / 12}} {
		c, err := readPaced(ctx, l)
		if err != nil {
			return nil, err
		}
		pages := pagesOf(l.runs)
		limit := time.Duration(pages) * time.Second / time.Duration(l.client)
		rows = append(rows, againstLimit(c, limit, fmt.Sprintf("limit: %s pages ÷ %d/s", thousands(pages), l.client)))
	}
	return rows, nil
}

// pacing is the requests a second that a client makes and a server allows.
type pacing struct{ client, server, runs int }

// readPaced reads all runs once and counts the answers of 429.
func readPaced(ctx context.Context, l pacing) (*comparison, error) {
	url, stop, err := startServer(ctx, serverConfig{runs: l.runs, limit: l.server})
	if err != nil {
		return nil, err
	}
	defer stop()
	var refused atomic.Int64
	count := func(_ context.Context, a insights.Attempt) {
		if a.StatusCode == http.StatusTooManyRequests {
			refused.Add(1)
		}
	}
	client, err := newSDK(url, insights.WithRateLimit(float64(l.client), 2), insights.WithConcurrency(lanes), insights.WithOnAttempt(count))
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	c := &comparison{sides: []side{{"`AllTests`", func() error { return readAll(ctx, client, loopPage, l.runs) }}}}
	c.samples, err = schedule{rounds: 1}.measure(c.sides...)
	c.what = fmt.Sprintf("%s runs at %d requests a second, %d answers of 429", thousands(l.runs), l.client, refused.Load())
	return c, err
}
