package insights

import (
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// place is a moment at which one request may be sent, under the client's own
// limits.
type place struct {
	at     time.Time
	second *rate.Reservation // nil: there is no such limit
	taken  bool              // false: it was beyond the deadline
}

// with are the same limits, but for those of the client's own. What was given
// back under others is of no use under these.
func (l limits) with(perSecond *rate.Limiter, perHour *hourWindow) limits {
	l.perSecond, l.perHour, l.spare = perSecond, perHour, new([]place)
	return l
}

// take takes the next place that is free under both limits. One that is not
// before latest is only looked at, where that bounds it.
func (l limits) take(now, latest time.Time, bounded bool) place {
	l.places.Lock()
	defer l.places.Unlock()
	isInTime := func(p place) bool { return !bounded || p.at.Before(latest) }
	if p, found := l.takeSpare(now); found {
		if p.taken = isInTime(p); !p.taken {
			l.keepSpare(p)
		}
		return p
	}
	p := place{at: now}
	if l.perSecond != nil {
		p.second = l.perSecond.ReserveN(now, 1)
		p.at = now.Add(p.second.DelayFrom(now))
	}
	if l.perHour != nil {
		p.at = l.perHour.free(now, p.at)
	}
	if p.taken = isInTime(p); !p.taken {
		p.cancel(now)
		return p
	}
	if l.perHour != nil {
		l.perHour.add(p.at)
	}
	return p
}

// giveBack returns a place at which nothing was sent. Before its time it is kept
// for the next to come: of those that were taken a rate.Limiter takes back the
// last one only.
func (l limits) giveBack(p place) {
	l.places.Lock()
	defer l.places.Unlock()
	if p.at.After(time.Now()) {
		l.keepSpare(p)
		return
	}
	l.forget(p)
}

func (l limits) keepSpare(p place) {
	i, _ := slices.BinarySearchFunc(*l.spare, p.at, func(q place, at time.Time) int { return q.at.Compare(at) })
	*l.spare = slices.Insert(*l.spare, i, p)
}

// takeSpare takes the first place that was given back and is still to come.
func (l limits) takeSpare(now time.Time) (p place, found bool) {
	for len(*l.spare) > 0 {
		p, *l.spare = (*l.spare)[0], (*l.spare)[1:]
		if !p.at.Before(now) {
			return p, true
		}
		l.forget(p)
	}
	return place{}, false
}

// forget leaves a place to nobody: its time is over.
func (l limits) forget(p place) {
	if l.perHour != nil {
		l.perHour.remove(p.at)
	}
}

func (p place) cancel(now time.Time) {
	if p.second != nil {
		p.second.CancelAt(now)
	}
}
