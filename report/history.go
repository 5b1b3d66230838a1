package report

import (
	"cmp"
	"slices"
	"time"
)

// maxHistory is how many runs of a test its verdict rests on: the latest.
const maxHistory = 1000

// mark is what a verdict needs to know of a run that passed or failed.
type mark struct {
	at       int64 // nanoseconds since 1970
	build    *Group
	platform *platform
	arrived  int32 // the how manyth run of its test
	failed   bool
}

// platform is where a test ran.
type platform struct{ os, browser string }

// history is the latest runs of one test. They may come in any order.
type history struct {
	marks   []mark
	arrived int32
}

func (h *history) add(m mark, order *arrivals) {
	h.arrived++
	m.arrived = h.arrived
	h.marks = append(h.marks, m)
	if len(h.marks) == 2*maxHistory {
		h.marks = h.marks[:copy(h.marks, h.latest(order))]
	}
}

// latest returns the runs in the order of time, oldest first, at most
// maxHistory.
func (h *history) latest(order *arrivals) []mark {
	slices.SortFunc(h.marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.at, b.at), order.of(a.arrived, b.arrived))
	})
	return h.marks[max(0, len(h.marks)-maxHistory):]
}

// arrivals tells whether the newest runs come first, which orders runs of the
// same moment.
type arrivals struct {
	previous        time.Time
	rising, falling int
}

func (a *arrivals) add(at time.Time) {
	if at.IsZero() {
		return
	}
	if !a.previous.IsZero() {
		switch at.Compare(a.previous) {
		case 1:
			a.rising++
		case -1:
			a.falling++
		}
	}
	a.previous = at
}

func (a *arrivals) newestFirst() bool { return a.falling > a.rising }

// of compares two places in the order of arrival, in the order of time.
func (a *arrivals) of(one, other int32) int {
	if a.newestFirst() {
		return cmp.Compare(other, one)
	}
	return cmp.Compare(one, other)
}

// isNewer reports whether a run that comes now is the later of two. Of two
// runs of the same time it is, unless the newest come first.
func (a *arrivals) isNewer(at, than time.Time) bool {
	return at.After(than) || at.Equal(than) && !a.newestFirst()
}
