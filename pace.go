package insights

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
	"golang.org/x/time/rate"
)

// limits pace the requests of a client and its clones: by the client's own
// limits, and by what the service orders. Safe for concurrent use.
type limits struct {
	places    *sync.Mutex   // held to take a place under both limits at once, or none
	spare     *[]place      // given back before their time, in order
	perSecond *rate.Limiter // nil: no limit
	perHour   *hourWindow   // nil: no limit
	server    *serverLimit
}

func newLimits() limits {
	return limits{
		places:    new(sync.Mutex),
		spare:     new([]place),
		perSecond: rate.NewLimiter(defaultPerSecond, defaultBurst),
		perHour:   newHourWindow(defaultPerHour),
		server:    new(serverLimit),
	}
}

// wait blocks until a request may be sent, and tells announce of every wait
// before it begins. A wait that does not fit the deadline of ctx is an error
// at once, and so is one that the service ordered beyond maxWait.
//
// A place under the client's own limits that comes up while the service orders
// a pause is given back for a new one: so a pause never ends in a rush.
func (l limits) wait(ctx context.Context, maxWait time.Duration, announce func(time.Duration)) error {
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
		if l.server.begin(time.Now()) {
			return nil
		}
		l.giveBack(p)
	}
}

func (l limits) waitForServer(ctx context.Context, maxWait time.Duration, announce func(time.Duration)) error {
	for {
		pause, ordered := l.server.pause(time.Now())
		switch {
		case pause <= 0:
			return nil
		case ordered && pause > maxWait:
			return &fault.Error{
				Kind: ErrRateLimited,
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
func (l limits) waitForPlace(ctx context.Context, announce func(time.Duration)) (place, error) {
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
		return &fault.Error{Kind: ErrRateLimited, Text: "ended while waiting for the rate limit: " + err.Error(), Cause: err}
	case <-timer.C:
		return nil
	}
}

func noTime(d time.Duration) error {
	return &fault.Error{
		Kind:  ErrRateLimited,
		Text:  fmt.Sprintf("not sent: the rate limit asks for a wait of %s, which does not fit the deadline", d.Round(time.Millisecond)),
		Cause: context.DeadlineExceeded,
	}
}
