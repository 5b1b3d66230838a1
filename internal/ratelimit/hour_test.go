package ratelimit

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestHour(t *testing.T) {
	t.Run("has room again an hour after the request that is as many back as it allows", func(t *testing.T) {
		h := NewHour(2)
		for i, test := range []struct{ at, want time.Duration }{
			{0, 0},
			{10 * time.Minute, 10 * time.Minute},
			{11 * time.Minute, time.Hour},
			{11 * time.Minute, 70 * time.Minute},
			{3 * time.Hour, 3 * time.Hour},
		} {
			free := h.free(may2026.Add(test.at), 0)
			assert.Equal(t, test.want, free.Sub(may2026), "request %d", i)
			h.take(free)
		}
	})
	t.Run("has room for whoever has others ahead of it when those are sent", func(t *testing.T) {
		h := NewHour(3)
		for i := range 2 {
			h.take(may2026.Add(time.Duration(i) * time.Minute))
		}
		now := may2026.Add(10 * time.Minute)
		for ahead, want := range []time.Duration{10 * time.Minute, time.Hour, 61 * time.Minute, 70 * time.Minute, 70 * time.Minute, 70 * time.Minute, 130 * time.Minute} {
			assert.Equal(t, want, h.free(now, ahead).Sub(may2026), "%d ahead", ahead)
		}
		assert.Positive(t, h.free(now, math.MaxInt/2).Sub(now), "no overflow")
	})
	t.Run("forgets what is over", func(t *testing.T) {
		h := NewHour(math.MaxInt)
		for i := range 10_000 {
			h.take(may2026.Add(time.Duration(i) * time.Second))
		}
		assert.LessOrEqual(t, len(h.sent), 3600)
	})
}
