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
	asked    pause
	left     int       // requests until reset
	reset    time.Time // zero: the service says nothing
	inFlight int
	changed  chan struct{} // closed when a pause begins; nil: nobody waits for that
}

// pause is what the service asks for with a 429.
type pause struct {
	from   time.Time
	length time.Duration
	jitter time.Duration // so that not everyone who was asked comes back at once
}

// end is when a request may be sent. No pause is longer than maxWait, and jitter is
// left out for a request that it would make too late.
func (p pause) end(maxWait time.Duration, fits func(time.Time) bool) time.Time {
	end := p.from.Add(min(p.length, maxWait))
	if late := end.Add(p.jitter); fits(late) {
		return late
	}
	return end
}

// maxReset bounds how long one response can stop a client: the service's limits
// are by the second and by the hour.
const maxReset = time.Hour

// free is when a request may be sent that has so many ahead of it.
func (s *Server) free(now time.Time, r *request, ahead int) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := later(now, s.asked.end(r.maxWait, r.fits))
	if s.left <= ahead {
		free = later(free, s.reset)
	}
	return free
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

// Observe learns from a response. A 429 pauses the client, and jitter is added to
// that; other failures are those of one request.
func (s *Server) Observe(status int, header http.Header, received time.Time, jitter time.Duration) {
	if status == http.StatusTooManyRequests {
		s.pauseFor(RetryAfter(header, received), received, jitter)
	}
	if limit, known := QuotaOf(header, received); known {
		s.allow(limit.Remaining, limit.Reset, received)
	}
}

// pauseFor takes a wish that nothing is sent for d.
func (s *Server) pauseFor(d time.Duration, now time.Time, jitter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked := (pause{now, min(d, maxSpan), jitter}); d > 0 && asked.isLonger(s.asked) {
		s.asked = asked
		s.tell()
	}
}

func (p pause) isLonger(other pause) bool {
	return p.from.Add(p.length + p.jitter).After(other.from.Add(other.length + other.jitter))
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
	if latest := now.Add(maxReset); reset.After(latest) {
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
