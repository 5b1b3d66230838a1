package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/output"
)

func (s *shell) errorsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "errors",
		Short:   "Lists error messages by how many runs have them",
		Example: `  insights errors --period 1d --browser Chrome`,
	}
	var f groupFlags
	f.bind(cmd)
	c := s.caller(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opts := insights.ErrorTrendsOptions(f.options())
		if err := opts.Validate(); err != nil {
			return err
		}
		return c.ask(cmd.Context(), func(ctx context.Context, client *insights.Client) error {
			trends, err := client.ErrorTrends(ctx, opts)
			if err != nil {
				return err
			}
			return output.Write(s.Stdout, c.format, errorsSheet(trends))
		})
	}
	return cmd
}

func errorsSheet(trends *insights.ErrorTrends) output.Sheet[insights.ErrorBucket] {
	return output.Sheet[insights.ErrorBucket]{
		Columns: []output.Column[insights.ErrorBucket]{
			{Head: "RUNS", Field: "runs", Right: true, Text: func(b insights.ErrorBucket) string { return strconv.Itoa(b.Count) }},
			{Head: "ERROR", Field: "error", Text: func(b insights.ErrorBucket) string { return b.Name }},
			{Head: "SUCH AS", Text: func(b insights.ErrorBucket) string { return example(b) }},
		},
		Rows: rows(trends.Buckets), Whole: trends, Empty: "No errors.",
	}
}

// example names a test that has the error.
func example(bucket insights.ErrorBucket) string {
	if len(bucket.Items) == 0 {
		return "-"
	}
	return bucket.Items[0].Name
}
