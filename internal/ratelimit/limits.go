// Package ratelimit says when the next request may be sent: by the client's own
// limits, and by what the service asks for.
package ratelimit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
)

// Limits pace the requests of a client and its clones. Requests form a line, and
// only its head waits: for the pause that the service asked for, then for the
// limiter that is shared with others, then for its turn under the client's own
// limits. It takes its token at the moment of sending. Safe for concurrent use.
type Limits struct {
	PerSecond *Second // nil: no limit
	PerHour   *Hour   // nil: no limit
	Server    *Server
	Shared    Limiter // nil: there is none

	lock *sync.Mutex // guards PerSecond, PerHour and line, also where clones share some of them only
	line *line       // nil: there is nothing to queue for
}

// New returns the limits of a new client. Nil means no limit.
func New(perSecond *Second, perHour *Hour) Limits {
	return Limits{Server: new(Server), lock: new(sync.Mutex)}.With(perSecond, perHour)
}

// With returns the same limits with other ones of the client's own. They have a
// line of their own.
func (l Limits) With(perSecond *Second, perHour *Hour) Limits {
	l.PerSecond, l.PerHour, l.line = perSecond, perHour, nil
	if perSecond != nil || perHour != nil {
		l.line = new(line)
	}
	return l
}

// Wait blocks until a request may be sent, and tells announce of a wait before
// it begins. A wait that does not fit the deadline of ctx is an error at once. A
// pause that the service asked for holds the request for maxWait at most.
func (l Limits) Wait(ctx context.Context, maxWait time.Duration, announce func(time.Duration)) error {
	if err := fault.Ended(ctx); err != nil {
		return err
	}
	r := &request{ctx: ctx, maxWait: maxWait, announce: announce}
	if l.line == nil {
		return l.goAhead(r)
	}
	wait, err := l.join(r)
	if err != nil {
		return err
	}
	defer l.leave(r) // also where announce panics
	r.announceOnce(wait)
	if err := r.awaitTurn(); err != nil {
		return err
	}
	return l.goAhead(r)
}

// goAhead is what the head of the line does.
func (l Limits) goAhead(r *request) error {
	for {
		news := l.Server.news() // asked for first, so that none is missed
		wait, err := l.step(r)
		if err != nil || wait <= 0 {
			return err
		}
		if err := l.sleep(r, wait, news); err != nil {
			return err
		}
	}
}

// step takes what the request still needs in order to be sent, and returns how
// long to wait before the next step, or 0 when it has everything.
func (l Limits) step(r *request) (wait time.Duration, err error) {
	now := time.Now()
	if pause := l.Server.free(now, r, 0).Sub(now); pause > 0 {
		return pause, nil
	}
	if err := l.admit(r); err != nil {
		return 0, err
	}
	return l.take(r), nil
}

// take takes a token under every limit, leaves the line and returns 0, or takes
// none and returns how long there is none. The clock is read under the lock: times
// that ran backwards would hand out the same token twice. Whoever has a token and
// still stood in the line would count twice for those behind.
func (l Limits) take(r *request) time.Duration {
	l.lock.Lock()
	defer l.lock.Unlock()
	now := time.Now()
	if wait := l.estimate(now, r, 0); wait > 0 {
		return wait
	}
	l.Server.begin()
	if l.PerSecond != nil {
		l.PerSecond.take(now)
	}
	if l.PerHour != nil {
		l.PerHour.take(now)
	}
	l.line.leave(r)
	return 0
}

// estimate is how long a request waits that has so many ahead of it. It holds
// as long as nobody leaves and the service asks for nothing new.
func (l Limits) estimate(now time.Time, r *request, ahead int) time.Duration {
	from := l.Server.free(now, r, ahead)
	at := from
	if l.PerSecond != nil {
		at = later(at, l.PerSecond.free(from, ahead))
	}
	if l.PerHour != nil {
		at = later(at, l.PerHour.free(from, ahead))
	}
	return at.Sub(now)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// sleep waits for d, or for less where the service asks for something new.
func (l Limits) sleep(r *request, d time.Duration, news <-chan struct{}) error {
	if !fault.Fits(r.ctx, d) {
		return noTime(d)
	}
	r.announceOnce(d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.ctx.Done():
		return calledOff(r.ctx)
	case <-news:
		l.refuseLate()
		return nil
	case <-timer.C:
		return nil
	}
}

func noTime(d time.Duration) error {
	return &fault.Error{
		Kind:  fault.RateLimited,
		Text:  fmt.Sprintf("not sent: the rate limit asks for a wait of %s, which does not fit the deadline", d.Round(time.Millisecond)),
		Cause: context.DeadlineExceeded,
		Wait:  d,
	}
}

func calledOff(ctx context.Context) error {
	err := fault.OfContext(ctx)
	return &fault.Error{Kind: fault.RateLimited, Text: "ended while waiting for the rate limit: " + err.Error(), Cause: err}
}
