package report_test

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// The functions below compute the figures of a summary again, each from all
// the runs and by the plainest way.

func matching(runs []insights.Test, keep func(insights.Test) bool) []insights.Test {
	return slices.DeleteFunc(slices.Clone(runs), func(r insights.Test) bool { return !keep(r) })
}

func byStatus(runs []insights.Test, statuses ...insights.Status) int {
	return len(matching(runs, func(r insights.Test) bool { return slices.Contains(statuses, r.Status) }))
}

func countsOf(runs []insights.Test, completeAs report.CompleteAs) report.Counts {
	known := byStatus(runs, "passed", "failed", "errored", "error", "complete")
	return report.Counts{
		Runs: len(runs), Passed: byStatus(runs, "passed"), Failed: byStatus(runs, "failed"), Errored: byStatus(runs, "errored", "error"),
		Complete: byStatus(runs, "complete"), Other: len(runs) - known, CompleteAs: completeAs,
	}
}

func secondsOf(runs []insights.Test) []float64 {
	var list []float64
	for _, r := range runs {
		switch {
		case r.Duration > 0:
			list = append(list, float64(r.Duration))
		case !r.StartTime.IsZero() && !r.EndTime.IsZero():
			list = append(list, r.EndTime.Sub(r.StartTime).Seconds())
		}
	}
	slices.Sort(list)
	return list
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(len(list))
}

func stdDev(list []float64) float64 {
	m, sum := mean(list), 0.0
	for _, x := range list {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(len(list)-1))
}

func logsOf(seconds []float64) []float64 {
	var logs []float64
	for _, s := range seconds {
		logs = append(logs, math.Log(max(0.5, s)))
	}
	return logs
}

func nearestRank(sorted []float64, q float64) float64 {
	return sorted[int(math.Ceil(q*float64(len(sorted))))-1]
}

func checkSpread(t *testing.T, runs []insights.Test, got report.Spread) {
	t.Helper()
	want := secondsOf(runs)
	require.Equal(t, len(want), got.Count)
	if len(want) == 0 {
		return
	}
	assert.InEpsilon(t, mean(want), float64(got.Mean), 1e-9)
	assert.InEpsilon(t, mean(want)*float64(len(want)), float64(got.Total), 1e-9)
	assert.InDelta(t, want[0], float64(got.Min), 0)
	assert.InDelta(t, want[len(want)-1], float64(got.Max), 0)
	if len(want) > 1 {
		assert.InEpsilon(t, stdDev(want), float64(got.StdDev), 1e-6)
		assert.InEpsilon(t, stdDev(logsOf(want)), got.LogStdDev, 1e-6)
	}
	assert.InEpsilon(t, mean(logsOf(want)), got.LogMean, 1e-9)
}

// flipsOf writes the outcomes as a text, but for errors, and counts where it
// changes.
func flipsOf(runs []insights.Test, completeAs report.CompleteAs) int {
	letters := map[insights.Status]string{"passed": "P", "failed": "F"}
	switch completeAs {
	case report.CompletePassed:
		letters["complete"] = "P"
	case report.CompleteFailed:
		letters["complete"] = "F"
	}
	var text string
	for _, r := range runs {
		text += letters[r.Status]
	}
	return strings.Count(strings.ReplaceAll(text, "P", "PP"), "PF") + strings.Count(text, "FP")
}

func TestSummarize(t *testing.T) {
	t.Run("gives every figure as it is in the runs", func(t *testing.T) {
		for seed := range uint64(2) {
			runs := randomRuns(seed, 150)
			newestFirst := slices.Clone(runs)
			slices.Reverse(newestFirst)
			for _, completeAs := range []report.CompleteAs{report.CompleteIgnored, report.CompletePassed, report.CompleteFailed} {
				for name, sequence := range map[string][]insights.Test{"oldest first": runs, "newest first": newestFirst} {
					t.Run(fmt.Sprintf("%d/%s/%s", seed, completeAs, name), func(t *testing.T) {
						s := summarize(t, report.Options{CompleteAs: completeAs}, sequence...)
						checkTotals(t, runs, s)
						checkGroups(t, runs, s)
						checkTests(t, runs, s)
						checkErrors(t, runs, s)
					})
				}
			}
		}
	})
	t.Run("does not mind the order", func(t *testing.T) {
		runs := randomRuns(1, 200)
		want := summarize(t, report.Options{}, runs...)
		for seed := range uint64(5) {
			shuffled := slices.Clone(runs)
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			got := summarize(t, report.Options{}, shuffled...)
			for i, test := range want.Tests {
				assert.Equal(t, test.Verdict, got.Tests[i].Verdict)
				assert.Equal(t, test.Counts, got.Tests[i].Counts)
			}
			assert.Equal(t, want.FirstRun, got.FirstRun)
		}
		same := history("login", "PPP")
		same[1].CreationTime, same[2].CreationTime = monday, monday
		same[1].Status, same[1].Error, same[2].Status, same[2].Error = "failed", "first", "failed", "second"
		assert.Equal(t, "second", summarize(t, report.Options{}, same...).Tests[0].LastError, "of the same time the last to come is the latest")
	})
	t.Run("gives a partial summary of a failed sequence, and its error", func(t *testing.T) {
		cause := &insights.IterationError{Delivered: 3, Err: insights.ErrResultWindow}
		s, err := report.Summarize(report.Replay(history("login", "PPF"), cause), report.Options{})
		require.ErrorIs(t, err, insights.ErrResultWindow)
		var iteration *insights.IterationError
		require.ErrorAs(t, err, &iteration)
		assert.Equal(t, 3, iteration.Delivered)
		assert.True(t, s.Partial)
		assert.Equal(t, cause.Error(), s.PartialReason)
		assert.Equal(t, 3, s.Counts.Runs)
	})
	t.Run("takes no more memory for more runs", func(t *testing.T) {
		allocated := func(n int) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s, err := report.Summarize(manyRuns(n), report.Options{})
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			require.Equal(t, n, s.Counts.Runs)
			return after.TotalAlloc - before.TotalAlloc
		}
		assert.Less(t, allocated(100_000), allocated(50_000)+1<<18, "five bytes a run would be as much")
	})
}

func checkTotals(t *testing.T, runs []insights.Test, s *report.Summary) {
	t.Helper()
	assert.Equal(t, countsOf(runs, s.Options.CompleteAs), s.Counts)
	assert.False(t, s.Partial)
	assert.Zero(t, s.OddTimes)
	assert.Equal(t, runs[0].CreationTime, s.FirstRun)
	assert.Equal(t, runs[len(runs)-1].CreationTime, s.LastRun)
	notStarted := matching(runs, func(r insights.Test) bool { return r.StartTime.IsZero() && r.Duration == 0 })
	assert.Equal(t, len(notStarted), *s.NotStarted)
	for status, n := range s.Statuses {
		assert.Equal(t, byStatus(runs, status), n, status)
	}
	checkSpread(t, runs, s.RunTimes.Spread)
	times := secondsOf(runs)
	assert.InDelta(t, nearestRank(times, 0.50), float64(s.RunTimes.P50), 0)
	assert.InDelta(t, nearestRank(times, 0.90), float64(s.RunTimes.P90), 0)
	assert.InDelta(t, nearestRank(times, 0.99), float64(s.RunTimes.P99), 0)
}

func checkGroups(t *testing.T, runs []insights.Test, s *report.Summary) {
	t.Helper()
	for _, kind := range []struct {
		groups []report.Group
		nameOf func(insights.Test) string
	}{
		{s.Builds, func(r insights.Test) string { return r.Build }},
		{s.Owners, func(r insights.Test) string { return r.Owner }},
		{s.OSes, func(r insights.Test) string { return cmp.Or(r.OSNormalized, r.OS) }},
		{s.Browsers, func(r insights.Test) string { return r.Browser }},
	} {
		total := 0
		for i, g := range kind.groups {
			of := matching(runs, func(r insights.Test) bool { return kind.nameOf(r) == g.Name })
			assert.Equal(t, countsOf(of, s.Options.CompleteAs), g.Counts)
			assert.Equal(t, of[0].CreationTime, g.FirstRun)
			assert.Equal(t, of[len(of)-1].CreationTime, g.LastRun)
			assert.True(t, i == 0 || kind.groups[i-1].Counts.Runs >= g.Counts.Runs, "most runs first")
			total += g.Counts.Runs
		}
		assert.Equal(t, len(runs), total, "no run is in two groups or in none")
	}
}

func checkTests(t *testing.T, runs []insights.Test, s *report.Summary) {
	t.Helper()
	total := 0
	for _, test := range s.Tests {
		of := matching(runs, func(r insights.Test) bool { return r.Name == test.Name })
		assert.Equal(t, countsOf(of, s.Options.CompleteAs), test.Counts)
		assert.Equal(t, flipsOf(of, s.Options.CompleteAs), test.Flips)
		checkSpread(t, of, test.RunTimes)
		failures := matching(of, func(r insights.Test) bool {
			return r.Status == "failed" || r.Status.IsError() || r.Status == "complete" && s.Options.CompleteAs == report.CompleteFailed
		})
		assert.Equal(t, lastOf(failures).CreationTime, test.LastFailure)
		assert.Equal(t, lastOf(matching(failures, func(r insights.Test) bool { return r.Error != "" })).Error, test.LastError)
		total += test.Counts.Runs
	}
	assert.Equal(t, len(runs), total)
	assert.True(t, slices.IsSortedFunc(s.Tests, func(a, b report.TestStats) int { return cmp.Compare(a.Name, b.Name) }))
}

func lastOf(runs []insights.Test) insights.Test {
	if len(runs) == 0 {
		return insights.Test{}
	}
	return runs[len(runs)-1]
}

func checkErrors(t *testing.T, runs []insights.Test, s *report.Summary) {
	t.Helper()
	groups := map[string][]insights.Test{}
	for _, r := range runs {
		if r.Error != "" {
			key := report.NormalizeError(r.Error)
			groups[key] = append(groups[key], r)
		}
	}
	require.Len(t, s.Errors, len(groups))
	for _, e := range s.Errors {
		of := groups[e.Message]
		require.Len(t, of, e.Count)
		names := map[string]bool{}
		for _, r := range of {
			names[r.Name] = true
		}
		assert.Equal(t, slices.Sorted(maps.Keys(names)), e.Tests)
		assert.Equal(t, of[0].CreationTime, e.FirstSeen)
		assert.Equal(t, of[len(of)-1].CreationTime, e.LastSeen)
		assert.Equal(t, of[len(of)-1].Error, e.Sample)
		assert.Equal(t, of[len(of)-1].ID, e.SampleRun)
	}
}

func TestCountsPassRate(t *testing.T) {
	t.Run("leaves undecided runs out", func(t *testing.T) {
		tests := map[string]struct {
			outcomes   string
			completeAs report.CompleteAs
			rate       float64
			ok         bool
		}{
			"no run":               {"", "", 0, false},
			"none decided":         {"CCR", "", 0, false},
			"all failed is 0%":     {"FE", "", 0, true},
			"all passed is 100%":   {"PPCR", "", 1, true},
			"an error is no pass":  {"PPPE", "", 0.75, true},
			"complete, ignored":    {"PFCC", report.CompleteIgnored, 0.5, true},
			"complete, as passed":  {"PFCC", report.CompletePassed, 0.75, true},
			"complete, as failed":  {"PFCC", report.CompleteFailed, 0.25, true},
			"running never counts": {"PRRR", report.CompleteFailed, 1, true},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				rate, ok := summarize(t, report.Options{CompleteAs: tt.completeAs}, history("login", tt.outcomes)...).Counts.PassRate()
				assert.Equal(t, tt.ok, ok)
				assert.InDelta(t, tt.rate, rate, 0)
			})
		}
	})
}

func TestVerdict(t *testing.T) {
	tests := map[string]struct {
		outcomes string
		opts     report.Options
		want     report.Verdict
	}{
		"never decided":                 {"CRC", report.Options{}, report.Undecided},
		"always passed":                 {"PPPPPPPPPP", report.Options{}, report.Steady},
		"always failed is not flaky":    {"FFFFFFFFFFE", report.Options{}, report.Broken},
		"failed in its only run":        {"F", report.Options{}, report.Broken},
		"too few to be broken":          {"FF", report.Options{MinBroken: 3}, report.Steady},
		"there and back":                {"PPFPFPPFPFPP", report.Options{}, report.Flaky},
		"one failure may be chance":     {"PPPPFPPPPP", report.Options{}, report.Steady},
		"too few runs":                  {"PFPFPFPFP", report.Options{MinRuns: 10}, report.Steady},
		"undecided runs do not count":   {"PFPFPFPFPCR", report.Options{MinRuns: 10}, report.Steady},
		"enough by an option":           {"PFPFPFPFP", report.Options{MinRuns: 9}, report.Flaky},
		"at the lowest rate":            {"PFPFPFPFP", report.Options{MinRate: 1}, report.Flaky},
		"errors are the infrastructure": {"PEPEPEPEPE", report.Options{}, report.Steady},
		"broken for a while, and fixed": {"PPPPPPPPPPFFFFFFFFFFFFFFPPPPPPPPPP", report.Options{}, report.Steady},
		"broken twice":                  {"PPPPPPPPPPFFFFFFFPPPPPPPPPFFFFFFFFPPPPPPPPPP", report.Options{}, report.Steady},
		"too rare":                      {strings.Repeat("PPPF", 20), report.Options{MinRate: 0.6}, report.Steady},
		"rare, and more than chance":    {strings.Repeat("PPPF", 20), report.Options{}, report.Flaky},
		"one flip: it broke":            {"PPPPPPFFFF", report.Options{}, report.Steady},
		"one flip: it was fixed":        {"FFFFPPPPPP", report.Options{}, report.Steady},
		"complete as failed alternates": {"PCPCPCPCPC", report.Options{CompleteAs: report.CompleteFailed}, report.Flaky},
		"complete as passed does not":   {"PCPCPCPCPC", report.Options{CompleteAs: report.CompletePassed}, report.Steady},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := summarize(t, tt.opts, history("login", tt.outcomes)...)
			require.Len(t, s.Tests, 1)
			assert.Equal(t, tt.want, s.Tests[0].Verdict)
			assert.Equal(t, tt.want == report.Flaky, len(s.FlakyTests()) == 1)
			assert.Equal(t, tt.want == report.Broken, len(s.BrokenTests()) == 1)
		})
	}
}

func TestTestStatsFlipRate(t *testing.T) {
	t.Run("is of neighbours", func(t *testing.T) {
		rate, ok := summarize(t, report.Options{}, history("login", "PFPCP")...).Tests[0].FlipRate()
		assert.True(t, ok)
		assert.InDelta(t, 2.0/3, rate, 1e-15)
		_, ok = summarize(t, report.Options{}, history("login", "PC")...).Tests[0].FlipRate()
		assert.False(t, ok, "one decided run has no neighbour")
	})
}

func TestSummaryLists(t *testing.T) {
	t.Run("are ranked", func(t *testing.T) {
		runs := slices.Concat(
			history("wild", "PFPFPFPFPFPFPF"), history("mild", "PPFPFPPFPPFPPFPPFPFPP"), history("broken", "FF"), history("more broken", "FFF"),
			history("failed once", "PF"), history("failed twice", "PFF"), history("fine", strings.Repeat("P", 100)))
		s := summarize(t, report.Options{}, runs...)
		assert.Equal(t, []string{"wild", "mild"}, names(s.FlakyTests()))
		assert.Equal(t, []string{"more broken", "broken"}, names(s.BrokenTests()))
		assert.Equal(t, []string{"failed twice", "failed once"}, names(s.FailingTests()))
		assert.Len(t, s.SlowestTests(3), 3)
		assert.Len(t, s.SlowestTests(1000), 7)
		assert.Empty(t, s.SlowestTests(-1))
	})
}

func names(tests []report.TestStats) []string {
	var list []string
	for _, t := range tests {
		list = append(list, t.Name)
	}
	return list
}

func TestSummarySlowestTests(t *testing.T) {
	t.Run("are those of the longest mean of known run times", func(t *testing.T) {
		slow, fast, never := run("slow", "passed", 0), run("fast", "passed", 0), run("never", "error", 0)
		slow.Duration = 100
		never.StartTime, never.EndTime, never.Duration = time.Time{}, time.Time{}, 0
		s := summarize(t, report.Options{}, fast, never, slow)
		assert.Equal(t, []string{"slow", "fast"}, names(s.SlowestTests(10)))
		assert.Equal(t, 1, *s.NotStarted)
	})
}

func TestOptionsPerPlatform(t *testing.T) {
	t.Run("tells a broken browser from a flaky test", func(t *testing.T) {
		runs := history("login", "PFPFPFPFPF")
		for i := range runs {
			if i%2 == 1 {
				runs[i].Browser = "Safari"
			}
		}
		together := summarize(t, report.Options{}, runs...)
		assert.Equal(t, report.Broken, together.Tests[0].Verdict, "Safari always failed")
		assert.Equal(t, []report.Platform{{OS: "Linux", Browser: "Safari"}}, together.Tests[0].BrokenOn)
		s := summarize(t, report.Options{PerPlatform: true}, runs...)
		require.Len(t, s.Tests, 2)
		assert.Equal(t, report.TestName{Name: "login", OS: "Linux", Browser: "Safari"},
			report.TestName{Name: s.BrokenTests()[0].Name, OS: s.BrokenTests()[0].OS, Browser: s.BrokenTests()[0].Browser})
		assert.Empty(t, s.FlakyTests())
	})
}

func TestOptionsExclude(t *testing.T) {
	t.Run("and Since hold outages and fixes against no test", func(t *testing.T) {
		runs := slices.Concat(history("login", "PPPFFFPPPP"), history("search", "FFFFFFFPPP"))
		runs = inOrder(runs)
		outage := report.ExcludedInterval{Start: monday.Add(3 * time.Minute), End: monday.Add(6 * time.Minute)}
		s := summarize(t, report.Options{
			Exclude: []report.ExcludedInterval{outage},
			Since:   map[string]time.Time{"search": monday.Add(7 * time.Minute)},
		}, runs...)
		assert.Equal(t, []string{"login", "search"}, names(s.Tests))
		for i, want := range []int{7, 3} {
			assert.Equal(t, want, s.Tests[i].Counts.Passed)
			assert.Zero(t, s.Tests[i].Counts.Failures())
			assert.Zero(t, s.Tests[i].Flips)
		}
		assert.Equal(t, 10, s.Excluded)
		assert.Equal(t, 20, s.Counts.Runs, "the totals leave nothing out")
		assert.Equal(t, 10, s.Counts.Failures())
	})
}

func TestExcludedIntervalContains(t *testing.T) {
	t.Run("its start and not its end", func(t *testing.T) {
		w := report.ExcludedInterval{Start: monday, End: monday.Add(time.Hour)}
		assert.True(t, w.Contains(monday))
		assert.False(t, w.Contains(w.End))
		assert.False(t, w.Contains(monday.Add(-1)))
		assert.True(t, report.ExcludedInterval{End: monday}.Contains(time.Unix(0, 0)))
		assert.True(t, report.ExcludedInterval{Start: monday}.Contains(monday.AddDate(100, 0, 0)))
	})
}

func TestSummaryOddTimes(t *testing.T) {
	t.Run("spoil nothing", func(t *testing.T) {
		clean := history("login", strings.Repeat("PPFPPPFFPP", 100))
		want := summarize(t, report.Options{}, clean...)
		require.Equal(t, report.Flaky, want.Tests[0].Verdict)
		require.Zero(t, want.OddTimes)
		for name, spoil := range map[string]func(*insights.Test){
			"a garbage duration":         func(r *insights.Test) { r.Duration = 1e200 },
			"a negative duration":        func(r *insights.Test) { r.Duration = -5 },
			"a duration of no number":    func(r *insights.Test) { r.Duration = insights.Seconds(math.NaN()) },
			"an endless duration":        func(r *insights.Test) { r.Duration = insights.Seconds(math.Inf(1)) },
			"a clock that shows 1970":    func(r *insights.Test) { r.CreationTime = time.Unix(0, 0) },
			"a clock that shows 9999":    func(r *insights.Test) { r.CreationTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) },
			"a clock that is years late": func(r *insights.Test) { r.CreationTime = r.CreationTime.AddDate(-3, 0, 0) },
			"a clock that is years fast": func(r *insights.Test) { r.CreationTime = r.CreationTime.AddDate(3, 0, 0) },
			"no time at all": func(r *insights.Test) {
				r.CreationTime, r.StartTime, r.EndTime = time.Time{}, time.Time{}, time.Time{}
			},
		} {
			t.Run(name, func(t *testing.T) {
				runs := slices.Clone(clean)
				spoil(&runs[500])
				got := summarize(t, report.Options{}, runs...)
				assert.Equal(t, 1, got.OddTimes)
				assert.Equal(t, want.Tests[0].Verdict, got.Tests[0].Verdict)
				assert.InDelta(t, want.Tests[0].Flips, got.Tests[0].Flips, 2)
				assert.Equal(t, want.FirstRun, got.FirstRun)
				assert.Equal(t, want.LastRun, got.LastRun)
				assert.Equal(t, want.RunTimes.P99, got.RunTimes.P99)
				assert.InDelta(t, float64(want.RunTimes.Total), float64(got.RunTimes.Total), 31)
				assert.NoError(t, report.Gate{MaxFlaky: new(1)}.Check(got))
				var out bytes.Buffer
				require.NoError(t, report.WriteText(&out, got, report.WriteOptions{}))
				assert.Contains(t, out.String(), "WARNING: 1 run with a time that is missing or can't be")
			})
		}
	})
}

func TestOptionsValidate(t *testing.T) {
	t.Run("refuses what is out of range at once", func(t *testing.T) {
		opts := report.Options{
			CompleteAs: "maybe", MinRuns: -1, MinBroken: -1, MaxErrorGroups: -1, MinRate: math.NaN(),
			Exclude: []report.ExcludedInterval{{Start: monday, End: monday}},
		}
		s, err := report.Summarize(func(func(insights.Test, error) bool) { t.Error("nothing may be read") }, opts)
		assert.Nil(t, s)
		var problems *insights.OptionsError
		require.ErrorAs(t, err, &problems)
		assert.Len(t, problems.Problems, 6)
	})
}

func TestCompleteAs(t *testing.T) {
	t.Run("is a flag", func(t *testing.T) {
		for text, want := range map[string]report.CompleteAs{"": report.CompleteIgnored, "ignored": report.CompleteIgnored, "passed": report.CompletePassed, "failed": report.CompleteFailed} {
			var c report.CompleteAs
			require.NoError(t, c.UnmarshalText([]byte(text)))
			assert.Equal(t, want, c)
			back, err := c.MarshalText()
			require.NoError(t, err)
			assert.Equal(t, string(want), string(back))
		}
		var c report.CompleteAs
		assert.Error(t, c.UnmarshalText([]byte("Passed")))
	})
}

func TestSummaryNotStarted(t *testing.T) {
	t.Run("is unknown in the short form", func(t *testing.T) {
		short := run("login", "passed", 0)
		short.StartTime, short.Duration = time.Time{}, 0
		assert.Nil(t, summarize(t, report.Options{}, short).NotStarted)
		assert.Equal(t, 1, *summarize(t, report.Options{}, short, run("login", "passed", time.Minute)).NotStarted)
		assert.Equal(t, 0, *summarize(t, report.Options{}).NotStarted)
	})
}

func TestRunTimes(t *testing.T) {
	t.Run("that are none are left out", func(t *testing.T) {
		backwards, infinite, instant := run("a", "passed", 0), run("b", "passed", 0), run("c", "passed", 0)
		backwards.Duration, backwards.EndTime = 0, backwards.StartTime.Add(-time.Second)
		infinite.Duration, infinite.EndTime = insights.Seconds(math.Inf(1)), time.Time{}
		instant.Duration, instant.EndTime = 0, instant.StartTime
		s := summarize(t, report.Options{}, backwards, infinite, instant)
		assert.Equal(t, 1, s.RunTimes.Count, "from start to start is a run time of zero")
		assert.Equal(t, 2, s.OddTimes)
		assert.Zero(t, s.RunTimes.P99)
	})
	t.Run("have exact quantiles, and of very many within one percent", func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(9, 9))
		for name, next := range map[string]func() float64{
			"uniform":     func() float64 { return rnd.Float64() * 1000 },
			"exponential": func() float64 { return rnd.ExpFloat64() * 60 },
			"log-normal":  func() float64 { return math.Exp(rnd.NormFloat64() * 2) },
			"whole":       func() float64 { return float64(1 + rnd.IntN(50)) },
			"two values":  func() float64 { return []float64{0.001, 86400}[rnd.IntN(2)] },
		} {
			t.Run(name, func(t *testing.T) {
				for _, n := range []int{1, 2, 3, 10, 100, 101, 6000} {
					runs := make([]insights.Test, n)
					for i := range runs {
						runs[i] = insights.Test{CreationTime: monday, Duration: insights.Seconds(next())}
					}
					times := secondsOf(runs)
					allowed := 0.01
					if len(slices.Compact(slices.Clone(times))) <= 4096 {
						allowed = 0
					}
					got := summarize(t, report.Options{}, runs...).RunTimes
					assert.InDelta(t, 1, float64(got.P50)/nearestRank(times, 0.5), allowed)
					assert.InDelta(t, 1, float64(got.P90)/nearestRank(times, 0.9), allowed)
					assert.InDelta(t, 1, float64(got.P99)/nearestRank(times, 0.99), allowed)
				}
			})
		}
	})
}

func TestErrorGroup(t *testing.T) {
	t.Run("is bounded", func(t *testing.T) {
		var runs []insights.Test
		for i := range 300 {
			r := run(fmt.Sprintf("test %d", i), insights.StatusFailed, time.Duration(i)*time.Second)
			r.Error = "cause " + strings.Repeat("x", i%3+1)
			runs = append(runs, r)
		}
		s := summarize(t, report.Options{MaxErrorGroups: 2}, runs...)
		assert.Len(t, s.Errors, 2)
		assert.Equal(t, 100, s.OtherErrors)

		for i := range runs {
			runs[i].Error = "cause " + strings.Repeat("y", 5000)
		}
		e := summarize(t, report.Options{}, runs...).Errors[0]
		assert.Len(t, e.Tests, 100)
		assert.True(t, e.MoreTests)
		assert.Len(t, e.Sample, 2000)
		assert.Equal(t, 300, e.Count)
	})
	t.Run("cuts long messages between characters", func(t *testing.T) {
		r := run("login", insights.StatusFailed, 0)
		r.Error = "x" + strings.Repeat("é", 2000)
		s := summarize(t, report.Options{}, r)
		assert.Equal(t, r.Error[:1999], s.Tests[0].LastError)
		r.Error = strings.Repeat("x", 2000)
		assert.Equal(t, r.Error, summarize(t, report.Options{}, r).Tests[0].LastError)
	})
}

// manyRuns returns a sequence of runs with few names that holds none of them.
func manyRuns(n int) iter.Seq2[insights.Test, error] {
	return func(yield func(insights.Test, error) bool) {
		names := []string{"login", "search", "checkout"}
		statuses := []insights.Status{insights.StatusPassed, insights.StatusPassed, insights.StatusFailed}
		for i := range n {
			r := insights.Test{
				ID: "id", Name: names[i%3], Build: "b", Status: statuses[i%7%3], CreationTime: monday.Add(time.Duration(i) * time.Second),
				Duration: insights.Seconds(i%100 + 1), Error: "element 7 not found",
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func BenchmarkSummarize(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := report.Summarize(manyRuns(100_000), report.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
