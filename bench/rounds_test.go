package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSidesTakeTurns(t *testing.T) {
	var order string
	note := func(name string) side {
		return side{name, func() error { order += name; return nil }}
	}
	samples, err := schedule{rounds: 3, warmup: 1}.measure(note("a"), note("b"), note("c"))
	require.NoError(t, err)
	assert.Equal(t, "abc"+"bca"+"cab"+"abc", order, "none is always first")
	assert.Len(t, samples, 3)
	for _, s := range samples {
		assert.Len(t, s, 3, "the first round does not count")
	}
}

var kept []byte

func TestSlots(t *testing.T) {
	times := 0
	allocate := side{"allocate", func() error { times++; kept = make([]byte, 100); return nil }}
	samples, err := schedule{rounds: 1, slot: time.Millisecond}.measure(allocate)
	require.NoError(t, err)
	assert.Greater(t, times, 10, "the work is repeated for the whole slot")
	assert.InDelta(t, 1, samples[0][0].allocs, 0.2)
	assert.InDelta(t, float64(time.Millisecond)/float64(times), float64(samples[0][0].time), float64(time.Millisecond)/10)
}

func TestGapsDoNotCount(t *testing.T) {
	work := side{"work", func() error { time.Sleep(time.Millisecond); return nil }}
	samples, err := schedule{rounds: 1, slot: 10 * time.Millisecond, gap: 100 * time.Millisecond}.measure(work)
	require.NoError(t, err)
	assert.Less(t, samples[0][0].time, 50*time.Millisecond)
	assert.GreaterOrEqual(t, samples[0][0].time, time.Millisecond)
}

func TestFailingSideEndsAMeasurement(t *testing.T) {
	_, err := schedule{rounds: 3}.measure(side{"it", func() error { return errors.New("no") }})
	require.EqualError(t, err, "it: no")
}

func TestRatiosAreWithinARound(t *testing.T) {
	ours := []sample{{time: 10}, {time: 100}, {time: 30}}
	theirs := []sample{{time: 20}, {time: 200}, {time: 30}}
	assert.Equal(t, []float64{0.5, 0.5, 1}, ratios(ours, theirs))
	assert.Equal(t, spread{0.5, 0.5, 1}, spreadOf(ratios(ours, theirs)))
	assert.Equal(t, time.Duration(30), medianTime(ours))
}

func TestQuantile(t *testing.T) {
	sorted := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	assert.Equal(t, 5, quantile(sorted, 0.5))
	assert.Equal(t, 1, quantile(sorted, 0.1))
	assert.Equal(t, 9, quantile(sorted, 0.9))
	assert.Equal(t, 10, quantile(sorted, 0.99))
	assert.Equal(t, 7, quantile([]int{7}, 0.1))
}
