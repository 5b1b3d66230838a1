package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
)

// level is what the process holds while nothing is under way.
type level struct {
	goroutines int
	heap       uint64 // bytes, after a collection
	files      int    // 0 where that can't be counted
}

// measure closes the connections that wait for more requests, as those are
// held on purpose.
func (l *load) measure() level {
	l.rest()
	runtime.GC()
	runtime.GC() // what the first one let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		files = nil // another system
	}
	return level{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc, files: len(files)}
}

// The noise of a level: connections that are being closed, and pools.
const (
	goroutineNoise = 4
	fileNoise      = 4
	heapNoise      = 8 << 20
)

// grownFrom is an error where there is more than at the start.
func (end level) grownFrom(start level) error {
	var errs []error
	if end.goroutines > start.goroutines+goroutineNoise {
		errs = append(errs, fmt.Errorf("%d goroutines more", end.goroutines-start.goroutines))
	}
	if end.files > start.files+fileNoise {
		errs = append(errs, fmt.Errorf("%d open files more", end.files-start.files))
	}
	if end.heap > start.heap+heapNoise {
		errs = append(errs, fmt.Errorf("%.1f MiB more on the heap", mebibytes(end.heap-start.heap)))
	}
	return errors.Join(errs...)
}

func mebibytes(bytes uint64) float64 {
	return float64(bytes) / (1 << 20)
}

// report prints what was done and what is held.
func (l *load) report(out io.Writer, start, end level) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "calls\t%d\nrequests\t%d\n", l.calls.Load(), l.attempts.Load())
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(l.errors)) {
		fmt.Fprintf(w, "%s\t%d\n", kind, l.errors[kind])
	}
	fmt.Fprintf(w, "\tstart\tend\n")
	fmt.Fprintf(w, "goroutines\t%d\t%d\n", start.goroutines, end.goroutines)
	fmt.Fprintf(w, "heap, MiB\t%.1f\t%.1f\n", mebibytes(start.heap), mebibytes(end.heap))
	fmt.Fprintf(w, "open files\t%d\t%d\n", start.files, end.files)
	return w.Flush()
}
