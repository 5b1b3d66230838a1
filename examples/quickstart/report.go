package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/sauceinsights/insights"
)

// report makes a call for each of its sections.
type report struct {
	client *insights.Client
	period insights.Period
	length time.Duration
	test   string
	out    *tabwriter.Writer
}

func newReport(client *insights.Client, period insights.Period, s settings, out io.Writer) *report {
	return &report{client: client, period: period, length: s.last, test: s.test, out: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
}

func (r *report) write(ctx context.Context) error {
	for _, section := range []func(context.Context) error{r.tests, r.metrics, r.trends, r.builds, r.errors} {
		if err := section(ctx); err != nil {
			return err
		}
		if err := r.out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(r.out, format, args...) // a failed write shows in Flush
}

func (r *report) title(text string) {
	r.printf("\n%s\n", text)
}

func (r *report) tests(ctx context.Context) error {
	list, err := r.client.Tests(ctx, insights.TestsOptions{Period: r.period, Order: insights.NewestFirst, Size: 8})
	if err != nil {
		return err
	}
	r.title("The newest runs")
	for _, run := range list.Items[:min(8, len(list.Items))] {
		if r.test == "" {
			r.test = run.Name
		}
		r.printf("  %s\t%s\t%s\t%s\t%s\n", run.CreationTime.Format(time.DateTime), short(string(run.Status)), took(run.Duration), short(run.Name), short(run.Browser))
	}
	if len(list.Items) == 0 {
		r.printf("  none in this period\n")
	}
	return nil
}

func (r *report) metrics(ctx context.Context) error {
	if r.test == "" {
		return nil // there was no run to take the name from
	}
	metrics, err := r.client.TestMetrics(ctx, insights.TestMetricsOptions{Period: r.period, Query: r.test})
	if err != nil {
		return err
	}
	aggs := metrics.Aggs
	r.title("All runs of " + short(r.test))
	for _, status := range []insights.Status{insights.StatusPassed, insights.StatusFailed, insights.StatusErrored, insights.StatusError, insights.StatusComplete} {
		if n := aggs.Statuses[status]; n > 0 {
			r.printf("  %s\t%d\t%s\n", status, n, percent(n, aggs.Count))
		}
	}
	if aggs.FastestRun != nil && aggs.SlowestRun != nil {
		r.printf("  fastest\t%s\n  slowest\t%s\n", took(aggs.FastestRun.Duration), took(aggs.SlowestRun.Duration))
	}
	return nil
}

func (r *report) trends(ctx context.Context) error {
	interval := max(time.Second, (r.length / 14).Truncate(time.Second))
	if interval > time.Hour {
		interval = interval.Round(time.Hour)
	}
	trends, err := r.client.TestTrends(ctx, insights.TestTrendsOptions{Period: r.period, Interval: interval})
	if err != nil {
		return err
	}
	r.title("Runs by " + length(interval))
	most := 1
	for _, bucket := range trends.Buckets {
		most = max(most, bucket.Count)
	}
	for _, bucket := range trends.Buckets {
		r.printf("  %s\t%d\t%s\n", bucket.Timestamp.Format("Mon 02 Jan 15:04"), bucket.Count, bar(bucket.Count, most))
	}
	return nil
}

func (r *report) builds(ctx context.Context) error {
	answer, err := r.client.BuildsTests(ctx, insights.BuildsTestsOptions{Period: r.period})
	if err != nil {
		return err
	}
	r.title("Builds")
	for _, build := range answer.Builds.Items[:min(8, len(answer.Builds.Items))] {
		passed := 0
		for _, of := range build.Aggs.Status {
			if of.Name == string(insights.StatusPassed) {
				passed = of.Count
			}
		}
		r.printf("  %s\t%d runs\t%s passed\t%s\n", short(build.Name), build.TestsCount, percent(passed, build.TestsCount), took(build.Duration))
	}
	return nil
}

func (r *report) errors(ctx context.Context) error {
	answer, err := r.client.ErrorTrends(ctx, insights.ErrorTrendsOptions{Period: r.period})
	if err != nil {
		return err
	}
	r.title("Errors")
	for _, bucket := range answer.Buckets[:min(8, len(answer.Buckets))] {
		r.printf("  %d\t%s\n", bucket.Count, short(bucket.Name))
	}
	return nil
}

// bar is as long as a count is large beside the most.
func bar(count, most int) string {
	return strings.Repeat("█", int(30*float64(max(0, count))/float64(most)))
}

// short is the first line of a text, cut to fit a terminal, and without what
// could redraw one.
func short(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	line = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, line)
	if runes := []rune(line); len(runes) > 60 {
		return string(runes[:59]) + "…"
	}
	return line
}

func took(s insights.Seconds) string {
	if s == 0 {
		return "-"
	}
	return s.Duration().Round(time.Second).String()
}

func length(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}

func percent(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}
