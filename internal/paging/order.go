package paging

import "time"

// Order is the order of a list by creation time.
type Order int

// The two orders.
const (
	OldestFirst Order = iota
	NewestFirst
)

func (o Order) reversed() Order {
	return NewestFirst - o
}

// compare compares two times by which of them comes first in a list.
func (o Order) compare(a, b time.Time) int {
	if o == NewestFirst {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// inOrder reports whether a list has that order. A record without a time may be
// anywhere.
func inOrder(keys []Key, order Order) bool {
	var last time.Time
	for _, k := range keys {
		if k.Created.IsZero() {
			continue
		}
		if !last.IsZero() && order.compare(last, k.Created) > 0 {
			return false
		}
		last = k.Created
	}
	return true
}
