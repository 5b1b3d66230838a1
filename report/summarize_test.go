package report_test

import (
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
	}
}

// flipsOf writes the outcomes as a text and counts where it changes.
func flipsOf(runs []insights.Test, completeAs report.CompleteAs) int {
	letters := map[insights.Status]string{"passed": "P", "failed": "F", "errored": "F", "error": "F"}
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

func TestEveryFigureIsThatOfTheRuns(t *testing.T) {
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
}

func checkTotals(t *testing.T, runs []insights.Test, s *report.Summary) {
	t.Helper()
	assert.Equal(t, countsOf(runs, s.Options.CompleteAs), s.Counts)
	assert.False(t, s.Partial)
	assert.Zero(t, s.Unordered)
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

func TestPassRateLeavesUndecidedRunsOut(t *testing.T) {
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
}

func TestVerdicts(t *testing.T) {
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
		"there and back":                {"PPPPFPPPPP", report.Options{}, report.Flaky},
		"too few runs":                  {"PPFPPPPPP", report.Options{}, report.Steady},
		"undecided runs do not count":   {"PPFPPPPPPCR", report.Options{}, report.Steady},
		"enough by an option":           {"PFP", report.Options{MinRuns: 3}, report.Flaky},
		"at the lowest rate":            {"PFP", report.Options{MinRuns: 3, MinRate: 1}, report.Flaky},
		"too rare":                      {"PFP" + strings.Repeat("P", 40), report.Options{}, report.Steady},
		"rare is enough by an option":   {"PFP" + strings.Repeat("P", 40), report.Options{MinRate: 0.01}, report.Flaky},
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

func TestFlipRateIsOfNeighbours(t *testing.T) {
	rate, ok := summarize(t, report.Options{}, history("login", "PFPCP")...).Tests[0].FlipRate()
	assert.True(t, ok)
	assert.InDelta(t, 2.0/3, rate, 1e-15)
	_, ok = summarize(t, report.Options{}, history("login", "PC")...).Tests[0].FlipRate()
	assert.False(t, ok, "one decided run has no neighbour")
}

func TestListsAreRanked(t *testing.T) {
	runs := slices.Concat(
		history("wild", "PFPFPFPFPF"), history("mild", "PPFPPPPPPP"), history("broken", "FF"), history("more broken", "FFF"),
		history("failed once", "PF"), history("failed twice", "PFF"), history("fine", "PP"))
	s := summarize(t, report.Options{}, runs...)
	assert.Equal(t, []string{"wild", "mild"}, names(s.FlakyTests()))
	assert.Equal(t, []string{"more broken", "broken"}, names(s.BrokenTests()))
	assert.Equal(t, []string{"failed twice", "failed once"}, names(s.FailingTests()))
	assert.Len(t, s.SlowestTests(3), 3)
	assert.Len(t, s.SlowestTests(1000), 7)
	assert.Empty(t, s.SlowestTests(-1))
}

func names(tests []report.TestStats) []string {
	var list []string
	for _, t := range tests {
		list = append(list, t.Name)
	}
	return list
}

func TestSlowestIsByMeanOfKnownRunTimes(t *testing.T) {
	slow, fast, never := run("slow", "passed", 0), run("fast", "passed", 0), run("never", "error", 0)
	slow.Duration = 100
	never.StartTime, never.EndTime, never.Duration = time.Time{}, time.Time{}, 0
	s := summarize(t, report.Options{}, fast, never, slow)
	assert.Equal(t, []string{"slow", "fast"}, names(s.SlowestTests(10)))
	assert.Equal(t, 1, *s.NotStarted)
}

func TestPerPlatformTellsABrokenBrowserFromAFlakyTest(t *testing.T) {
	runs := history("login", "PFPFPFPFPF")
	for i := range runs {
		if i%2 == 1 {
			runs[i].Browser = "Safari"
		}
	}
	assert.Equal(t, report.Flaky, summarize(t, report.Options{}, runs...).Tests[0].Verdict)
	s := summarize(t, report.Options{PerPlatform: true}, runs...)
	require.Len(t, s.Tests, 2)
	assert.Equal(t, report.TestName{Name: "login", OS: "Linux", Browser: "Safari"},
		report.TestName{Name: s.BrokenTests()[0].Name, OS: s.BrokenTests()[0].OS, Browser: s.BrokenTests()[0].Browser})
	assert.Empty(t, s.FlakyTests())
}

func TestOutagesAndFixesAreNotHeldAgainstATest(t *testing.T) {
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
}

func TestExcludedIntervalHasItsStartAndNotItsEnd(t *testing.T) {
	w := report.ExcludedInterval{Start: monday, End: monday.Add(time.Hour)}
	assert.True(t, w.Contains(monday))
	assert.False(t, w.Contains(w.End))
	assert.False(t, w.Contains(monday.Add(-1)))
	assert.True(t, report.ExcludedInterval{End: monday}.Contains(time.Unix(0, 0)))
	assert.True(t, report.ExcludedInterval{Start: monday}.Contains(monday.AddDate(100, 0, 0)))
}

func TestRunsOutOfOrderAreCounted(t *testing.T) {
	runs := history("login", "PFPFPFPFPFPF")
	runs[3], runs[4] = runs[4], runs[3]
	assert.Equal(t, 1, summarize(t, report.Options{}, runs...).Unordered)
	slices.Reverse(runs)
	assert.Equal(t, 1, summarize(t, report.Options{}, runs...).Unordered)
	runs[0].CreationTime, runs[0].StartTime, runs[0].EndTime = time.Time{}, time.Time{}, time.Time{}
	assert.Equal(t, 2, summarize(t, report.Options{}, runs...).Unordered, "a run without any time has no place")

	shuffled := randomRuns(1, 200)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	assert.Greater(t, summarize(t, report.Options{}, shuffled...).Unordered, 100)

	same := history("login", "PPP")
	same[1].CreationTime, same[2].CreationTime = monday, monday
	assert.Zero(t, summarize(t, report.Options{}, same...).Unordered, "equal times are in order")
	same[1].Status, same[1].Error, same[2].Status, same[2].Error = "failed", "first", "failed", "second"
	assert.Equal(t, "second", summarize(t, report.Options{}, same...).Tests[0].LastError, "and the last to come is the latest")
}

func TestAFailedSequenceGivesAPartialSummaryAndItsError(t *testing.T) {
	cause := &insights.IterationError{Delivered: 3, Err: insights.ErrResultWindow}
	s, err := report.Summarize(report.Replay(history("login", "PPF"), cause), report.Options{})
	require.ErrorIs(t, err, insights.ErrResultWindow)
	var iteration *insights.IterationError
	require.ErrorAs(t, err, &iteration)
	assert.Equal(t, 3, iteration.Delivered)
	assert.True(t, s.Partial)
	assert.Equal(t, cause.Error(), s.PartialReason)
	assert.Equal(t, 3, s.Counts.Runs)
}

func TestOptionsOutOfRangeAreRefusedAtOnce(t *testing.T) {
	opts := report.Options{
		CompleteAs: "maybe", MinRuns: -1, MinBroken: -1, MaxErrorGroups: -1, MinRate: math.NaN(),
		Exclude: []report.ExcludedInterval{{Start: monday, End: monday}},
	}
	s, err := report.Summarize(func(func(insights.Test, error) bool) { t.Error("nothing may be read") }, opts)
	assert.Nil(t, s)
	var problems *insights.OptionsError
	require.ErrorAs(t, err, &problems)
	assert.Len(t, problems.Problems, 6)
}

func TestCompleteAsIsAFlag(t *testing.T) {
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
}

func TestNotStartedIsUnknownInTheShortForm(t *testing.T) {
	short := run("login", "passed", 0)
	short.StartTime, short.Duration = time.Time{}, 0
	assert.Nil(t, summarize(t, report.Options{}, short).NotStarted)
	assert.Equal(t, 1, *summarize(t, report.Options{}, short, run("login", "passed", time.Minute)).NotStarted)
	assert.Equal(t, 0, *summarize(t, report.Options{}).NotStarted)
}

func TestRunTimesThatAreNoneAreLeftOut(t *testing.T) {
	backwards, infinite, instant := run("a", "passed", 0), run("b", "passed", 0), run("c", "passed", 0)
	backwards.Duration, backwards.EndTime = 0, backwards.StartTime.Add(-time.Second)
	infinite.Duration, infinite.EndTime = insights.Seconds(math.Inf(1)), time.Time{}
	instant.Duration, instant.EndTime = 0, instant.StartTime
	s := summarize(t, report.Options{}, backwards, infinite, instant)
	assert.Equal(t, 1, s.RunTimes.Count, "from start to start is a run time of zero")
	assert.Zero(t, s.RunTimes.P99)
}

func TestQuantilesAreExactAndOfVeryManyRunTimesWithinOnePercent(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 9))
	for name, next := range map[string]func() float64{
		"uniform":     func() float64 { return rnd.Float64() * 1000 },
		"exponential": func() float64 { return rnd.ExpFloat64() * 60 },
		"log-normal":  func() float64 { return math.Exp(rnd.NormFloat64() * 5) },
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
}

func TestErrorGroupsAreBounded(t *testing.T) {
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
}

func TestLongMessagesAreCutBetweenCharacters(t *testing.T) {
	r := run("login", insights.StatusFailed, 0)
	r.Error = "x" + strings.Repeat("é", 2000)
	s := summarize(t, report.Options{}, r)
	assert.Equal(t, r.Error[:1999], s.Tests[0].LastError)
	r.Error = strings.Repeat("x", 2000)
	assert.Equal(t, r.Error, summarize(t, report.Options{}, r).Tests[0].LastError)
}

// manyRuns is a sequence of runs with few names that holds none of them.
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

func TestMemoryDoesNotGrowWithTheNumberOfRuns(t *testing.T) {
	allocated := func(n int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := report.Summarize(manyRuns(n), report.Options{})
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Equal(t, n, s.Counts.Runs)
		return after.TotalAlloc - before.TotalAlloc
	}
	assert.Less(t, allocated(50_000), uint64(1<<19), "ten bytes a run would be as much")
}

func BenchmarkSummarize(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := report.Summarize(manyRuns(100_000), report.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
