package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
)

const (
	loopPage = 100 // the runs of a page
	lanes    = 8   // requests in flight
)

// measureLoops reads all runs at several latencies.
func measureLoops(ctx context.Context, e *effort) ([]row, error) {
	var rows []row
	for _, l := range []struct {
		latency time.Duration
		times   int // the longer, the less it varies
	}{{0, e.loops}, {20 * time.Millisecond, e.loops}, {100 * time.Millisecond, 1}} {
		c, err := compareLoops(ctx, e.export, l.latency, l.times)
		if err != nil {
			return nil, err
		}
		rows = append(rows, c.against(0, 1), c.against(0, 2))
		if l.latency > 0 {
			limit := time.Duration(pagesOf(e.export)) * l.latency / lanes
			rows = append(rows, againstLimit(c, limit, fmt.Sprintf("limit: %s pages × %s ÷ %d", thousands(pagesOf(e.export)), l.latency, lanes)))
		}
	}
	return rows, nil
}

func pagesOf(runs int) int {
	return (runs + loopPage - 1) / loopPage
}

func compareLoops(ctx context.Context, runs int, latency time.Duration, times int) (*comparison, error) {
	url, stop, err := startServer(ctx, serverConfig{runs: runs, latency: latency})
	if err != nil {
		return nil, err
	}
	defer stop()
	sdk, err := newSDK(url, insights.WithConcurrency(lanes))
	if err != nil {
		return nil, err
	}
	defer sdk.CloseIdleConnections()
	plain := newPlain(url)
	c := &comparison{what: fmt.Sprintf("%s runs in pages of %d, latency %s", thousands(runs), loopPage, latency), per: runs, unit: "run"}
	c.sides = []side{
		{fmt.Sprintf("`AllTests`, %d in flight", lanes), func() error { return readAll(ctx, sdk, loopPage, runs) }},
		{"page after page, net/http and encoding/json", func() error { return plain.readAll(ctx, runs) }},
		{fmt.Sprintf("net/http, bodies thrown away, %d in flight", lanes), func() error { return plain.discardAll(ctx, pagesOf(runs)) }},
	}
	c.samples, err = schedule{rounds: times}.measure(c.sides...)
	return c, err
}

// againstLimit compares the SDK with a time that nothing can beat.
func againstLimit(c *comparison, limit time.Duration, name string) row {
	ours := c.samples[0]
	reached := make([]sample, len(ours))
	for i := range reached {
		reached[i].time = limit
	}
	return row{
		what:   c.what + ": " + c.sides[0].name,
		ours:   duration(medianTime(ours)),
		beside: name,
		theirs: duration(limit),
		ratio:  spreadOf(ratios(ours, reached)).String(),
	}
}

// readAll loops over all runs with the SDK.
func readAll(ctx context.Context, client *insights.Client, size, want int) error {
	n := 0
	for _, err := range client.AllTests(ctx, oldestFirst(size)) {
		if err != nil {
			return err
		}
		n++
	}
	return wantRuns(want, n)
}

// readAll is the loop that other clients have, or their users write. It is
// right only where no result window ends it and no run arrives.
func (p *plain) readAll(ctx context.Context, want int) error {
	for n := 0; ; {
		got, err := p.decode(ctx, n, loopPage)
		if err != nil {
			return err
		}
		n += len(got.Items)
		if !got.HasMore {
			return wantRuns(want, n)
		}
	}
}

// discardAll asks for that many pages, several at a time.
func (p *plain) discardAll(ctx context.Context, pages int) error {
	return together(lanes, func(lane int) (err error) {
		for at := lane; at < pages && err == nil; at += lanes {
			err = p.discard(ctx, at*loopPage, loopPage)
		}
		return err
	})
}

// together runs work n times at once and returns the errors.
func together(n int, work func(i int) error) error {
	failed := make(chan error, n)
	for i := range n {
		go func() { failed <- work(i) }()
	}
	errs := make([]error, n)
	for i := range errs {
		errs[i] = <-failed
	}
	return errors.Join(errs...)
}
