package insights_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights"
)

func TestStatusCounts(t *testing.T) {
	want := map[insights.Status]int{insights.StatusPassed: 3, insights.StatusFailed: 1}
	list := []insights.NamedCount{{Name: "passed", Count: 3}, {Name: "failed", Count: 1}}
	metrics := insights.TestMetrics{Aggs: insights.TestAggs{Statuses: map[insights.Status]int{"passed": 3, "failed": 1}}}

	t.Run("have one shape for the four on the wire", func(t *testing.T) {
		assert.Equal(t, want, metrics.StatusCounts())
		assert.Equal(t, want, insights.TestTrends{Metrics: insights.TrendMetrics{Status: map[string]int{"passed": 3, "failed": 1}}}.StatusCounts())
		assert.Equal(t, want, insights.TrendBucket{Aggs: insights.TrendAggs{Status: list}}.StatusCounts())
		assert.Equal(t, want, insights.Build{Aggs: insights.BuildAggs{Status: list}}.StatusCounts())
	})
	t.Run("add up a status that comes twice", func(t *testing.T) {
		twice := insights.BuildAggs{Status: append(list, insights.NamedCount{Name: "passed", Count: 4})}
		assert.Equal(t, 7, insights.Build{Aggs: twice}.StatusCounts()["passed"])
	})
	t.Run("are nil where nothing was counted", func(t *testing.T) {
		assert.Nil(t, insights.TestMetrics{}.StatusCounts())
		assert.Nil(t, insights.TestTrends{}.StatusCounts())
		assert.Nil(t, insights.TrendBucket{}.StatusCounts())
		assert.Nil(t, insights.Build{}.StatusCounts())
	})
	t.Run("are the caller's own", func(t *testing.T) {
		metrics.StatusCounts()["passed"] = 99
		assert.Equal(t, 3, metrics.Aggs.Statuses["passed"])
	})
}
