// Package consumer is a program as users of the SDK write one: a module of
// another path, which sees only what is exported and pays for every dependency.
package consumer

import (
	"context"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// Failures returns the names of the tests that failed in the last day.
func Failures(ctx context.Context, client *insights.Client) ([]string, error) {
	var names []string
	failed := insights.TestsOptions{Period: insights.Last(24 * time.Hour), Status: insights.StatusFailed}
	for run, err := range client.AllTests(ctx, failed) {
		if err != nil {
			return nil, err
		}
		names = append(names, run.Name)
	}
	return names, nil
}

// Passed returns how many of the decided runs of a build passed.
func Passed(ctx context.Context, client *insights.Client, build string) (passed, decided int, err error) {
	runs := client.AllTests(ctx, insights.TestsOptions{Period: insights.Last(24 * time.Hour), Build: build})
	summary, err := report.Summarize(runs, report.Options{})
	if err != nil {
		return 0, 0, err
	}
	return summary.Counts.Passed, summary.Counts.Decided(), nil
}
