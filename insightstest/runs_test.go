package insightstest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// clock is one that a test moves.
type clock struct{ microseconds atomic.Int64 }

func clockAt(t time.Time) *clock {
	c := new(clock)
	c.microseconds.Store(t.UnixMicro())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.microseconds.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.microseconds.Add(d.Microseconds()) }

// shown are the runs of the day around noon as a client sees them.
func shown(t *testing.T, srv *insightstest.Server) []insights.Test {
	t.Helper()
	page, err := srv.Client().Tests(t.Context(), insights.TestsOptions{Period: insights.Between(noon.Add(-12*time.Hour), noon.Add(12*time.Hour)), Size: 100})
	require.NoError(t, err)
	return page.Items
}

func TestServerAddTwice(t *testing.T) {
	srv := insightstest.New(t)
	runs := numbered(5)
	for i := range runs {
		runs[i].CreationTime = noon // all of one time: the order is that in which they came
	}
	srv.Add(runs...)
	shown(t, srv)
	srv.Add(insights.Test{ID: "3", Name: "again", CreationTime: noon}, insights.Test{ID: "3", Name: "and again", CreationTime: noon})
	got := shown(t, srv)
	assert.Equal(t, []string{"0", "1", "2", "3", "4"}, ids(got), "it keeps its place, and is there once")
	assert.Equal(t, "and again", got[3].Name)
	srv.Add(insights.Test{ID: "3", CreationTime: noon.Add(-time.Second)})
	assert.Equal(t, []string{"3", "0", "1", "2", "4"}, ids(shown(t, srv)), "a new time is a new place")
}

func TestServerAddRunning(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithMembership(insightstest.ByEnd))
	srv.Add(insights.Test{ID: "r", Status: insightstest.StatusInProgress, CreationTime: noon},
		insights.Test{ID: "q", Status: insightstest.StatusQueued, CreationTime: noon.Add(time.Second)})
	got := shown(t, srv)
	require.Len(t, got, 2, "without an end, the creation counts")
	assert.Equal(t, noon, got[0].StartTime)
	assert.Zero(t, got[0].EndTime)
	assert.Zero(t, got[0].Duration)
	assert.Zero(t, got[1].StartTime)
	metrics, err := srv.Client().TestMetrics(t.Context(), insights.TestMetricsOptions{Period: insights.Between(noon, noon.Add(time.Hour)), Query: "r"})
	require.NoError(t, err)
	assert.Nil(t, metrics.Aggs.FastestRun)
}

func TestServerUpdate(t *testing.T) {
	day := insights.Between(noon.Add(-12*time.Hour), noon.Add(12*time.Hour))
	t.Run("a running run ends", func(t *testing.T) {
		c := clockAt(noon)
		srv := insightstest.New(t, insightstest.WithClock(c.now))
		srv.Add(insights.Test{ID: "a", Name: "n", Status: insightstest.StatusInProgress})
		shown(t, srv)
		c.advance(90 * time.Second)
		srv.Update("a", func(run *insights.Test) { run.Status, run.Error = insights.StatusFailed, "no" })
		got := shown(t, srv)
		require.Len(t, got, 1)
		assert.Equal(t, insights.StatusFailed, got[0].Status)
		assert.Equal(t, noon.Add(90*time.Second), got[0].EndTime)
		assert.InDelta(t, 90, float64(got[0].Duration), 0)
		failures, err := srv.Client().ErrorTrends(t.Context(), insights.ErrorTrendsOptions{Period: day})
		require.NoError(t, err)
		require.Len(t, failures.Buckets, 1)
		assert.Equal(t, "no", failures.Buckets[0].Name)
	})
	t.Run("times stay in agreement", func(t *testing.T) {
		srv := insightstest.New(t)
		srv.Add(insights.Test{ID: "a", CreationTime: noon, Duration: 10})
		srv.Update("a", func(run *insights.Test) { run.EndTime = run.EndTime.Add(5 * time.Second) })
		got, known := srv.Test("a")
		require.True(t, known)
		assert.InDelta(t, 15, float64(got.Duration), 0)
		srv.Update("a", func(run *insights.Test) { run.Duration = 3 })
		got, _ = srv.Test("a")
		assert.Equal(t, noon.Add(3*time.Second), got.EndTime)
		srv.Update("a", func(run *insights.Test) { run.Duration, run.EndTime = 7, noon.Add(time.Minute) })
		got, _ = srv.Test("a")
		assert.Equal(t, noon.Add(time.Minute), got.EndTime, "both were given")
		assert.InDelta(t, 7, float64(got.Duration), 0)
		srv.Update("a", func(run *insights.Test) { run.Name = "only the name" })
		got, _ = srv.Test("a")
		assert.Equal(t, noon.Add(time.Minute), got.EndTime)
	})
	t.Run("what can't be is a mistake", func(t *testing.T) {
		srv := start(t)
		srv.Add(insights.Test{ID: "a"})
		assert.PanicsWithValue(t, `insightstest: Update: there is no run with the ID "b"`, func() { srv.Update("b", func(*insights.Test) {}) })
		assert.PanicsWithValue(t, `insightstest: Update: the ID "a" was changed to "b"`, func() { srv.Update("a", func(run *insights.Test) { run.ID = "b" }) })
		srv.Update("a", func(run *insights.Test) { run.Name = "still works" })
	})
	t.Run("no update of many at once is lost", func(t *testing.T) {
		srv := insightstest.New(t)
		srv.Add(insights.Test{ID: "a", CreationTime: noon, Name: "0"})
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for range 20 {
					srv.Update("a", func(run *insights.Test) {
						n, _ := strconv.Atoi(run.Name)
						run.Name = strconv.Itoa(n + 1)
					})
				}
			})
		}
		workers.Wait()
		got, _ := srv.Test("a")
		assert.Equal(t, "160", got.Name)
	})
}

func TestServerRemove(t *testing.T) {
	srv := start(t)
	srv.Add(numbered(5)...)
	shown(t, srv)
	srv.Add(insights.Test{ID: "new", CreationTime: noon.Add(time.Hour)})
	srv.Remove("1", "new", "4")
	assert.Equal(t, []string{"0", "2", "3"}, ids(shown(t, srv)))
	assert.PanicsWithValue(t, `insightstest: Remove: there is no run with the ID "1"`, func() { srv.Remove("1") })
	srv.Add(insights.Test{ID: "1", CreationTime: noon})
	assert.Equal(t, []string{"0", "1", "2", "3"}, ids(shown(t, srv)), "it is as good as new")
}

func TestServerReset(t *testing.T) {
	var counts []int
	srv := insightstest.New(t, insightstest.WithServerLimit(0, 2), insightstest.WithArrivals(func(n int) []insights.Test {
		counts = append(counts, n)
		return nil
	}))
	srv.Add(insights.Test{ID: "old", Name: "old", CreationTime: noon})
	srv.AddAt(time.Now().Add(time.Hour), insights.Test{ID: "later"})
	for range 2 {
		shown(t, srv)
	}
	srv.Fail(insightstest.Outage(-1))
	srv.Reset()
	assert.Empty(t, srv.Requests())
	assert.Empty(t, srv.Pending())
	assert.Empty(t, shown(t, srv), "and the limit is full again")
	assert.Equal(t, []int{1, 2, 1}, counts)
	_, known := srv.Test("old")
	assert.False(t, known)
	srv.Add(insights.Test{ID: "new", CreationTime: noon})
	assert.Equal(t, []string{"new"}, ids(shown(t, srv)))
}

func TestServerAddAt(t *testing.T) {
	c := clockAt(noon)
	srv := insightstest.New(t, insightstest.WithClock(c.now))
	srv.AddAt(noon.Add(2*time.Minute), insights.Test{ID: "second"})
	srv.AddAt(noon.Add(time.Minute), insights.Test{ID: "first"})
	srv.AddAt(noon.Add(2*time.Minute), insights.Test{ID: "third"})
	srv.AddAt(noon.Add(-time.Minute), insights.Test{ID: "past"})
	assert.Equal(t, []string{"past"}, ids(shown(t, srv)))
	_, known := srv.Test("first")
	assert.False(t, known)
	c.advance(time.Minute)
	_, known = srv.Test("first")
	assert.True(t, known, "from its very moment on")
	assert.Equal(t, []string{"past", "first"}, ids(shown(t, srv)))
	c.advance(time.Hour)
	got := shown(t, srv)
	assert.Equal(t, []string{"past", "first", "second", "third"}, ids(got))
	assert.Equal(t, noon.Add(2*time.Minute), got[2].CreationTime, "a creation time that is missing")
}

func TestWithLateness(t *testing.T) {
	c := clockAt(noon)
	srv := insightstest.New(t, insightstest.WithClock(c.now), insightstest.WithLateness(10*time.Minute))
	srv.Add(insights.Test{ID: "old", CreationTime: noon.Add(-time.Hour)},
		insights.Test{ID: "running", CreationTime: noon, Status: insightstest.StatusInProgress},
		insights.Test{ID: "ended", CreationTime: noon.Add(-time.Minute), Duration: 60})
	assert.Equal(t, []string{"old"}, ids(shown(t, srv)))
	c.advance(10*time.Minute - time.Microsecond)
	assert.Equal(t, []string{"old"}, ids(shown(t, srv)))
	c.advance(time.Microsecond)
	assert.Equal(t, []string{"old", "ended", "running"}, ids(shown(t, srv)))
	srv.Update("running", func(run *insights.Test) { run.Status = insights.StatusPassed })
	assert.Equal(t, insightstest.StatusInProgress, shown(t, srv)[2].Status, "the end is late too")
	c.advance(10 * time.Minute)
	assert.Equal(t, insights.StatusPassed, shown(t, srv)[2].Status)
}

func TestWithLateStatusOfOldRuns(t *testing.T) {
	c := clockAt(noon)
	srv := insightstest.New(t, insightstest.WithClock(c.now), insightstest.WithLateness(time.Minute), insightstest.WithLateStatus(time.Second))
	srv.Add(insights.Test{ID: "old", CreationTime: noon.Add(-time.Hour), Status: insights.StatusFailed}, insights.Test{ID: "new", CreationTime: noon, Status: insights.StatusFailed},
		insights.Test{ID: "running", CreationTime: noon, Status: insightstest.StatusInProgress})
	assert.Equal(t, insights.StatusFailed, shown(t, srv)[0].Status)
	c.advance(time.Minute)
	for i, want := range []insights.Status{insights.StatusFailed, insights.StatusFailed, insightstest.StatusInProgress} {
		assert.Equal(t, want, shown(t, srv)[i].Status, "once it is visible, it is settled")
	}
}

func TestWithLateStatus(t *testing.T) {
	c := clockAt(noon)
	srv := insightstest.New(t, insightstest.WithClock(c.now), insightstest.WithLateness(time.Minute), insightstest.WithLateStatus(5*time.Minute))
	srv.Add(insights.Test{ID: "old", CreationTime: noon.Add(-time.Hour), Status: insights.StatusFailed},
		insights.Test{ID: "a", CreationTime: noon, Status: insights.StatusFailed, Error: "no"})
	assert.Equal(t, []string{"old"}, ids(shown(t, srv)), "it is not there at all yet")
	c.advance(time.Minute)
	got := shown(t, srv)
	assert.Equal(t, insights.StatusFailed, got[0].Status)
	assert.Equal(t, insights.StatusComplete, got[1].Status)
	assert.Empty(t, got[1].Error)
	c.advance(4 * time.Minute)
	got = shown(t, srv)
	assert.Equal(t, insights.StatusFailed, got[1].Status)
	assert.Equal(t, "no", got[1].Error)
}

// TestServerAddConcurrently changes runs while others read them: every answer
// is of one moment.
func TestServerAddConcurrently(t *testing.T) {
	const pairs = 10
	srv := insightstest.New(t)
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 1))
			for range 60 {
				n := r.IntN(pairs)
				one, other := insights.Test{ID: fmt.Sprint(n), CreationTime: noon}, insights.Test{ID: fmt.Sprint(pairs + n), CreationTime: noon}
				srv.Add(one, other)
				w := httptest.NewRecorder()
				srv.ServeHTTP(w, request(t, srv, insightstest.PathTests, around("size", "100")))
				assert.Equal(t, 200, w.Code)
			}
		})
	}
	workers.Wait()
	got := shown(t, srv)
	seen := map[string]bool{}
	for _, run := range got {
		assert.False(t, seen[run.ID], "%s is there twice", run.ID)
		seen[run.ID] = true
	}
	assert.Zero(t, len(got)%2)
}
