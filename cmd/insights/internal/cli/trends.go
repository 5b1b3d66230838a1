package cli

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/output"
)

// trendsFlags are the parameters of GET /v1/analytics/trends/tests, and what
// the columns are.
type trendsFlags struct {
	selection
	platforms
	interval interval
	by       string
}

var splits = []string{"status", "os", "browser", "owner"}

func (s *shell) trendsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "trends",
		Short:   "Counts runs by the hour, the day or another interval",
		Example: `  insights trends --period 7d --interval 1d --by browser`,
	}
	f := trendsFlags{interval: interval(24 * time.Hour), by: "status"}
	f.selection.bind(cmd)
	f.platforms.bind(cmd)
	cmd.Flags().Var(&f.interval, "interval", "how `long` a line counts: 1d, 1h, 15m")
	cmd.Flags().Var(oneOf(&f.by, splits...), "by", "what the `columns` of a table and of CSV are: "+list(splits))
	complete(cmd, "interval", "1m", "5m", "15m", "1h", "6h", "1d")
	complete(cmd, "by", splits...)
	c := s.caller(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opts := f.options()
		if err := opts.Validate(); err != nil {
			return err
		}
		return c.ask(cmd.Context(), func(ctx context.Context, client *insights.Client) error {
			trends, err := client.TestTrends(ctx, opts)
			if err != nil {
				return err
			}
			return output.Write(s.Stdout, c.format, trendsSheet(trends, f.by))
		})
	}
	return cmd
}

func (f *trendsFlags) options() insights.TestTrendsOptions {
	return insights.TestTrendsOptions{
		Period: f.period, Interval: time.Duration(f.interval), Scope: f.scope, Owner: f.owners,
		Status: f.status, OS: f.os, Browser: f.browser,
	}
}

func trendsSheet(trends *insights.TestTrends, by string) output.Sheet[insights.TrendBucket] {
	columns := []output.Column[insights.TrendBucket]{
		{Head: "FROM (UTC)", Field: "timestamp", Text: func(b insights.TrendBucket) string { return when(b.Timestamp) }, Raw: func(b insights.TrendBucket) string { return output.Time(b.Timestamp) }},
		{Head: "RUNS", Field: "runs", Right: true, Text: func(b insights.TrendBucket) string { return strconv.Itoa(b.Count) }},
	}
	for _, name := range namesIn(trends.Buckets, by) {
		columns = append(columns, output.Column[insights.TrendBucket]{
			Head: headOf(name), Field: cmp.Or(output.Defused(name), none), Right: true,
			Text: func(b insights.TrendBucket) string { return strconv.Itoa(countOf(split(b, by), name)) },
		})
	}
	return output.Sheet[insights.TrendBucket]{Columns: columns, Rows: rows(trends.Buckets), Whole: trends, Empty: "No runs."}
}

func split(bucket insights.TrendBucket, by string) []insights.NamedCount {
	switch by {
	case "os":
		return bucket.Aggs.OS
	case "browser":
		return bucket.Aggs.Browser
	case "owner":
		return bucket.Aggs.Owner
	}
	return bucket.Aggs.Status
}

func namesIn(buckets []insights.TrendBucket, by string) []string {
	found := map[string]bool{}
	for _, bucket := range buckets {
		for _, named := range split(bucket, by) {
			found[named.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func countOf(counts []insights.NamedCount, name string) int {
	total := 0
	for _, named := range counts {
		if named.Name == name {
			total += named.Count
		}
	}
	return total
}

// none heads what has no name.
const none = "(none)"

// headOf returns a name as the head of a column.
func headOf[S ~string](name S) string {
	return strings.ToUpper(cmp.Or(string(name), none))
}

// sortedNames returns the names in an order that does not change.
func sortedNames(counts map[insights.Status]int) []insights.Status {
	return slices.Sorted(maps.Keys(counts))
}

// interval is a length of time as the API writes it: 15m, 1h, 1d.
type interval time.Duration

func (i *interval) String() string {
	return insights.Last(time.Duration(*i)).String()
}

func (i *interval) Type() string { return "string" }

func (i *interval) Set(text string) error {
	d, err := length(text)
	if err != nil || d <= 0 {
		return errors.New("it is not a length of time such as 15m, 1h or 1d")
	}
	*i = interval(d)
	return nil
}

// length reads a number of days, as in 7d, and what [time.ParseDuration] reads.
func length(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}
