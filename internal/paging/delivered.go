package paging

import (
	"maps"
	"slices"
	"time"
)

// state says what tells that a record was delivered.
type state int

const (
	firstList    state = iota // its ID: those of the first list are held
	moved                     // its place in the order: only the IDs of one time are held
	orderNotKept              // its ID: the order tells nothing, and there is no way past the limit
)

// delivered knows which records a loop has delivered.
type delivered struct {
	order          Order
	state          state
	at             time.Time            // creation time of the last record
	atIDs          map[string]bool      // the records with the time at; true: by the service's word, and not a position's
	seen           map[string]time.Time // the records of the first list, and all without a time
	lastSeen       time.Time            // creation time of the last record that came up, new or not
	isTimelessSeen bool                 // a record without a time has come up
	steps          int                  // times from one to a later one

	recent []Key // the last records that were new

	// The same for positions, which are taken while a loop runs on: these lists
	// only grow.
	atList, timeless, all []string
}

// minSteps is how many steps in order show that the service keeps it: fewer may
// be chance.
const minSteps = 8

func deliveredUpTo(after Position, order Order) *delivered {
	d := &delivered{order: order, at: after.Time, atIDs: make(map[string]bool), seen: make(map[string]time.Time)}
	if !after.Time.IsZero() && !after.Early {
		d.state = moved
		d.isTimelessSeen = len(after.Others) > 0
	}
	for _, id := range after.IDs {
		d.atIDs[id] = false
		d.recent = append(d.recent, Key{ID: id, Created: after.Time})
		d.seen[id] = after.Time
	}
	for _, id := range after.Others {
		d.seen[id] = time.Time{} // until it is met with a time
	}
	d.atList, d.timeless, d.all = slices.Clone(after.IDs), slices.Clone(after.Others), slices.Concat(after.IDs, after.Others)
	return d
}

// has reports whether a record was delivered, or lies before the last one that
// was and so arrived too late.
func (d *delivered) has(k Key) bool {
	if _, found := d.seen[k.ID]; found {
		return true
	}
	if d.state == orderNotKept || d.at.IsZero() || k.Created.IsZero() {
		return false
	}
	if order := d.order.compare(k.Created, d.at); order != 0 {
		return order < 0
	}
	_, found := d.atIDs[k.ID]
	return found
}

// knows reports whether a record has come up, or, past the first list, lies
// before the last one that was. In the first list that is not enough: the
// service may not keep the order.
func (d *delivered) knows(k Key) bool {
	if d.state == moved {
		return d.has(k)
	}
	_, found := d.seen[k.ID]
	return found
}

// add notes a record that comes up in its turn, and reports whether it is new.
// One that arrived too late is noted too: the next page may touch nothing else.
func (d *delivered) add(k Key) bool {
	isNew := !d.has(k)
	if k.Created.IsZero() {
		d.isTimelessSeen = true
	} else {
		d.noteStep(k.Created)
	}
	if _, found := d.seen[k.ID]; found || d.state != moved || k.Created.IsZero() {
		d.seen[k.ID] = k.Created
	}
	if isNew {
		d.noteNew(k)
	}
	return isNew
}

func (d *delivered) noteNew(k Key) {
	if d.state != moved && !k.Unnamed {
		d.all = append(d.all, k.ID)
	}
	if k.Created.IsZero() {
		if !k.Unnamed {
			d.timeless = append(d.timeless, k.ID)
		}
		return
	}
	if !k.Created.Equal(d.at) {
		d.at, d.atList = k.Created, nil
		clear(d.atIDs)
	}
	d.atIDs[k.ID] = true
	d.noteRecent(k)
	if !k.Unnamed {
		d.atList = append(d.atList, k.ID)
	}
}

// maxRecent is how many of the last records are held to be met again.
const maxRecent = 64

func (d *delivered) noteRecent(k Key) {
	if len(d.recent) == 2*maxRecent {
		d.recent = append(d.recent[:0], d.recent[maxRecent:]...)
	}
	d.recent = append(d.recent, k)
}

// within are the recent records that lie in the order behind an edge.
func (d *delivered) within(edge time.Time) map[string]bool {
	ids := make(map[string]bool)
	for _, k := range d.recent {
		if d.order.compare(edge, k.Created) < 0 {
			ids[k.ID] = true
		}
	}
	return ids
}

// before is the creation time of the recent record that lies in the order in front
// of a time, next to it, or zero.
func (d *delivered) before(at time.Time) (next time.Time) {
	for _, k := range d.recent {
		if d.order.compare(k.Created, at) < 0 && (next.IsZero() || d.order.compare(next, k.Created) < 0) {
			next = k.Created
		}
	}
	return next
}

// noteStep counts a step in order. One between records that an earlier loop
// delivered counts too.
func (d *delivered) noteStep(at time.Time) {
	if !d.lastSeen.IsZero() && d.order.compare(d.lastSeen, at) < 0 {
		if d.steps++; d.steps == minSteps {
			d.timeless = slices.DeleteFunc(slices.Clone(d.timeless), func(id string) bool { return !d.seen[id].IsZero() })
		}
	}
	d.lastSeen = at
}

// contradicts reports whether the records of the last time are given another one,
// all of those that are shown: then no time tells anything. A single one may be
// listed twice.
func (d *delivered) contradicts(keys []Key) bool {
	others := 0
	for _, k := range keys {
		if d.atIDs[k.ID] && k.Created.Equal(d.at) {
			return false
		}
		if d.atIDs[k.ID] && !k.Created.IsZero() {
			others++
		}
	}
	return others > 0
}

// leaveFirstList forgets the IDs of the records that the order tells by now.
func (d *delivered) leaveFirstList() {
	if d.state != firstList {
		return
	}
	d.state, d.all = moved, nil
	maps.DeleteFunc(d.seen, func(_ string, created time.Time) bool { return !created.IsZero() })
}

// isTold reports whether there is a place in the order to go on from.
func (d *delivered) isTold() bool {
	return d.state != orderNotKept && !d.at.IsZero()
}

// isOrderUnconfirmed reports whether it is not known yet that the service keeps the order.
func (d *delivered) isOrderUnconfirmed() bool {
	return d.state == firstList && d.steps < minSteps
}

// position is where the loop is. It stays as it is when the loop goes on.
func (d *delivered) position() Position {
	switch {
	case !d.isTold():
		return Position{Others: slices.Clip(d.all)}
	case d.isOrderUnconfirmed():
		return Position{Time: d.at, IDs: slices.Clip(d.atList), Others: slices.Clip(d.all), Early: true}
	}
	return Position{Time: d.at, IDs: slices.Clip(d.atList), Others: slices.Clip(d.timeless)}
}
