// Package paging delivers every record of a list that a service gives in pages,
// by from and size: each record once, in order, past the service's result
// window. It knows records by their keys only.
package paging

import (
	"context"
	"time"
)

// Key tells a record from all others, and where it lies in the order.
type Key struct {
	ID      string
	Created time.Time // zero: it has none
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
	HasMore  bool
	Deliver  func(i int) bool // gives the caller a record; false: the caller leaves
	Received func()           // called when the turn of the page has come, before Deliver; nil: nothing
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

// span is a period: all of it, or a part.
type span struct{ start, end time.Time }
