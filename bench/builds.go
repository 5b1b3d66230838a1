package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// measureBuilds counts how often Compare calls a change of the pass rate more
// than chance, in pairs of weeks in which nothing changed and in pairs in which
// the pass rate fell.
func measureBuilds(ctx context.Context, e *effort) ([]row, error) {
	var rows []row
	pairs := 2 * e.worlds
	for _, runs := range []int{1000, 5000} {
		called, err := pairsOfWeeks(ctx, pairs, runs, 0)
		if err != nil {
			return nil, err
		}
		what := fmt.Sprintf("two weeks of `Generate`, %s runs each, nothing changed, %d pairs: called more than chance", thousands(runs), pairs)
		rows = append(rows, atMost(what, share(called, pairs), "0.06"))
		called, err = pairsOfWeeks(ctx, pairs, runs, 0.1)
		if err != nil {
			return nil, err
		}
		what = fmt.Sprintf("the same, and one run in ten that passed fails in the second week, %d pairs: called more than chance", pairs)
		rows = append(rows, row{what: what, ours: share(called, pairs)})
	}
	return rows, nil
}

func pairsOfWeeks(ctx context.Context, pairs, runs int, fails float64) (called int, err error) {
	for seed := range uint64(pairs) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		before, err := weekOf(2*seed+1, runs, 0)
		if err != nil {
			return 0, err
		}
		after, err := weekOf(2*seed+2, runs, fails)
		if err != nil {
			return 0, err
		}
		c, err := report.Compare(before, after, report.CompareOptions{})
		if err != nil {
			return 0, err
		}
		if c.Significant {
			called++
		}
	}
	return called, nil
}

func weekOf(seed uint64, runs int, fails float64) (*report.Summary, error) {
	week := insightstest.Generate(seed, runs, worldsEnd.Add(-7*24*time.Hour), worldsEnd)
	rnd := rand.New(rand.NewPCG(seed, 0xb1d))
	for i := range week {
		if week[i].Status == insights.StatusPassed && rnd.Float64() < fails {
			week[i].Status = insights.StatusFailed
		}
	}
	return report.Summarize(report.Replay(week, nil), report.Options{})
}
