package paging

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/internal/fault"
)

func TestRun(t *testing.T) {
	t.Run("a service whose pages never meet ends the loop", testAServiceWhosePagesNeverMeetEndsTheLoop)
	t.Run("an empty page past a smaller window is not asked for for ever", testAnEmptyPagePastASmallerWindowIsNotAskedForForEver)
	t.Run("a late list whose service never tells of more is read to its end", testALateListWhoseServiceNeverTellsOfMoreIsReadToItsEnd)
	t.Run("a service that gives more than the result window in one page", testAServiceThatGivesMoreThanTheResultWindowInOnePage)
	t.Run("runs that vanish while late ones are sought take no others with them", testRunsThatVanishWhileLateOnesAreSoughtTakeNoOthersWithThem)
	t.Run("times that change from page to page lose no runs", testTimesThatChangeFromPageToPageLoseNoRuns)
	t.Run("the IDs of runs without a time are bounded", testTheIDsOfRunsWithoutATimeAreBounded)
	t.Run("rest of short loops knows that the order is kept", testRestOfShortLoopsKnowsThatTheOrderIsKept)
	t.Run("runs that vanish again and again end no loop that gains others", testRunsThatVanishAgainAndAgainEndNoLoopThatGainsOthers)
	t.Run("a late list whose pages never meet ends the loop", testALateListWhosePagesNeverMeetEndsTheLoop)
	t.Run("a cursor whose time was rounded accuses no service", testACursorWhoseTimeWasRoundedAccusesNoService)
	t.Run("a short page that says that it is the last is not believed where others went on", testShortPagesThatLieAboutTheEnd)
	t.Run("times are contradicted by times alone", testTimesAreContradictedByTimesAlone)
}

// Services that are wrong about their own lists, from negligence or with intent:
// a loop delivers what can be had, and ends.

// onePerSecond is a page of n runs, one a second, of which run i belongs to a
// period by the time at(i), and whether there are more.
func onePerSecond(n int, r request, at func(i int) time.Time) (page reply) {
	var list []int
	for i := range n {
		if when := at(i); !when.Before(r.Start) && !when.After(r.End) {
			list = append(list, i)
		}
	}
	if r.Order == NewestFirst {
		slices.Reverse(list)
	}
	for _, i := range list[min(r.From, len(list)):min(r.From+r.Size, len(list))] {
		page.keys = append(page.keys, Key{ID: strconv.Itoa(i), Created: created(i)})
	}
	page.hasMore = r.From+r.Size < len(list)
	return page
}

func testAServiceWhosePagesNeverMeetEndsTheLoop(t *testing.T) {
	c := serving(2000, func(r request) (reply, error) {
		items := make([]Key, 100)
		for i := range items {
			items[i] = Key{ID: fmt.Sprint(r.number, "-", i), Created: firstOfMay}
		}
		return reply{keys: items, hasMore: true}, nil
	})
	ids, err := c.ids(t, Options{ResultWindow: 1000})
	assert.ErrorIs(t, err, fault.ResultWindow)
	assert.Less(t, c.asked, 200)
	assert.LessOrEqual(t, len(ids), 1100)
}

// A service that reaches fewer records than it should, and says so by no more
// than an empty page.
func testAnEmptyPagePastASmallerWindowIsNotAskedForForEver(t *testing.T) {
	for _, order := range []Order{OldestFirst, NewestFirst} {
		c := serving(2000, func(r request) (reply, error) {
			if r.From+r.Size > 60 {
				return reply{hasMore: true}, nil
			}
			return onePerSecond(120, r, created), nil
		})
		ids, err := c.ids(t, Options{Order: order, Size: 12, ResultWindow: 120})
		require.NoError(t, err)
		assert.Len(t, ids, 120)
		assert.Less(t, c.asked, 600)
	}
}

// Of a list that a service never tells more of, also the search for runs under way
// sees the end.
func testALateListWhoseServiceNeverTellsOfMoreIsReadToItsEnd(t *testing.T) {
	c := serving(2000, func(r request) (reply, error) {
		page := onePerSecond(300, r, func(i int) time.Time { // it goes by the end
			if i%2 == 0 {
				return created(400)
			}
			return created(i)
		})
		page.hasMore = false
		return page, nil
	})
	ids, err := c.ids(t, Options{Order: NewestFirst, Size: 10, ResultWindow: 200})
	require.NoError(t, err)
	assert.Len(t, ids, 300)
}

func testAServiceThatGivesMoreThanTheResultWindowInOnePage(t *testing.T) {
	for _, order := range []Order{OldestFirst, NewestFirst} {
		c := serving(2000, func(r request) (reply, error) {
			r.Size = 100_000
			return onePerSecond(150, r, created), nil
		})
		ids, err := c.ids(t, Options{Size: 10, Order: order, ResultWindow: 100})
		require.NoError(t, err)
		assert.Len(t, ids, 150)
	}
}

func testRunsThatVanishWhileLateOnesAreSoughtTakeNoOthersWithThem(t *testing.T) {
	gone := 0
	c := serving(2000, func(r request) (reply, error) {
		if r.Order == OldestFirst && r.From > 0 && gone < 12 {
			gone += 4
		}
		page := onePerSecond(300, r, func(i int) time.Time {
			switch {
			case i < gone:
				return time.Time{}
			case i%2 == 0 && i < 200:
				return created(400)
			}
			return created(i)
		})
		return page, nil
	})
	ids, err := c.ids(t, Options{Order: NewestFirst, Size: 10, ResultWindow: 200})
	require.NoError(t, err)
	for i := 12; i < 300; i++ {
		assert.Contains(t, ids, fmt.Sprint(i))
	}
}

// Runs that are given other times for each request are told by their IDs.
func testTimesThatChangeFromPageToPageLoseNoRuns(t *testing.T) {
	for _, shift := range []time.Duration{-time.Hour, -time.Second, time.Hour} {
		c := serving(2000, func(r request) (reply, error) {
			page := onePerSecond(300, r, created)
			for i := range page.keys {
				page.keys[i].Created = page.keys[i].Created.Add(time.Duration(r.number) * shift)
			}
			return page, nil
		})
		ids, err := c.ids(t, Options{Size: 30})
		require.NoError(t, err)
		assert.Len(t, ids, 300, "%s", shift)
	}
}

func testTheIDsOfRunsWithoutATimeAreBounded(t *testing.T) {
	c := serving(2000, func(r request) (reply, error) {
		page := onePerSecond(1200, r, created)
		for i := range page.keys {
			if n, _ := strconv.Atoi(page.keys[i].ID); n%100 != 0 {
				page.keys[i].Created = time.Time{}
			}
		}
		return page, nil
	})
	held := 0
	opts := Options{ResultWindow: 400}.withDefaults()
	var l *Loop
	l = New(t.Context(), opts, c.fetch(func(Key) bool {
		held = max(held, len(l.delivered.seen))
		return true
	}))
	defer l.Stop()
	assert.ErrorIs(t, l.Run(), fault.ResultWindow)
	assert.LessOrEqual(t, held, 600)
}

// Loops that each come a few runs further learn together what one would learn.
func testRestOfShortLoopsKnowsThatTheOrderIsKept(t *testing.T) {
	failAt := 0
	c := serving(5000, func(r request) (reply, error) {
		if r.From+r.Size > 60 {
			return reply{}, refused
		}
		if failAt > 0 && r.From >= failAt {
			return reply{}, down
		}
		return onePerSecond(200, r, created), nil
	})
	opts, total := Options{Size: 4, ResultWindow: 1000}, 0
	for range 100 {
		failAt += 6
		got, rest, err := c.readUntil(t.Context(), opts, -1)
		total += len(got)
		if err == nil {
			break
		}
		opts = rest
	}
	assert.Equal(t, 200, total)
}

// Setbacks that are worth it are no reason to give up.
func testRunsThatVanishAgainAndAgainEndNoLoopThatGainsOthers(t *testing.T) {
	for _, order := range []Order{OldestFirst, NewestFirst} {
		gone := 0
		c := serving(2000, func(r request) (reply, error) {
			if r.number%2 == 0 {
				gone++
			}
			var items []Key
			for i := min(gone+r.From, 160); i < min(gone+r.From+r.Size, 160); i++ {
				items = append(items, Key{ID: strconv.Itoa(i), Created: firstOfMay})
			}
			return reply{keys: items, hasMore: gone+r.From+r.Size < 160}, nil
		})
		ids, err := c.ids(t, Options{Order: order, Size: 4, ResultWindow: 200})
		require.NoError(t, err)
		for i := gone; i < 160; i++ {
			assert.Contains(t, ids, strconv.Itoa(i), "%d have vanished", gone)
		}
	}
}

// The search for runs under way has an end too.
func testALateListWhosePagesNeverMeetEndsTheLoop(t *testing.T) {
	c := serving(2000, func(r request) (reply, error) {
		if r.Order == NewestFirst {
			return onePerSecond(300, r, created), nil
		}
		items := make([]Key, r.Size)
		for i := range items {
			items[i] = Key{ID: fmt.Sprint(r.number, "-", i), Created: firstOfMay}
		}
		return reply{keys: items, hasMore: true}, nil
	})
	_, err := c.ids(t, Options{Order: NewestFirst, Size: 10, ResultWindow: 100})
	assert.ErrorIs(t, err, fault.ResultWindow)
	assert.ErrorContains(t, err, pagesApart)
	assert.Less(t, c.asked, 500)
}

// The time of a cursor is the program's word, which may have lost a fraction.
func testACursorWhoseTimeWasRoundedAccusesNoService(t *testing.T) {
	for _, order := range []Order{OldestFirst, NewestFirst} {
		c := serving(2000, func(r request) (reply, error) {
			page := onePerSecond(200, r, created)
			for i := range page.keys {
				page.keys[i].Created = page.keys[i].Created.Add(time.Second / 2)
			}
			return page, nil
		})
		ids, err := c.ids(t, Options{Order: order, Size: 10, After: Position{Time: created(100), IDs: []string{"100"}}})
		require.NoError(t, err)
		assert.GreaterOrEqual(t, len(ids), 99, order)
	}
}

// A run without a time contradicts nothing.
func testTimesAreContradictedByTimesAlone(t *testing.T) {
	d := deliveredUpTo(Position{}, OldestFirst)
	run := Key{ID: "a", Created: firstOfMay}
	d.add(run)
	assert.False(t, d.contradicts([]Key{run, {ID: "a"}, {ID: "b", Created: created(1)}}))
	assert.True(t, d.contradicts([]Key{{ID: "a", Created: created(1)}}))
}

// Pages are shorter than they could be, and most of them say that they are the last.
func testShortPagesThatLieAboutTheEnd(t *testing.T) {
	for honest := range 4 {
		c := serving(2000, func(r request) (reply, error) {
			r.Size = min(r.Size, 1+r.number%3)
			page := onePerSecond(300, r, created)
			page.hasMore = page.hasMore && (r.number%4 == honest || r.number <= 2)
			return page, nil
		})
		ids, err := c.ids(t, Options{Size: 10, ResultWindow: 1000})
		require.NoError(t, err)
		assert.Len(t, ids, 300, "page %d of 4 is honest", honest)
		assert.Less(t, c.asked, 1000)
	}
}
