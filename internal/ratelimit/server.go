package ratelimit

import (
	"net/http"
	"sync"
	"time"
)

// Server is what the service asks for: a pause, by Retry-After, and how many
// requests it will take until when, by X-Ratelimit-Remaining and -Reset. Safe
// for concurrent use.
type Server struct {
	mu       sync.Mutex
	until    time.Time // the end of the pause
	left     int       // requests until reset
	reset    time.Time // zero: the service says nothing
	inFlight int
	changed  chan struct{} // closed when a pause begins; nil: nobody waits for that
}

// maxPause bounds what one response can ask for: the service's limits are by
// the second and by the hour.
const maxPause = time.Hour

// pause is how long a request may not be sent that has so many ahead of it, and
// whether Retry-After asks for that.
func (s *Server) pause(now time.Time, ahead int) (d time.Duration, asked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.until) {
		return s.until.Sub(now), true
	}
	if s.left <= ahead && now.Before(s.reset) {
		return s.reset.Sub(now), false
	}
	return 0, false
}

// begin counts a request that is about to be sent.
func (s *Server) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left--
	s.inFlight++
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

// Observe learns from a response.
func (s *Server) Observe(status int, header http.Header, now time.Time) {
	if status == http.StatusTooManyRequests || status >= 500 && status <= 599 {
		s.pauseFor(RetryAfter(header, now), now)
	}
	if limit, known := QuotaOf(header, now); known {
		s.allow(limit.Remaining, limit.Reset, now)
	}
}

// pauseFor takes a wish that nothing is sent for d.
func (s *Server) pauseFor(d time.Duration, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until := now.Add(min(d, maxPause)); d > 0 && until.After(s.until) {
		s.until = until
		s.tell()
	}
}

// news is closed when the service asks for another pause.
func (s *Server) news() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

func (s *Server) tell() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// allow takes how many requests remain until reset, which does not yet count
// those under way. Answers overtake each other: of several with the same reset
// the lowest counts.
func (s *Server) allow(remaining int, reset, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := remaining - s.inFlight
	if latest := now.Add(maxPause); reset.After(latest) {
		reset = latest
	}
	if now.Before(s.reset) && reset.Sub(s.reset).Abs() <= resetPrecision {
		left, reset = min(s.left, left), s.reset
	}
	s.left, s.reset = left, reset
	if left <= 0 {
		s.tell()
	}
}
