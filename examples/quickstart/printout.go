package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

const (
	rows   = 8   // that a section shows
	listed = 100 // runs in the one page of the list that is read
)

// printout makes a call for each of its sections but one: what the runs of the
// list come to is told by package report.
type printout struct {
	client *insights.Client
	period insights.Period
	start  time.Time
	end    time.Time
	test   string
	runs   []insights.Test
	out    io.Writer
}

func newPrintout(client *insights.Client, s settings, out io.Writer) *printout {
	start, end := s.period.Bounds(time.Now())
	return &printout{client: client, period: insights.Between(start, end), start: start, end: end, test: s.test, out: out}
}

func (p *printout) write(ctx context.Context) error {
	head := fmt.Sprintf("From %s to %s UTC\n", moment(p.start, "2006-01-02 15:04"), moment(p.end, "2006-01-02 15:04"))
	for _, section := range []func(context.Context) (*table, error){p.tests, p.outcomes, p.metrics, p.trends, p.builds, p.errors} {
		t, err := section(ctx)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(p.out, head+t.String()); err != nil {
			return err
		}
		head = "" // before the first answer there is nothing to say
	}
	return nil
}

func (p *printout) tests(ctx context.Context) (*table, error) {
	list, err := p.client.Tests(ctx, insights.TestsOptions{Period: p.period, Order: insights.NewestFirst, Size: listed})
	if err != nil {
		return nil, err
	}
	p.runs = list.Items
	t := newTable("The newest runs", "Created (UTC)", "Status", ">Took", "Test", "Browser")
	for _, run := range p.runs[:min(rows, len(p.runs))] {
		if p.test == "" {
			p.test = run.Name
		}
		t.add(moment(run.CreationTime, "02 Jan 15:04:05"), status(run.Status), took(run.Duration), fit(run.Name, 26), fit(run.Browser, 14))
	}
	return t, nil
}

// outcomes is what a gate would make of the runs of the list: for each test,
// platform and build the last decided run counts.
func (p *printout) outcomes(context.Context) (*table, error) {
	summary, err := report.Summarize(report.Replay(p.runs, nil), report.Options{})
	if err != nil {
		return nil, err
	}
	o := summary.Outcomes
	all := o.Passed + o.Failed + o.Flaky + o.Undecided
	t := newTable("What "+newest(len(p.runs))+" to, by test, platform and build", "Result", ">Tests", ">Share", "")
	for _, r := range []struct {
		result report.Result
		n      int
		means  string
	}{
		{report.ResultPassed, o.Passed, "without a failure before"},
		{report.ResultFlaky, o.Flaky, "passed after a failure"},
		{report.ResultFailed, o.Failed, "failed in the end"},
		{report.ResultUndecided, o.Undecided, "no run was decided"},
	} {
		if all > 0 {
			t.add(string(r.result), count(r.n), percent(r.n, all), r.means)
		}
	}
	return t, nil
}

// newest are the runs of the list, as the subject of a sentence.
func newest(n int) string {
	switch n {
	case 0:
		return "the newest runs come"
	case 1:
		return "the newest run comes"
	}
	return fmt.Sprintf("the newest %d runs come", n)
}

func (p *printout) metrics(ctx context.Context) (*table, error) {
	if p.test == "" {
		return newTable("The runs of one test"), nil // there was no run to take a name from
	}
	metrics, err := p.client.TestMetrics(ctx, insights.TestMetricsOptions{Period: p.period, Query: p.test})
	if err != nil {
		return nil, err
	}
	aggs := metrics.Aggs
	t := newTable("The runs of "+fit(p.test, 40), "Status", ">Runs", ">Share")
	for _, s := range []insights.Status{insights.StatusPassed, insights.StatusFailed, insights.StatusErrored, insights.StatusError, insights.StatusComplete} {
		if n := aggs.Statuses[s]; n > 0 {
			t.add(status(s), count(n), percent(n, aggs.Count))
		}
	}
	if aggs.FastestRun != nil && aggs.SlowestRun != nil && aggs.FastestRun.Duration > 0 {
		t.foot = fmt.Sprintf("The fastest took %s, the slowest %s.", took(aggs.FastestRun.Duration), took(aggs.SlowestRun.Duration))
	}
	return t, nil
}

func (p *printout) trends(ctx context.Context) (*table, error) {
	interval := intervalFor(p.end.Sub(p.start))
	trends, err := p.client.TestTrends(ctx, insights.TestTrendsOptions{Period: p.period, Interval: interval})
	if err != nil {
		return nil, err
	}
	t := newTable("Runs by "+length(interval), "From (UTC)", ">Runs", ">Failed", ">Errored", "")
	most := 1
	for _, bucket := range trends.Buckets {
		most = max(most, bucket.Count)
	}
	for _, bucket := range trends.Buckets {
		n := bucket.StatusCounts()
		t.add(moment(bucket.Timestamp, layoutFor(interval)), count(bucket.Count), count(n[insights.StatusFailed]), count(errored(n)), bar(bucket.Count, most))
	}
	return t, nil
}

func (p *printout) builds(ctx context.Context) (*table, error) {
	answer, err := p.client.BuildsTests(ctx, insights.BuildsTestsOptions{Period: p.period})
	if err != nil {
		return nil, err
	}
	t := newTable("The newest builds", "Build", ">Runs", ">Passed", ">Failed", ">Errored", ">Took")
	for _, build := range answer.Builds.Items[:min(rows, len(answer.Builds.Items))] {
		n := build.StatusCounts()
		t.add(fit(build.Name, 36), count(build.TestsCount), count(n[insights.StatusPassed]), count(n[insights.StatusFailed]), count(errored(n)), took(build.Duration))
	}
	return t, nil
}

// errors shows the errors of the period. Newer documentation does not list the
// call, so a service without it is none that fails.
func (p *printout) errors(ctx context.Context) (*table, error) {
	t := newTable("The most frequent errors", ">Runs", "Error")
	answer, err := p.client.ErrorTrends(ctx, insights.ErrorTrendsOptions{Period: p.period})
	if errors.Is(err, insights.ErrNotFound) {
		t.foot = "This service has no error trends."
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	causes := byCause(answer.Buckets)
	for _, c := range causes[:min(rows, len(causes))] {
		t.add(count(c.Count), c.Name)
	}
	return t, nil
}

// errored counts runs that did not get to their end, in both spellings.
func errored(n map[insights.Status]int) int {
	return n[insights.StatusErrored] + n[insights.StatusError]
}

// byCause adds up the messages that look alike in a line of a terminal without
// their numbers and addresses, most frequent first.
func byCause(buckets []insights.ErrorBucket) []insights.NamedCount {
	counts := make(map[string]int)
	for _, b := range buckets {
		counts[clip(report.NormalizeError(plain(b.Name)), 70)] += b.Count
	}
	var causes []insights.NamedCount
	for name, n := range counts {
		causes = append(causes, insights.NamedCount{Name: name, Count: n})
	}
	slices.SortFunc(causes, func(a, b insights.NamedCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return causes
}
