package ratelimit

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAPlaceInTheHourIsAnHourAfterTheOneThatItFollows(t *testing.T) {
	w := NewHour(2)
	for i, test := range []struct{ now, at, want time.Duration }{
		{0, 0, 0},
		{0, 10 * time.Minute, 10 * time.Minute},
		{11 * time.Minute, 11 * time.Minute, time.Hour},
		{11 * time.Minute, 11 * time.Minute, 70 * time.Minute},
		{11 * time.Minute, 3 * time.Hour, 3 * time.Hour},
	} {
		place := w.free(may2026.Add(test.now), may2026.Add(test.at))
		assert.Equal(t, test.want, place.Sub(may2026), "request %d", i)
		w.add(place)
	}
}

func TestAPlaceGivenBackIsFreeForTheNext(t *testing.T) {
	w := NewHour(1)
	w.add(may2026)
	w.remove(may2026.Add(time.Second))
	assert.Equal(t, may2026.Add(time.Hour), w.free(may2026, may2026), "nothing was there to give back")
	w.remove(may2026)
	assert.Equal(t, may2026, w.free(may2026, may2026))
}

func TestTheMemoryOfAnHourIsNotKeptForever(t *testing.T) {
	w := NewHour(math.MaxInt)
	for i := range 10_000 {
		now := may2026.Add(time.Duration(i) * time.Second)
		w.add(w.free(now, now))
	}
	assert.LessOrEqual(t, len(w.sent), 3602)
}
