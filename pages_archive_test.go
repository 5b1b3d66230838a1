package insights_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// TestAllTestsAgainstAnotherService is TestAllTestsAgainstTheTruth with a
// service that has nothing in common with insightstest.
func TestAllTestsAgainstAnotherService(t *testing.T) {
	t.Parallel()
	var numbers []uint64
	if triesOnceWrong {
		numbers = []uint64{1026, 4121, 4369, 14218} // once wrong
	}
	for n := range max(1, *cases/2) { // each is as long as two of the others
		numbers = append(numbers, *firstCase+n)
	}
	for _, number := range numbers {
		t.Run(strconv.FormatUint(number, 10), func(t *testing.T) {
			v := randomVisit(number)
			text := v.String()
			synctest.Test(t, func(t *testing.T) {
				defer func() {
					if t.Failed() {
						t.Log("case", number, text)
					}
				}()
				v.check(t)
			})
		})
	}
}

func (v visit) check(t *testing.T) {
	a := v.archive
	first, last, _ := strings.Cut(v.opts.Period.String(), "/")
	there := a.list(first, last, v.opts.Order == insights.NewestFirst)
	records := len(there)
	there = slices.CompactFunc(there, func(x, y archived) bool { return x.id == y.id })
	gone := slices.Clone(a.vanish)
	arriving := len(a.arrivals)
	got, err := v.deliver(t, v.client(t))
	ids := idsOf(got)
	assert.LessOrEqual(t, a.most, v.width, "requests in flight")
	unique := slices.Clone(ids)
	slices.Sort(unique)
	assert.Len(t, slices.Compact(unique), len(got), "none twice")
	if a.order != "asked" {
		if err != nil && records+2*arriving >= a.window {
			require.ErrorIs(t, err, insights.ErrResultWindow)
			return
		}
	} else {
		assertOrdered(t, got, v.opts.Order, "in order")
	}
	require.NoError(t, err)
	var want []string
	for i, r := range there {
		if i >= v.opts.From && !slices.Contains(gone, r.id) {
			want = append(want, r.id)
		}
	}
	if arriving > 0 || len(gone) > 0 {
		assert.Empty(t, missing(want, ids), "lost")
		return
	}
	assert.Len(t, got, len(want))
	if v.opts.From > 0 && v.opts.Order == insights.NewestFirst && a.member != "created" {
		return // past the result window, which of the runs of one time comes first is not told
	}
	assert.Empty(t, missing(want, ids), "lost")
	assert.Empty(t, missing(ids, want), "too many")
}

func (v visit) client(t *testing.T) *insights.Client {
	client, err := insights.NewClient("", insights.Credentials{Username: "u", AccessKey: "key-of-the-archive"},
		insights.WithBaseURL("http://127.0.0.1:1"), insights.WithHTTPClient(&http.Client{Transport: v.archive}),
		insights.WithConcurrency(v.width), insights.WithResultWindow(v.archive.window), insights.WithoutRateLimit(),
		insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	return client
}

func missing(want, got []string) (lost []string) {
	for _, id := range want {
		if !slices.Contains(got, id) {
			lost = append(lost, id)
		}
	}
	return lost
}

func (v visit) deliver(t *testing.T, client *insights.Client) (got []insights.Test, err error) {
	opts := v.opts
	for range 300 {
		kill := -1
		if v.killed {
			v.archive.mu.Lock()
			kill = 1 + v.archive.random.IntN(60)
			v.archive.mu.Unlock()
		}
		part, err := collectUntil(t.Context(), client, opts, kill)
		got = append(got, part...)
		switch {
		case err == nil && len(part) == kill:
			opts.After = keptCursor(got)
			continue
		case err == nil:
			return got, nil
		}
		failed, ok := errors.AsType[*insights.IterationError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, len(part), failed.Delivered)
		if errors.Is(err, insights.ErrResultWindow) {
			return got, err
		}
		opts = throughText(t, failed.Rest)
		if v.archive.asked > 20000 {
			break
		}
	}
	t.Error("it does not come to an end")
	return got, nil
}

// visitOf is a loop over an archive that keeps to the reference, apart from
// what a test changes.
func visitOf(order insights.Order, size int, runs ...archived) visit {
	return visit{width: 1, opts: insights.TestsOptions{Period: insights.Between(dawn, dusk), Order: order, Size: size}, archive: &archive{
		random: rand.New(rand.NewPCG(1, 1)), runs: runs,
		habits: habits{member: "created", shown: "milliseconds", order: "asked", largestPage: 1000, window: 10_000, more: "honest", failure: "reset"},
	}}
}

// archivedAt are runs, so many created in each second from dawn on.
func archivedAt(perSecond ...int) (runs []archived) {
	for second, n := range perSecond {
		for range n {
			runs = append(runs, archivedRun(fmt.Sprint("run", len(runs)), dawn.Add(time.Duration(second)*time.Second)))
		}
	}
	return runs
}

// failAfter collects so many runs, has every request fail, and goes on with
// Rest when they work again.
func (v visit) failAfter(t *testing.T, n int) (got []insights.Test) {
	var failed *insights.IterationError
	client := v.client(t)
	for run, err := range client.AllTests(t.Context(), v.opts) {
		if errors.As(err, &failed) {
			break
		}
		if got = append(got, run); len(got) == n {
			v.archive.setFailing(1)
		}
	}
	require.NotNil(t, failed)
	v.archive.setFailing(0)
	rest, err := collect(t.Context(), client, throughText(t, failed.Rest))
	require.NoError(t, err)
	return append(got, rest...)
}

func (a *archive) setFailing(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failing, a.failures = n, 1000
}

func TestRestDoesNotBringBackWhatFromSkipped(t *testing.T) {
	for _, runs := range [][]archived{archivedAt(30), archivedAt(5, 30), archivedAt(3, 2, 2, 30)} {
		v := visitOf(insights.OldestFirst, 4, runs...)
		v.opts.From = 6
		synctest.Test(t, func(t *testing.T) {
			got := v.failAfter(t, 2)
			ids := idsOf(got)
			slices.Sort(ids)
			assert.Len(t, slices.Compact(ids), len(runs)-6)
		})
	}
}

func TestRestOfAServiceNotYetKnownToIgnoreTheOrder(t *testing.T) {
	v := visitOf(insights.OldestFirst, 4, archivedAt(20, 20, 20)...)
	v.archive.order = "newest"
	synctest.Test(t, func(t *testing.T) {
		got := v.failAfter(t, 1) // its page is of one second, like one in order
		ids := idsOf(got)
		slices.Sort(ids)
		assert.Len(t, slices.Compact(ids), 60)
		assert.Len(t, got, 60)
	})
}

func TestRestOfAServiceThatIgnoresTheOrderKeepsFrom(t *testing.T) {
	v := visitOf(insights.OldestFirst, 4, archivedAt(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)...)
	v.archive.order, v.opts.From = "newest", 6
	synctest.Test(t, func(t *testing.T) {
		assert.Len(t, v.failAfter(t, 4), 14)
	})
}

// The last record of the result window shows that there are no more.
func TestAPeriodThatJustFitsIntoTheResultWindow(t *testing.T) {
	v := visitOf(insights.OldestFirst, 4, archivedAt(9)...)
	v.archive.window, v.archive.more = 10, "always"
	synctest.Test(t, func(t *testing.T) {
		got, err := collect(t.Context(), v.client(t), v.opts)
		require.NoError(t, err)
		assert.Len(t, got, 9)
	})
}

func TestRestOfAServiceThatGivesTheNewestFirstOnly(t *testing.T) {
	v := visitOf(insights.NewestFirst, 4, archivedAt(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)...)
	v.archive.order = "newest"
	synctest.Test(t, func(t *testing.T) {
		assert.Len(t, v.failAfter(t, 24), 32)
	})
}

func TestRestKnowsTheRunsWithoutATime(t *testing.T) {
	v := visitOf(insights.OldestFirst, 4, archivedAt(0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)...)
	v.archive.member, v.archive.nullsFirst = "ended", true
	for i := range v.archive.runs {
		v.archive.runs[i].end = dawn.Add(20 * time.Second)
		if i < 3 {
			v.archive.runs[i].created = time.Time{}
		}
	}
	for _, n := range []int{2, 5, 15} {
		synctest.Test(t, func(t *testing.T) {
			got := v.failAfter(t, n)
			ids := idsOf(got)
			slices.Sort(ids)
			assert.Len(t, slices.Compact(ids), 30)
			assert.Len(t, got, 30, "none twice")
		})
	}
}

func TestNothingIsInFlightWhenALoopHasFailed(t *testing.T) {
	v := visitOf(insights.OldestFirst, 4, archivedAt(20, 20, 20, 20)...)
	v.width = 4
	synctest.Test(t, func(t *testing.T) {
		n := 0
		for _, err := range v.client(t).AllTests(t.Context(), v.opts) {
			if n++; n == 30 {
				v.archive.setFailing(1)
			}
			if err != nil {
				synctest.Wait()
				assert.Zero(t, v.archive.inFlight, "requests beside those of a loop over Rest")
			}
		}
	})
}
