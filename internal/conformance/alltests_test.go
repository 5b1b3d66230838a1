package conformance_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

var (
	dawn = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	dusk = dawn.Add(5 * time.Minute)
)

// crowded is a data set with runs of the same second, runs that never started
// and runs that outlast the period.
func crowded(seed uint64, n int) []insights.Test {
	random := rand.New(rand.NewPCG(seed, 1))
	runs := make([]insights.Test, n)
	for i := range runs {
		created := dawn.Add(time.Duration(random.IntN(300)-20) * time.Second)
		runs[i] = insights.Test{
			ID: fmt.Sprintf("run-%d-%03d", seed, i), Name: "n", Owner: insightstest.Username,
			Status: insights.StatusPassed, CreationTime: created,
		}
		if random.IntN(8) > 0 {
			runs[i].StartTime = created.Add(time.Duration(random.IntN(5)) * time.Second)
			runs[i].EndTime = runs[i].StartTime.Add(time.Duration(random.IntN(90)) * time.Second)
		}
	}
	return runs
}

// truth is what a service with these options holds of the period, taken in one
// page.
func truth(t *testing.T, runs []insights.Test, opts []insightstest.Option) []string {
	srv := insightstest.NewServer(append(slices.Clone(opts), insightstest.WithResultWindow(10_000), insightstest.WithLargestPage(10_000))...)
	defer srv.Close()
	srv.Add(runs...)
	list, err := srv.Client().Tests(t.Context(), insights.TestsOptions{Period: insights.Between(dawn, dusk), Size: 5000, Order: insights.OldestFirst})
	require.NoError(t, err)
	return idsOf(list.Items)
}

func idsOf(runs []insights.Test) []string {
	ids := make([]string, len(runs))
	for i, run := range runs {
		ids[i] = run.ID
	}
	return ids
}

func collect(ctx context.Context, c *insights.Client, opts insights.TestsOptions) ([]insights.Test, error) {
	return collectUntil(ctx, c, opts, -1)
}

// collectUntil leaves the loop after so many runs.
func collectUntil(ctx context.Context, c *insights.Client, opts insights.TestsOptions, most int) (runs []insights.Test, err error) {
	for run, err := range c.AllTests(ctx, opts) {
		if err != nil {
			return runs, err
		}
		if runs = append(runs, run); len(runs) == most {
			break
		}
	}
	return runs, nil
}

func assertOrdered(t *testing.T, runs []insights.Test, order insights.Order, name string) {
	assert.True(t, slices.IsSortedFunc(runs, func(a, b insights.Test) int {
		if order == insights.NewestFirst {
			a, b = b, a
		}
		return cmp.Compare(a.CreationTime.UnixNano(), b.CreationTime.UnixNano())
	}), name)
}

func TestAllTests(t *testing.T) {
	t.Run("more runs in a second than the result window", func(t *testing.T) {
		srv := insightstest.NewServer(insightstest.WithResultWindow(50))
		defer srv.Close()
		for i := range 80 {
			srv.Add(insights.Test{ID: fmt.Sprint(i), CreationTime: dawn})
		}
		client := srv.Client(insights.WithResultWindow(50))
		opts := insights.TestsOptions{Period: insights.Between(dawn.Add(-time.Minute), dusk), Size: 20}
		got, err := collect(t.Context(), client, opts)
		assert.ErrorIs(t, err, insights.ErrResultWindow)
		assert.Len(t, got, 50)
		failed, _ := errors.AsType[*insights.IterationError](err)
		require.NotNil(t, failed)
		opts.After = failed.Rest.After
		assert.False(t, opts.After.IsZero())
	})

	t.Run("a loop that breaks asks for one page", func(t *testing.T) {
		srv := insightstest.NewServer()
		defer srv.Close()
		srv.Add(crowded(6, 300)...)
		var info insights.ResponseInfo
		loop := srv.Client().AllTests(t.Context(), insights.TestsOptions{Period: insights.Between(dawn, dusk), Size: 10}, insights.CaptureResponse(&info))
		for range 2 { // and it may be ranged over again
			srv.ForgetRequests()
			for run, err := range loop {
				require.NoError(t, err)
				assert.NotEmpty(t, run.ID)
				assert.Equal(t, 200, info.StatusCode, "filled before a page's first run")
				break
			}
			assert.Len(t, srv.Requests(), 1)
		}
	})

	t.Run("a cancelled loop says how far it came", func(t *testing.T) {
		srv := insightstest.NewServer()
		defer srv.Close()
		srv.Add(crowded(8, 100)...)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		for _, err := range srv.Client().AllTests(ctx, insights.TestsOptions{Period: insights.Between(dawn, dusk), Size: 10}) {
			if err != nil {
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorContains(t, err, fmt.Sprintf("after %d runs", n))
				break
			}
			n++
			cancel()
		}
		assert.Equal(t, 10, n, "the page that was there is delivered")
	})

	t.Run("from and size keep their meaning", func(t *testing.T) {
		t.Parallel()
		srv := insightstest.NewServer(insightstest.WithResultWindow(50))
		defer srv.Close()
		srv.Add(crowded(5, 120)...)
		client := srv.Client(insights.WithResultWindow(50))
		opts := insights.TestsOptions{Period: insights.Between(dawn, dusk), Size: 10}
		all, err := collect(t.Context(), client, opts)
		require.NoError(t, err)
		for _, from := range []int{1, 10, 40, 41, 42, 45, 50, 51, 70} {
			opts.From = from
			got, err := collect(t.Context(), client, opts)
			require.NoError(t, err)
			assert.Equal(t, idsOf(all[from:]), idsOf(got), "from %d", from)
		}
	})

	t.Run("a service that ignores the order", func(t *testing.T) {
		t.Parallel()
		runs := crowded(3, 150)
		for _, order := range []insights.Order{insights.OldestFirst, insights.NewestFirst} {
			srv := insightstest.NewServer(insightstest.WithFixedOrder(insights.NewestFirst))
			srv.Add(runs...)
			opts := insights.TestsOptions{Period: insights.Between(dawn, dusk), Order: order, Size: 20}
			got, err := collect(t.Context(), srv.Client(), opts)
			require.NoError(t, err, "inside the result window nothing is lost")
			assert.ElementsMatch(t, truth(t, runs, nil), idsOf(got))
			srv.Close()
		}
		srv := insightstest.NewServer(insightstest.WithFixedOrder(insights.NewestFirst), insightstest.WithResultWindow(50))
		defer srv.Close()
		srv.Add(runs...)
		got, err := collect(t.Context(), srv.Client(insights.WithResultWindow(50)), insights.TestsOptions{Period: insights.Between(dawn, dusk), Size: 20})
		assert.ErrorIs(t, err, insights.ErrResultWindow, "past it there is no way on")
		assert.Len(t, got, 50)
	})
}

func TestAllTestsRefusesBadOptionsBare(t *testing.T) {
	srv := insightstest.NewServer()
	defer srv.Close()
	_, err := collect(t.Context(), srv.Client(), insights.TestsOptions{Size: -1})
	problems, ok := err.(*insights.OptionsError)
	require.True(t, ok, "%v", err)
	assert.Len(t, problems.Problems, 2)
	assert.Empty(t, srv.Requests())
}

func TestClient(t *testing.T) {
	t.Run("all five calls against the fake", func(t *testing.T) {
		t.Parallel()
		srv := insightstest.NewServer()
		defer srv.Close()
		runs := insightstest.Generate(1, 500, dawn, dusk)
		srv.Add(runs...)
		client, period := srv.Client(), insights.Between(dawn.Add(-time.Hour), dusk.Add(time.Hour))

		list, err := client.Tests(t.Context(), insights.TestsOptions{Period: period, Size: 100})
		require.NoError(t, err)
		assert.Len(t, list.Items, 100)
		assert.True(t, list.HasMore)
		metrics, err := client.TestMetrics(t.Context(), insights.TestMetricsOptions{Period: period, Query: runs[0].Name})
		require.NoError(t, err)
		assert.Positive(t, metrics.Aggs.Count)
		trends, err := client.TestTrends(t.Context(), insights.TestTrendsOptions{Period: period, Interval: time.Minute})
		require.NoError(t, err)
		assert.NotEmpty(t, trends.Buckets)
		builds, err := client.BuildsTests(t.Context(), insights.BuildsTestsOptions{Period: period})
		require.NoError(t, err)
		assert.NotEmpty(t, builds.Builds.Items)
		failures, err := client.ErrorTrends(t.Context(), insights.ErrorTrendsOptions{Period: period})
		require.NoError(t, err)
		assert.NotEmpty(t, failures.Buckets)
	})
}
