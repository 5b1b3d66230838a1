package main

import (
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// resultWindow is how many runs AllTests can deliver of a service that ignores
// the order.
const resultWindow = 10_000

// place is where in the list of runs an export is. In a list that is in order
// the creation time of the last run tells that, and the runs written with the
// same time. Until the order shows, and where the service ignores it, it takes
// the IDs of all runs.
type place struct {
	Time       time.Time `json:"time,omitzero"`        // creation time of the last run
	IDs        []string  `json:"ids,omitempty"`        // the runs with that time
	Timeless   []string  `json:"timeless,omitempty"`   // the runs without a creation time
	Ordered    bool      `json:"ordered,omitempty"`    // one time came after another
	Disordered bool      `json:"disordered,omitempty"` // one time came after another that belongs behind it
	All        []string  `json:"all,omitempty"`        // all runs, as long as it may take them
}

// add goes on to the next run, and reports whether it is new: one without a
// time is told by no cursor with a time.
func (p *place) add(run insights.Test, order insights.Order) bool {
	if run.CreationTime.IsZero() {
		if slices.Contains(p.Timeless, run.ID) {
			return false
		}
		p.Timeless = append(p.Timeless, run.ID)
	}
	p.remember(run.ID)
	if !run.CreationTime.IsZero() {
		p.move(run, order)
	}
	return true
}

func (p *place) remember(id string) {
	switch {
	case p.Ordered && len(p.All) == 0:
	case p.Ordered && len(p.All) == resultWindow:
		p.All = nil
	default:
		p.All = append(p.All, id)
	}
}

func (p *place) move(run insights.Test, order insights.Order) {
	after := run.CreationTime.Compare(p.Time)
	if order == insights.NewestFirst {
		after = -after
	}
	switch {
	case p.Time.IsZero():
		p.Time, p.IDs = run.CreationTime, []string{run.ID}
	case after == 0:
		p.IDs = append(p.IDs, run.ID)
	case after > 0:
		p.Ordered = !p.Disordered
		p.Time, p.IDs = run.CreationTime, []string{run.ID}
	case len(p.All) > 0:
		p.Ordered, p.Disordered = false, true
	}
}

// cursor is what AllTests goes on from.
func (p *place) cursor() insights.Cursor {
	if p.Ordered {
		return insights.CursorAfter(p.Time, p.IDs...)
	}
	return insights.CursorAfter(time.Time{}, p.All...)
}

// saved is as much of p as makes the cursor.
func (p place) saved() place {
	if p.Ordered {
		p.All = nil
	}
	return p
}
