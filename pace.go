package insights

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits pace the requests of a client and its clones: by the client's own
// limits, and by what the service orders. Safe for concurrent use.
type limits struct {
	perSecond *rate.Limiter // nil: no limit
	perHour   *hourWindow   // nil: no limit
	server    *serverLimit
}

func newLimits() limits {
	return limits{
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
// a pause is given up for a new one: so a pause never ends in a rush.
func (l limits) wait(ctx context.Context, maxWait time.Duration, announce func(time.Duration)) error {
	for {
		if ctx.Err() != nil {
			return contextError(ctx)
		}
		if err := l.waitForServer(ctx, maxWait, announce); err != nil {
			return err
		}
		if err := l.waitForPlace(ctx, announce); err != nil {
			return err
		}
		if l.server.begin(time.Now()) {
			return nil
		}
	}
}

func (l limits) waitForServer(ctx context.Context, maxWait time.Duration, announce func(time.Duration)) error {
	for {
		pause, ordered := l.server.pause(time.Now())
		switch {
		case pause <= 0:
			return nil
		case ordered && pause > maxWait:
			return &failure{
				kind: ErrRateLimited,
				text: fmt.Sprintf("nothing sent: the service ordered a wait that goes on for %s, and the longest allowed is %s", pause.Round(time.Millisecond), maxWait),
			}
		}
		if err := sleep(ctx, pause, announce); err != nil {
			return err
		}
	}
}

// waitForPlace takes the next free place under the client's own limits, or
// none where that is beyond the deadline.
func (l limits) waitForPlace(ctx context.Context, announce func(time.Duration)) error {
	now := time.Now()
	at := now
	cancel := func() {}
	if l.perSecond != nil {
		place := l.perSecond.ReserveN(now, 1)
		at = now.Add(place.DelayFrom(now))
		cancel = func() { place.CancelAt(now) }
	}
	latest, bounded := ctx.Deadline()
	if l.perHour != nil {
		at = l.perHour.reserve(at, latest)
	}
	if bounded && !at.Before(latest) {
		cancel()
		return noTime(at.Sub(now))
	}
	return sleep(ctx, at.Sub(now), announce)
}

// sleep waits for d, or returns at once where that does not fit the deadline.
func sleep(ctx context.Context, d time.Duration, announce func(time.Duration)) error {
	if d <= 0 {
		return nil
	}
	if !fits(ctx, d) {
		return noTime(d)
	}
	announce(d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return &failure{kind: ErrRateLimited, text: "ended while waiting for the rate limit: " + contextError(ctx).Error(), cause: contextError(ctx)}
	case <-timer.C:
		return nil
	}
}

func noTime(d time.Duration) error {
	return &failure{
		kind:  ErrRateLimited,
		text:  fmt.Sprintf("nothing sent: the rate limit asks for a wait of %s, which does not fit the deadline", d.Round(time.Millisecond)),
		cause: context.DeadlineExceeded,
	}
}

// hourWindow lets no hour see more than a number of requests. Safe for
// concurrent use.
type hourWindow struct {
	mu      sync.Mutex
	most    int
	sent    []time.Time // the last requests, at most that many: a ring once it is full
	earlier int         // the place of the oldest in a full ring
}

func newHourWindow(most int) *hourWindow {
	return &hourWindow{most: most}
}

// reserve takes the first place at or after at, and returns its time. A place
// that is not before a given latest time is not taken.
func (w *hourWindow) reserve(at, latest time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	full := len(w.sent) == w.most
	if full {
		if free := w.sent[w.earlier].Add(time.Hour); free.After(at) {
			at = free
		}
	}
	if !latest.IsZero() && !at.Before(latest) {
		return at
	}
	if full {
		w.sent[w.earlier] = at
		w.earlier = (w.earlier + 1) % w.most
	} else {
		w.sent = append(w.sent, at)
	}
	return at
}

// serverLimit is what the service orders: a pause, by Retry-After, and how many
// requests it will take until when, by X-Ratelimit-Remaining and -Reset. Safe
// for concurrent use.
type serverLimit struct {
	mu       sync.Mutex
	until    time.Time // the end of the pause
	left     int       // requests until reset
	reset    time.Time // zero: the service says nothing
	inFlight int
}

// longestPause bounds what one answer can order: the service's limits are by
// the second and by the hour.
const longestPause = time.Hour

// pause is how long nothing may be sent, and whether Retry-After orders that.
func (s *serverLimit) pause(now time.Time) (d time.Duration, ordered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pauseLocked(now)
}

func (s *serverLimit) pauseLocked(now time.Time) (d time.Duration, ordered bool) {
	if now.Before(s.until) {
		return s.until.Sub(now), true
	}
	if s.left <= 0 && now.Before(s.reset) {
		return s.reset.Sub(now), false
	}
	return 0, false
}

// begin counts a request that is about to be sent; false: there is a pause.
func (s *serverLimit) begin(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, _ := s.pauseLocked(now); d > 0 {
		return false
	}
	s.left--
	s.inFlight++
	return true
}

// finish counts a request that is done.
func (s *serverLimit) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}

// observe counts a request as done and learns from its answer. What the answer
// says remains does not yet count the requests that are still under way.
func (l limits) observe(a answer, now time.Time) {
	l.server.finish()
	limit, known := rateLimitOf(a.header, now)
	order := time.Duration(0)
	if a.status == http.StatusTooManyRequests || a.status >= http.StatusInternalServerError {
		order = retryAfter(a.header, now)
	}
	s := l.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if until := now.Add(min(order, longestPause)); order > 0 && until.After(s.until) {
		s.until = until
	}
	if latest := now.Add(longestPause); known {
		s.left, s.reset = limit.Remaining-s.inFlight, limit.Reset
		if s.reset.After(latest) {
			s.reset = latest
		}
	}
}
