package insights

import (
	"context"
	"maps"
	"slices"
	"time"
)

// The overlap of a moved window with what was delivered. The service may leave
// out what lies on an end, and takes whole seconds.
const overlap = time.Second

// move begins a new list of the runs from the last delivered one on, by moving
// the inner end of the period; the user's own ends stay. It reports whether
// the list is a shorter one: if not, there is no way on.
func (l *loop) move(ctx context.Context) (bool, error) {
	if l.disordered || l.at.IsZero() {
		return false, nil
	}
	window := l.windowFrom(l.at)
	if window == l.window {
		return false, nil
	}
	l.window, l.from, l.anyPage, l.moved = window, 0, true, true
	maps.DeleteFunc(l.seen, func(_ string, timeless bool) bool { return !timeless })
	if l.opts.Order == NewestFirst {
		return true, l.findLate(ctx)
	}
	return true, nil
}

// windowFrom is the part of the user's period that holds every run from at on,
// given that membership goes by a time that is not before the creation: oldest
// first that is all of them, newest first findLate finds the others.
func (l *loop) windowFrom(at time.Time) Period {
	window := l.opts.Period
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

// findLate fetches the runs that were created by the time of the last one
// delivered and belong, by a later time of theirs, behind the window's end.
// They are the first of that part of the period, oldest first.
func (l *loop) findLate(ctx context.Context) error {
	behind := l.opts.Period
	behind.start = later(behind.start, l.window.end.Add(-overlap))
	if !behind.start.Before(behind.end) {
		behind.start = behind.end.Add(-time.Second)
	}
	found := make(map[string]Test)
	for from := 0; ; {
		page, err := l.fetch(ctx, behind, OldestFirst, from, min(l.size, l.client.config.resultWindow-from))
		if err != nil {
			return err
		}
		if !inOrder(page.Items, OldestFirst) && page.HasMore {
			return l.lost("the service ignores the order that it was asked for")
		}
		n := l.collectLate(page.Items, found)
		if n < len(page.Items) || !page.HasMore {
			break
		}
		from += max(1, n-1)
		if l.client.config.resultWindow-from < 2 {
			return l.lost("too many runs were under way at " + formatTime(l.at))
		}
	}
	l.late = slices.SortedFunc(maps.Values(found), func(a, b Test) int { return b.CreationTime.Compare(a.CreationTime) })
	return nil
}

// collectLate adds the runs created by the time of the last one delivered, and
// says how many of items these are.
func (l *loop) collectLate(items []Test, found map[string]Test) int {
	n := 0
	for _, t := range items {
		if t.CreationTime.After(l.at) {
			continue
		}
		n++
		if !l.isDelivered(t) {
			found[t.ID] = t
		}
	}
	return n
}
