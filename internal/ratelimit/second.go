package ratelimit

import (
	"math"
	"time"
)

// Second lets so many requests a second pass in the long run, and a burst of
// them at once. It is guarded by the lock of [Limits].
type Second struct {
	interval time.Duration // between two requests in the long run
	room     time.Duration // how far requests may run ahead of that
	next     time.Time     // when the next request would be sent if all came in even steps
}

// maxSpan keeps sums of times within what a time.Duration holds.
const maxSpan = 100 * 365 * 24 * time.Hour

// NewSecond returns a limit of perSecond requests, and burst of them at once.
// Both are more than zero.
func NewSecond(perSecond float64, burst int) *Second {
	interval := min(math.Ceil(float64(time.Second)/perSecond), float64(maxSpan))
	room := min(interval*float64(burst-1), float64(maxSpan))
	return &Second{interval: time.Duration(interval), room: time.Duration(room)}
}

// free is the first time at or after from when a request may pass that has so
// many ahead of it.
func (s *Second) free(from time.Time, ahead int) time.Time {
	steps := min(float64(ahead)*float64(s.interval), float64(maxSpan))
	return later(from, later(s.next, from).Add(time.Duration(steps)-s.room))
}

// take counts a request that is sent now, when there is room for it.
func (s *Second) take(now time.Time) {
	s.next = later(s.next, now).Add(s.interval)
}
