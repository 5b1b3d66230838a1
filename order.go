package insights

import (
	"slices"
	"time"
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
func inOrder(items []Test, order Order) bool {
	return slices.IsSortedFunc(items, func(a, b Test) int {
		if a.CreationTime.IsZero() || b.CreationTime.IsZero() {
			return 0
		}
		return order.compare(a.CreationTime, b.CreationTime)
	})
}
