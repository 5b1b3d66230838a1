package filelimiter

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const forEver = time.Duration(math.MaxInt64)

func TestLimiterSchedule(t *testing.T) {
	perSecond8 := limits{interval: 125 * time.Millisecond, burst: 1, perHour: 3500}

	t.Run("slots are an interval apart", func(t *testing.T) {
		var s schedule
		for i := range 5 {
			at, ok := s.reserve(time.Hour, forEver, perSecond8)
			assert.True(t, ok)
			assert.Equal(t, time.Hour+time.Duration(i)*125*time.Millisecond, at)
		}
	})

	t.Run("a burst goes out at once and is paid back", func(t *testing.T) {
		var s schedule
		l := limits{interval: 125 * time.Millisecond, burst: 3, perHour: 3500}
		var ats []time.Duration
		for range 5 {
			at, _ := s.reserve(time.Hour, forEver, l)
			ats = append(ats, (at - time.Hour).Round(time.Millisecond))
		}
		assert.Equal(t, []time.Duration{0, 0, 0, 125 * time.Millisecond, 250 * time.Millisecond}, ats)
	})

	t.Run("the request after the hour's last one waits for an hour and a second", func(t *testing.T) {
		var s schedule
		l := limits{interval: time.Second, burst: 1, perHour: 3}
		for i, want := range []time.Duration{0, 1, 2, 3601, 3602, 3603, 7202} {
			now := time.Hour + max(0, want-60)*time.Second
			at, ok := s.reserve(now, forEver, l)
			require.True(t, ok)
			assert.Equal(t, time.Hour+want*time.Second, at, "token %d", i)
		}
	})

	t.Run("what does not fit is not reserved", func(t *testing.T) {
		var s schedule
		_, _ = s.reserve(time.Hour, forEver, perSecond8)
		at, ok := s.reserve(time.Hour, time.Hour+100*time.Millisecond, perSecond8)
		assert.False(t, ok)
		assert.Equal(t, time.Hour+125*time.Millisecond, at)
		again, ok := s.reserve(time.Hour, time.Hour+125*time.Millisecond, perSecond8)
		assert.True(t, ok)
		assert.Equal(t, at, again)
	})

	t.Run("a slot that was given back is the next one's", func(t *testing.T) {
		var s schedule
		var ats []time.Duration
		for range 4 {
			at, _ := s.reserve(time.Hour, forEver, perSecond8)
			ats = append(ats, at)
		}
		s.release(ats[2])
		s.release(ats[1])
		for _, want := range []time.Duration{ats[1], ats[2], ats[3] + 125*time.Millisecond} {
			at, _ := s.reserve(time.Hour, forEver, perSecond8)
			assert.Equal(t, want, at)
		}
	})

	t.Run("a slot that came up unused is no request of the hour", func(t *testing.T) {
		var s schedule
		l := limits{interval: time.Second, burst: 1, perHour: 1}
		at, _ := s.reserve(time.Hour, forEver, l)
		s.release(at)
		at, _ = s.reserve(time.Hour+10*time.Second, forEver, l)
		assert.Equal(t, time.Hour+10*time.Second, at)
	})

	t.Run("a slot that is not there can't be given back", func(t *testing.T) {
		var s schedule
		at, _ := s.reserve(time.Hour, forEver, perSecond8)
		before := slices.Clone(s.slots)
		s.release(at + 1)
		s.release(0)
		assert.Equal(t, before, s.slots)
	})
}

// Whatever the callers do, what they use is within both limits, and the
// schedule does not grow.
func TestLimiterScheduleHoldsBothLimits(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			l := limits{
				interval: time.Second / time.Duration(1+r.IntN(20)),
				burst:    1 + r.IntN(5),
				perHour:  1 + r.IntN(400),
			}
			used := simulate(r, l)
			perSecond := int(math.Ceil(float64(time.Second)/float64(l.interval))) + l.burst
			assert.LessOrEqual(t, most(used, time.Second), perSecond)
			assert.LessOrEqual(t, most(used, time.Hour), l.perHour)
			assert.NotEmpty(t, used)
		})
	}
}

// simulate returns when tokens were used, each up to its grace late, by callers
// who come, are called off, and are kept from running.
func simulate(r *rand.Rand, l limits) []time.Duration {
	var s schedule
	var waiting, used []time.Duration
	grace := int64(l.interval * 2 / 5)
	now := time.Hour
	for range 4000 {
		now += time.Duration(r.Int64N(int64(2 * time.Second)))
		if r.IntN(200) == 0 {
			now += time.Duration(r.Int64N(int64(time.Hour)))
		}
		for range r.IntN(4) {
			if at, ok := s.reserve(now, now+horizon, l); ok {
				waiting = append(waiting, at)
			}
		}
		if len(waiting) > 0 && r.IntN(4) == 0 {
			i := r.IntN(len(waiting))
			s.release(waiting[i])
			waiting = slices.Delete(waiting, i, i+1)
		}
		waiting = slices.DeleteFunc(waiting, func(at time.Duration) bool {
			if at > now {
				return false
			}
			used = append(used, at+time.Duration(r.Int64N(grace+1)))
			return true
		})
		if len(s.slots) > l.capacity() {
			panic(fmt.Sprintf("%d slots, room for %d", len(s.slots), l.capacity()))
		}
	}
	return used
}

func TestLimiterClock(t *testing.T) {
	wall := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	boot := func(b byte, up time.Duration, wall time.Time) reading {
		return reading{boot: [16]byte{b}, up: up, wall: wall}
	}
	tests := map[string]struct {
		then time.Duration
		at   reading
	}{
		"goes on with the machine":                          {5 * time.Second, boot(1, 105*time.Second, wall.Add(5*time.Second))},
		"does not follow a clock that is set forward":       {5 * time.Second, boot(1, 105*time.Second, wall.Add(9*time.Hour))},
		"does not follow a clock that is set back":          {5 * time.Second, boot(1, 105*time.Second, wall.Add(-9*time.Hour))},
		"goes on over a restart":                            {30 * time.Minute, boot(2, time.Second, wall.Add(30*time.Minute))},
		"does not go back over a restart with a lost clock": {0, boot(2, time.Second, wall.Add(-20*365*24*time.Hour))},
		"notices a restart by a time that went back":        {30 * time.Minute, boot(1, time.Second, wall.Add(30*time.Minute))},
		"is that of another machine by its clock":           {2 * time.Second, boot(3, 1e6*time.Hour, wall.Add(2*time.Second))},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newState(boot(1, 100*time.Second, wall), limits{})
			first := s.now(boot(1, 100*time.Second, wall))
			assert.Equal(t, tt.then, s.now(tt.at)-first)
		})
	}
}
