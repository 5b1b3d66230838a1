package ratelimit

import (
	"net/http"
	"sync"
	"time"
)

// Server is what the service orders: a pause, by Retry-After, and how many
// requests it will take until when, by X-Ratelimit-Remaining and -Reset. Safe
// for concurrent use.
type Server struct {
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
func (s *Server) pause(now time.Time) (d time.Duration, ordered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pauseLocked(now)
}

func (s *Server) pauseLocked(now time.Time) (d time.Duration, ordered bool) {
	if now.Before(s.until) {
		return s.until.Sub(now), true
	}
	if s.left <= 0 && now.Before(s.reset) {
		return s.reset.Sub(now), false
	}
	return 0, false
}

// begin counts a request that is about to be sent; false: there is a pause.
func (s *Server) begin(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, _ := s.pauseLocked(now); d > 0 {
		return false
	}
	s.left--
	s.inFlight++
	return true
}

// Finish counts a request that is done.
func (s *Server) Finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}

// InFlight is how many requests are under way.
func (s *Server) InFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inFlight
}

// resetPrecision is how far two announcements of the same reset may lie apart:
// the service rounds to seconds.
const resetPrecision = time.Second

// Observe learns from an answer.
func (s *Server) Observe(status int, header http.Header, now time.Time) {
	if status == http.StatusTooManyRequests || status >= 500 && status <= 599 {
		s.pauseFor(RetryAfter(header, now), now)
	}
	if limit, known := QuotaOf(header, now); known {
		s.allow(limit.Remaining, limit.Reset, now)
	}
}

// pauseFor takes an order to send nothing for d.
func (s *Server) pauseFor(d time.Duration, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until := now.Add(min(d, longestPause)); until.After(s.until) {
		s.until = until
	}
}

// allow takes how many requests remain until reset, which does not yet count
// those under way. Answers overtake each other: of several with the same reset
// the lowest counts.
func (s *Server) allow(remaining int, reset, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := remaining - s.inFlight
	if latest := now.Add(longestPause); reset.After(latest) {
		reset = latest
	}
	if now.Before(s.reset) && reset.Sub(s.reset).Abs() <= resetPrecision {
		s.left = min(s.left, left)
		return
	}
	s.left, s.reset = left, reset
}
