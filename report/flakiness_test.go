package report_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// suite returns runs of tests that fail by chance, one in every build each.
func suite(seed uint64, builds int, rates map[string]float64) []insights.Test {
	random := rand.New(rand.NewPCG(seed, 3))
	names := make([]string, 0, len(rates))
	for name := range rates {
		names = append(names, name)
	}
	slices.Sort(names)
	var runs []insights.Test
	for _, name := range names {
		outcomes := []byte(strings.Repeat("P", builds))
		for i := range outcomes {
			if random.Float64() < rates[name] {
				outcomes[i] = 'F'
			}
		}
		runs = append(runs, inBuilds(history(name, string(outcomes)), 1)...)
	}
	return runs
}

// rates are so many calm tests, and those that are given.
func rates(calm int, rate float64, others map[string]float64) map[string]float64 {
	all := map[string]float64{}
	for i := range calm {
		all[fmt.Sprintf("calm %03d", i)] = rate
	}
	for name, rate := range others {
		all[name] = rate
	}
	return all
}

func TestSummaryFlakyTests(t *testing.T) {
	t.Run("are measured by the calm tests of the suite", func(t *testing.T) {
		s := summarize(t, report.Options{}, suite(1, 60, rates(100, 0.02, map[string]float64{"a": 0.3, "b": 0.3}))...)
		assert.ElementsMatch(t, []string{"a", "b"}, names(s.FlakyTests()))
		assert.InDelta(t, 0.02, s.Baseline.FailureRate, 0.005)
		assert.Less(t, s.FlakyTests()[0].Calm, 0.001)
	})
	t.Run("are not those that fail as often as all others", func(t *testing.T) {
		s := summarize(t, report.Options{}, suite(2, 20, rates(500, 0.01, nil))...)
		assert.Empty(t, s.FlakyTests())
		s = summarize(t, report.Options{}, suite(3, 60, rates(100, 0.15, nil))...)
		assert.Empty(t, s.FlakyTests())
	})
	t.Run("are nearly all if every test fails one run in two", func(t *testing.T) {
		s := summarize(t, report.Options{}, suite(4, 60, rates(30, 0.5, nil))...)
		assert.GreaterOrEqual(t, len(s.FlakyTests()), 28)
	})
	t.Run("are not those that failed with their whole build", func(t *testing.T) {
		runs := suite(5, 40, rates(30, 0, nil))
		for i := range runs {
			if runs[i].Build == "build 7" || runs[i].Build == "build 20" || runs[i].Build == "build 30" {
				runs[i].Status = insights.StatusFailed
			}
		}
		s := summarize(t, report.Options{}, runs...)
		assert.Empty(t, s.FlakyTests())
		assert.Equal(t, []string{"build 20", "build 30", "build 7"}, s.Baseline.FailedBuilds)
		assert.Equal(t, 37, s.Tests[0].Judged)
		assert.Equal(t, 3, s.Tests[0].Counts.Failed, "the counts leave nothing out")
	})
	t.Run("are not those that are broken in one browser", func(t *testing.T) {
		runs := slices.Concat(suite(6, 40, rates(30, 0, nil)), platforms(history("safari", strings.Repeat("PF", 20)), strings.Repeat("cs", 20)))
		s := summarize(t, report.Options{}, runs...)
		assert.Empty(t, s.FlakyTests())
		require.Equal(t, []string{"safari"}, names(s.BrokenTests()))
		assert.Equal(t, []report.Platform{{OS: "Linux", Browser: "s"}}, s.BrokenTests()[0].BrokenOn)
	})
	t.Run("are told by the latest thousand runs of a test", func(t *testing.T) {
		long := history("login", strings.Repeat("PF", 300)+strings.Repeat("P", 2000))
		newestFirst := slices.Clone(long)
		slices.Reverse(newestFirst)
		for _, runs := range [][]insights.Test{long, newestFirst} {
			s := summarize(t, report.Options{}, runs...)
			assert.Equal(t, 1000, s.Tests[0].Judged)
			assert.Zero(t, s.Tests[0].Flips)
			assert.Equal(t, report.Steady, s.Tests[0].Verdict)
		}
	})
}
