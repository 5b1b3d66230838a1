package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sauceinsights/insights"
)

// loopCommand makes this program one loop over all runs in a process of its
// own, which prints its peak of memory.
const loopCommand = "loop"

// loopConfig is what such a loop is told.
type loopConfig struct {
	url                     string
	runs, size, concurrency int
}

func (c *loopConfig) args() []string {
	return []string{loopCommand, "-url", c.url, "-runs", strconv.Itoa(c.runs), "-size", strconv.Itoa(c.size), "-concurrency", strconv.Itoa(c.concurrency)}
}

// loopAlone is the loop's part.
func loopAlone(ctx context.Context, args []string, stdout io.Writer) error {
	var c loopConfig
	flags := flag.NewFlagSet(loopCommand, flag.ContinueOnError)
	flags.StringVar(&c.url, "url", "", "`address` of the server")
	flags.IntVar(&c.runs, "runs", 0, "`number` of runs that it has")
	flags.IntVar(&c.size, "size", 100, "`number` of runs in a page")
	flags.IntVar(&c.concurrency, "concurrency", 4, "`number` of requests in flight")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := newSDK(c.url, insights.WithConcurrency(c.concurrency))
	if err != nil {
		return err
	}
	if err := readAll(ctx, client, c.size, c.runs); err != nil {
		return err
	}
	peak, err := peakMemory()
	if err == nil {
		_, err = fmt.Fprintln(stdout, peak)
	}
	return err
}

var highWaterMark = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// peakMemory is the most memory that this process has had, in KiB.
func peakMemory() (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("only Linux tells a process its peak of memory: %w", err)
	}
	found := highWaterMark.FindSubmatch(status)
	if found == nil {
		return 0, fmt.Errorf("/proc/self/status has no VmHWM")
	}
	return strconv.Atoi(string(found[1]))
}

// growing is the size of pages that is left to the client: 100 at first, and then
// 1,000.
const growing = 0

func sizeInWords(size int) string {
	if size == growing {
		return "pages that grow"
	}
	return "pages of " + thousands(size)
}

// measureMemory compares the peaks of small and large loops.
func measureMemory(ctx context.Context, e *effort) ([]row, error) {
	many, stop, err := startServer(ctx, serverConfig{runs: e.many})
	if err != nil {
		return nil, err
	}
	defer stop()
	var rows []row
	for _, size := range []int{growing, 100} {
		ofSize, err := comparePageSize(ctx, e, many, size)
		if err != nil {
			return nil, err
		}
		rows = append(rows, ofSize...)
	}
	return rows, nil
}

// comparePageSize takes for the small loop as many pages of either size: with
// fewer of them it would never hold as many as it may.
func comparePageSize(ctx context.Context, e *effort, many string, size int) ([]row, error) {
	runs := e.few * cmp.Or(size, 1_000) / loopPage
	few, stop, err := startServer(ctx, serverConfig{runs: runs})
	if err != nil {
		return nil, err
	}
	defer stop()
	var rows []row
	for _, concurrency := range []int{4, 8} {
		row, err := comparePeaks(ctx, e.loops, loopConfig{few, runs, size, concurrency}, loopConfig{many, e.many, size, concurrency})
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func comparePeaks(ctx context.Context, times int, small, large loopConfig) (row, error) {
	s, err := medianPeak(ctx, times, small)
	if err != nil {
		return row{}, err
	}
	l, err := medianPeak(ctx, times, large)
	return row{
		what:   fmt.Sprintf("peak of memory, %s, %d in flight: `AllTests` over %s runs", sizeInWords(large.size), large.concurrency, thousands(large.runs)),
		ours:   mebibytes(l),
		beside: fmt.Sprintf("over %s runs", thousands(small.runs)),
		theirs: mebibytes(s),
		ratio:  fmt.Sprintf("%+.1f MiB", float64(l-s)/1024),
	}, err
}

func medianPeak(ctx context.Context, times int, c loopConfig) (int, error) {
	peaks := make([]int, times)
	for i := range peaks {
		var err error
		if peaks[i], err = c.peak(ctx); err != nil {
			return 0, err
		}
	}
	slices.Sort(peaks)
	return quantile(peaks, 0.5), nil
}

// peak runs the loop in a process of its own.
func (c *loopConfig) peak(ctx context.Context) (int, error) {
	cmd, err := itself(ctx, c.args())
	if err != nil {
		return 0, err
	}
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("a loop in a process of its own: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(out)))
}
