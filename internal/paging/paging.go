// Package paging delivers every record of a list that a service gives in pages,
// by from and size: each record once, in order, past the service's result
// window. It knows records by their keys only. A run is one execution of a test;
// here it is a record.
//
//	the user's period   |--------------------------------------------------|
//	lists               |== first list, up to the limit ==|
//	                                              |~|== moved list ========|
//	                                               ^ the overlap shows what was delivered last
//	pages of a list     [ page ][ page ]
//	                           ^^ shared: all records of the last time
//	queue                              [ page ][ page ]   asked for, in flight
//	plan                                               ^  asked for next
//
// A Loop takes the first page of its queue, judges it (judge.go) and delivers it.
// Then it fills the queue with pages that the plan names (plan.go). When a list
// has ended (list.go says how), it moves on to another one or is done (move.go).
// What was delivered is told by IDs in the first list, by the place in the order in
// a moved one, and by IDs again if the service does not keep the order, which then
// can't be left (delivered.go). Newest first, and between the parts of a period
// that is too long for the service (part.go), records that the next list hides are
// carried over (carried.go).
package paging

import (
	"context"
	"time"
)

// Key tells a record from all others, and where it lies in the order.
type Key struct {
	ID      string
	Created time.Time // zero: it has none
	Unnamed bool      // ID is made of all that the record has: it enters no position
}

// Request asks for some records of a list.
type Request struct {
	Start, End time.Time // of the period, in whole seconds
	Order      Order
	From, Size int
}

// Source answers a request. It is called by several goroutines at once. The page
// beside an error may be nil.
type Source func(context.Context, Request) (*Page, error)

// Page is some records of a list.
type Page struct {
	Keys     []Key
	Told     bool             // the service said whether there are more
	HasMore  bool             // what it said
	Deliver  func(i int) bool // gives the caller a record; false: the caller leaves
	Received func()           // called when the turn of the page has come, before Deliver; nil: nothing
}

// saysLast reports whether the service said that no records follow. One that
// says nothing has not said that.
func (p *Page) saysLast() bool {
	return p.Told && !p.HasMore
}

// record is one record of a page.
type record struct {
	Key
	page  *Page
	index int
}

func (p *Page) record(i int) record {
	return record{p.Keys[i], p, i}
}

// Options say which records a loop delivers, and how it asks for them.
type Options struct {
	Start, End    time.Time // of the period, in whole seconds
	Order         Order
	From          int           // so many records are skipped
	Size          int           // records to a page; 0: pages grow
	After         Position      // where an earlier loop ended
	ResultWindow  int           // how far the service pages with from
	Concurrency   int           // most requests in flight
	LongestPeriod time.Duration // a longer one is split; 0: none is
	Learned       *Sizes        // what loops know of the size of pages; nil: nothing
}

// span is a period: all of it, or a part.
type span struct{ start, end time.Time }
