package paging

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
)

// move looks for the records that a moved list hides though their turn has yet
// to come.
type move struct {
	task
	found []record
}

// carried waits for them.
func (m *move) carried() ([]record, error) {
	if m == nil {
		return nil, nil
	}
	err := m.wait()
	return m.found, err
}

func (l *Loop) lookForCarried(s span) *move {
	m := new(move)
	found := l.carriedBy(s.end)
	found.next, found.canDoWithout = l.delivered.before(s.end), l.delivered.state == firstList
	l.queue.start(&m.task, func(ctx context.Context) (err error) {
		m.found, err = l.findCarried(ctx, found)
		return err
	})
	return m
}

// carriedBy is what is known of the records carried over a time before they are read.
func (l *Loop) carriedBy(at time.Time) carried {
	c := carried{by: at, capacity: l.capacity, limit: l.limit}
	if l.refusal == nil {
		c.limit = l.opts.ResultWindow // a shorter one is a guess
	}
	if l.count > 0 || len(l.opts.After.IDs) > 0 {
		c.known = l.known()
	}
	return c
}

// findCarried fetches the records that were created by a list's end and belong,
// by a later time of theirs, behind it. They are the first of that part of the
// period, oldest first. Where the service does not keep that order, all of it is
// read, or none if the loop can do without.
func (l *Loop) findCarried(ctx context.Context, found carried) ([]record, error) {
	overlap := max(minOverlap, found.overlap)
	for times, isRetried := 1, false; times <= maxEmpty; times++ {
		behind := l.behind(earlier(found.by, l.opts.End).Add(-overlap))
		before := found
		found.begin()
		err := l.readCarried(ctx, behind, &found)
		isTooMuch := times > 1 && errors.Is(err, fault.ResultWindow)
		switch {
		case isTooMuch && before.first.IsZero() && !isRetried: // less was enough, once the service shows records again
			overlap, isRetried = max(minOverlap, found.overlap), true
			continue
		case isTooMuch:
			return before.inOrder(l.opts.Order), nil // what was missed has vanished: further back there is too much
		case err != nil:
			return nil, err
		case l.isFound(&found, behind, overlap):
			if isOver, err := l.isEnd(ctx, &found, behind); isOver || err != nil {
				return found.inOrder(l.opts.Order), err
			}
		case !behind.start.Equal(l.opts.Start):
			overlap *= overlapGrowth
			continue
		}
		if err := l.sleep(ctx, pauseOf(times)); err != nil {
			return nil, err
		}
	}
	return nil, l.lostSight()
}

// isFound reports whether a list shows that nothing carried can be missing, or if
// there is no room further back for what is behind.
func (l *Loop) isFound(found *carried, behind span, overlap time.Duration) bool {
	isAll := behind.start.Equal(l.opts.Start)
	return l.opts.LongestPeriod > 0 && overlap > l.opts.LongestPeriod/2 ||
		!found.leavesGap(behind.end) || isAll && !found.behind.IsZero()
}

// isEnd reports whether a list may end where it does. Where it shows no record that
// was delivered, its other end must have nothing new, and if it is empty, the service
// must show records elsewhere before the list is read once more.
func (l *Loop) isEnd(ctx context.Context, found *carried, behind span) (bool, error) {
	switch {
	case !found.next.IsZero(), !found.behind.IsZero(), found.known.end.IsZero(), found.isShown && len(found.records) == 0:
		return true, nil
	case len(found.records) == 0:
		page, err := l.fetch(ctx, found.known, l.opts.Order, 0, min(2, l.limit))
		found.isShown = err == nil && len(page.Keys) > 0
		return false, err
	}
	page, err := l.fetch(ctx, behind, NewestFirst, 0, l.nextSize())
	if err != nil || len(page.Keys) == 0 {
		return false, err
	}
	if !slices.ContainsFunc(page.Keys, found.lacks) {
		return true, nil
	}
	if found.doubts++; found.doubts > maxChecks {
		return false, l.lost(found.excess())
	}
	return false, nil
}

func (l *Loop) readCarried(ctx context.Context, behind span, found *carried) error {
	for from, rewinds := 0, 0; ; {
		size := min(l.nextSize(), found.limit-from)
		page, err := l.fetch(ctx, behind, OldestFirst, from, size)
		switch {
		case from > 0 && isRefusal(err):
			return l.refused(found, err)
		case err != nil:
			return err
		case !found.touches(page.Keys):
			if rewinds++; rewinds > maxInRow {
				return l.lost(pagesApart)
			}
			from, found.seam = 0, ""
			continue
		case found.add(page, size):
			return nil
		case !found.isOrdered && found.canDoWithout:
			return l.lost(orderIgnored)
		}
		from += max(1, len(page.Keys)-1)
		if found.limit-from < 2 {
			return l.lost(found.excess())
		}
	}
}

// refused is the error where the service gives no more of a list.
func (l *Loop) refused(found *carried, refusal error) error {
	err := l.lost(found.excess())
	err.Cause = cmp.Or(err.Cause, refusal)
	return err
}

// carried collects, of a list that begins with the oldest, the records created by
// a time.
type carried struct {
	by           time.Time
	next         time.Time // creation time of the delivered record behind that; zero: not known
	known        span      // a part of the period that has had records; zero: none is known
	canDoWithout bool      // of the order
	overlap      time.Duration
	capacity     int // records that came at a time so far, at most
	limit        int // records that the service gives of a list

	records   map[string]record
	first     time.Time // creation time of the first record of the list
	behind    time.Time // creation time of the first one created later than by
	seam      string    // the record that the next page must share; empty: it need not
	isOrdered bool      // the service keeps the order
	isShown   bool      // the service has shown records elsewhere since the list was empty
	doubts    int       // how often the other end of the list had another record
}

func (c *carried) begin() {
	c.records, c.first, c.behind, c.seam, c.isOrdered = make(map[string]record), time.Time{}, time.Time{}, "", true
}

// leavesGap reports whether the list lacks the delivered record that it must have:
// so it may lack others too.
func (c *carried) leavesGap(end time.Time) bool {
	return !c.next.IsZero() && !c.next.After(end) && (c.behind.IsZero() || c.behind.After(c.next))
}

// lacks reports whether a record did not come.
func (c *carried) lacks(k Key) bool {
	_, found := c.records[k.ID]
	return !found
}

// touches reports whether no record can have slipped between a page and the one
// before it, because others have vanished.
func (c *carried) touches(keys []Key) bool {
	return c.seam == "" || slices.ContainsFunc(keys, func(k Key) bool { return k.ID == c.seam })
}

// add adds a page, and reports whether none that follows can have more. One
// whose records all have the same time does not show that the oldest come first.
func (c *carried) add(page *Page, size int) (isLast bool) {
	n := len(page.Keys)
	for i, k := range page.Keys {
		c.first = cmp.Or(c.first, k.Created)
		if k.Created.After(c.by) {
			c.behind = cmp.Or(c.behind, k.Created)
			continue
		}
		c.records[k.ID] = page.record(i)
	}
	c.capacity = max(c.capacity, n)
	if n == 0 || n == 1 && c.seam == page.Keys[0].ID || n < min(size, c.capacity) && page.saysLast() {
		return true
	}
	c.isOrdered = c.isOrdered && inOrder(page.Keys, OldestFirst)
	if c.seam = ""; n > 1 { // a page of one record shares none
		c.seam = page.Keys[n-1].ID
	}
	last := lastTime(page.Keys)
	return c.isOrdered && last.After(c.by) && !last.Equal(c.first)
}

// lastTime is the creation time of the last record that has one.
func lastTime(keys []Key) (last time.Time) {
	for _, k := range keys {
		if !k.Created.IsZero() {
			last = k.Created
		}
	}
	return last
}

func (c *carried) excess() string {
	if !c.isOrdered {
		return orderIgnored
	}
	return "too many records were under way at " + shown(c.by)
}

func (c *carried) inOrder(order Order) []record {
	return slices.SortedFunc(maps.Values(c.records), func(a, b record) int { return order.compare(a.Created, b.Created) })
}
