package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/output"
)

// groupFlags are the parameters of GET /v1/analytics/trends/builds_tests and
// of GET /v1/analytics/trends/errors, which are the same.
type groupFlags struct {
	selection
	platforms
}

func (f *groupFlags) bind(cmd *cobra.Command) {
	f.selection.bind(cmd)
	f.platforms.bind(cmd)
}

func (f *groupFlags) options() insights.BuildsTestsOptions {
	return insights.BuildsTestsOptions{
		Period: f.period, Scope: f.scope, Owner: f.owners, Status: f.status, OS: f.os, Browser: f.browser,
	}
}

func (s *shell) buildsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "builds",
		Short:   "Lists builds with their runs by status",
		Example: `  insights builds --period 1d --scope organization`,
	}
	var f groupFlags
	f.bind(cmd)
	c := s.caller(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opts := f.options()
		if err := opts.Validate(); err != nil {
			return err
		}
		return c.ask(cmd.Context(), func(ctx context.Context, client *insights.Client) error {
			answer, err := client.BuildsTests(ctx, opts)
			if err != nil {
				return err
			}
			if answer.Builds.HasMore {
				s.say("the service has more builds than it lists; a shorter --period or --owner finds them")
			}
			return output.Write(s.Stdout, c.format, buildsSheet(answer))
		})
	}
	return cmd
}

func buildsSheet(answer *insights.BuildsTests) output.Sheet[insights.Build] {
	columns := []output.Column[insights.Build]{
		{Head: "STARTED (UTC)", Field: "start_time", Text: func(b insights.Build) string { return when(b.StartTime) }, Raw: func(b insights.Build) string { return output.Time(b.StartTime) }},
		{Field: "end_time", Text: func(b insights.Build) string { return output.Time(b.EndTime) }},
		{Head: "BUILD", Field: "name", Text: func(b insights.Build) string { return b.Name }},
		{Head: "RUNS", Field: "runs", Right: true, Text: func(b insights.Build) string { return strconv.Itoa(b.TestsCount) }},
		{Head: "SECONDS", Field: "duration", Right: true, Text: func(b insights.Build) string { return shortSeconds(b.Duration) }, Raw: func(b insights.Build) string { return number(b.Duration) }},
	}
	for _, status := range sortedNames(statusesOf(answer.Builds.Items)) {
		columns = append(columns, output.Column[insights.Build]{
			Head: headOf(status), Field: output.Defused(string(status)), Right: true,
			Text: func(b insights.Build) string { return strconv.Itoa(b.StatusCounts()[status]) },
		})
	}
	return output.Sheet[insights.Build]{Columns: columns, Rows: rows(answer.Builds.Items), Whole: answer, Empty: "No builds."}
}

func statusesOf(builds []insights.Build) map[insights.Status]int {
	all := map[insights.Status]int{}
	for _, build := range builds {
		for status, n := range build.StatusCounts() {
			all[status] += n
		}
	}
	return all
}
