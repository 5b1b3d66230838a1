package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// rowsOf reads a query whose first column tells the rows from each other.
func rowsOf(t *testing.T, s *Store, query string) map[string][]any {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { assert.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	found := make(map[string][]any)
	for rows.Next() {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		require.NoError(t, rows.Scan(places...))
		found[fmt.Sprint(values[0])] = values[1:]
	}
	require.NoError(t, rows.Err())
	return found
}

func number(t *testing.T, value any) float64 {
	t.Helper()
	var n sql.NullFloat64
	require.NoError(t, n.Scan(value))
	return n.Float64
}

func assertCounts(t *testing.T, want report.Counts, row []any, name string) {
	t.Helper()
	got := make([]int, 6)
	for i := range got {
		got[i] = int(number(t, row[i]))
	}
	assert.Equal(t, []int{want.Runs, want.Passed, want.Failed, want.Errored, want.Complete, want.Other}, got, name)
	if rate, ok := want.PassRate(); ok {
		assert.InDelta(t, rate, number(t, row[6]), 1e-9, name)
	} else {
		assert.Nil(t, row[6], "no decided run, no rate: %s", name)
	}
}

// oddRuns have each combination of what no good service says of a run, several times.
func oddRuns() (runs []insights.Test) {
	prefix := strings.Repeat("日本 ", 300) // of 2,100 bytes, more than a cause has
	for _, duration := range []insights.Seconds{0, -5, 90_000, 86_400, 12.5} {
		for _, ended := range []time.Duration{-time.Hour, 0, time.Minute, 25 * time.Hour} {
			for i, status := range []insights.Status{"error", "Passed", "", "complete", "failed"} {
				created := monthStart.Add(time.Duration(len(runs)) * time.Hour)
				runs = append(runs, insights.Test{
					ID: fmt.Sprintf("odd %d", len(runs)), Name: fmt.Sprint("odd test ", i), Build: fmt.Sprint("odd build ", i), Status: status, Duration: duration,
					CreationTime: created, StartTime: created, EndTime: created.Add(ended), Error: fmt.Sprint(prefix, "differs ", status),
				})
			}
		}
	}
	return runs
}

func TestViews(t *testing.T) {
	runs := insightstest.Generate(5, 6000, monthStart, monthEnd)
	runs = append(runs, insights.Test{ID: "odd", Name: "undecided", Build: "undecided", Status: "in progress", CreationTime: monthEnd.Add(-time.Minute)})
	runs = append(runs, oddRuns()...)
	summary, err := report.Summarize(report.Replay(runs, nil), report.Options{})
	require.NoError(t, err)
	onEveryEngine(t, func(t *testing.T, name string) {
		s := open(t, name)
		_, err := s.Write(t.Context(), runs, State{})
		require.NoError(t, err)
		found, err := s.Find(t.Context(), monthEnd)
		require.NoError(t, err)
		require.NoError(t, s.WriteFindings(t.Context(), found))

		t.Run("runs", func(t *testing.T) {
			rows := rowsOf(t, s, "SELECT id, name, build, owner, status, error, duration, os, os_normalized, browser, browser_normalized, details_url, creation_time FROM runs")
			require.Len(t, rows, len(runs))
			for _, run := range runs {
				row := rows[run.ID]
				assert.Equal(t, []any{run.Name, run.Build, run.Owner, string(run.Status), run.Error, float64(run.Duration), run.OS, run.OSNormalized, run.Browser, run.BrowserNormalized, run.DetailsURL}, row[:11])
				created := row[11]
				if text, ok := created.(string); ok {
					created, err = time.Parse(time.RFC3339Nano, text)
					require.NoError(t, err)
				}
				assert.WithinDuration(t, run.CreationTime, created.(time.Time), time.Millisecond)
			}
		})
		t.Run("pass_rate_by_day", func(t *testing.T) {
			rows := rowsOf(t, s, "SELECT CAST(day AS TEXT), runs, passed, failed, errored, complete, other, pass_rate FROM pass_rate_by_day")
			byDay := map[string][]insights.Test{}
			for _, run := range runs {
				day := run.CreationTime.Format(time.DateOnly)
				byDay[day] = append(byDay[day], run)
			}
			require.Len(t, rows, len(byDay))
			for day, of := range byDay {
				want, err := report.Summarize(report.Replay(of, nil), report.Options{})
				require.NoError(t, err)
				assertCounts(t, want.Counts, rows[day], day)
			}
		})
		t.Run("builds", func(t *testing.T) {
			rows := rowsOf(t, s, "SELECT build, runs, passed, failed, errored, complete, other, pass_rate FROM builds")
			for _, g := range summary.Builds {
				if g.Name != "" {
					assertCounts(t, g.Counts, rows[g.Name], g.Name)
					delete(rows, g.Name)
				}
			}
			assert.Empty(t, rows)
		})
		t.Run("error_groups", func(t *testing.T) {
			rows := rowsOf(t, s, "SELECT cause, runs, tests FROM error_groups")
			require.Len(t, rows, len(summary.Errors))
			for _, g := range summary.Errors {
				assert.Equal(t, g.Count, int(number(t, rows[g.Message][0])), g.Message)
				assert.Equal(t, len(g.Tests), int(number(t, rows[g.Message][1])), g.Message)
			}
		})
		t.Run("slowest_tests", func(t *testing.T) {
			rows := rowsOf(t, s, "SELECT name, timed_runs, mean_seconds, longest_seconds FROM slowest_tests")
			tests := summary.SlowestTests(1 << 20)
			require.Len(t, rows, len(tests))
			for _, test := range tests {
				assert.Equal(t, test.RunTimes.Count, int(number(t, rows[test.Name][0])), test.Name)
				assert.InEpsilon(t, float64(test.RunTimes.Mean), number(t, rows[test.Name][1]), 1e-9, test.Name)
				assert.InDelta(t, float64(test.RunTimes.Max), number(t, rows[test.Name][2]), 1e-9, test.Name)
			}
		})
		t.Run("flaky_tests", func(t *testing.T) {
			rows := rowsOf(t, s, "SELECT name, runs, judged, flips FROM flaky_tests")
			flaky := summary.FlakyTests()
			require.NotEmpty(t, flaky)
			require.Len(t, rows, len(flaky))
			for _, test := range flaky {
				assert.Equal(t, []int{test.Counts.Runs, test.Judged, test.Flips}, []int{int(number(t, rows[test.Name][0])), int(number(t, rows[test.Name][1])), int(number(t, rows[test.Name][2]))}, test.Name)
			}
		})
		t.Run("new_failures", func(t *testing.T) {
			rows := rowsOf(t, s, "SELECT name, passes_before, runs FROM new_failures")
			assert.Len(t, rows, len(found.NewFailures))
			for _, f := range found.NewFailures {
				assert.Equal(t, f.Passes, int(number(t, rows[f.Test.Name][0])))
			}
		})
		t.Run("reconciliation", func(t *testing.T) {
			differs := &report.Reconciliation{Interval: time.Hour, Differences: []report.Difference{{Start: monthStart, Delivered: 3, Counted: 5}, {Start: monthStart.Add(time.Hour), Delivered: 2, Counted: 1}}}
			require.NoError(t, s.WriteReconciliation(t.Context(), monthStart, monthEnd, differs))
			rows := rowsOf(t, s, "SELECT missing, interval_seconds, stored, counted FROM reconciliation")
			assert.Len(t, rows, 2)
			assert.Equal(t, []int{3600, 3, 5}, []int{int(number(t, rows["2"][0])), int(number(t, rows["2"][1])), int(number(t, rows["2"][2]))})
			require.NoError(t, s.WriteReconciliation(t.Context(), monthStart, monthEnd, &report.Reconciliation{Interval: time.Hour}))
			assert.Empty(t, rowsOf(t, s, "SELECT missing FROM reconciliation"), "what agrees now differs no longer")
		})
	})
}

// TestViewsInAnotherLanguage recomputes figures in Python, from the view runs alone.
func TestViewsInAnotherLanguage(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("no python3 here")
	}
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "insights.db")
	s := open(t, name)
	_, err = s.Write(t.Context(), insightstest.Generate(6, 3000, monthStart, monthEnd), State{})
	require.NoError(t, err)
	const program = `
import collections, json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
days, builds, times = collections.Counter(), collections.defaultdict(collections.Counter), collections.defaultdict(list)
for created, build, name, status, duration in db.execute("SELECT creation_time, build, name, status, duration FROM runs"):
    days[created[:10]] += 1
    if build: builds[build][status] += 1
    if duration: times[name].append(duration)
differ = []
for day, runs in db.execute("SELECT day, runs FROM pass_rate_by_day"):
    if days.pop(day) != runs: differ.append(day)
for build, passed, failed in db.execute("SELECT build, passed, failed FROM builds"):
    counts = builds.pop(build)
    if (counts["passed"], counts["failed"]) != (passed, failed): differ.append(build)
for name, n, mean in db.execute("SELECT name, timed_runs, mean_seconds FROM slowest_tests"):
    seconds = times.pop(name, [])
    if seconds and n == len(seconds) and abs(mean - sum(seconds) / n) > 1e-6: differ.append(name)
print(json.dumps({"differ": differ, "left": len(days) + len(builds)}))
`
	out, err := exec.Command(python, "-c", program, name).CombinedOutput()
	require.NoError(t, err, "%s", out)
	var got struct {
		Differ []string
		Left   int
	}
	require.NoError(t, json.Unmarshal(out, &got), "%s", out)
	assert.Empty(t, got.Differ)
	assert.Zero(t, got.Left)
}
