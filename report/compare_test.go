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

func TestCompareSortsChangesByKind(t *testing.T) {
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
}

func TestCompareReportsNothingThatTooFewRunsShow(t *testing.T) {
	c := compare(t,
		slices.Concat(history("one run", "P"), history("three runs", "PPP"), history("undecided", "CCCC")),
		slices.Concat(history("one run", "F"), history("three runs", "FFF"), history("undecided", failed20)), report.CompareOptions{})
	assert.Empty(t, c.NewFailures, "three of three are p = 0.1")
	c = compare(t, history("four runs", "PPPP"), history("four runs", "FFFF"), report.CompareOptions{})
	assert.Equal(t, []string{"four runs"}, changed(c.NewFailures))
	assert.InDelta(t, 2.0/70, c.NewFailures[0].PValue, 1e-12)
	c = compare(t, history("four runs", "PPPP"), history("four runs", "FFFF"), report.CompareOptions{Significance: 0.01})
	assert.Empty(t, c.NewFailures)
}

func TestCompareDoesNotMistakeManyTestsForManyChanges(t *testing.T) {
	// Four against four is p = 0.03: with 100 such tests one is expected by chance.
	var before, after []insights.Test
	for i := range 100 {
		name := fmt.Sprint(i)
		before, after = append(before, history(name, "PPPF")...), append(after, history(name, "PPPP")...)
	}
	before, after = append(before, history("by chance", "PPPP")...), append(after, history("by chance", "FFFF")...)
	assert.Empty(t, compare(t, before, after, report.CompareOptions{}).NewFailures)
}

func TestCompareIsNotBlindedByTestsThatCannotChange(t *testing.T) {
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
}

func TestCompareFindsNoNewlyFlakyTestWhereNothingChanged(t *testing.T) {
	random := rand.New(rand.NewPCG(0, 1))
	var periods [2][]insights.Test
	for i := range 100 {
		for half := range periods {
			periods[half] = append(periods[half], history(fmt.Sprint(i), randomOutcomes(random, 50))...)
		}
	}
	assert.Empty(t, compare(t, periods[0], periods[1], report.CompareOptions{}).NewlyFlaky)
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

// timed is runs of one test that took so many seconds.
func timed(name string, seconds ...float64) []insights.Test {
	var runs []insights.Test
	for i, s := range seconds {
		r := run(name, insights.StatusPassed, time.Duration(i)*time.Minute)
		r.Duration = insights.Seconds(s)
		runs = append(runs, r)
	}
	return runs
}

func TestCompareSaysHowMuchSlower(t *testing.T) {
	before := slices.Concat(timed("slower", 10, 11, 12, 10, 11), timed("faster", 30, 31, 32), timed("noisy", 1, 100, 50), timed("a little", 100, 100.1, 99.9), timed("once", 1))
	after := slices.Concat(timed("slower", 20, 21, 22, 20, 22), timed("faster", 10, 11, 12), timed("noisy", 2, 200, 100), timed("a little", 105, 105.1, 104.9), timed("once", 100))
	c := compare(t, before, after, report.CompareOptions{})
	require.Len(t, c.Slower, 1)
	assert.Equal(t, "slower", c.Slower[0].Test.Name)
	assert.InEpsilon(t, 105.0/54, c.Slower[0].Ratio(), 1e-12)
	require.Len(t, c.Faster, 1)
	assert.Equal(t, "faster", c.Faster[0].Test.Name)

	c = compare(t, before, after, report.CompareOptions{MinSlowdown: 0.04})
	assert.Len(t, c.Slower, 2, "5% is enough where the caller says so")
}

func TestCompareOverall(t *testing.T) {
	c := compare(t, history("login", passed20), history("login", failed20), report.CompareOptions{})
	assert.True(t, c.Significant)
	assert.InDelta(t, -1, c.PassRate.Difference(), 0)
	c = compare(t, nil, history("login", passed20), report.CompareOptions{})
	assert.False(t, c.Significant)
	assert.Zero(t, c.PassRate.Difference(), "without a rate there is no difference")
}

func TestCompareTellsOfPartialSummaries(t *testing.T) {
	whole := summarize(t, report.Options{}, history("login", "P")...)
	partial, err := report.Summarize(report.Replay(history("login", "P"), errCutOff), report.Options{})
	require.Error(t, err)
	for _, pair := range [][2]*report.Summary{{whole, partial}, {partial, whole}} {
		c, err := report.Compare(pair[0], pair[1], report.CompareOptions{})
		require.NoError(t, err)
		assert.True(t, c.Partial)
	}
}

func TestCompareRefusesWhatCannotBeCompared(t *testing.T) {
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
}

func TestReportsShowEveryKindOfChange(t *testing.T) {
	before := slices.Concat(history("breaks", passed20), history("is fixed", failed20), timed("slower", 10, 11, 12, 10, 11), history("wobbles", passed20+passed20))
	after := slices.Concat(history("breaks", failed20), history("is fixed", passed20), timed("slower", 20, 21, 22, 20, 22), history("wobbles", strings.Repeat("PF", 20)))
	c := compare(t, before, after, report.CompareOptions{})
	var out bytes.Buffer
	require.NoError(t, report.WriteMarkdown(&out, summarize(t, report.Options{}, after...), report.WriteOptions{Comparison: c}))
	for _, row := range []string{
		"| new failure | `breaks` | 100% of 20 | 0% of 20 |",
		"| fixed | `is fixed` | 0% of 20 | 100% of 20 |",
		"| newly flaky | `wobbles` | 0 flips | 39 flips |",
		"| slower | `slower` | 10.8s | 21.0s (+94%) |",
	} {
		assert.Contains(t, out.String(), row)
	}
}
