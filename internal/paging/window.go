package paging

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// The overlap of a moved window with what was delivered. The service may leave
// out what lies on an end, and takes whole seconds.
const overlap = time.Second

// move leads to a part of the user's period, with the inner end moved; the
// user's own ends stay.
type move struct {
	task   // finds late
	window span
	hidden int      // so many records before the next page, at most, are not in window
	late   []record // runs that window hides though they belong behind its inner end, in order
}

// newMove prepares the move to the part with every run from at on.
func (l *Loop) newMove(at time.Time, hidden int) *move {
	m := &move{window: l.windowFrom(at), hidden: hidden}
	if l.opts.Order == NewestFirst {
		l.ahead.start(&m.task, func(ctx context.Context) (err error) {
			m.late, err = l.findLate(ctx, m.window.end)
			return err
		})
	} else {
		m.task = newTask()
		close(m.done)
	}
	return m
}

// prepareMove prepares a move while pages of the window are still under way,
// by the last page that has come: what lies in front of it is hidden, but the
// pages behind it keep their distance. It is nil where that is not worth it.
func (l *Loop) prepareMove() *move {
	marks := l.marksOfPlan()
	if len(marks) == 0 || !l.delivered.tellsOrder() {
		return nil
	}
	at := marks[len(marks)-1].at
	window := l.windowFrom(at)
	first := slices.IndexFunc(marks, func(m mark) bool { return l.isInside(window, m.at) })
	if !l.isInside(l.plan.window, l.innerEnd(window)) || first < 0 || marks[first].from < l.opts.ResultWindow/4 {
		return nil
	}
	return l.newMove(at, marks[first].from)
}

// marksOfPlan are the pages of the planned window that have come.
func (l *Loop) marksOfPlan() []mark {
	var marks []mark
	if l.plan.window == l.window {
		marks = slices.Clone(l.marks)
	}
	for _, p := range l.ahead.queue {
		if p.window != l.plan.window || !p.succeeded() || !inOrder(p.list.Keys, l.opts.Order) {
			continue
		}
		if m, ok := p.mark(); ok {
			marks = append(marks, m)
		}
	}
	return marks
}

// isInside reports whether at lies behind the window's inner end, so that the
// window has the run whatever the service takes for ends.
func (l *Loop) isInside(window span, at time.Time) bool {
	return l.opts.Order.compare(at, l.innerEnd(window)) > 0
}

// innerEnd is the end of a window that moves.
func (l *Loop) innerEnd(window span) time.Time {
	if l.opts.Order == NewestFirst {
		return window.end
	}
	return window.start
}

// followMove plans with the prepared move, and is nil where that is not yet
// possible. The records that the new window hides are told from above: so the
// next page begins where it would have begun, or before that.
func (l *Loop) followMove() *move {
	m := l.plan.move
	if m == nil || !m.succeeded() {
		return nil
	}
	from := max(0, l.plan.from-m.hidden-len(m.late))
	if l.opts.ResultWindow-from <= l.plan.stride {
		return nil
	}
	l.plan = plan{window: m.window, from: from, stride: l.plan.stride}
	return m
}

// moveOn begins a new list, of the runs from the last delivered one on, and
// reports whether that is a shorter one: if not, there is no way on.
func (l *Loop) moveOn() bool {
	if !l.delivered.tellsOrder() || l.windowFrom(l.delivered.at) == l.window {
		return false
	}
	m := l.newMove(l.delivered.at, 0)
	l.ask(&page{window: m.window, size: l.size, move: m})
	l.plan = plan{window: m.window, from: l.plan.stride, stride: l.plan.stride}
	return true
}

// enter goes over to the window of a move, if there is one.
func (l *Loop) enter(m *move) error {
	if m == nil {
		return nil
	}
	if err := m.wait(); err != nil {
		return err
	}
	l.window, l.late, l.marks, l.setbacks, l.gained = m.window, m.late, nil, 0, 0
	l.delivered.leaveFirstWindow()
	if len(l.delivered.seen) > l.opts.ResultWindow {
		return l.lost("too many runs have no creation time")
	}
	return nil
}

// windowFrom is the part of the user's period that holds every run from at on,
// given that membership goes by a time that is not before the creation: oldest
// first that is all of them, newest first findLate finds the others.
func (l *Loop) windowFrom(at time.Time) span {
	window := span{l.opts.Start, l.opts.End}
	if l.opts.Order == NewestFirst {
		end := at.Truncate(time.Second).Add(time.Second + overlap)
		window.end = earlier(window.end, later(end, window.start.Add(time.Second)))
		return window
	}
	start := at.Truncate(time.Second).Add(-overlap)
	window.start = later(window.start, earlier(start, window.end.Add(-time.Second)))
	return window
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// findLate fetches the runs that were created by a window's end and belong, by
// a later time of theirs, behind it. They are the first of that part of the
// period, oldest first.
func (l *Loop) findLate(ctx context.Context, end time.Time) ([]record, error) {
	behind := span{l.opts.Start, l.opts.End}
	behind.start = later(behind.start, end.Add(-overlap))
	if !behind.start.Before(behind.end) {
		behind.start = behind.end.Add(-time.Second)
	}
	found := late{by: end, runs: make(map[string]record)}
	for from := 0; ; {
		size := min(l.size, l.opts.ResultWindow-from)
		page, err := l.fetch(ctx, behind, OldestFirst, from, size)
		if err != nil {
			return nil, err
		}
		n := len(page.Keys)
		hasMore := page.HasMore || n >= size || from+n >= l.opts.ResultWindow // a full page may be wrong about it
		switch {
		case hasMore && !inOrder(page.Keys, OldestFirst):
			return nil, l.lost(orderIgnored)
		case !found.touches(page.Keys):
			if found.beginAgain(); found.setbacks > mostSetbacks {
				return nil, l.lost(pagesApart)
			}
			from = 0
			continue
		case found.add(page) || !hasMore:
			return found.newestFirst(), nil
		}
		from += max(1, n-1)
		if l.opts.ResultWindow-from < 2 {
			return nil, l.lost("too many runs were under way at " + shown(end))
		}
	}
}

// late collects, of a list that begins with the oldest, the runs created by a
// time.
type late struct {
	by       time.Time
	first    time.Time // creation time of the first run of the list
	runs     map[string]record
	seam     string // the run that the next page must share; empty: it need not
	setbacks int    // pages that did not
}

// touches reports whether no run can have slipped between a page and the one
// before it, because others have vanished.
func (c *late) touches(keys []Key) bool {
	return c.seam == "" || slices.ContainsFunc(keys, func(k Key) bool { return k.ID == c.seam })
}

func (c *late) beginAgain() {
	c.seam = ""
	c.setbacks++
}

// add adds a page, and reports whether none that follows can have more. One
// whose runs all have the same time does not show that the oldest come first.
func (c *late) add(page *Page) (isLast bool) {
	for i, k := range page.Keys {
		c.first = cmp.Or(c.first, k.Created)
		if !k.Created.After(c.by) {
			c.runs[k.ID] = page.record(i)
		}
	}
	if len(page.Keys) == 0 {
		return true
	}
	last := page.Keys[len(page.Keys)-1]
	if c.seam = ""; len(page.Keys) > 1 { // a page of one record shares none
		c.seam = last.ID
	}
	return last.Created.After(c.by) && !last.Created.Equal(c.first)
}

func (c *late) newestFirst() []record {
	return slices.SortedFunc(maps.Values(c.runs), func(a, b record) int { return b.Created.Compare(a.Created) })
}
