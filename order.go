package insights

import "time"

// compare compares two times by which of them comes first in a list.
func (o Order) compare(a, b time.Time) int {
	if o == NewestFirst {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// inOrder reports whether a list has that order. A run without a time may be
// anywhere.
func inOrder(items []Test, order Order) bool {
	var last time.Time
	for _, t := range items {
		if t.CreationTime.IsZero() {
			continue
		}
		if !last.IsZero() && order.compare(last, t.CreationTime) > 0 {
			return false
		}
		last = t.CreationTime
	}
	return true
}
