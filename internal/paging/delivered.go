package paging

import (
	"maps"
	"slices"
	"time"
)

// delivered knows which runs a loop has delivered by where they lie in the
// order, so that no more than the IDs of one time, and those of the first
// window, are held.
type delivered struct {
	order      Order
	at         time.Time       // creation time of the last run
	lastSeen   time.Time       // creation time of the last run that came up, new or not
	atIDs      map[string]bool // the runs with the time at; true: by the service's word, and not a cursor's
	seen       map[string]bool // the runs of the first window, and all without a time, for which it is true
	steps      int             // times from one to a later one
	moved      bool            // the first window is left
	disordered bool            // the service ignores the order
}

// enoughSteps is how many steps in order show that the service keeps it: fewer
// may be chance.
const enoughSteps = 8

func deliveredUpTo(after Position, order Order) *delivered {
	d := &delivered{
		order: order, at: after.Time, atIDs: make(map[string]bool), seen: make(map[string]bool),
		moved: !after.Time.IsZero() && !after.Early,
	}
	for _, id := range after.IDs {
		d.atIDs[id] = false
		d.seen[id] = false
	}
	for _, id := range after.Others {
		d.seen[id] = true // until it is met with a time
	}
	return d
}

// has reports whether a run was delivered, or lies before the last one that
// was and so arrived too late.
func (d *delivered) has(t Key) bool {
	id := t.ID
	if _, found := d.seen[id]; found {
		return true
	}
	if d.disordered || d.at.IsZero() || t.Created.IsZero() {
		return false
	}
	if order := d.order.compare(t.Created, d.at); order != 0 {
		return order < 0
	}
	_, found := d.atIDs[id]
	return found
}

// knows reports whether a run has come up, or, past the first window, lies
// before the last one that was. In the first window that is not enough: the
// service may not keep the order.
func (d *delivered) knows(t Key) bool {
	if d.moved {
		return d.has(t)
	}
	_, found := d.seen[t.ID]
	return found
}

// add notes a run that comes up in its turn, and reports whether it is new. One
// that arrived too late is noted too: the next page may touch nothing else.
func (d *delivered) add(t Key) bool {
	id, timeless := t.ID, t.Created.IsZero()
	isNew := !d.has(t)
	if !timeless {
		d.noteStep(t.Created)
	}
	if _, found := d.seen[id]; found || !d.moved || timeless {
		d.seen[id] = timeless
	}
	if isNew && !timeless {
		d.stepTo(t.Created)
		d.atIDs[id] = true
	}
	return isNew
}

func (d *delivered) stepTo(at time.Time) {
	if at.Equal(d.at) {
		return
	}
	d.at = at
	clear(d.atIDs)
}

// noteStep counts a step in order. One between runs that an earlier loop delivered
// counts too.
func (d *delivered) noteStep(at time.Time) {
	if !d.lastSeen.IsZero() && d.order.compare(d.lastSeen, at) < 0 {
		d.steps++
	}
	d.lastSeen = at
}

// contradicts reports whether runs of the last time are given another one: then
// no time tells anything.
func (d *delivered) contradicts(items []Key) bool {
	return slices.ContainsFunc(items, func(t Key) bool {
		return d.atIDs[t.ID] && !t.Created.IsZero() && !t.Created.Equal(d.at)
	})
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

// held is how many IDs are held of one list, at least.
func (d *delivered) held() int {
	return max(len(d.seen), len(d.atIDs))
}

// isEarly reports whether it is not known yet that the service keeps the order.
func (d *delivered) isEarly() bool {
	return !d.moved && d.steps < enoughSteps
}

func (d *delivered) position() Position {
	others := make(map[string]struct{})
	early := d.isEarly()
	for id, timeless := range d.seen {
		if _, found := d.atIDs[id]; timeless || !d.tellsOrder() || early && !found {
			others[id] = struct{}{}
		}
	}
	if !d.tellsOrder() {
		return Position{Others: sortedKeys(others)}
	}
	return Position{Time: d.at, IDs: sortedKeys(d.atIDs), Others: sortedKeys(others), Early: early}
}

func sortedKeys[V any](ids map[string]V) []string {
	return slices.Sorted(maps.Keys(ids))
}
