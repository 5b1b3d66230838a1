package paging

import "time"

// sweep delivers the records without a creation time that the service lists last,
// behind the limit of the lists that were left. One such record shows that there may
// be others. They are at the end of every list that is short enough.
func (l *Loop) sweep() error {
	wasRead := l.opts.After.IsZero() && (l.home.end == saysLast || l.home.end == runsDry || l.home.last == nil)
	if wasRead || !l.delivered.isTimelessSeen || l.delivered.state == orderNotKept {
		return nil
	}
	l.queue.discard()
	return l.sweepSpan(l.part)
}

func (l *Loop) sweepSpan(s span) error {
	at, err := l.findTimeless(s)
	if err != nil {
		return err
	}
	if isWhole, err := l.deliverTimeless(s, at); isWhole || err != nil {
		return err
	}
	half := s.start.Add(s.end.Sub(s.start) / 2).Truncate(time.Second)
	if !half.After(s.start.Add(time.Second)) || !half.Before(s.end.Add(-time.Second)) {
		return l.lost("records without a creation time are hidden around " + shown(s.start))
	}
	if err := l.sweepSpan(span{s.start, half.Add(time.Second)}); err != nil {
		return err
	}
	return l.sweepSpan(span{half.Add(-time.Second), s.end})
}

// findTimeless is where the records without a time begin in a list, or the list
// ends; the limit, if it is not told.
func (l *Loop) findTimeless(s span) (int, error) {
	low, high := 0, l.limit
	for low < high {
		middle := (low + high) / 2
		page, err := l.fetch(l.queue.parent, s, l.opts.Order, middle, min(l.nextSize(), l.limit-middle))
		if err != nil {
			return 0, err
		}
		timed := 0
		for timed < len(page.Keys) && !page.Keys[timed].Created.IsZero() {
			timed++
		}
		switch {
		case timed == 0:
			high = middle
		case timed < len(page.Keys):
			return middle + timed, nil
		default:
			low = middle + timed
		}
	}
	return low, nil
}

// deliverTimeless delivers the end of a list, and reports whether that is all of it.
func (l *Loop) deliverTimeless(s span, from int) (isWhole bool, err error) {
	for from < l.limit {
		page, err := l.fetch(l.queue.parent, s, l.opts.Order, from, min(l.nextSize(), l.limit-from))
		if err != nil {
			return false, err
		}
		for i, k := range page.Keys {
			if !k.Created.IsZero() || !l.delivered.add(k) {
				continue
			}
			if err := l.emit(page.record(i)); err != nil {
				return false, err
			}
		}
		if len(page.Keys) == 0 {
			return true, nil
		}
		from += len(page.Keys)
	}
	return false, nil
}
