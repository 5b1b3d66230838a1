package dashboard

import (
	"slices"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// mostListed is how many runs a page of a test, a build or an error lists.
const mostListed = 100

// Detail is the runs of one test, of one build, or with one error.
type Detail struct {
	*Board
	Kind, Name string
	Summary    *report.Summary
	Latest     []insights.Test // the newest first
	More       int             // runs that are not listed
	Fastest    *insights.Test
	Slowest    *insights.Test
	// Metrics is what the service says of a test; nil: it was not asked.
	Metrics       *insights.TestMetrics
	MetricsFailed string
}

// The kinds of a [Detail].
const (
	KindTest  = "test"
	KindBuild = "build"
	KindError = "error"
)

// Detail looks at some of the board's runs. ok is false if there are none.
func (b *Board) Detail(kind, name string) (d *Detail, ok bool) {
	var runs []insights.Test
	for _, run := range b.runs {
		if belongs(run, kind, name) {
			runs = append(runs, run)
		}
	}
	if len(runs) == 0 {
		return nil, false
	}
	summary, err := report.Summarize(report.Replay(runs, nil), report.Options{})
	if err != nil {
		return nil, false
	}
	d = &Detail{Board: b, Kind: kind, Name: name, Summary: summary}
	slices.Reverse(runs)
	d.Fastest, d.Slowest = extremes(runs)
	d.Latest, d.More = runs[:min(len(runs), mostListed)], max(0, len(runs)-mostListed)
	return d, true
}

func belongs(run insights.Test, kind, name string) bool {
	switch kind {
	case KindTest:
		return run.Name == name
	case KindBuild:
		return run.Build == name
	}
	return run.Error != "" && report.NormalizeError(run.Error) == name
}

// extremes are the fastest and the slowest of the runs that have a run time.
func extremes(runs []insights.Test) (fastest, slowest *insights.Test) {
	var least, most insights.Seconds
	for i := range runs {
		d, ok := runTime(runs[i])
		if !ok {
			continue
		}
		if fastest == nil || d < least {
			fastest, least = &runs[i], d
		}
		if slowest == nil || d > most {
			slowest, most = &runs[i], d
		}
	}
	return fastest, slowest
}

const secondsOfDay = insights.Seconds(24 * time.Hour / time.Second)

// runTime is what package report takes for it: the duration, or what lies between
// start and end.
func runTime(run insights.Test) (d insights.Seconds, ok bool) {
	d = run.Duration
	if d == 0 && !run.StartTime.IsZero() && !run.EndTime.IsZero() {
		d, ok = insights.Seconds(run.EndTime.Sub(run.StartTime).Seconds()), true
	}
	return d, (ok || d != 0) && d >= 0 && d <= secondsOfDay
}
