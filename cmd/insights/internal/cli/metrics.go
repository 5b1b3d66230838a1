package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/output"
)

// metricsFlags are the parameters of GET /v1/analytics/insights/test-metrics.
type metricsFlags struct {
	selection
	platforms
	query string
}

func (s *shell) metricsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "metrics",
		Short:   "Says how one test did: runs, statuses, run times",
		Example: `  insights metrics --query "Check out" --period 29d`,
	}
	var f metricsFlags
	f.selection.bind(cmd)
	f.platforms.bind(cmd)
	cmd.Flags().Var((*filter)(&f.query), "query", "the `name` of the test (required)")
	c := s.caller(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opts := f.options()
		if err := opts.Validate(); err != nil {
			return err
		}
		return c.ask(cmd.Context(), func(ctx context.Context, client *insights.Client) error {
			metrics, err := client.TestMetrics(ctx, opts)
			if err != nil {
				return err
			}
			return output.Write(s.Stdout, c.format, metricsSheet(metrics))
		})
	}
	return cmd
}

func (f *metricsFlags) options() insights.TestMetricsOptions {
	return insights.TestMetricsOptions{
		Period: f.period, Scope: f.scope, Owner: f.owners, Status: f.status,
		Query: f.query, OS: f.os, Browser: f.browser,
	}
}

func metricsSheet(metrics *insights.TestMetrics) output.Sheet[insights.TestAggs] {
	columns := []output.Column[insights.TestAggs]{
		{Head: "RUNS", Field: "runs", Right: true, Text: func(a insights.TestAggs) string { return strconv.Itoa(a.Count) }},
	}
	counts := metrics.StatusCounts()
	for _, status := range sortedNames(counts) {
		columns = append(columns, output.Column[insights.TestAggs]{
			Head: headOf(status), Field: string(status), Right: true,
			Text: func(insights.TestAggs) string { return strconv.Itoa(counts[status]) },
		})
	}
	columns = append(columns,
		secondsColumn("AVERAGE (S)", "avg_run_time", func(a insights.TestAggs) (insights.Seconds, bool) { return a.AvgRunTime, a.Count > 0 }),
		secondsColumn("FASTEST (S)", "fastest_run", func(a insights.TestAggs) (insights.Seconds, bool) { return durationOf(a.FastestRun) }),
		secondsColumn("SLOWEST (S)", "slowest_run", func(a insights.TestAggs) (insights.Seconds, bool) { return durationOf(a.SlowestRun) }),
		secondsColumn("QUEUED (S)", "total_queue_time", func(a insights.TestAggs) (insights.Seconds, bool) { return a.TotalQueueTime, a.Count > 0 }),
		secondsColumn("RUNNING (S)", "total_run_time", func(a insights.TestAggs) (insights.Seconds, bool) { return a.TotalRunTime, a.Count > 0 }),
	)
	return output.Sheet[insights.TestAggs]{Columns: columns, Rows: rows([]insights.TestAggs{metrics.Aggs}), Whole: metrics}
}

// secondsColumn shows nothing where there is no figure, which is not 0.
func secondsColumn(head, field string, of func(insights.TestAggs) (insights.Seconds, bool)) output.Column[insights.TestAggs] {
	written := func(write func(insights.Seconds) string, none string) func(insights.TestAggs) string {
		return func(a insights.TestAggs) string {
			if seconds, ok := of(a); ok {
				return write(seconds)
			}
			return none
		}
	}
	return output.Column[insights.TestAggs]{Head: head, Field: field, Right: true, Text: written(shortSeconds, "-"), Raw: written(number, "")}
}

func durationOf(run *insights.Test) (insights.Seconds, bool) {
	if run == nil {
		return 0, false
	}
	return run.Duration, true
}
