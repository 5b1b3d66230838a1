package filelimiter

import (
	"cmp"
	"slices"
	"time"
)

// slot is the moment of one token.
type slot struct {
	at   time.Duration
	free bool // was given back
}

// schedule holds the slots of the last hour and of those who wait, in order,
// and no moment twice: so the moment identifies the slot.
type schedule struct {
	slots []slot
	// debt is when a bucket that holds a burst would be full again: the
	// theoretical arrival time of the generic cell rate algorithm.
	debt time.Duration
}

// reserve takes the first slot that is free, or makes a new one. It takes none
// if that is after latest.
func (s *schedule) reserve(now, latest time.Duration, l limits) (at time.Duration, ok bool) {
	s.forget(now)
	i := slices.IndexFunc(s.slots, func(t slot) bool { return t.free })
	if i >= 0 {
		at = s.slots[i].at
	} else {
		at = s.next(now, l)
	}
	switch {
	case at > latest:
		return at, false
	case i >= 0:
		s.slots[i].free = false
	default:
		s.slots = append(s.slots, slot{at: at})
		s.debt = max(s.debt, at) + l.interval
	}
	return at, true
}

// next is the first moment that both limits allow after all slots there are.
func (s *schedule) next(now time.Duration, l limits) time.Duration {
	at := max(now, s.debt-time.Duration(l.burst-1)*l.interval)
	n := len(s.slots)
	if n > 0 {
		at = max(at, s.slots[n-1].at+1)
	}
	if n >= l.perHour {
		at = max(at, s.slots[n-l.perHour].at+hour)
	}
	return at
}

// forget drops what an hour has passed over, and slots that came up unused.
func (s *schedule) forget(now time.Duration) {
	s.slots = slices.DeleteFunc(s.slots, func(t slot) bool {
		return t.at <= now-hour || t.free && t.at < now
	})
}

// release makes a slot free. A slot that is not there, because the state was
// lost in between, is nobody's.
func (s *schedule) release(at time.Duration) {
	i, found := slices.BinarySearchFunc(s.slots, at, func(t slot, at time.Duration) int { return cmp.Compare(t.at, at) })
	if found {
		s.slots[i].free = true
	}
}
