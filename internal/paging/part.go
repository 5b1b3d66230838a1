package paging

import (
	"time"
)

// A period that is longer than the service takes is delivered part by part. Two
// parts share a whole minute, which some services round to, and a run may be created in one of them and belong, by a
// later time of its own, to the next: so each part is merged with the records that
// were created by its end and are listed behind it.

func (l *Loop) whole() span {
	return span{l.opts.Start, l.opts.End}
}

// partAt is the first part, or the one that a position lies in.
func (l *Loop) partAt(at time.Time) span {
	l.part = l.whole()
	if !at.IsZero() {
		l.part = l.spanFrom(at)
	}
	return l.shorten(l.part)
}

// shorten leaves of a span as much as the service takes at a time.
func (l *Loop) shorten(s span) span {
	d := l.opts.LongestPeriod
	switch {
	case d == 0, l.opts.End.Sub(l.opts.Start) <= d:
		return l.whole()
	case l.opts.Order == NewestFirst:
		s.start = later(s.start, s.end.Add(-d))
	default:
		s.end = earlier(s.end, s.start.Add(d))
	}
	return s
}

// behind is the part of the period from a time on, as much as the service takes.
func (l *Loop) behind(start time.Time) span {
	s := span{later(l.opts.Start, start), l.opts.End}
	if d := l.opts.LongestPeriod; d > 0 {
		s.end = earlier(s.end, s.start.Add(d))
	}
	return s
}

// nextPart turns to the next part of the period, and reports whether there is one.
func (l *Loop) nextPart() (bool, error) {
	next := l.whole()
	if l.opts.Order == NewestFirst {
		next.end = l.part.start.Add(2*time.Minute - 1).Truncate(time.Minute)
		if !l.part.start.After(l.opts.Start) {
			return false, nil
		}
	} else {
		next.start = l.part.end.Add(-time.Minute).Truncate(time.Minute)
		if !l.part.end.Before(l.opts.End) {
			return false, nil
		}
	}
	l.part = l.shorten(next)
	l.delivered.leaveFirstList()
	l.list, l.before, l.home, l.misses, l.isLater = list{span: l.part, behind: true}, list{}, list{}, 0, true
	l.planAnew()
	return true, l.lookAcross()
}

// endPart delivers what is left of a part. Newest first, the next part has the turn
// of what is carried over.
func (l *Loop) endPart() error {
	if l.opts.Order == OldestFirst || !l.part.start.After(l.opts.Start) {
		if err := l.deliverCarried(func(record) bool { return true }); err != nil {
			return err
		}
	}
	return l.sweep()
}

// lookAcross finds the records that were created by the end of the part and are
// listed behind it.
func (l *Loop) lookAcross() (err error) {
	l.carried = nil
	if l.part.end.Before(l.opts.End) {
		found := l.carriedBy(l.part.end.Add(time.Second)) // ends may be compared by whole seconds
		found.overlap = 2 * time.Minute
		if l.opts.Order == NewestFirst {
			found.next = l.delivered.before(found.by)
		}
		l.carried, err = l.findCarried(l.queue.parent, found)
	}
	return err
}

// isOfNextPart reports whether the turn of a record comes in the next part only,
// though the part in turn lists it.
func (l *Loop) isOfNextPart(k Key) bool {
	return l.opts.Order == NewestFirst && l.part.start.After(l.opts.Start) && !k.Created.IsZero() && k.Created.Before(l.part.start)
}
