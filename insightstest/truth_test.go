package insightstest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// rates counts, for a kind of run, how many of those with a verdict failed.
type rates struct{ failed, passed float64 }

func (r *rates) include(t insights.Test) {
	switch t.Status {
	case insights.StatusFailed:
		r.failed++
	case insights.StatusPassed:
		r.passed++
	}
}

func (r *rates) failureRate() float64 { return r.failed / (r.failed + r.passed) }

func TestGenerateTruth(t *testing.T) {
	start, end := noon, noon.Add(90*24*time.Hour)
	runs := insightstest.Generate(1, 12_000, start, end)
	truth := insightstest.GenerateTruth(1, 12_000, start, end)
	require.Len(t, truth.Broken, 4)
	require.Len(t, truth.Flaky, 20)
	t.Run("the failure rates are those of the runs", func(t *testing.T) {
		var broken, flaky, others, bad rates
		for _, r := range runs {
			switch {
			case slices.Contains(truth.Broken, r.Name):
				broken.include(r)
			case slices.Contains(truth.BadBuilds, r.Build):
				bad.include(r)
			case slices.Contains(truth.Flaky, r.Name):
				flaky.include(r)
			default:
				others.include(r)
			}
		}
		assert.InDelta(t, 1, broken.failureRate(), 0)
		assert.InDelta(t, 0.5, bad.failureRate(), 0.07)
		assert.InDelta(t, 0.3, flaky.failureRate(), 0.03)
		assert.InDelta(t, 0.03, others.failureRate(), 0.01)
	})
	t.Run("every error has a cause", func(t *testing.T) {
		found := map[string]bool{}
		for _, r := range runs {
			if r.Error != "" {
				require.Contains(t, truth.Causes, r.Error)
				found[truth.Causes[r.Error]] = true
			}
		}
		assert.Len(t, found, 14)
	})
	t.Run("errors read like those of a browser test", func(t *testing.T) {
		long := regexp.MustCompile(`[0-9a-f]{4,}(-[0-9a-f]+){2,}`)
		for text := range truth.Causes {
			assert.NotRegexp(t, `[#$~]|css=\d`, text, "no place of a template is left open")
			for _, id := range long.FindAllString(text, -1) {
				assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, id)
			}
		}
	})
	t.Run("bad builds follow from the seed", func(t *testing.T) {
		assert.NotEmpty(t, truth.BadBuilds)
		assert.NotContains(t, truth.BadBuilds, "")
		assert.Equal(t, truth, insightstest.GenerateTruth(1, 12_000, start, end))
		assert.NotEqual(t, truth.BadBuilds, insightstest.GenerateTruth(2, 12_000, start, end).BadBuilds)
	})
	t.Run("nonsense panics", func(t *testing.T) {
		assert.Panics(t, func() { insightstest.GenerateTruth(1, -1, start, end) })
		assert.Panics(t, func() { insightstest.GenerateTruth(1, 1, end, start) })
	})
}

// TestGenerate pins what is generated: documents and other tests hold figures
// of it.
func TestGenerate(t *testing.T) {
	t.Run("the runs of a seed never change", func(t *testing.T) {
		text, err := json.Marshal(insightstest.Generate(7, 1_000, noon, noon.Add(30*24*time.Hour)))
		require.NoError(t, err)
		sum := sha256.Sum256(text)
		assert.Equal(t, "7f1c7ab1c2760287", hex.EncodeToString(sum[:8]))
	})
}
