package report_test

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// listerFunc is a service.
type listerFunc func(context.Context, insights.TestsOptions) iter.Seq2[insights.Test, error]

func (f listerFunc) AllTests(ctx context.Context, opts insights.TestsOptions, _ ...insights.CallOption) iter.Seq2[insights.Test, error] {
	return f(ctx, opts)
}

// lister answers with the same runs whatever it is asked, and keeps the question.
func lister(asked *insights.TestsOptions, err error, runs ...insights.Test) report.Lister {
	return listerFunc(func(_ context.Context, opts insights.TestsOptions) iter.Seq2[insights.Test, error] {
		*asked = opts
		return report.Replay(runs, err)
	})
}

func named(build, message string) insights.Test {
	return insights.Test{ID: build + message, Build: build, Error: message}
}

func TestBuildRuns(t *testing.T) {
	t.Run("are those of the build alone", func(t *testing.T) {
		period := insights.Last(24 * time.Hour)
		runs := []insights.Test{named("release-1", ""), named("release-10", ""), named("", ""), named("release-1", "x")}
		for build, want := range map[string][]insights.Test{
			"release-1": {runs[0], runs[3]}, "release": nil, "": {runs[2]},
		} {
			var asked insights.TestsOptions
			opts := insights.BuildsTestsOptions{Period: period, Scope: insights.ScopeSingle, Owner: []string{"ann"}, Status: "failed"}
			sequence, err := report.BuildRuns(t.Context(), lister(&asked, nil, runs...), opts, build)
			require.NoError(t, err)
			got, err := report.Collect(sequence)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.Equal(t, insights.TestsOptions{
				Period: period, Scope: opts.Scope, Owner: opts.Owner, Status: opts.Status, Build: build, MissingBuild: build == "",
			}, asked)
		}
	})
	t.Run("end with the loop", func(t *testing.T) {
		given := 0
		client := listerFunc(func(context.Context, insights.TestsOptions) iter.Seq2[insights.Test, error] {
			return func(yield func(insights.Test, error) bool) {
				for given < 10 {
					given++
					if !yield(named("b", ""), nil) {
						return
					}
				}
			}
		})
		sequence, err := report.BuildRuns(t.Context(), client, insights.BuildsTestsOptions{}, "b")
		require.NoError(t, err)
		for range sequence {
			break
		}
		assert.Equal(t, 1, given)
		assert.Len(t, slices.Collect(keys(sequence)), 9)
	})
}

func TestErrorRuns(t *testing.T) {
	t.Run("are those of the message alone", func(t *testing.T) {
		var asked insights.TestsOptions
		runs := []insights.Test{named("a", "timed out"), named("b", "timed out after 3 s"), named("c", "timed out")}
		opts := insights.ErrorTrendsOptions{Period: insights.Last(time.Hour), Status: "errored"}
		sequence, err := report.ErrorRuns(t.Context(), lister(&asked, errCutOff, runs...), opts, "timed out")
		require.NoError(t, err)
		got, err := report.Collect(sequence)
		assert.Equal(t, errCutOff, err, "the sequence's error is passed on")
		assert.Equal(t, []insights.Test{runs[0], runs[2]}, got)
		assert.Equal(t, insights.TestsOptions{Period: opts.Period, Status: "errored", Error: "timed out"}, asked)

		_, err = report.ErrorRuns(t.Context(), lister(&asked, nil), opts, "")
		assert.ErrorIs(t, err, insights.ErrInvalidOptions)
	})
}

func TestErrPlatformFilter(t *testing.T) {
	t.Run("is better than runs of other platforms", func(t *testing.T) {
		var asked insights.TestsOptions
		client := lister(&asked, nil)
		for _, platform := range [][2][]string{{{"Linux"}, nil}, {nil, {"Chrome"}}} {
			_, err := report.BuildRuns(t.Context(), client, insights.BuildsTestsOptions{OS: platform[0], Browser: platform[1]}, "b")
			require.ErrorIs(t, err, report.ErrPlatformFilter)
			_, err = report.ErrorRuns(t.Context(), client, insights.ErrorTrendsOptions{OS: platform[0], Browser: platform[1]}, "e")
			require.ErrorIs(t, err, report.ErrPlatformFilter)
		}
		assert.Zero(t, asked)
	})
}

func keys(sequence iter.Seq2[insights.Test, error]) iter.Seq[insights.Test] {
	return func(yield func(insights.Test) bool) {
		for r := range sequence {
			if !yield(r) {
				return
			}
		}
	}
}
