package report_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

func delivered(t *testing.T, interval time.Duration, runs ...insights.Test) *report.Delivered {
	t.Helper()
	d, err := report.NewDelivered(interval)
	require.NoError(t, err)
	for _, r := range runs {
		d.Add(r)
	}
	return d
}

// trendsOf counts runs by interval, from an offset to the hour, as plainly as
// can be.
func trendsOf(interval, offset time.Duration, runs ...insights.Test) *insights.TestTrends {
	trends := new(insights.TestTrends)
	for _, r := range runs {
		start := r.CreationTime.Add(-offset).Truncate(interval).Add(offset)
		n := len(trends.Buckets)
		if n == 0 || !trends.Buckets[n-1].Timestamp.Equal(start) {
			trends.Buckets = append(trends.Buckets, insights.TrendBucket{Timestamp: start})
			n++
		}
		trends.Buckets[n-1].Count++
	}
	return trends
}

func TestReconcile(t *testing.T) {
	runs := randomRuns(8, 500)
	t.Run("agrees with what the service counts", func(t *testing.T) {
		for _, c := range []struct{ interval, offset time.Duration }{{time.Hour, 0}, {time.Hour, 17 * time.Minute}, {time.Minute, 0}, {45 * time.Second, 15 * time.Second}, {7 * time.Second, 3 * time.Second}} {
			r, err := report.Reconcile(delivered(t, c.interval, runs...), trendsOf(c.interval, c.offset, runs...))
			require.NoError(t, err, c)
			assert.True(t, r.Agrees(), "%v: %s", c, r)
			assert.Equal(t, 500, r.Delivered)
			assert.Equal(t, 500, r.Counted)
		}
	})
	t.Run("says where runs are missing, and where there are too many", func(t *testing.T) {
		some := append(append([]insights.Test{}, runs[:100]...), runs[150:]...)
		some = append(some, runs[499], runs[499])
		r, err := report.Reconcile(delivered(t, time.Hour, some...), trendsOf(time.Hour, 0, runs...))
		require.NoError(t, err)
		assert.False(t, r.Agrees())
		missing, surplus := 0, 0
		for _, d := range r.Differences {
			missing += max(0, d.Counted-d.Delivered)
			surplus += max(0, d.Delivered-d.Counted)
			assert.Equal(t, d.Start.Truncate(time.Hour), d.Start)
		}
		assert.Equal(t, 50, missing)
		assert.Equal(t, 2, surplus)
		assert.Contains(t, r.String(), "452 runs delivered, 500 counted; 2026-11-16T")
	})
	t.Run("does not take the same number in other intervals for the same", func(t *testing.T) {
		moved := append([]insights.Test{}, runs...)
		moved[0].CreationTime = moved[0].CreationTime.Add(5 * time.Hour)
		r, err := report.Reconcile(delivered(t, time.Hour, moved...), trendsOf(time.Hour, 0, runs...))
		require.NoError(t, err)
		assert.Equal(t, r.Delivered, r.Counted)
		assert.Len(t, r.Differences, 2)
		assert.False(t, r.Agrees())
	})
	t.Run("does not agree about runs whose interval nobody knows", func(t *testing.T) {
		undated := append([]insights.Test{}, runs...)
		undated[3].CreationTime = time.Time{}
		r, err := report.Reconcile(delivered(t, time.Hour, undated...), trendsOf(time.Hour, 0, runs...))
		require.NoError(t, err)
		assert.Equal(t, 1, r.Undated)
		assert.False(t, r.Agrees())
		trends := trendsOf(time.Hour, 0, runs...)
		trends.Buckets[0].Timestamp = time.Time{}
		r, err = report.Reconcile(delivered(t, time.Hour, runs...), trends)
		require.NoError(t, err)
		assert.Equal(t, trends.Buckets[0].Count, r.Unplaced)
		assert.False(t, r.Agrees())
	})
	t.Run("cannot tell of intervals that begin anywhere", func(t *testing.T) {
		trends := trendsOf(time.Hour, 0, runs...)
		trends.Buckets[1].Timestamp = trends.Buckets[1].Timestamp.Add(time.Minute)
		_, err := report.Reconcile(delivered(t, time.Hour, runs...), trends)
		require.ErrorIs(t, err, report.ErrUnevenIntervals)
		_, err = report.Reconcile(delivered(t, time.Hour, runs...), trendsOf(time.Hour, 17*time.Second, runs...))
		assert.ErrorIs(t, err, report.ErrUnevenIntervals)
	})
	t.Run("of nothing with nothing agrees", func(t *testing.T) {
		r, err := report.Reconcile(delivered(t, time.Hour), new(insights.TestTrends))
		require.NoError(t, err)
		assert.True(t, r.Agrees())
		_, err = report.Reconcile(nil, new(insights.TestTrends))
		require.Error(t, err)
	})
	t.Run("knows times before 1970", func(t *testing.T) {
		r := run("login", insights.StatusPassed, 0)
		r.CreationTime = time.Date(1969, 12, 31, 23, 10, 0, 0, time.UTC)
		got, err := report.Reconcile(delivered(t, time.Hour, r), trendsOf(time.Hour, 0, r))
		require.NoError(t, err)
		assert.True(t, got.Agrees(), got)
	})
}

func TestReconcileDelivered(t *testing.T) {
	srv := insightstest.NewServer()
	t.Cleanup(srv.Close)
	end := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	srv.Add(insightstest.Generate(3, 400, end.Add(-48*time.Hour), end.Add(-time.Second))...)
	opts := insights.TestsOptions{Period: insights.Between(end.Add(-48*time.Hour), end), Status: insights.StatusPassed}
	d := delivered(t, time.Hour)
	for r, err := range srv.Client().AllTests(t.Context(), opts) {
		require.NoError(t, err)
		d.Add(r)
	}
	t.Run("asks with the same period, scope, owner and status", func(t *testing.T) {
		r, err := report.ReconcileDelivered(t.Context(), srv.Client(), opts, d)
		require.NoError(t, err)
		assert.True(t, r.Agrees(), r)
		assert.Positive(t, r.Counted)
		other := opts
		other.Status = ""
		r, err = report.ReconcileDelivered(t.Context(), srv.Client(), other, d)
		require.NoError(t, err)
		assert.False(t, r.Agrees())
	})
	t.Run("refuses what the trends cannot count, before it asks", func(t *testing.T) {
		asked := len(srv.Requests())
		for field, opts := range map[string]insights.TestsOptions{
			"Period":       {Period: insights.Last(time.Hour)},
			"Build":        {Period: opts.Period, Build: "7"},
			"MissingBuild": {Period: opts.Period, MissingBuild: true},
			"Query":        {Period: opts.Period, Query: "login"},
			"Error":        {Period: opts.Period, Error: "x"},
			"From":         {Period: opts.Period, From: 10},
			"After":        {Period: opts.Period, After: insights.CursorAfter(end, "id")},
		} {
			_, err := report.ReconcileDelivered(t.Context(), srv.Client(), opts, d)
			require.ErrorIs(t, err, insights.ErrInvalidOptions)
			assert.ErrorContains(t, err, field)
		}
		assert.Len(t, srv.Requests(), asked)
	})
	t.Run("returns the error of the service", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := report.ReconcileDelivered(ctx, srv.Client(), opts, d)
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestNewDelivered(t *testing.T) {
	for _, interval := range []time.Duration{0, -time.Hour, 1500 * time.Millisecond} {
		_, err := report.NewDelivered(interval)
		assert.ErrorIs(t, err, insights.ErrInvalidOptions)
	}
}
