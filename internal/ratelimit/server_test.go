package ratelimit

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var noon = time.Date(2021, time.May, 1, 12, 0, 0, 0, time.UTC)

// begin sends a request where the service asks for no pause.
func begin(s *Server, now time.Time) bool {
	if pauseOf(s, now) > 0 {
		return false
	}
	s.begin()
	return true
}

// pauseOf is how long the head of a line waits that has no deadline.
func pauseOf(s *Server, now time.Time) time.Duration {
	return s.free(now, &request{ctx: context.Background(), maxWait: 2 * time.Minute}, 0).Sub(now)
}

func TestServerTakesTheLowestOfAnswersThatOvertakeEachOther(t *testing.T) {
	s := new(Server)
	for range 4 {
		assert.True(t, begin(s, noon))
	}
	reset := noon.Add(time.Minute)
	for i, remaining := range []int{0, 3, 2, 1} {
		s.Finish()
		s.allow(remaining, reset.Add(time.Duration(i)*300*time.Millisecond), noon)
		assert.False(t, begin(s, noon), "after the answer that leaves %d", remaining)
	}
	s.allow(7, reset.Add(time.Minute), noon)
	assert.True(t, begin(s, noon), "a later reset is another allowance")
}

func TestServerForgetsWhatRemainedAtAReset(t *testing.T) {
	s := new(Server)
	s.allow(0, noon.Add(time.Second), noon)
	assert.False(t, begin(s, noon))
	assert.True(t, begin(s, noon.Add(time.Second)))
	s.Finish()
	s.allow(1, noon.Add(1500*time.Millisecond), noon.Add(time.Second))
	assert.True(t, begin(s, noon.Add(time.Second)))
	assert.False(t, begin(s, noon.Add(1200*time.Millisecond)), "the next allowance is used up too")
	assert.True(t, begin(s, noon.Add(1500*time.Millisecond)))
}

func TestServerCountsDownWhatRemains(t *testing.T) {
	s := new(Server)
	for range 2 {
		assert.True(t, begin(s, noon), "nothing is known yet")
	}
	s.allow(5, noon.Add(time.Minute), noon)
	for i := range 3 {
		assert.True(t, begin(s, noon), "%d of three", i)
	}
	assert.False(t, begin(s, noon), "two of the five were under way")
}

func TestServerPause(t *testing.T) {
	t.Run("is asked for by a 429 alone: what fails with another status is one request", func(t *testing.T) {
		for status, want := range map[int]time.Duration{200: 0, 403: 0, 429: time.Minute, 500: 0, 503: 0} {
			s := new(Server)
			s.Observe(status, http.Header{"Retry-After": {"60"}}, noon, 0)
			assert.Equal(t, want, pauseOf(s, noon), "%d", status)
		}
	})
	t.Run("is the longest of two", func(t *testing.T) {
		s := new(Server)
		s.pauseFor(20*time.Second, noon, 0)
		s.pauseFor(5*time.Second, noon, 0)
		assert.Equal(t, 20*time.Second, pauseOf(s, noon))
		assert.Zero(t, pauseOf(s, noon.Add(30*time.Second)))
		s.pauseFor(5*time.Second, noon.Add(16*time.Second), 0)
		assert.Equal(t, 21*time.Second, pauseOf(s, noon))
		s.pauseFor(5*time.Second, noon.Add(15*time.Second), 2*time.Second)
		assert.Equal(t, 22*time.Second, pauseOf(s, noon), "its jitter counts")
	})
	t.Run("holds nobody for longer than its longest wait", func(t *testing.T) {
		s := new(Server)
		s.Observe(429, http.Header{"Retry-After": {"1e400"}}, noon, time.Second)
		assert.Equal(t, 2*time.Minute+time.Second, pauseOf(s, noon))
		assert.Equal(t, time.Minute+time.Second, pauseOf(s, noon.Add(time.Minute)))
		assert.Zero(t, pauseOf(s, noon.Add(3*time.Minute)))
	})
	t.Run("leaves its jitter out for who would be too late, and no more", func(t *testing.T) {
		s := new(Server)
		s.pauseFor(20*time.Second, noon, 10*time.Second)
		for within, want := range map[time.Duration]time.Duration{time.Minute: 30 * time.Second, 25 * time.Second: 20 * time.Second, 5 * time.Second: 20 * time.Second} {
			ctx := lateContext{context.Background(), noon.Add(within)}
			assert.Equal(t, want, s.free(noon, &request{ctx: ctx, maxWait: time.Minute}, 0).Sub(noon), "%s", within)
		}
	})
}

// lateContext has a deadline of a test's own time.
type lateContext struct {
	context.Context
	deadline time.Time
}

func (c lateContext) Deadline() (time.Time, bool) { return c.deadline, true }
