package insights

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAPlaceInTheHourIsAnHourAfterTheOneThatItFollows(t *testing.T) {
	w := newHourWindow(2)
	for i, test := range []struct{ now, at, want time.Duration }{
		{0, 0, 0},
		{0, 10 * time.Minute, 10 * time.Minute},
		{11 * time.Minute, 11 * time.Minute, time.Hour},
		{11 * time.Minute, 11 * time.Minute, 70 * time.Minute},
		{11 * time.Minute, 3 * time.Hour, 3 * time.Hour},
	} {
		place := w.free(noon.Add(test.now), noon.Add(test.at))
		assert.Equal(t, test.want, place.Sub(noon), "request %d", i)
		w.add(place)
	}
}

func TestAPlaceGivenBackIsFreeForTheNext(t *testing.T) {
	w := newHourWindow(1)
	w.add(noon)
	w.remove(noon.Add(time.Second))
	assert.Equal(t, noon.Add(time.Hour), w.free(noon, noon), "nothing was there to give back")
	w.remove(noon)
	assert.Equal(t, noon, w.free(noon, noon))
}

func TestTheMemoryOfAnHourIsNotKeptForever(t *testing.T) {
	w := newHourWindow(1 << 40)
	for i := range 10_000 {
		now := noon.Add(time.Duration(i) * time.Second)
		w.add(w.free(now, now))
	}
	assert.LessOrEqual(t, len(w.sent), 3602)
}
