package insightstest

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// rates are the allowed requests; 0: any number.
type rates struct{ perSecond, perHour int }

// limiter holds a token bucket for each rate. Safe for concurrent use.
type limiter struct {
	mu      sync.Mutex
	buckets []*tokens
}

// tokens is a bucket that refills evenly.
type tokens struct {
	size   int
	per    time.Duration // to fill it from empty
	left   float64
	filled time.Time // when left was right
}

func newLimiter(r rates) *limiter {
	l := new(limiter)
	l.add(r.perSecond, time.Second)
	l.add(r.perHour, time.Hour)
	return l
}

func (l *limiter) add(size int, per time.Duration) {
	if size > 0 {
		l.buckets = append(l.buckets, &tokens{size: size, per: per, left: float64(size)})
	}
}

// fill makes all buckets full.
func (l *limiter) fill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.buckets {
		t.left = float64(t.size)
	}
}

func (t *tokens) refill(now time.Time) {
	if elapsed := now.Sub(t.filled); elapsed > 0 && !t.filled.IsZero() {
		t.left = min(float64(t.size), t.left+float64(t.size)*elapsed.Seconds()/t.per.Seconds())
	}
	t.filled = now
}

// untilNext returns the time in which the bucket gets what it lacks of a token
// more.
func (t *tokens) untilNext() time.Duration {
	lacking := math.Floor(t.left) + 1 - t.left
	return time.Duration(math.Ceil(lacking * float64(t.per) / float64(t.size)))
}

// limitState is what a request is told of the limit that is nearest to its end.
type limitState struct {
	limit, remaining int // limit 0: there is none
	untilNext        time.Duration
	refusedAt        time.Time // zero: not refused
}

// take lets a request through or refuses it. The clock is read under the lock:
// times that are read before it reach the buckets in another order, and a span
// between two of them would be handed out twice.
func (l *limiter) take(clock func() time.Time) (limitState, *refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := clock()
	allowed := true
	for _, t := range l.buckets {
		t.refill(now)
		allowed = allowed && t.left >= 1
	}
	if !allowed {
		state := l.state()
		state.refusedAt = now
		return state, &refusal{status: http.StatusTooManyRequests, message: "Too many requests: the rate limit is exceeded."}
	}
	for _, t := range l.buckets {
		t.left--
	}
	return l.state(), nil
}

// state describes the bucket with the fewest tokens, and of equal ones the
// slowest.
func (l *limiter) state() limitState {
	var state limitState
	for i, t := range l.buckets {
		if left := int(t.left); i == 0 || left <= state.remaining {
			state = limitState{limit: t.size, remaining: left, untilNext: t.untilNext()}
		}
	}
	return state
}

// describe adds the headers of a server with limits: X-Ratelimit-Reset is in
// seconds from now.
func (s limitState) describe(h http.Header, asDate bool) {
	if s.limit == 0 {
		return
	}
	seconds := wholeSeconds(s.untilNext)
	h.Set("X-Ratelimit-Limit", strconv.Itoa(s.limit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(s.remaining))
	h.Set("X-Ratelimit-Reset", strconv.Itoa(seconds))
	switch {
	case s.refusedAt.IsZero():
	case asDate:
		h.Set("Retry-After", httpDate(s.refusedAt.Add(s.untilNext)))
	default:
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}

// httpDate returns the time in the form of HTTP's headers, rounded up to a
// second.
func httpDate(t time.Time) string {
	return t.Add(time.Second - 1).UTC().Format(http.TimeFormat)
}
