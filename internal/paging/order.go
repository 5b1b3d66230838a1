package paging

import "time"

// Order is the order of a list by creation time.
type Order int

// The two orders.
const (
	OldestFirst Order = iota
	NewestFirst
)

// compare compares two times by which of them comes first in a list.
func (o Order) compare(a, b time.Time) int {
	if o == NewestFirst {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// inOrder reports whether a list has that order. A run without a time may be
// anywhere.
func inOrder(items []Key, order Order) bool {
	var last time.Time
	for _, t := range items {
		if t.Created.IsZero() {
			continue
		}
		if !last.IsZero() && order.compare(last, t.Created) > 0 {
			return false
		}
		last = t.Created
	}
	return true
}
