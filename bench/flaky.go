package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// verdicts are how many tests were called flaky rightly, wrongly, and were not
// though they are.
type verdicts struct{ right, wrong, missed int }

func (v *verdicts) add(summary *report.Summary, flaky []string) {
	found := 0
	for _, t := range summary.FlakyTests() {
		if slices.Contains(flaky, t.Name) {
			found++
		} else {
			v.wrong++
		}
	}
	v.right += found
	v.missed += len(flaky) - found
}

func (v verdicts) precision() string { return share(v.right, v.right+v.wrong) }
func (v verdicts) recall() string    { return share(v.right, v.right+v.missed) }

func share(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(part)/float64(whole))
}

// fourWeeks is the period of all worlds of flaky tests.
const fourWeeks = 28 * 24 * time.Hour

var worldsEnd = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// measureFlaky pools the verdicts on many worlds of which the truth is known.
func measureFlaky(ctx context.Context, e *effort) ([]row, error) {
	var rows []row
	for _, w := range []struct {
		runs, divisor     int
		precision, recall string
	}{{2_000, 4, "0.95", "0.35"}, {6_000, 4, "0.95", "0.85"}, {20_000, 10, "0.95", "0.99"}, {100_000, 10, "0.95", "0.99"}} {
		seeds := max(1, e.worlds/w.divisor)
		v, err := judgeGenerated(ctx, seeds, w.runs)
		if err != nil {
			return nil, err
		}
		what := fmt.Sprintf("flaky tests of `Generate`, %s runs, %d seeds", thousands(w.runs), seeds)
		rows = append(rows, wanted(what+": precision", v.precision(), w.precision), wanted(what+": recall", v.recall(), w.recall))
	}
	for _, w := range suites {
		v, err := w.judge(ctx, max(1, e.worlds/4))
		if err != nil {
			return nil, err
		}
		what := fmt.Sprintf("flaky tests, %s, %d seeds", w.what, max(1, e.worlds/4))
		rows = append(rows, w.rows(what, v)...)
	}
	return rows, nil
}

// wanted is the row of a figure that is not to be less.
func wanted(what, figure, least string) row {
	return row{what: what, ours: figure, beside: "wanted, at least", theirs: least}
}

func judgeGenerated(ctx context.Context, seeds, runs int) (v verdicts, err error) {
	for seed := range uint64(seeds) {
		if err := ctx.Err(); err != nil {
			return v, err
		}
		start := worldsEnd.Add(-fourWeeks)
		summary, err := report.Summarize(report.Replay(insightstest.Generate(seed+1, runs, start, worldsEnd), nil), report.Options{})
		if err != nil {
			return v, err
		}
		v.add(summary, insightstest.GenerateTruth(seed+1, runs, start, worldsEnd).Flaky)
	}
	return v, nil
}

// suite is a world of a build every few hours in which every test runs once.
type suite struct {
	what          string
	tests, builds int
	failureRate   float64 // of the calm tests
	flaky         int     // tests that fail at flakyRate
	flakyRate     float64
	broken        int // tests that are broken for some days, and then fixed
}

var suites = []suite{
	{"20 of 200 tests broken for 2 to 5 days and then fixed, 20 flaky at 30 %, the rest at 1 %, 112 builds", 200, 112, 0.01, 20, 0.3, 20},
	{"0.3 % of random failures, 20 of 200 tests at 10 %, 112 builds", 200, 112, 0.003, 20, 0.1, 0},
	{"15 % of random failures, 20 of 200 tests at 50 %, 112 builds", 200, 112, 0.15, 20, 0.5, 0},
	{"1 % of random failures, none of 2,000 tests flaky, 20 builds", 2000, 20, 0.01, 0, 0, 0},
	{"20 of 200 tests broken for 2 to 5 days and then fixed, none flaky, 112 builds", 200, 112, 0.01, 0, 0, 20},
}

func (w suite) judge(ctx context.Context, seeds int) (v verdicts, err error) {
	for seed := range uint64(seeds) {
		if err := ctx.Err(); err != nil {
			return v, err
		}
		runs, flaky := w.generate(rand.New(rand.NewPCG(seed, 0xf1a)))
		summary, err := report.Summarize(report.Replay(runs, nil), report.Options{})
		if err != nil {
			return v, err
		}
		v.add(summary, flaky)
	}
	return v, nil
}

// rows of a world without a flaky test give how many are called so.
func (w suite) rows(what string, v verdicts) []row {
	if w.flaky == 0 {
		return []row{{what: what + ": called flaky", ours: thousands(v.wrong), beside: "of", theirs: thousands(w.tests) + " a seed"}}
	}
	return []row{wanted(what+": precision", v.precision(), "0.90"), {what: what + ": recall", ours: v.recall()}}
}

// generate makes the runs, oldest first, and names the flaky tests: first come
// the flaky ones, and then the broken ones.
func (w suite) generate(rnd *rand.Rand) (runs []insights.Test, flaky []string) {
	between := fourWeeks / time.Duration(w.builds)
	breaks := make([]outage, w.tests)
	for i := w.flaky; i < w.flaky+w.broken; i++ {
		from := rnd.Float64() * 23
		breaks[i] = outage{from, from + 2 + 3*rnd.Float64()}
	}
	for build := range w.builds {
		at := worldsEnd.Add(-fourWeeks + time.Duration(build)*between)
		for test := range w.tests {
			runs = append(runs, w.run(rnd, test, build, at.Add(time.Duration(test)*time.Second), breaks[test]))
		}
	}
	for test := range w.flaky {
		flaky = append(flaky, fmt.Sprintf("test %04d", test))
	}
	return runs, flaky
}

// outage is the days of the period in which a test is broken.
type outage struct{ from, to float64 }

func (w suite) run(rnd *rand.Rand, test, build int, at time.Time, broken outage) insights.Test {
	rate := w.failureRate
	if test < w.flaky {
		rate = w.flakyRate
	}
	day := float64(at.Sub(worldsEnd.Add(-fourWeeks))) / float64(24*time.Hour)
	run := insights.Test{Name: fmt.Sprintf("test %04d", test), Build: fmt.Sprint("build ", build), CreationTime: at, Status: insights.StatusPassed}
	if rnd.Float64() < rate || day >= broken.from && day < broken.to {
		run.Status = insights.StatusFailed
	}
	return run
}
