package report_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// answer is what the service says to one poll.
type answer struct {
	runs []insights.Test
	err  error
	lag  time.Duration // how long it takes
}

// service gives its answers one after another, the last one again and again,
// and keeps the times of the polls.
type service struct {
	answers []answer
	polls   []time.Duration
	began   time.Time
}

func (s *service) AllTests(ctx context.Context, opts insights.TestsOptions, _ ...insights.CallOption) iter.Seq2[insights.Test, error] {
	return func(yield func(insights.Test, error) bool) {
		if s.began.IsZero() {
			s.began = time.Now()
		}
		s.polls = append(s.polls, time.Since(s.began))
		a := s.answers[min(len(s.polls), len(s.answers))-1]
		if a.lag > 0 {
			select {
			case <-time.After(a.lag):
			case <-ctx.Done():
				yield(insights.Test{}, &insights.IterationError{Err: ctx.Err()})
				return
			}
		}
		report.Replay(a.runs, a.err)(yield)
	}
}

func waitFor(t *testing.T, s *service, opts report.WaitOptions) (report.WaitResult, error) {
	t.Helper()
	opts.Period = insights.Last(time.Hour)
	return report.WaitForBuild(t.Context(), s, "build 1", opts)
}

func TestWaitEndsWhenTheExpectedRunsHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answers: []answer{
			{}, {runs: history("login", "P")}, {runs: history("login", "PR")}, {runs: history("login", "PRF")}, {runs: history("login", "PPF")},
		}}
		result, err := waitFor(t, s, report.WaitOptions{Expect: 3})
		require.NoError(t, err)
		assert.Equal(t, report.WaitResult{Complete: true, Runs: 3, Expect: 3, Polls: 5, Elapsed: s.polls[4]}, result)
		assert.Equal(t, []time.Duration{0, 2 * time.Second, 5 * time.Second, 9500 * time.Millisecond, 16250 * time.Millisecond}, s.polls, "pauses grow by half")
		assert.Equal(t, "complete: 3 runs there, at least 3 expected, 0 still running, after 16.2s", result.String())
	})
}

func TestWaitEndsWithTheBudgetAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answers: []answer{{runs: history("login", "PR")}}}
		result, err := waitFor(t, s, report.WaitOptions{Expect: 4, Budget: time.Minute, MaxPause: 10 * time.Second})
		require.NoError(t, err)
		assert.False(t, result.Complete)
		assert.Equal(t, 2, result.Runs)
		assert.Equal(t, 1, result.Running)
		assert.LessOrEqual(t, result.Elapsed, time.Minute)
		assert.Greater(t, s.polls[len(s.polls)-1], 57*time.Second, "the last poll is near the end")
		assert.Contains(t, result.String(), "not complete: 2 runs there, at least 4 expected, 1 still running, after 5")
		for i := 1; i < len(s.polls); i++ {
			assert.LessOrEqual(t, s.polls[i]-s.polls[i-1], 10*time.Second)
		}
	})
}

func TestWaitEndsWithTheBudgetWithinASlowPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answers: []answer{{runs: history("login", "PR")}, {lag: time.Hour}}}
		result, err := waitFor(t, s, report.WaitOptions{Budget: 10 * time.Second})
		require.NoError(t, err)
		assert.False(t, result.Complete)
		assert.Equal(t, 2, result.Runs, "of the poll that got to its end")
		assert.Equal(t, 10*time.Second, result.Elapsed)
		assert.ErrorIs(t, result.Err, context.DeadlineExceeded)
		assert.Contains(t, result.String(), "; the last poll failed: ")
	})
}

func TestWaitGoesOnAfterFailuresThatCanPass(t *testing.T) {
	for _, kind := range []error{insights.ErrServer, insights.ErrTransport, insights.ErrRateLimited} {
		synctest.Test(t, func(t *testing.T) {
			failure := &insights.IterationError{Err: fmt.Errorf("poll: %w", kind)}
			s := &service{answers: []answer{{err: failure}, {runs: history("login", "PP"), err: failure}, {runs: history("login", "P")}}}
			result, err := waitFor(t, s, report.WaitOptions{})
			require.NoError(t, err)
			assert.True(t, result.Complete)
			assert.Equal(t, 1, result.Runs, "half a list is not counted")
			assert.NoError(t, result.Err)

			s = &service{answers: []answer{{err: failure}}}
			result, err = waitFor(t, s, report.WaitOptions{})
			require.NoError(t, err)
			assert.False(t, result.Complete)
			assert.ErrorIs(t, result.Err, kind)
		})
	}
}

func TestWaitReturnsAnyOtherFailureAtOnce(t *testing.T) {
	for _, kind := range []error{insights.ErrUnauthorized, insights.ErrForbidden, insights.ErrInvalidRequest, insights.ErrBadResponse, insights.ErrResultWindow} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{answers: []answer{{runs: history("login", "R")}, {err: fmt.Errorf("poll: %w", kind)}}}
			result, err := waitFor(t, s, report.WaitOptions{})
			require.ErrorIs(t, err, kind)
			assert.Equal(t, 2, result.Polls)
			assert.Equal(t, 1, result.Runs)
			assert.False(t, result.Complete)
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(7*time.Second, cancel)
		result, err := report.WaitForBuild(ctx, &service{answers: []answer{{}}}, "build 1", report.WaitOptions{Period: insights.Last(time.Hour)})
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 7*time.Second, result.Elapsed)
	})
}

func TestWaitKnowsARunningRun(t *testing.T) {
	ended, never, started := run("a", "passed", 0), run("b", "error", 0), run("c", "passed", 0)
	never.StartTime, never.EndTime = time.Time{}, time.Time{}
	started.EndTime = time.Time{}
	for name, tt := range map[string]struct {
		run     insights.Test
		running bool
	}{
		"ended":                          {ended, false},
		"never started, but has errored": {never, false},
		"passed, but has not ended":      {started, true},
		"complete has ended":             {run("d", "complete", 0), false},
		"in progress":                    {run("e", "in progress", 0), true},
		"no status yet":                  {run("f", "", 0), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				result, err := waitFor(t, &service{answers: []answer{{runs: []insights.Test{tt.run}}}}, report.WaitOptions{Budget: time.Second})
				require.NoError(t, err)
				assert.Equal(t, !tt.running, result.Complete)
			})
		})
	}
}

func TestWaitCountsTheBuildAlone(t *testing.T) {
	other := run("login", "in progress", 0)
	other.Build = "build 10"
	synctest.Test(t, func(t *testing.T) {
		result, err := waitFor(t, &service{answers: []answer{{runs: append(history("login", "P"), other)}}}, report.WaitOptions{})
		require.NoError(t, err)
		assert.True(t, result.Complete)
		assert.Equal(t, 1, result.Runs)
	})
}

func TestWaitRefusesOptionsOutOfRange(t *testing.T) {
	period := insights.Last(time.Hour)
	for name, opts := range map[string]report.WaitOptions{
		"no period": {}, "no owner": {Period: period, Scope: insights.ScopeSingle}, "expect": {Period: period, Expect: -1},
		"budget": {Period: period, Budget: -1}, "pause": {Period: period, MinPause: -1}, "longest pause": {Period: period, MaxPause: -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{}
			_, err := report.WaitForBuild(t.Context(), s, "build 1", opts)
			assert.ErrorIs(t, err, insights.ErrInvalidOptions)
			assert.Empty(t, s.polls)
		})
	}
	_, err := report.WaitForBuild(t.Context(), &service{}, "", report.WaitOptions{Period: period})
	assert.ErrorIs(t, err, insights.ErrInvalidOptions, "runs without a build are no build to wait for")
}
