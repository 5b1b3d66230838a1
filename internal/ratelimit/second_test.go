package ratelimit

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSecond(t *testing.T) {
	t.Run("lets a burst pass at once, and then one at every step", func(t *testing.T) {
		s := NewSecond(8, 2)
		for i, want := range []time.Duration{0, 0, 125, 250, 375} {
			free := s.free(may2026, 0)
			assert.Equal(t, want*time.Millisecond, free.Sub(may2026), "request %d", i)
			s.take(free)
		}
	})
	t.Run("saves up a burst, and no more", func(t *testing.T) {
		s := NewSecond(8, 2)
		s.take(may2026)
		idle := may2026.Add(time.Hour)
		for i, want := range []time.Duration{0, 0, 125} {
			free := s.free(idle, 0)
			assert.Equal(t, want*time.Millisecond, free.Sub(idle), "request %d", i)
			s.take(free)
		}
	})
	t.Run("knows when a request can pass that has others ahead of it", func(t *testing.T) {
		s := NewSecond(8, 2)
		s.take(may2026)
		for ahead, want := range []time.Duration{0, 125, 250, 375} {
			assert.Equal(t, want*time.Millisecond, s.free(may2026, ahead).Sub(may2026), "%d ahead", ahead)
		}
	})
	t.Run("rounds its steps up, so that no second sees one more", func(t *testing.T) {
		s := NewSecond(3, 1)
		now := may2026
		for range 3 {
			s.take(now)
			now = s.free(now, 0)
		}
		assert.GreaterOrEqual(t, now.Sub(may2026), time.Second)
	})
	t.Run("does not overflow", func(t *testing.T) {
		for _, perSecond := range []float64{math.SmallestNonzeroFloat64, 1e-9, 1, math.MaxFloat64} {
			for _, burst := range []int{1, math.MaxInt} {
				s := NewSecond(perSecond, burst)
				s.take(may2026)
				first, last := s.free(may2026, 0), s.free(may2026, math.MaxInt)
				assert.False(t, first.Before(may2026), "%g, %d", perSecond, burst)
				assert.False(t, last.Before(first), "%g, %d", perSecond, burst)
			}
		}
	})
}
