package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// side is one of several ways to do the same work.
type side struct {
	name string
	do   func() error
}

// schedule is how long sides are measured. They take turns, a slot each in
// every round, and are compared within a round only: a machine that others use
// too is not equally fast for long.
type schedule struct {
	rounds int
	slot   time.Duration // a side repeats its work for that long; 0: it works once
	warmup int           // rounds before those that count
	gap    time.Duration // before each piece of work; it does not count
}

// sample is what a side did in a slot.
type sample struct {
	time   time.Duration // for the work, once
	allocs float64       // of this process, for the work, once
}

// measure returns the samples of each side, by round.
func (s schedule) measure(sides ...side) ([][]sample, error) {
	samples := make([][]sample, len(sides))
	for round := range s.warmup + s.rounds {
		for turn := range sides {
			i := (turn + round) % len(sides)
			got, err := s.takeSlot(sides[i].do)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", sides[i].name, err)
			}
			if round >= s.warmup {
				samples[i] = append(samples[i], got)
			}
		}
	}
	return samples, nil
}

// takeSlot does the work until the slot is over. It begins without garbage.
func (s schedule) takeSlot(do func() error) (sample, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	times, start, idle := 0, time.Now(), time.Duration(0)
	for times == 0 || time.Since(start) < s.slot {
		idle += s.rest()
		if err := do(); err != nil {
			return sample{}, err
		}
		times++
	}
	elapsed := time.Since(start) - idle
	runtime.ReadMemStats(&after)
	return sample{elapsed / time.Duration(times), float64(after.Mallocs-before.Mallocs) / float64(times)}, nil
}

// rest waits for the gap, and says how long that was.
func (s schedule) rest() time.Duration {
	if s.gap == 0 {
		return 0
	}
	begin := time.Now()
	time.Sleep(s.gap)
	return time.Since(begin)
}

// spread is a figure with its 10th and 90th percentile.
type spread struct{ median, low, high float64 }

func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	return spread{quantile(sorted, 0.5), quantile(sorted, 0.1), quantile(sorted, 0.9)}
}

// quantile is the nearest value; of sorted values, at least one.
func quantile[T any](sorted []T, q float64) T {
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// times are the durations of the samples, in nanoseconds.
func times(samples []sample) []float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = float64(s.time)
	}
	return values
}

// ratios are how much longer the one takes than the other, round by round.
func ratios(one, other []sample) []float64 {
	values := times(one)
	for i := range values {
		values[i] /= float64(other[i].time)
	}
	return values
}

func medianTime(samples []sample) time.Duration {
	return time.Duration(spreadOf(times(samples)).median)
}

func medianAllocs(samples []sample) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = s.allocs
	}
	return spreadOf(values).median
}
