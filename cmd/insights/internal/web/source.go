package web

import (
	"context"
	"iter"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/dashboard"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/report"
)

// Source is where the runs of a page come from.
type Source interface {
	// Name says whose runs these are.
	Name() string
	// Runs lists those that were created from a time on and before another.
	Runs(ctx context.Context, from, to time.Time) iter.Seq2[insights.Test, error]
	// Fill adds what the source itself counts, and notes what failed of it.
	Fill(ctx context.Context, in *dashboard.Input)
	// Metrics is what the source says of a test; nil: nothing.
	Metrics(ctx context.Context, name string, from, to time.Time) (*insights.TestMetrics, error)
	// Lasts is how long what was read is shown before it is read again.
	Lasts() time.Duration
}

// FromStore reads a store.
type FromStore struct{ Store *store.Store }

// Name names the store.
func (f FromStore) Name() string { return f.Store.Name() }

// Runs reads the store.
func (f FromStore) Runs(ctx context.Context, from, to time.Time) iter.Seq2[insights.Test, error] {
	return f.Store.Runs(ctx, store.Selection{From: from, To: to})
}

// Fill adds nothing: all figures are made of the runs.
func (f FromStore) Fill(context.Context, *dashboard.Input) {}

// Metrics are made of the runs, too.
func (f FromStore) Metrics(context.Context, string, time.Time, time.Time) (*insights.TestMetrics, error) {
	return nil, nil
}

// Lasts is half a minute: a store is close.
func (f FromStore) Lasts() time.Duration { return 30 * time.Second }

// FromService asks the API, with all five of its calls.
type FromService struct {
	Client *insights.Client
	Of     string // whose runs these are
}

// Name names the account.
func (f FromService) Name() string { return f.Of }

// Runs lists them with AllTests.
func (f FromService) Runs(ctx context.Context, from, to time.Time) iter.Seq2[insights.Test, error] {
	return f.Client.AllTests(ctx, insights.TestsOptions{Period: insights.Between(from, to), Order: insights.OldestFirst})
}

// Lasts is five minutes: a page may cost a hundred requests.
func (f FromService) Lasts() time.Duration { return 5 * time.Minute }

// Fill asks what the service counts by day, build and error. What fails leaves its
// panel with the reason.
func (f FromService) Fill(ctx context.Context, in *dashboard.Input) {
	period := insights.Between(in.From, in.To)
	in.Failed = make(map[string]string)
	note := func(panel string, err error) {
		if err != nil {
			in.Failed[panel] = err.Error()
		}
	}
	trends, err := f.Client.TestTrends(ctx, insights.TestTrendsOptions{Period: period, Interval: 24 * time.Hour})
	note("days", err)
	in.Days = daysOf(trends)
	builds, err := f.Client.BuildsTests(ctx, insights.BuildsTestsOptions{Period: period})
	note("builds", err)
	in.Builds = buildsOf(builds)
	errors, err := f.Client.ErrorTrends(ctx, insights.ErrorTrendsOptions{Period: period})
	note("errors", err)
	in.Errors = errorsOf(errors)
}

// Metrics asks for those of one test.
func (f FromService) Metrics(ctx context.Context, name string, from, to time.Time) (*insights.TestMetrics, error) {
	return f.Client.TestMetrics(ctx, insights.TestMetricsOptions{Period: insights.Between(from, to), Query: name})
}

// daysOf is empty, and not nil, where the call failed: the panel says so, rather
// than showing other figures than the others do.
func daysOf(trends *insights.TestTrends) []dashboard.Day {
	days := []dashboard.Day{}
	if trends == nil {
		return days
	}
	for _, b := range trends.Buckets {
		days = append(days, dashboard.Day{Date: b.Timestamp, Counts: countsOf(b.Count, b.StatusCounts())})
	}
	return days
}

func buildsOf(answer *insights.BuildsTests) []dashboard.Build {
	builds := []dashboard.Build{}
	if answer == nil {
		return builds
	}
	for _, b := range answer.Builds.Items {
		builds = append(builds, dashboard.Build{Name: b.Name, First: b.StartTime, Counts: countsOf(b.TestsCount, b.StatusCounts())})
	}
	dashboard.SortBuilds(builds)
	return builds
}

// errorsOf joins the messages of one cause.
func errorsOf(trends *insights.ErrorTrends) []dashboard.ErrorGroup {
	groups := []dashboard.ErrorGroup{}
	if trends == nil {
		return groups
	}
	places := make(map[string]int)
	for _, b := range trends.Buckets {
		cause := report.NormalizeError(b.Name)
		i, ok := places[cause]
		if !ok {
			i = len(groups)
			places[cause], groups = i, append(groups, dashboard.ErrorGroup{Cause: cause, Sample: b.Name})
		}
		groups[i].Runs += b.Count
	}
	dashboard.SortErrors(groups)
	return groups
}

// countsOf are runs by status. What has none of the known ones is among the others.
func countsOf(runs int, statuses map[insights.Status]int) report.Counts {
	c := report.Counts{Runs: runs}
	for status, n := range statuses {
		switch {
		case status == insights.StatusPassed:
			c.Passed += n
		case status == insights.StatusFailed:
			c.Failed += n
		case status.IsError():
			c.Errored += n
		case status == insights.StatusComplete:
			c.Complete += n
		}
	}
	c.Other = max(0, runs-c.Passed-c.Failed-c.Errored-c.Complete)
	return c
}
