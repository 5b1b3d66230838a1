package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// timedWorld is a suite in two periods, with so many runs of every test in each.
type timedWorld struct {
	tests, before, after int
	draw                 func(*rand.Rand) float64 // the run time of a test, in seconds
	isSlower             int                      // tests whose run times grow by half: the first ones
	shift                float64                  // what all run times grow by, as on another machine; 1: nothing
}

func normal(rnd *rand.Rand) float64    { return 60 + 12*rnd.NormFloat64() }
func logNormal(rnd *rand.Rand) float64 { return 60 * math.Exp(0.5*rnd.NormFloat64()) }

var shapes = []struct {
	name string
	draw func(*rand.Rand) float64
}{{"normal", normal}, {"log-normal", logNormal}}

// measureRunTimes counts what Compare lists as slower or faster in worlds
// without a change, and in some with one.
func measureRunTimes(ctx context.Context, e *effort) ([]row, error) {
	rows, err := measureUnchanged(ctx, e.worlds)
	if err != nil {
		return nil, err
	}
	for _, w := range []struct {
		runs int
		want string
	}{{30, "0.45"}, {100, "0.95"}} {
		world := timedWorld{tests: 500, before: w.runs, after: w.runs, draw: logNormal, isSlower: 25, shift: 1}
		l, err := world.judge(ctx, e.worlds)
		if err != nil {
			return nil, err
		}
		what := fmt.Sprintf("run times, 25 of 500 tests slower by half, log-normal, %d runs on both sides, %d worlds", w.runs, e.worlds)
		rows = append(rows, wanted(what+": found", share(l.right, 25*e.worlds), w.want), atMost(what+": false of what is listed", share(l.wrong, l.wrong+l.right), "0.05"))
	}
	return append(rows, measureShift(ctx, e.worlds)...), nil
}

func measureUnchanged(ctx context.Context, worlds int) (rows []row, err error) {
	for _, runs := range [][2]int{{2, 2}, {2, 30}, {8, 30}, {30, 4}, {30, 30}} {
		for _, shape := range shapes {
			for _, tests := range []int{1000, 5000} {
				l, err := timedWorld{tests: tests, before: runs[0], after: runs[1], draw: shape.draw, shift: 1}.judge(ctx, worlds)
				if err != nil {
					return nil, err
				}
				what := fmt.Sprintf("run times, nothing changed, %s tests, %s, %d and %d runs, %d worlds: with a change listed", thousands(tests), shape.name, runs[0], runs[1], worlds)
				rows = append(rows, atMost(what, share(l.worlds, worlds), "0.05"))
			}
		}
	}
	return rows, nil
}

// measureShift is a machine that is slower by a third.
func measureShift(ctx context.Context, worlds int) []row {
	world := timedWorld{tests: 2000, before: 30, after: 30, draw: logNormal, shift: 1.33}
	l, err := world.judge(ctx, worlds)
	if err != nil {
		return nil
	}
	what := fmt.Sprintf("run times, all 2,000 tests slower by a third, log-normal, 30 and 30 runs, %d worlds", worlds)
	return []row{wanted(what+": said once", share(l.shifts, worlds), "0.95"), atMost(what+": with a test listed", share(l.worlds, worlds), "0.05")}
}

// atMost is the row of a figure that is not to be more.
func atMost(what, figure, most string) row {
	return row{what: what, ours: figure, beside: "wanted, at most", theirs: most}
}

// listed is how many tests were listed rightly and wrongly, in how many worlds
// there was one, and in how many a common shift was said.
type listed struct{ right, wrong, worlds, shifts int }

func (w timedWorld) judge(ctx context.Context, worlds int) (l listed, err error) {
	for seed := range uint64(worlds) {
		if err := ctx.Err(); err != nil {
			return l, err
		}
		rnd := rand.New(rand.NewPCG(seed, uint64(w.tests+w.before)))
		c, err := report.Compare(w.period(rnd, w.before, 1, 0), w.period(rnd, w.after, w.shift, w.isSlower), report.CompareOptions{})
		if err != nil {
			return l, err
		}
		l.add(c, w.isSlower)
	}
	return l, nil
}

func (l *listed) add(c *report.Comparison, slower int) {
	for _, change := range c.Slower {
		if change.Test.Name < testName(slower) {
			l.right++
		} else {
			l.wrong++
		}
	}
	l.wrong += len(c.Faster)
	if len(c.Slower)+len(c.Faster) > 0 {
		l.worlds++
	}
	if c.Shift != nil {
		l.shifts++
	}
}

func testName(i int) string { return fmt.Sprintf("test %04d", i) }

// period is a summary of run times only, in whole seconds, as the service
// gives them.
func (w timedWorld) period(rnd *rand.Rand, runs int, shift float64, slower int) *report.Summary {
	s := &report.Summary{Tests: make([]report.TestStats, w.tests)}
	seconds := make([]float64, runs)
	for i := range s.Tests {
		growth := shift
		if i < slower {
			growth *= 1.5
		}
		for j := range seconds {
			seconds[j] = math.Round(max(1, growth*w.draw(rnd)))
		}
		s.Tests[i] = report.TestStats{Name: testName(i), RunTimes: spreadOfTimes(seconds)}
	}
	return s
}

func spreadOfTimes(seconds []float64) report.Spread {
	logs := make([]float64, len(seconds))
	for i, s := range seconds {
		logs[i] = math.Log(s)
	}
	mean, deviation := meanAndDeviation(seconds)
	logMean, logDeviation := meanAndDeviation(logs)
	return report.Spread{
		Count: len(seconds), Mean: insights.Seconds(mean), StdDev: insights.Seconds(deviation),
		LogMean: logMean, LogStdDev: logDeviation,
	}
}

func meanAndDeviation(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(values)-1))
}
