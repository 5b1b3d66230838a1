package insights

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Services that are wrong about their own lists, from negligence or with intent:
// a loop delivers what can be had, and ends.

var firstOfMay = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

// listRequest is the request for a page, of so many so far.
type listRequest struct {
	number, from, size int
	start, end         time.Time
	newestFirst        bool
}

func listRequestOf(q url.Values, number int) listRequest {
	r := listRequest{number: number, newestFirst: q.Get("desc") == "true"}
	r.from, _ = strconv.Atoi(q.Get("from"))
	r.size, _ = strconv.Atoi(q.Get("size"))
	r.start, _ = time.Parse(time.RFC3339, q.Get("start"))
	r.end, _ = time.Parse(time.RFC3339, q.Get("end"))
	return r
}

// liar answers a request with a page, what it says of further ones, and a status
// where that is not 200.
type liar func(listRequest) (items []Test, hasMore string, status int)

// lying is a client of a liar, who loses patience after limit requests.
func lying(t *testing.T, limit int, answer liar, opts ...Option) (c *Client, asked *int) {
	asked = new(int)
	transport := inMemory(func(request *http.Request) (*http.Response, error) {
		if *asked++; *asked > limit {
			return reply(http.StatusForbidden, `{"message":"endless"}`), nil
		}
		items, hasMore, status := answer(listRequestOf(request.URL.Query(), *asked))
		return reply(cmp.Or(status, http.StatusOK), pageOf(items, hasMore)), nil
	})
	opts = append([]Option{WithRetry(RetryPolicy{MaxAttempts: 1}), WithConcurrency(1)}, opts...)
	return clientOver(t, oneAtATime(transport), opts...), asked
}

// pageOf is a page on the wire. Runs without a time have null for one.
func pageOf(items []Test, hasMore string) string {
	texts := make([]string, len(items))
	for i, run := range items {
		at := "null"
		if !run.CreationTime.IsZero() {
			at = strconv.Quote(run.CreationTime.Format(time.RFC3339Nano))
		}
		texts[i] = fmt.Sprintf(`{"id":%q,"creation_time":%s}`, run.ID, at)
	}
	return `{"items":[` + strings.Join(texts, ",") + `],"has_more":` + hasMore + `}`
}

func oneAtATime(next inMemory) inMemory {
	turn := make(chan struct{}, 1)
	return func(request *http.Request) (*http.Response, error) {
		turn <- struct{}{}
		defer func() { <-turn }()
		return next(request)
	}
}

func allOf(t *testing.T, c *Client, opts TestsOptions) (ids []string, err error) {
	opts.Period = Between(firstOfMay, firstOfMay.Add(time.Hour))
	for run, err := range c.AllTests(t.Context(), opts) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, run.ID)
	}
	return ids, nil
}

// onePerSecond is a page of n runs, one a second, of which run i belongs to a
// period by the time at(i), and whether there are more.
func onePerSecond(n int, r listRequest, at func(i int) time.Time) (page []Test, hasMore string) {
	var list []int
	for i := range n {
		if when := at(i); !when.Before(r.start) && !when.After(r.end) {
			list = append(list, i)
		}
	}
	if r.newestFirst {
		slices.Reverse(list)
	}
	for _, i := range list[min(r.from, len(list)):min(r.from+r.size, len(list))] {
		page = append(page, Test{ID: strconv.Itoa(i), CreationTime: created(i)})
	}
	return page, strconv.FormatBool(r.from+r.size < len(list))
}

func created(i int) time.Time { return firstOfMay.Add(time.Duration(i) * time.Second) }

func TestAServiceWhosePagesNeverMeetEndsTheLoop(t *testing.T) {
	c, asked := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
		items := make([]Test, 100)
		for i := range items {
			items[i] = Test{ID: fmt.Sprint(r.number, "-", i), CreationTime: firstOfMay}
		}
		return items, "true", 0
	}, WithResultWindow(1000))
	ids, err := allOf(t, c, TestsOptions{})
	assert.ErrorIs(t, err, ErrResultWindow)
	assert.Less(t, *asked, 200)
	assert.LessOrEqual(t, len(ids), 1100)
}

// A service that reaches fewer records than it should, and says so by no more
// than an empty page.
func TestAnEmptyPagePastASmallerWindowIsNotAskedForForEver(t *testing.T) {
	for _, order := range []Order{OldestFirst, NewestFirst} {
		c, asked := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
			if r.from+r.size > 60 {
				return nil, "true", 0
			}
			items, more := onePerSecond(120, r, created)
			return items, more, 0
		}, WithResultWindow(120))
		ids, err := allOf(t, c, TestsOptions{Order: order, Size: 12})
		require.NoError(t, err)
		assert.Len(t, ids, 120)
		assert.Less(t, *asked, 600)
	}
}

// Of a list that a service never tells more of, also the search for runs under way
// sees the end.
func TestALateListWhoseServiceNeverTellsOfMoreIsReadToItsEnd(t *testing.T) {
	for _, more := range []string{"null", "false"} {
		c, _ := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
			items, _ := onePerSecond(300, r, func(i int) time.Time { // it goes by the end
				if i%2 == 0 {
					return created(400)
				}
				return created(i)
			})
			return items, more, 0
		}, WithResultWindow(200))
		ids, err := allOf(t, c, TestsOptions{Order: NewestFirst, Size: 10})
		require.NoError(t, err)
		assert.Len(t, ids, 300, "has_more %s", more)
	}
}

func TestAServiceThatGivesMoreThanTheResultWindowInOnePage(t *testing.T) {
	for _, order := range []Order{OldestFirst, NewestFirst} {
		c, _ := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
			r.size = 100_000
			items, more := onePerSecond(150, r, created)
			return items, more, 0
		}, WithResultWindow(100))
		ids, err := allOf(t, c, TestsOptions{Size: 10, Order: order})
		assert.NotErrorIs(t, err, ErrInvalidOptions)
		require.NoError(t, err)
		assert.Len(t, ids, 150)
	}
}

func TestRunsThatVanishWhileLateOnesAreSoughtTakeNoOthersWithThem(t *testing.T) {
	gone := 0
	c, _ := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
		if !r.newestFirst && r.from > 0 && gone < 12 {
			gone += 4
		}
		items, more := onePerSecond(300, r, func(i int) time.Time {
			switch {
			case i < gone:
				return time.Time{}
			case i%2 == 0 && i < 200:
				return created(400)
			}
			return created(i)
		})
		return items, more, 0
	}, WithResultWindow(200), WithConcurrency(4))
	ids, err := allOf(t, c, TestsOptions{Order: NewestFirst, Size: 10})
	require.NoError(t, err)
	for i := 12; i < 300; i++ {
		assert.Contains(t, ids, fmt.Sprint(i))
	}
}

// Runs that are given other times for each request are told by their IDs.
func TestTimesThatChangeFromPageToPageLoseNoRuns(t *testing.T) {
	for _, shift := range []time.Duration{-time.Hour, -time.Second, time.Hour} {
		c, _ := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
			items, more := onePerSecond(300, r, created)
			for i := range items {
				items[i].CreationTime = items[i].CreationTime.Add(time.Duration(r.number) * shift)
			}
			return items, more, 0
		})
		ids, err := allOf(t, c, TestsOptions{Size: 30})
		require.NoError(t, err)
		assert.Len(t, ids, 300, "%s", shift)
	}
}

func TestTheIDsOfRunsWithoutATimeAreBounded(t *testing.T) {
	c, _ := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
		items, more := onePerSecond(1200, r, created)
		for i := range items {
			if n, _ := strconv.Atoi(items[i].ID); n%100 != 0 {
				items[i].CreationTime = time.Time{}
			}
		}
		return items, more, 0
	}, WithResultWindow(400))
	held := 0
	var l *loop
	l, err := c.newLoop(t.Context(), TestsOptions{Period: Between(firstOfMay, firstOfMay.Add(time.Hour))}, nil, func(Test, error) bool {
		held = max(held, len(l.delivered.seen))
		return true
	})
	require.NoError(t, err)
	defer l.ahead.stop()
	assert.ErrorIs(t, l.run(), ErrResultWindow)
	assert.LessOrEqual(t, held, 500)
}

// Loops that each come a few runs further learn together what one would learn.
func TestRestOfShortLoopsKnowsThatTheOrderIsKept(t *testing.T) {
	failAt := 0
	c, _ := lying(t, 5000, func(r listRequest) ([]Test, string, int) {
		if r.from+r.size > 60 {
			return nil, "", http.StatusBadRequest
		}
		if failAt > 0 && r.from >= failAt {
			return nil, "", http.StatusServiceUnavailable
		}
		items, more := onePerSecond(200, r, created)
		return items, more, 0
	}, WithResultWindow(1000))
	opts, total := TestsOptions{Size: 4}, 0
	for range 100 {
		failAt += 6
		ids, err := allOf(t, c, opts)
		total += len(ids)
		failed, broken := errors.AsType[*IterationError](err)
		if !broken {
			require.NoError(t, err)
			break
		}
		opts = failed.Rest
	}
	assert.Equal(t, 200, total)
}

// Setbacks that are worth it are no reason to give up.
func TestRunsThatVanishAgainAndAgainEndNoLoopThatGainsOthers(t *testing.T) {
	for _, order := range []Order{OldestFirst, NewestFirst} {
		gone := 0
		c, _ := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
			if r.number%2 == 0 {
				gone++
			}
			var items []Test
			for i := min(gone+r.from, 160); i < min(gone+r.from+r.size, 160); i++ {
				items = append(items, Test{ID: strconv.Itoa(i), CreationTime: firstOfMay})
			}
			return items, strconv.FormatBool(gone+r.from+r.size < 160), 0
		}, WithResultWindow(200))
		ids, err := allOf(t, c, TestsOptions{Order: order, Size: 4})
		require.NoError(t, err)
		for i := gone; i < 160; i++ {
			assert.Contains(t, ids, strconv.Itoa(i), "%d have vanished", gone)
		}
	}
}

// The search for runs under way has an end too.
func TestALateListWhosePagesNeverMeetEndsTheLoop(t *testing.T) {
	c, asked := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
		if r.newestFirst {
			items, more := onePerSecond(300, r, created)
			return items, more, 0
		}
		items := make([]Test, r.size)
		for i := range items {
			items[i] = Test{ID: fmt.Sprint(r.number, "-", i), CreationTime: firstOfMay}
		}
		return items, "true", 0
	}, WithResultWindow(100))
	_, err := allOf(t, c, TestsOptions{Order: NewestFirst, Size: 10})
	assert.ErrorIs(t, err, ErrResultWindow)
	assert.ErrorContains(t, err, pagesApart)
	assert.Less(t, *asked, 500)
}

// The time of a cursor is the program's word, which may have lost a fraction.
func TestACursorWhoseTimeWasRoundedAccusesNoService(t *testing.T) {
	for _, order := range []Order{OldestFirst, NewestFirst} {
		c, _ := lying(t, 2000, func(r listRequest) ([]Test, string, int) {
			items, more := onePerSecond(200, r, created)
			for i := range items {
				items[i].CreationTime = items[i].CreationTime.Add(time.Second / 2)
			}
			return items, more, 0
		})
		ids, err := allOf(t, c, TestsOptions{Order: order, Size: 10, After: CursorAfter(created(100), "100")})
		require.NoError(t, err)
		assert.GreaterOrEqual(t, len(ids), 99, order)
	}
}

// A run without a time contradicts nothing.
func TestTimesAreContradictedByTimesAlone(t *testing.T) {
	d := deliveredUpTo(Cursor{}, OldestFirst)
	run := Test{ID: "a", CreationTime: firstOfMay}
	d.add(run)
	assert.False(t, d.contradicts([]Test{run, {ID: "a"}, {ID: "b", CreationTime: created(1)}}))
	assert.True(t, d.contradicts([]Test{{ID: "a", CreationTime: created(1)}}))
}
