package report_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// answer is what the service says to one poll.
type answer struct {
	runs []insights.Test
	err  error
	lag  time.Duration // how long it takes
}

// service gives its answers one after another, the last one again and again,
// and keeps the times of the polls. A list shows what the last poll counted.
type service struct {
	answers []answer
	polls   []time.Duration
	lists   int
	began   time.Time
	builds  func([]insights.Test) *insights.BuildsTests // nil: all
	later   map[time.Duration]answer                    // from that time on
}

func (s *service) BuildsTests(ctx context.Context, _ insights.BuildsTestsOptions, _ ...insights.CallOption) (*insights.BuildsTests, error) {
	if s.began.IsZero() {
		s.began = time.Now()
	}
	s.polls = append(s.polls, time.Since(s.began))
	a := s.current()
	if a.lag > 0 {
		select {
		case <-time.After(a.lag):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if a.err != nil {
		return nil, a.err
	}
	if s.builds != nil {
		return s.builds(a.runs), nil
	}
	return buildsOf(a.runs), nil
}

func (s *service) current() answer {
	for after, a := range s.later {
		if time.Since(s.began) >= after {
			return a
		}
	}
	return s.answers[max(0, min(len(s.polls), len(s.answers))-1)]
}

func buildsOf(runs []insights.Test) *insights.BuildsTests {
	counts := map[string]map[insights.Status]int{}
	for _, r := range runs {
		if counts[r.Build] == nil {
			counts[r.Build] = map[insights.Status]int{}
		}
		counts[r.Build][r.Status]++
	}
	answer := new(insights.BuildsTests)
	for name, statuses := range counts {
		build := insights.Build{Name: name}
		for status, n := range statuses {
			build.TestsCount += n
			build.Aggs.Status = append(build.Aggs.Status, insights.NamedCount{Name: string(status), Count: n})
		}
		answer.Builds.Items = append(answer.Builds.Items, build)
	}
	return answer
}

func (s *service) AllTests(_ context.Context, _ insights.TestsOptions, _ ...insights.CallOption) iter.Seq2[insights.Test, error] {
	s.lists++
	return report.Replay(s.current().runs, nil)
}

func waitFor(t *testing.T, s *service, opts report.WaitOptions) (report.WaitResult, error) {
	t.Helper()
	opts.Period = insights.Last(time.Hour)
	return report.WaitForBuild(t.Context(), s, "build 1", opts)
}

func TestWaitForBuild(t *testing.T) {
	t.Run("ends when the expected runs have ended and two more polls have seen the same", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &service{answers: []answer{
				{}, {runs: history("login", "P")}, {runs: history("login", "PR")}, {runs: history("login", "PPF")},
			}}
			result, err := waitFor(t, s, report.WaitOptions{Expect: 3})
			require.NoError(t, err)
			assert.True(t, result.Complete)
			assert.Equal(t, history("login", "PPF"), result.Tests)
			assert.Equal(t, 6, result.Polls)
			assert.Equal(t, 1, s.lists, "the runs are listed once, at the end")
			assert.Equal(t, []time.Duration{0, 2 * time.Second, 5 * time.Second, 9500 * time.Millisecond}, s.polls[:4], "pauses grow by half")
			assert.Regexp(t, `^complete: 3 runs there, at least 3 expected, 3 decided, 0 still running, after \d+\.\ds$`, result.String())
		})
	})
	t.Run("is not taken in by one run that comes before all others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &service{
				answers: []answer{{runs: history("login", "P")}},
				later:   map[time.Duration]answer{4 * time.Second: {runs: history("login", "P"+strings.Repeat("F", 99))}},
			}
			began := time.Now()
			result, err := waitFor(t, s, report.WaitOptions{})
			require.NoError(t, err)
			assert.True(t, result.Complete)
			assert.Equal(t, 100, result.Runs)
			assert.Greater(t, time.Since(began), 9*time.Second)
		})
	})
	t.Run("waits for decided runs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &service{answers: []answer{{runs: history("login", "PCC")}, {runs: history("login", "PCC")}, {runs: history("login", "PCC")}, {runs: history("login", "PCC")}, {runs: history("login", "PFC")}}}
			result, err := waitFor(t, s, report.WaitOptions{MinDecided: 2})
			require.NoError(t, err)
			assert.True(t, result.Complete)
			assert.Equal(t, 2, result.Decided)
			assert.Equal(t, 7, result.Polls)
		})
	})
	t.Run("lists in a poll only what the counts leave open", func(t *testing.T) {
		for name, builds := range map[string]func([]insights.Test) *insights.BuildsTests{
			"a build that is not shown": func([]insights.Test) *insights.BuildsTests {
				return &insights.BuildsTests{Builds: insights.BuildList{HasMore: true}}
			},
			"counts that do not add up": func([]insights.Test) *insights.BuildsTests {
				return &insights.BuildsTests{Builds: insights.BuildList{Items: []insights.Build{{Name: "build 1", TestsCount: 2}}}}
			},
		} {
			synctest.Test(t, func(t *testing.T) {
				s := &service{answers: []answer{{runs: history("login", "PF")}}, builds: builds}
				result, err := waitFor(t, s, report.WaitOptions{Expect: 2})
				require.NoError(t, err)
				assert.True(t, result.Complete, name)
				assert.Equal(t, 4, s.lists, name)
			})
		}
	})
	t.Run("lists if the service has no counts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &service{answers: []answer{{runs: history("login", "PF"), err: fmt.Errorf("%w", insights.ErrNotFound)}}}
			result, err := waitFor(t, s, report.WaitOptions{})
			require.NoError(t, err)
			assert.True(t, result.Complete)
			assert.Len(t, s.polls, 1)
		})
	})
	t.Run("takes no build for a build without runs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			result, err := waitFor(t, &service{answers: []answer{{}}}, report.WaitOptions{Budget: time.Minute})
			require.NoError(t, err)
			assert.False(t, result.Complete)
		})
	})
}

func TestWaitForBuildBudget(t *testing.T) {
	t.Run("ends the wait, and that is said", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &service{answers: []answer{{runs: history("login", "PR")}}}
			result, err := waitFor(t, s, report.WaitOptions{Expect: 4, Budget: time.Minute, MaxPause: 10 * time.Second})
			require.NoError(t, err)
			assert.False(t, result.Complete)
			assert.Equal(t, 2, result.Runs)
			assert.Equal(t, 1, result.Running)
			assert.LessOrEqual(t, result.Elapsed, time.Minute)
			assert.Greater(t, s.polls[len(s.polls)-1], 57*time.Second, "the last poll is near the end")
			assert.Contains(t, result.String(), "not complete: 2 runs there, at least 4 expected, 1 decided, 1 still running, after 5")
			for i := 1; i < len(s.polls); i++ {
				assert.LessOrEqual(t, s.polls[i]-s.polls[i-1], 10*time.Second)
			}
		})
	})
	t.Run("ends a slow poll too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &service{answers: []answer{{runs: history("login", "PR")}, {lag: time.Hour}}}
			result, err := waitFor(t, s, report.WaitOptions{Budget: 10 * time.Second})
			require.NoError(t, err)
			assert.False(t, result.Complete)
			assert.Equal(t, 2, result.Runs, "of the poll that got to its end")
			assert.Equal(t, 10*time.Second, result.Elapsed)
			assert.NoError(t, result.Err, "that the budget ended is no failure of the service")
		})
	})
	t.Run("is used as a whole at every latency", func(t *testing.T) {
		for lag := time.Duration(0); lag <= 1500*time.Millisecond; lag += 100 * time.Millisecond {
			synctest.Test(t, func(t *testing.T) {
				s := &service{}
				s.answers = []answer{{runs: history("login", "PR"), lag: lag}}
				result, err := waitFor(t, s, report.WaitOptions{Budget: 4 * time.Second, MinPause: 250 * time.Millisecond})
				require.NoError(t, err)
				assert.NoError(t, result.Err)
				assert.Equal(t, 2, result.Runs, lag)
				assert.Greater(t, result.Elapsed, 4*time.Second-2*lag-100*time.Millisecond, lag)
				assert.LessOrEqual(t, result.Elapsed, 4*time.Second)
			})
		}
	})
}

func TestWaitForBuildFailures(t *testing.T) {
	t.Run("that can pass do not end it", func(t *testing.T) {
		for _, kind := range []error{
			insights.ErrServer, insights.ErrTransport, insights.ErrTimeout, insights.ErrRateLimited, insights.ErrRedirect, insights.ErrBadResponse,
			&insights.APIError{StatusCode: 408},
		} {
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
	})
	t.Run("of any other kind are returned at once", func(t *testing.T) {
		for _, kind := range []error{insights.ErrUnauthorized, insights.ErrForbidden, insights.ErrInvalidRequest, insights.ErrInvalidOptions} {
			synctest.Test(t, func(t *testing.T) {
				s := &service{answers: []answer{{runs: history("login", "R")}, {err: fmt.Errorf("poll: %w", kind)}}}
				result, err := waitFor(t, s, report.WaitOptions{})
				require.ErrorIs(t, err, kind)
				assert.Equal(t, 2, result.Polls)
				assert.Equal(t, 1, result.Runs)
				assert.False(t, result.Complete)
			})
		}
	})
	t.Run("include the end of its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(7*time.Second, cancel)
			result, err := report.WaitForBuild(ctx, &service{answers: []answer{{}}}, "build 1", report.WaitOptions{Period: insights.Last(time.Hour)})
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, 7*time.Second, result.Elapsed)
		})
	})
}

func unended(r insights.Test) insights.Test {
	r.EndTime = time.Time{}
	return r
}

func TestWaitForBuildRunning(t *testing.T) {
	ended, never, started := run("a", "passed", 0), run("b", "error", 0), run("c", "passed", 0)
	never.StartTime, never.EndTime = time.Time{}, time.Time{}
	started.EndTime = time.Time{}
	for name, tt := range map[string]struct {
		run     insights.Test
		running bool
	}{
		"ended":                          {ended, false},
		"never started, but has errored": {never, false},
		"passed, but without an end":     {started, false},
		"an unknown status with an end":  {run("g", "terminated", 0), false},
		"an unknown status without one":  {unended(run("h", "stopping", 0)), true},
		"complete has ended":             {run("d", "complete", 0), false},
		"in progress":                    {unended(run("e", "in progress", 0)), true},
		"no status yet":                  {unended(run("f", "", 0)), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				result, err := waitFor(t, &service{answers: []answer{{runs: []insights.Test{tt.run}}}}, report.WaitOptions{Budget: 10 * time.Second})
				require.NoError(t, err)
				assert.Equal(t, !tt.running, result.Complete)
			})
		})
	}
	t.Run("counts the build alone", func(t *testing.T) {
		other := run("login", "in progress", 0)
		other.Build = "build 10"
		synctest.Test(t, func(t *testing.T) {
			result, err := waitFor(t, &service{answers: []answer{{runs: append(history("login", "P"), other)}}}, report.WaitOptions{})
			require.NoError(t, err)
			assert.True(t, result.Complete)
			assert.Equal(t, 1, result.Runs)
		})
	})
}

func TestWaitOptions(t *testing.T) {
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

// A poll that goes wrong as polls do. The build is there at last.
func TestWaitForBuildOverHTTP(t *testing.T) {
	const build = `{"meta":{"status":200},"builds":{"items":[{"name":"build 1","tests_count":2,"aggs":{"status":[{"name":"passed","count":2}]}}],"has_more":false}}`
	const runs = `{"meta":{"status":200},"items":[{"id":"a","build":"build 1","status":"passed","creation_time":"2026-11-20T08:00:00Z"},{"id":"b","build":"build 1","status":"passed","creation_time":"2026-11-20T08:00:01Z"}],"has_more":false}`
	failures := []func(w http.ResponseWriter){
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>Down for maintenance</html>")
		},
		func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://status.example.com/")
			w.WriteHeader(http.StatusFound)
		},
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusRequestTimeout) },
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, build[:40])
		},
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, build[:40])
		},
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
	}
	polls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/builds_tests") {
			polls++
			if polls <= len(failures) {
				failures[polls-1](w)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, build)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, runs)
	}))
	t.Cleanup(srv.Close)
	client, err := insights.NewClient("", insights.Credentials{Username: "someone", AccessKey: "no-such-quartz-jumble"},
		insights.WithBaseURL(srv.URL), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}), insights.WithoutRateLimit())
	require.NoError(t, err)
	result, err := report.WaitForBuild(t.Context(), client, "build 1", report.WaitOptions{
		Period: insights.Between(monday, monday.AddDate(0, 0, 7)), Budget: 20 * time.Second, MinPause: 5 * time.Millisecond, MaxPause: 10 * time.Millisecond,
	})
	require.NoError(t, err)
	assert.True(t, result.Complete, result)
	assert.Len(t, result.Tests, 2)
	assert.Equal(t, len(failures)+3, polls)
}

func TestWaitForBuildRequests(t *testing.T) {
	srv := insightstest.NewServer()
	t.Cleanup(srv.Close)
	at := time.Now().Add(-time.Minute)
	for i := range 2000 {
		srv.Add(insights.Test{Name: fmt.Sprint(i), Build: "build 1", Status: insights.StatusPassed, CreationTime: at.Add(time.Duration(i) * time.Millisecond), EndTime: at.Add(time.Minute)})
	}
	client, err := srv.Client().Clone(insights.WithoutRateLimit())
	require.NoError(t, err)
	before := len(srv.Requests())
	result, err := report.WaitForBuild(t.Context(), client, "build 1", report.WaitOptions{
		Period: insights.Last(time.Hour), Expect: 2000, MinPause: time.Millisecond,
	})
	require.NoError(t, err)
	require.Len(t, result.Tests, 2000)
	polls, lists := 0, 0
	for _, r := range srv.Requests()[before:] {
		if r.Path == insightstest.PathBuildsTests {
			polls++
		} else {
			lists++
		}
	}
	assert.Equal(t, 3, polls, "a request a poll")
	assert.LessOrEqual(t, lists, 30, "and one list of twenty pages of a hundred, with what AllTests overlaps")
}
