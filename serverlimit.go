package insights

import (
	"net/http"
	"sync"
	"time"
)

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
