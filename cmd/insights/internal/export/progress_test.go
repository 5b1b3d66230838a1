package export

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/vbauerster/mpb/v8"

	"github.com/sauceinsights/insights"
)

// drawn is what is drawn on a screen of 100 columns, or in a log.
func drawn(onScreen bool, order insights.Order, at time.Time, isComplete bool) string {
	var out bytes.Buffer
	opts := []mpb.ContainerOption{mpb.WithWidth(100)}
	if onScreen {
		opts = append(opts, mpb.ForceTTY(), mpb.WithAutoRefresh())
	}
	bar := newProgress(&out, insights.Between(weekStart, weekEnd), order, opts...)
	bar.show(state{Runs: 1234, Reached: at})
	bar.end(isComplete)
	return out.String()
}

func TestSettingsRunProgress(t *testing.T) {
	t.Run("the bar shows how much of the period is done", func(t *testing.T) {
		secondDay := weekStart.AddDate(0, 0, 1)
		begun := drawn(true, insights.OldestFirst, secondDay, false)
		assert.Contains(t, begun, "1234 runs")
		assert.Contains(t, begun, "2021-05-02 00:00")

		length := func(text string) int { return strings.Count(text, "=") }
		backwards := drawn(true, insights.NewestFirst, secondDay, false)
		assert.InDelta(t, 6, float64(length(backwards))/float64(length(begun)), 1)
		assert.Greater(t, length(drawn(true, insights.OldestFirst, secondDay, true)), length(backwards))
	})

	t.Run("in a log there is no bar", func(t *testing.T) {
		assert.Empty(t, drawn(false, insights.OldestFirst, weekStart.AddDate(0, 0, 1), true))
	})
}
