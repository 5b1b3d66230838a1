//go:build !race

package insightstest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestGenerateRepeats(t *testing.T) {
	end := noon.Add(30 * 24 * time.Hour)
	assert.Equal(t, insightstest.Generate(7, 500, noon, end), insightstest.Generate(7, 500, noon, end))
	assert.NotEqual(t, insightstest.Generate(7, 500, noon, end), insightstest.Generate(8, 500, noon, end))
}

func TestGenerateKeepsToThePeriod(t *testing.T) {
	for name, period := range map[string]struct{ start, end time.Time }{
		"a month":     {noon, noon.Add(30 * 24 * time.Hour)},
		"a minute":    {noon, noon.Add(time.Minute)},
		"an instant":  {noon, noon},
		"fractions":   {noon.Add(1), noon.Add(90 * time.Second).Add(-1)},
		"a time zone": {noon.In(time.FixedZone("", 3600)), noon.Add(time.Hour)},
		"a weekend":   {noon.Add(5 * 24 * time.Hour), noon.Add(6 * 24 * time.Hour)},
		"before 1970": {time.Date(1960, 1, 1, 0, 0, 0, 5, time.UTC), time.Date(1960, 1, 2, 0, 0, 0, 5, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			runs := insightstest.Generate(1, 1_000, period.start, period.end)
			require.Len(t, runs, 1_000)
			assert.True(t, slices.IsSortedFunc(runs, func(a, b insights.Test) int { return a.CreationTime.Compare(b.CreationTime) }))
			for _, r := range runs {
				checkTimes(t, r)
				assert.False(t, r.CreationTime.Before(period.start))
				assert.False(t, r.EndTime.After(period.end))
			}
		})
	}
	assert.Empty(t, insightstest.Generate(1, 0, noon, noon))
}

func checkTimes(t *testing.T, r insights.Test) {
	t.Helper()
	assert.Equal(t, time.UTC, r.CreationTime.Location())
	assert.Zero(t, r.CreationTime.Nanosecond()+r.StartTime.Nanosecond()+r.EndTime.Nanosecond())
	assert.False(t, r.EndTime.Before(r.CreationTime))
	if r.StartTime.IsZero() {
		assert.Zero(t, r.Duration)
		assert.Equal(t, insights.StatusErrored, r.Status)
		return
	}
	assert.False(t, r.StartTime.Before(r.CreationTime))
	assert.Equal(t, r.EndTime.Sub(r.StartTime), r.Duration.Duration())
}

func TestGenerateComment(t *testing.T) {
	runs := insightstest.Generate(1, 25_000, noon, noon.Add(90*24*time.Hour))
	count := map[string]map[string]int{}
	add := func(kind, value string) {
		if count[kind] == nil {
			count[kind] = map[string]int{}
		}
		count[kind][value]++
	}
	share := func(kind, value string) float64 { return float64(count[kind][value]) / float64(len(runs)) }
	passedOf, runsOf := map[string]float64{}, map[string]float64{}
	severalLines, otherIDs := 0, 0
	for _, r := range runs {
		require.Len(t, r.ID, 32)
		add("id", r.ID)
		add("name", r.Name)
		add("owner", r.Owner)
		add("system", r.OS)
		add("browser", r.Browser)
		add("status", string(r.Status))
		add("error", r.Error)
		add("build", r.Build)
		runsOf[r.Name]++
		if r.Status == insights.StatusPassed {
			passedOf[r.Name]++
			assert.Empty(t, r.Error)
		}
		if strings.Contains(r.Error, "\n") {
			severalLines++
		}
		if strings.Trim(r.ID, "0123456789abcdef") != "" {
			otherIDs++
		}
		if r.StartTime.IsZero() {
			add("never started", "")
		}
		if r.Status == insights.StatusFailed && r.Error != "" {
			add("failed with an error", "")
		}
		if r.Status == insights.StatusErrored {
			assert.NotEmpty(t, r.Error)
		}
		assert.Equal(t, "https://saucelabs.com/rest/v1.1/"+r.Ancestor+"/jobs/"+r.ID, r.DetailsURL)
	}
	assert.Len(t, count["id"], len(runs))
	assert.Len(t, count["name"], 200)
	assert.Len(t, count["owner"], 24)
	assert.Contains(t, count["owner"], insightstest.Username)
	assert.Len(t, count["system"], 8)
	assert.Len(t, count["browser"], 14)
	assert.Len(t, count["status"], 4)
	assert.InDelta(t, 150, len(count["error"]), 15)
	assert.InDelta(t, 0.8, share("status", "passed"), 0.03)
	assert.InDelta(t, 0.1, share("build", ""), 0.02)
	assert.InDelta(t, 0.01, share("never started", ""), 0.003)
	assert.InDelta(t, 6.0/7, share("failed with an error", "")/share("status", "failed"), 0.05)
	assert.Greater(t, severalLines, 500)
	assert.Greater(t, otherIDs, len(runs)/2)

	always, flaky := 0, 0
	for name, n := range runsOf {
		switch rate := passedOf[name] / n; {
		case rate == 0:
			always++
		case rate < 0.75:
			flaky++
		}
	}
	assert.Equal(t, 4, always)
	assert.Equal(t, 20, flaky)
}
