package gate

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/account"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// connect returns a client of the real service, or with --demo of a fake one with
// generated runs.
func (s *Settings) connect(acct account.Settings, stderr io.Writer, opts []insights.Option) (*account.Account, error) {
	if acct.IsDemo {
		say(stderr, "--demo: judging generated runs of a fake service in this process")
		acct.DemoRuns = s.demoRuns
		opts = nil
	}
	return acct.Connect(time.Now(), opts...)
}

// demoRuns are a period of a whole organization, or an hour of the build that
// was asked for, and the period before that --baseline wants.
func (s *Settings) demoRuns(now time.Time) []insights.Test {
	start, n := now.Add(-s.last), 2000
	if s.build != "" {
		start, n = now.Add(-min(s.last, time.Hour)), 600
	}
	runs := insightstest.Generate(1, n, start, now)
	for i := range runs {
		runs[i].Build = cmp.Or(s.build, runs[i].Build)
	}
	if s.baseline == 0 {
		return runs
	}
	return append(runs, insightstest.Generate(2, demoBaseline, start.Add(-s.baseline), start)...)
}

// demoBaseline is how many runs the demo has in the period before.
const demoBaseline = 4000

// runs are those to judge. They end with an error if some are missing, so that
// no report of them looks complete.
func (s *Settings) runs(ctx context.Context, client *insights.Client) iter.Seq2[insights.Test, error] {
	awaited, missing, err := s.awaited(ctx, client)
	if err != nil {
		return report.Replay(nil, err)
	}
	if awaited != nil {
		return report.Replay(awaited, nil)
	}
	period := insights.Last(s.last)
	if s.build == "" {
		return client.AllTests(ctx, insights.TestsOptions{Period: period, Scope: s.scope, Owner: s.owners})
	}
	runs, err := report.BuildRuns(ctx, client, insights.BuildsTestsOptions{Period: period, Scope: s.scope, Owner: s.owners}, s.build)
	if err != nil {
		return report.Replay(nil, err)
	}
	return followedBy(runs, missing)
}

// awaited waits for the build if it is to, and has its runs if all came.
// missing says what had not come when the wait was over.
func (s *Settings) awaited(ctx context.Context, client *insights.Client) (runs []insights.Test, missing, err error) {
	if s.wait == 0 {
		return nil, nil, nil
	}
	result, err := report.WaitForBuild(ctx, client, s.build, report.WaitOptions{
		Period: insights.Last(s.last), Scope: s.scope, Owner: s.owners,
		Expect: s.expect, MinDecided: s.gate.MinDecided, CompleteAs: s.options.CompleteAs, Budget: s.wait,
	})
	if err != nil || result.Complete {
		return result.Tests, nil, err
	}
	return nil, errors.New(strings.TrimPrefix(result.String(), "not complete: ")), nil
}

// compare sets the runs against those of the time before, whatever their build.
func (s *Settings) compare(ctx context.Context, client *insights.Client, summary *report.Summary) (*report.Comparison, error) {
	if s.baseline == 0 || summary.FirstRun.IsZero() {
		return nil, nil
	}
	period := insights.Between(summary.FirstRun.Add(-s.baseline), summary.FirstRun)
	runs := client.AllTests(ctx, insights.TestsOptions{Period: period, Scope: s.scope, Owner: s.owners})
	before, err := report.Summarize(withoutBuild(runs, s.build), s.options)
	if err != nil {
		return nil, err
	}
	return report.Compare(before, summary, report.CompareOptions{})
}

// withoutBuild leaves out the runs of a build; of an empty one, none.
func withoutBuild(runs iter.Seq2[insights.Test, error], build string) iter.Seq2[insights.Test, error] {
	return func(yield func(insights.Test, error) bool) {
		for run, err := range runs {
			if err == nil && build != "" && run.Build == build {
				continue
			}
			if !yield(run, err) {
				return
			}
		}
	}
}

// followedBy is the sequence with an error at its end, unless that is nil.
func followedBy(runs iter.Seq2[insights.Test, error], last error) iter.Seq2[insights.Test, error] {
	if last == nil {
		return runs
	}
	return func(yield func(insights.Test, error) bool) {
		for run, err := range runs {
			if !yield(run, err) || err != nil {
				return
			}
		}
		yield(insights.Test{}, last)
	}
}
