package report

import (
	"context"
	"errors"
	"iter"

	"github.com/sauceinsights/insights"
)

// Lister lists runs. [*insights.Client] is one.
type Lister interface {
	AllTests(ctx context.Context, opts insights.TestsOptions, callOpts ...insights.CallOption) iter.Seq2[insights.Test, error]
}

var _ Lister = (*insights.Client)(nil)

// ErrPlatformFilter says that the runs behind an answer cannot be listed, as
// it was filtered by OS or browser and the list of runs has no such filter.
var ErrPlatformFilter = errors.New("report: the list of runs has no filter by OS or browser: the runs behind an answer that has one cannot be listed")

// BuildRuns lists all runs of one build of an answer of
// [insights.Client.BuildsTests], which itself shows the first ten at most. The
// options are those of that call. An empty build means the runs without one.
//
// As the service may match a build's name in part, only runs whose Build is
// equal are listed. Options with OS or Browser give [ErrPlatformFilter].
func BuildRuns(ctx context.Context, client Lister, opts insights.BuildsTestsOptions, build string) (iter.Seq2[insights.Test, error], error) {
	if len(opts.OS) > 0 || len(opts.Browser) > 0 {
		return nil, ErrPlatformFilter
	}
	return buildRuns(ctx, client, insights.TestsOptions{
		Period: opts.Period, Scope: opts.Scope, Owner: opts.Owner, Status: opts.Status,
	}, build), nil
}

func buildRuns(ctx context.Context, client Lister, opts insights.TestsOptions, build string) iter.Seq2[insights.Test, error] {
	opts.Build, opts.MissingBuild = build, build == ""
	return only(client.AllTests(ctx, opts), func(run insights.Test) bool { return run.Build == build })
}

// ErrorRuns lists all runs of one bucket of an answer of
// [insights.Client.ErrorTrends]. The options are those of that call; message is
// the bucket's name, and an empty one is an [*insights.OptionsError].
//
// As the service may match a message in part, only runs whose Error is equal
// are listed. Options with OS or Browser give [ErrPlatformFilter].
func ErrorRuns(ctx context.Context, client Lister, opts insights.ErrorTrendsOptions, message string) (iter.Seq2[insights.Test, error], error) {
	var p problems
	p.check(message != "", "message", "is empty: the service would list every run")
	if err := p.err(); err != nil {
		return nil, err
	}
	if len(opts.OS) > 0 || len(opts.Browser) > 0 {
		return nil, ErrPlatformFilter
	}
	runs := client.AllTests(ctx, insights.TestsOptions{
		Period: opts.Period, Scope: opts.Scope, Owner: opts.Owner, Status: opts.Status, Error: message,
	})
	return only(runs, func(run insights.Test) bool { return run.Error == message }), nil
}

// only passes on the runs that keep accepts, and every error.
func only(tests iter.Seq2[insights.Test, error], keep func(insights.Test) bool) iter.Seq2[insights.Test, error] {
	return func(yield func(insights.Test, error) bool) {
		for run, err := range tests {
			if (err != nil || keep(run)) && !yield(run, err) {
				return
			}
		}
	}
}
