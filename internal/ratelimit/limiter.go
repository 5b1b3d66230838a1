// Package ratelimit says when the next request may be sent: by the client's own
// limits, and by what the service asks for.
package ratelimit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
	"golang.org/x/time/rate"
)

// Limits pace the requests of a client and its clones: by the client's own
// limits, and by what the service orders. Safe for concurrent use.
type Limits struct {
	places    *sync.Mutex   // held to take a place under both limits at once, or none
	spare     *[]place      // given back before their time, in order
	PerSecond *rate.Limiter // nil: no limit
	PerHour   *Hour         // nil: no limit
	Server    *Server
}

// New returns the limits of a new client.
func New(perSecond *rate.Limiter, perHour *Hour) Limits {
	return Limits{
		places:    new(sync.Mutex),
		spare:     new([]place),
		PerSecond: perSecond,
		PerHour:   perHour,
		Server:    new(Server),
	}
}

// Wait blocks until a request may be sent, and tells announce of every wait
// before it begins. A wait that does not fit the deadline of ctx is an error
// at once, and so is one that the service ordered beyond maxWait.
//
// A place under the client's own limits that comes up while the service orders
// a pause is given back for a new one: so a pause never ends in a rush.
func (l Limits) Wait(ctx context.Context, maxWait time.Duration, announce func(time.Duration)) error {
	for {
		if ctx.Err() != nil {
			return fault.OfContext(ctx)
		}
		if err := l.waitForServer(ctx, maxWait, announce); err != nil {
			return err
		}
		p, err := l.waitForPlace(ctx, announce)
		if err != nil {
			return err
		}
		if l.Server.begin(time.Now()) {
			return nil
		}
		l.giveBack(p)
	}
}

func (l Limits) waitForServer(ctx context.Context, maxWait time.Duration, announce func(time.Duration)) error {
	for {
		pause, ordered := l.Server.pause(time.Now())
		switch {
		case pause <= 0:
			return nil
		case ordered && pause > maxWait:
			return &fault.Error{
				Kind: fault.RateLimited,
				Text: fmt.Sprintf("not sent: the service ordered a wait that goes on for %s, and the longest allowed is %s", pause.Round(time.Millisecond), maxWait),
			}
		}
		if err := sleep(ctx, pause, announce); err != nil {
			return err
		}
	}
}

// waitForPlace takes the next free place under the client's own limits, or
// none where that is beyond the deadline.
func (l Limits) waitForPlace(ctx context.Context, announce func(time.Duration)) (place, error) {
	now := time.Now()
	latest, bounded := ctx.Deadline()
	p := l.take(now, latest, bounded)
	wait := p.at.Sub(now)
	switch {
	case !p.taken && wait <= 0:
		return p, context.DeadlineExceeded // ctx is about to say so itself
	case !p.taken:
		return p, noTime(wait)
	}
	err := sleep(ctx, wait, announce)
	if err != nil {
		l.giveBack(p)
	}
	return p, err
}

// sleep waits for d, or returns at once where that does not fit the deadline.
func sleep(ctx context.Context, d time.Duration, announce func(time.Duration)) error {
	if d <= 0 {
		return nil
	}
	if !fault.Fits(ctx, d) {
		return noTime(d)
	}
	announce(d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		err := fault.OfContext(ctx)
		return &fault.Error{Kind: fault.RateLimited, Text: "ended while waiting for the rate limit: " + err.Error(), Cause: err}
	case <-timer.C:
		return nil
	}
}

func noTime(d time.Duration) error {
	return &fault.Error{
		Kind:  fault.RateLimited,
		Text:  fmt.Sprintf("not sent: the rate limit asks for a wait of %s, which does not fit the deadline", d.Round(time.Millisecond)),
		Cause: context.DeadlineExceeded,
	}
}

// place is a moment at which one request may be sent, under the client's own
// limits.
type place struct {
	at     time.Time
	second *rate.Reservation // nil: there is no such limit
	taken  bool              // false: it was beyond the deadline
}

// With are the same limits, but for those of the client's own. What was given
// back under others is of no use under these.
func (l Limits) With(perSecond *rate.Limiter, perHour *Hour) Limits {
	l.PerSecond, l.PerHour, l.spare = perSecond, perHour, new([]place)
	return l
}

// take takes the next place that is free under both limits. One that is not
// before latest is only looked at, where that bounds it.
func (l Limits) take(now, latest time.Time, bounded bool) place {
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
	if l.PerSecond != nil {
		p.second = l.PerSecond.ReserveN(now, 1)
		p.at = now.Add(p.second.DelayFrom(now))
	}
	if l.PerHour != nil {
		p.at = l.PerHour.free(now, p.at)
	}
	if p.taken = isInTime(p); !p.taken {
		p.cancel(now)
		return p
	}
	if l.PerHour != nil {
		l.PerHour.add(p.at)
	}
	return p
}

// giveBack returns a place at which nothing was sent. Before its time it is kept
// for the next to come: of those that were taken a rate.Limiter takes back the
// last one only.
func (l Limits) giveBack(p place) {
	l.places.Lock()
	defer l.places.Unlock()
	if p.at.After(time.Now()) {
		l.keepSpare(p)
		return
	}
	l.forget(p)
}

func (l Limits) keepSpare(p place) {
	i, _ := slices.BinarySearchFunc(*l.spare, p.at, func(q place, at time.Time) int { return q.at.Compare(at) })
	*l.spare = slices.Insert(*l.spare, i, p)
}

// takeSpare takes the first place that was given back and is still to come.
func (l Limits) takeSpare(now time.Time) (p place, found bool) {
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
func (l Limits) forget(p place) {
	if l.PerHour != nil {
		l.PerHour.remove(p.at)
	}
}

func (p place) cancel(now time.Time) {
	if p.second != nil {
		p.second.CancelAt(now)
	}
}
