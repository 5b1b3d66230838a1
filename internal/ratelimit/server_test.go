package ratelimit

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var noon = time.Date(2021, time.May, 1, 12, 0, 0, 0, time.UTC)

// begin sends a request where the service asks for no pause.
func begin(s *Server, now time.Time) bool {
	pause, _ := s.pause(now, 0)
	if pause > 0 {
		return false
	}
	s.begin()
	return true
}

func TestAnswersThatOvertakeEachOtherDoNotRaiseWhatRemains(t *testing.T) {
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

func TestAResetEndsWhatRemained(t *testing.T) {
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

func TestWhatRemainsIsCountedDown(t *testing.T) {
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

func TestAPauseIsOrderedByA429AndByEveryFailureOfTheService(t *testing.T) {
	for status, want := range map[int]time.Duration{200: 0, 403: 0, 429: time.Minute, 500: time.Minute, 503: time.Minute} {
		s := new(Server)
		s.Observe(status, http.Header{"Retry-After": {"60"}}, noon)
		pause, _ := s.pause(noon, 0)
		assert.Equal(t, want, pause, "%d", status)
	}
}

func TestTheLongestOfTwoPausesCounts(t *testing.T) {
	s := new(Server)
	s.pauseFor(20*time.Second, noon)
	s.pauseFor(5*time.Second, noon)
	pause, ordered := s.pause(noon, 0)
	assert.Equal(t, 20*time.Second, pause)
	assert.True(t, ordered)
	pause, _ = s.pause(noon.Add(30*time.Second), 0)
	assert.Zero(t, pause)
}
