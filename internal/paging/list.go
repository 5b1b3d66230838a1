package paging

import (
	"slices"
	"time"
)

// list is what is known of the list in turn.
type list struct {
	span    span
	isMoved bool // its inner end is not that of the part: it begins with what was delivered
	isShown bool // it has shown a record that was delivered last

	expected    map[string]bool // the records that it must show before anything new, most of them
	expectedAll int             // how many these were
	next        int             // where the next page begins, at the latest
	behind      bool            // nothing says that the next page shares a record with the last one
	last        *page           // the page before; nil: the list begins
	count       int             // records that came
	fresh       int             // of these were new
	pages       int             // pages that were delivered
	end         ending
	checks      int // how often its other end showed something new though it had ended

	group    time.Time // the time of the last record
	groupAt  int       // where the records of that time begin
	isCapped bool      // the next page shares some of them only
	unsteady int       // how often these came in another order
	rereads  bool      // the next page is read again for that
	inRow    int       // pages in a row that did not meet
	rewinds  int       // the same, since something was new
	stood    int       // pages in a row that ended with the same record
	saysMore bool      // the last empty page said that there are more
	dry      int       // empty pages since something was new
}

// ending says how a list ended.
type ending int

const (
	goesOn    ending = iota
	saysLast         // the service said that there are no more
	runsDry          // the service gives nothing new, whatever it says
	atLimit          // the service gives no more of a list
	leftEarly        // another list gives what follows in fuller pages
)

// How many pages in a row may end with the same record before the list has run
// dry. Some do while records vanish in front of them, or arrive there.
const (
	maxStood       = 3
	maxStoodSingle = 16 // pages of one record
)

// turn notes a page that was delivered, of which so many records were new.
func (s *list) turn(p *page, fresh int, isFull, isBelieved bool, limit int) {
	keys, n := p.keys(), len(p.keys())
	if s.stood++; fresh > 0 || s.last == nil || !sameLast(s.last.keys(), keys) {
		s.stood = 0
	}
	wasSingle := s.last != nil && len(s.last.keys()) == 1
	s.note(p)
	s.next, s.behind = p.from+n-s.shared(keys), false
	switch {
	case p.list.saysLast() && p.from+n < limit && isBelieved:
		s.end = saysLast
	case s.stood >= maxStood && isFull && n > 1, s.stood >= maxStoodSingle:
		s.end = atLimit
	case n == 0, s.stood >= maxStood && !isFull && n > 1:
		s.end = runsDry
	case n == 1 && (s.stood > 0 || wasSingle && isFull): // the shared record alone: is there anything behind it?
		s.next, s.behind = p.from+1, true
	}
	s.fresh += fresh
	s.pages++
	s.inRow, s.rereads = 0, false
	s.last = p
	if fresh > 0 || s.fresh == 0 { // a service may give its last page again
		s.count = max(s.count, p.from+n)
	}
	if fresh > 0 {
		s.rewinds, s.dry, s.checks = 0, 0, 0
	}
}

// contradictsItself reports whether the service said that there are more records
// than it gives.
func (s *list) contradictsItself() bool {
	return s.end == runsDry && s.saysMore
}

func sameLast(a, b []Key) bool {
	return len(a) > 0 && a[len(a)-1].ID == b[len(b)-1].ID
}

// note notes where the records of the page's last time begin.
func (s *list) note(p *page) {
	keys := p.keys()
	if len(keys) == 0 {
		return
	}
	group, at := lastGroup(keys), keys[len(keys)-1].Created
	if group < len(keys) || s.last == nil || !at.Equal(s.group) {
		s.group, s.groupAt, s.unsteady = at, p.from+len(keys)-group, 0
	}
}

// shared is how many records the next page shares: those of the last time, and
// half a page at most.
func (s *list) shared(keys []Key) int {
	group, half := lastGroup(keys), min(len(keys), max(1, len(keys)/2))
	s.isCapped = group > half
	return min(group, half)
}

// lastGroup is how many records at the end have the same time.
func lastGroup(keys []Key) int {
	n := 0
	for n < len(keys) && keys[len(keys)-1-n].Created.Equal(keys[len(keys)-1].Created) {
		n++
	}
	return n
}

// maxTies is how many neighbours have the same time, at most.
func maxTies(keys []Key) (largest int) {
	for n := len(keys); n > 0; {
		group := lastGroup(keys[:n])
		largest = max(largest, group)
		n -= group
	}
	return largest
}

// isContinued reports whether a page repeats the end of the one before it in the
// same order.
func isContinued(before, keys []Key) bool {
	i, j := overlapOf(before, keys), overlapOf(keys, before)
	return i >= 0 && isPrefix(before[i:], keys) || j >= 0 && isPrefix(keys[j:], before)
}

// overlapOf is the index from which on a page goes on as another begins, or that of
// the record with which that begins, or -1.
func overlapOf(keys, other []Key) int {
	found := -1
	for i, k := range keys {
		if len(other) == 0 || k.ID != other[0].ID {
			continue
		}
		if found = i; isPrefix(keys[i:], other) {
			break
		}
	}
	return found
}

// isPrefix reports whether the shorter of two pages begins the other.
func isPrefix(a, b []Key) bool {
	n := min(len(a), len(b))
	return slices.EqualFunc(a[:n], b[:n], func(a, b Key) bool { return a.ID == b.ID })
}
