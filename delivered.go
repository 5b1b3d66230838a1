package insights

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// delivered knows which runs a loop has delivered by where they lie in the
// order, so that no more than the IDs of one time, and those of the first
// window, are held.
type delivered struct {
	order      Order
	at         time.Time           // creation time of the last run
	atIDs      map[string]struct{} // the runs with that time
	seen       map[string]bool     // the runs of the first window, and all without a time, for which it is true
	moved      bool                // the first window is left
	disordered bool                // the service ignores the order
}

func deliveredUpTo(after Cursor, order Order) *delivered {
	d := &delivered{order: order, at: after.time, atIDs: make(map[string]struct{}), seen: make(map[string]bool), moved: !after.time.IsZero()}
	for _, id := range after.ids {
		d.atIDs[id] = struct{}{}
		d.seen[id] = after.time.IsZero()
	}
	return d
}

// has reports whether a run was delivered, or lies before the last one that
// was and so arrived too late.
func (d *delivered) has(t Test) bool {
	id := identity(t)
	if _, found := d.seen[id]; found {
		return true
	}
	if d.disordered || d.at.IsZero() || t.CreationTime.IsZero() {
		return false
	}
	if order := d.order.compare(t.CreationTime, d.at); order != 0 {
		return order < 0
	}
	_, found := d.atIDs[id]
	return found
}

func (d *delivered) add(t Test) {
	id, timeless := identity(t), t.CreationTime.IsZero()
	if !d.moved || timeless {
		d.seen[id] = timeless
	}
	if timeless {
		return
	}
	if !t.CreationTime.Equal(d.at) {
		d.at = t.CreationTime
		clear(d.atIDs)
	}
	d.atIDs[id] = struct{}{}
}

// identity tells a run from all others: by its ID, or by all that it has.
func identity(t Test) string {
	if t.ID != "" {
		return t.ID
	}
	return fmt.Sprintf("%+v", t)
}

// leaveFirstWindow forgets the IDs of the runs that the order tells by now.
func (d *delivered) leaveFirstWindow() {
	d.moved = true
	maps.DeleteFunc(d.seen, func(_ string, timeless bool) bool { return !timeless })
}

// tellsOrder reports whether there is a place in the order to go on from.
func (d *delivered) tellsOrder() bool {
	return !d.disordered && !d.at.IsZero()
}

func (d *delivered) cursor() Cursor {
	if !d.tellsOrder() {
		return CursorAfter(time.Time{}, slices.Sorted(maps.Keys(d.seen))...)
	}
	return CursorAfter(d.at, slices.Sorted(maps.Keys(d.atIDs))...)
}
