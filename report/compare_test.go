package report_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

func compare(t *testing.T, before, after []insights.Test, opts report.CompareOptions) *report.Comparison {
	t.Helper()
	c, err := report.Compare(summarize(t, report.Options{}, before...), summarize(t, report.Options{}, after...), opts)
	require.NoError(t, err)
	return c
}

func changed(list []report.RateChange) []string {
	var names []string
	for _, c := range list {
		names = append(names, c.Test.Name)
	}
	return names
}

var passed20, failed20 = strings.Repeat("P", 20), strings.Repeat("F", 20)

func TestCompare(t *testing.T) {
	t.Run("sorts changes by kind", func(t *testing.T) {
		before := slices.Concat(history("breaks", passed20), history("gets worse", "F"+passed20), history("is fixed", failed20),
			history("gets better", failed20), history("same", passed20), history("gone", failed20), history("starts to wobble", passed20+passed20))
		after := slices.Concat(history("breaks", failed20), history("gets worse", failed20), history("is fixed", passed20),
			history("gets better", passed20+"F"), history("same", passed20), history("new", failed20), history("starts to wobble", strings.Repeat("PF", 20)))
		c := compare(t, before, after, report.CompareOptions{})
		assert.ElementsMatch(t, []string{"breaks", "starts to wobble"}, changed(c.NewFailures))
		assert.Equal(t, []string{"gets worse"}, changed(c.Worse))
		assert.Equal(t, []string{"is fixed"}, changed(c.Fixed))
		assert.Equal(t, []string{"gets better"}, changed(c.Better))
		require.Len(t, c.NewlyFlaky, 1)
		assert.Equal(t, "starts to wobble", c.NewlyFlaky[0].After.Name)
		assert.InDelta(t, -1, c.NewFailures[0].Difference(), 0)
		assert.Empty(t, c.Slower)
		assert.Empty(t, c.Faster)
	})
	t.Run("reports nothing that too few runs show", func(t *testing.T) {
		c := compare(t,
			slices.Concat(history("one run", "P"), history("three runs", "PPP"), history("undecided", "CCCC")),
			slices.Concat(history("one run", "F"), history("three runs", "FFF"), history("undecided", failed20)), report.CompareOptions{})
		assert.Empty(t, c.NewFailures, "three of three are p = 0.1")
		c = compare(t, history("four runs", "PPPP"), history("four runs", "FFFF"), report.CompareOptions{})
		assert.Equal(t, []string{"four runs"}, changed(c.NewFailures))
		assert.InDelta(t, 2.0/70, c.NewFailures[0].PValue, 1e-12)
		c = compare(t, history("four runs", "PPPP"), history("four runs", "FFFF"), report.CompareOptions{Significance: 0.01})
		assert.Empty(t, c.NewFailures)
	})
	t.Run("does not mistake many tests for many changes", func(t *testing.T) {
		// Four against four is p = 0.03: with 100 such tests one is expected by chance.
		var before, after []insights.Test
		for i := range 100 {
			name := fmt.Sprint(i)
			before, after = append(before, history(name, "PPPF")...), append(after, history(name, "PPPP")...)
		}
		before, after = append(before, history("by chance", "PPPP")...), append(after, history("by chance", "FFFF")...)
		assert.Empty(t, compare(t, before, after, report.CompareOptions{}).NewFailures)
	})
	t.Run("is not blinded by tests that cannot change", func(t *testing.T) {
		var before, after []insights.Test
		for i := range 100 {
			for outcomes := range slices.Values([]string{"PPPP", "FFFF", "CCCC"}) {
				name := fmt.Sprint(i, outcomes)
				before, after = append(before, history(name, outcomes)...), append(after, history(name, outcomes)...)
			}
			before, after = append(before, history(fmt.Sprint(i), "CCCC")...), append(after, history(fmt.Sprint(i), "PF")...)
		}
		before, after = append(before, history("breaks", "PPPP")...), append(after, history("breaks", "FFFF")...)
		assert.Equal(t, []string{"breaks"}, changed(compare(t, before, after, report.CompareOptions{}).NewFailures))
	})
	t.Run("finds no newly flaky test where nothing changed", func(t *testing.T) {
		random := rand.New(rand.NewPCG(0, 1))
		var periods [2][]insights.Test
		for i := range 100 {
			for half := range periods {
				periods[half] = append(periods[half], history(fmt.Sprint(i), randomOutcomes(random, 50))...)
			}
		}
		assert.Empty(t, compare(t, periods[0], periods[1], report.CompareOptions{}).NewlyFlaky)
	})
	t.Run("tells of partial summaries", func(t *testing.T) {
		whole := summarize(t, report.Options{}, history("login", "P")...)
		partial, err := report.Summarize(report.Replay(history("login", "P"), errCutOff), report.Options{})
		require.Error(t, err)
		for _, pair := range [][2]*report.Summary{{whole, partial}, {partial, whole}} {
			c, err := report.Compare(pair[0], pair[1], report.CompareOptions{})
			require.NoError(t, err)
			assert.True(t, c.Partial)
		}
	})
	t.Run("refuses what cannot be compared", func(t *testing.T) {
		plain := summarize(t, report.Options{})
		for name, try := range map[string]struct {
			before, after *report.Summary
			opts          report.CompareOptions
		}{
			"complete counts otherwise": {plain, summarize(t, report.Options{CompleteAs: report.CompleteFailed}), report.CompareOptions{}},
			"platforms told apart":      {summarize(t, report.Options{PerPlatform: true}), plain, report.CompareOptions{}},
			"significance":              {plain, plain, report.CompareOptions{Significance: 1}},
			"slowdown":                  {plain, plain, report.CompareOptions{MinSlowdown: -1}},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := report.Compare(try.before, try.after, try.opts)
				assert.ErrorIs(t, err, insights.ErrInvalidOptions)
			})
		}
		_, err := report.Compare(nil, plain, report.CompareOptions{})
		assert.Error(t, err)
	})
}

// randomOutcomes are those of a test that fails now and then.
func randomOutcomes(random *rand.Rand, n int) string {
	outcomes := []byte(strings.Repeat("P", n))
	for i := range outcomes {
		if random.Float64() < 0.06 {
			outcomes[i] = 'F'
		}
	}
	return string(outcomes)
}

// timed returns runs of one test that took so many seconds.
func timed(name string, seconds ...float64) []insights.Test {
	var runs []insights.Test
	for i, s := range seconds {
		r := run(name, insights.StatusPassed, time.Duration(i)*time.Minute)
		r.Duration = insights.Seconds(s)
		runs = append(runs, r)
	}
	return runs
}

func TestCompareSlower(t *testing.T) {
	t.Run("says how much", func(t *testing.T) {
		// around is ten run times that vary a little around a length.
		around := func(name string, seconds float64) []insights.Test {
			var list []float64
			for i := range 10 {
				list = append(list, seconds*(1+0.02*float64(i%3-1)))
			}
			return timed(name, list...)
		}
		before := slices.Concat(around("slower", 100), around("faster", 300), around("a little", 100), timed("few", 10, 10, 10), timed("noisy", 1, 100, 50, 3, 80, 4, 77, 12))
		after := slices.Concat(around("slower", 200), around("faster", 100), around("a little", 105), timed("few", 90, 90, 90), timed("noisy", 2, 200, 100, 6, 160, 8, 154, 24))
		c := compare(t, before, after, report.CompareOptions{})
		require.Len(t, c.Slower, 1, "seven runs are too few, and noise is no change")
		assert.Equal(t, "slower", c.Slower[0].Test.Name)
		assert.InEpsilon(t, 2, c.Slower[0].Change, 1e-9)
		assert.InEpsilon(t, 100, float64(c.Slower[0].Before.Typical()), 0.01)
		require.Len(t, c.Faster, 1)
		assert.Equal(t, "faster", c.Faster[0].Test.Name)

		c = compare(t, before, after, report.CompareOptions{MinSlowdown: 0.04})
		assert.Len(t, c.Slower, 2, "5% is enough if the caller says so")
	})
	t.Run("does not trust whole seconds more than they can tell", func(t *testing.T) {
		three, four := slices.Repeat([]float64{3}, 30), slices.Repeat([]float64{4}, 30)
		c := compare(t, timed("rounded", three...), timed("rounded", four...), report.CompareOptions{})
		assert.Empty(t, c.Slower, "3.49 s and 3.51 s look like this")
		c = compare(t, timed("rounded", three...), timed("rounded", slices.Repeat([]float64{30}, 30)...), report.CompareOptions{})
		assert.Len(t, c.Slower, 1)
	})
}

func TestCompareShift(t *testing.T) {
	t.Run("says once that a machine is slower", func(t *testing.T) {
		random := rand.New(rand.NewPCG(4, 4))
		var before, after []insights.Test
		for i := range 40 {
			var fast, slow []float64
			for range 20 {
				fast = append(fast, 60+random.NormFloat64()*3)
				slow = append(slow, 90+random.NormFloat64()*4.5)
			}
			if i == 0 {
				slow = slices.Repeat([]float64{250}, 20)
			}
			before, after = append(before, timed(fmt.Sprint(i), fast...)...), append(after, timed(fmt.Sprint(i), slow...)...)
		}
		c := compare(t, before, after, report.CompareOptions{})
		require.NotNil(t, c.Shift)
		assert.InDelta(t, 1.5, c.Shift.Change, 0.03)
		assert.Equal(t, 40, c.Shift.Tests)
		require.Len(t, c.Slower, 1, "beyond what all have in common")
		assert.Equal(t, "0", c.Slower[0].Test.Name)
		assert.Empty(t, c.Faster)
	})
}

func TestCompareFacts(t *testing.T) {
	t.Run("are apart from statistics", func(t *testing.T) {
		var before, after []insights.Test
		for i := range 25 {
			name := fmt.Sprintf("test %02d", i)
			before, after = append(before, history(name, strings.Repeat("P", i+1))...), append(after, history(name, "F")...)
		}
		before, after = append(before, history("gone", "P")...), append(after, history("new", "F")...)
		before, after = append(before, history("failed before", "PF")...), append(after, history("failed before", "F")...)
		c := compare(t, before, after, report.CompareOptions{})
		require.Len(t, c.Facts.FirstFailures, 25)
		assert.Equal(t, "test 24", c.Facts.FirstFailures[0].Test.Name, "most passes first")
		assert.Equal(t, 25, c.Facts.FirstFailures[0].Passes)
		assert.Equal(t, "element 0 not found", c.Facts.FirstFailures[0].After.LastError)
		assert.Equal(t, []report.TestName{{Name: "new"}}, c.Facts.NewTests)
		assert.Equal(t, []report.TestName{{Name: "gone"}}, c.Facts.VanishedTests)
	})
	t.Run("conclude nothing from what a partial summary lacks", func(t *testing.T) {
		whole := summarize(t, report.Options{}, slices.Concat(history("a", "P"), history("b", "P"))...)
		partial, err := report.Summarize(report.Replay(history("a", "P"), errCutOff), report.Options{})
		require.Error(t, err)
		c, err := report.Compare(whole, partial, report.CompareOptions{})
		require.NoError(t, err)
		assert.Empty(t, c.Facts.VanishedTests)
		c, err = report.Compare(partial, whole, report.CompareOptions{})
		require.NoError(t, err)
		assert.Empty(t, c.Facts.NewTests)
	})
}

// inBuilds puts runs into builds of so many.
func inBuilds(runs []insights.Test, size int) []insights.Test {
	for i := range runs {
		runs[i].Build = fmt.Sprint("build ", i/size)
	}
	return runs
}

func TestComparePassRate(t *testing.T) {
	t.Run("takes the runs of a build as one", func(t *testing.T) {
		// Nine builds of twenty passed and one failed as a whole; then three failed.
		week := func(failed int) []insights.Test {
			return inBuilds(history("login", strings.Repeat(failed20, failed)+strings.Repeat(passed20, 10-failed)), 20)
		}
		c := compare(t, week(1), week(3), report.CompareOptions{})
		assert.False(t, c.Significant, "two builds more may fail by chance")
		assert.Greater(t, c.PassRate.PValue, 0.2)
		c = compare(t, week(0), week(9), report.CompareOptions{})
		assert.True(t, c.Significant)
		assert.Equal(t, c, compare(t, week(0), week(9), report.CompareOptions{}), "the same runs give the same figures")
	})
	t.Run("is that of all runs", func(t *testing.T) {
		c := compare(t, inBuilds(history("login", passed20), 2), inBuilds(history("login", failed20), 2), report.CompareOptions{})
		assert.True(t, c.Significant)
		assert.InDelta(t, -1, c.PassRate.Difference(), 0)
		c = compare(t, nil, history("login", passed20), report.CompareOptions{})
		assert.False(t, c.Significant)
		assert.Zero(t, c.PassRate.Difference(), "without a rate there is no difference")
	})
}

func TestWriteMarkdownComparison(t *testing.T) {
	t.Run("shows every kind of change", func(t *testing.T) {
		before := slices.Concat(history("breaks", passed20), history("is fixed", failed20), timed("slower", slices.Repeat([]float64{10, 11, 12}, 4)...), history("wobbles", passed20+passed20))
		after := slices.Concat(history("breaks", failed20), history("is fixed", passed20), timed("slower", slices.Repeat([]float64{20, 22, 24}, 4)...), history("wobbles", strings.Repeat("PF", 20)))
		c := compare(t, before, after, report.CompareOptions{})
		var out bytes.Buffer
		require.NoError(t, report.WriteMarkdown(&out, summarize(t, report.Options{}, after...), report.WriteOptions{Comparison: c}))
		for _, row := range []string{
			"| new failure | `breaks` | 100.0% of 20 | 0.0% of 20 |",
			"| fixed | `is fixed` | 0.0% of 20 | 100.0% of 20 |",
			"| newly flaky | `wobbles` | 0 flips | 39 flips |",
			"| slower | `slower` | 11.0s | 21.9s (+100%) |",
		} {
			assert.Contains(t, out.String(), row)
		}
	})
}

func TestWriteTextPeriodBefore(t *testing.T) {
	at := time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)
	runs := func(n int) []insights.Test {
		list := make([]insights.Test, n)
		for i := range list {
			list[i] = insights.Test{Name: fmt.Sprintf("test %d", 100-i), Status: insights.StatusPassed, CreationTime: at.Add(time.Duration(i) * time.Minute)}
		}
		return list
	}
	for name, c := range map[string]struct {
		before int
		says   string
		lists  bool
	}{
		"says in a line that there was none":          {0, "Period before: no runs, so that nothing can be compared\n", false},
		"says in a line that there was next to none":  {5, "Period before: 5 runs only, too few to tell which tests are new\n", false},
		"lists new tests if there are enough to tell": {6, "Period before: 100% of 6 decided runs passed", true},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := report.Summarize(report.Replay(runs(c.before), nil), report.Options{})
			require.NoError(t, err)
			now, err := report.Summarize(report.Replay(runs(100), nil), report.Options{})
			require.NoError(t, err)
			comparison, err := report.Compare(before, now, report.CompareOptions{})
			require.NoError(t, err)
			var out bytes.Buffer
			require.NoError(t, report.WriteText(&out, now, report.WriteOptions{Comparison: comparison}))
			assert.Contains(t, out.String(), c.says)
			assert.Equal(t, c.lists, strings.Contains(out.String(), "  new test"), out.String())
			assert.Len(t, comparison.Facts.NewTests, 100-c.before, "which JSON and the API have in any case")
			if c.lists {
				assert.Regexp(t, `(?m)^  new test  test 1 +–  has runs$`, out.String())
			}
		})
	}
}
