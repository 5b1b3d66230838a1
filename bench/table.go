package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// table is what the command prints.
type table struct {
	command string
	rows    []row
}

// row is a line of the table. What does not apply is empty.
type row struct{ what, ours, beside, theirs, ratio, allocs string }

func (t table) write(w io.Writer) error {
	lines := []string{
		fmt.Sprintf("`cd bench && %s`: %s, %s, %s.", t.command, runtime.Version(), jsonBuild, machine()),
		"",
		"| measured | this SDK | beside it | its figure | ratio (10–90 %) | allocations |",
		"|---|--:|---|--:|---|--:|",
	}
	for _, r := range t.rows {
		lines = append(lines, "| "+strings.Join([]string{r.what, r.ours, r.beside, r.theirs, r.ratio, r.allocs}, " | ")+" |")
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// comparison makes rows of the samples of a measurement, whose first side is
// the SDK's.
type comparison struct {
	what    string
	sides   []side
	samples [][]sample
	per     int    // allocations are given for each of that many
	unit    string // and that is what they are
}

// against is the row of two of the sides.
func (c *comparison) against(ours, theirs int) row {
	o, t := c.samples[ours], c.samples[theirs]
	return row{
		what:   c.what + ": " + c.sides[ours].name,
		ours:   duration(medianTime(o)),
		beside: c.sides[theirs].name,
		theirs: duration(medianTime(t)),
		ratio:  spreadOf(ratios(o, t)).String(),
		allocs: fmt.Sprintf("%s / %s a %s", number(medianAllocs(o)/float64(c.per)), number(medianAllocs(t)/float64(c.per)), c.unit),
	}
}

// String says how two times compare: a ratio below 1 as a speed.
func (s spread) String() string {
	if s.median < 1 {
		return spread{1 / s.median, 1 / s.high, 1 / s.low}.with("as fast")
	}
	return s.with("the time")
}

func (s spread) with(unit string) string {
	text := number(s.median) + " × " + unit
	if s.low < s.high {
		text += fmt.Sprintf(" (%s–%s)", number(s.low), number(s.high))
	}
	return text
}

// number has three digits, or all before the point.
func number(n float64) string {
	switch {
	case n >= 99.95:
		return thousands(int(math.Round(n)))
	case n >= 9.995:
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return strconv.FormatFloat(n, 'f', 2, 64)
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// duration is in the largest unit that it has one of.
func duration(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if d >= u.size {
			return number(float64(d)/float64(u.size)) + " " + u.name
		}
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}

func megabytes(bytes int64) string {
	return fmt.Sprintf("%.2f MB", float64(bytes)/1e6)
}

func mebibytes(kib int) string {
	return fmt.Sprintf("%.1f MiB", float64(kib)/1024)
}

var modelName = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)

// machine names the processor, where the system says what it is.
func machine() string {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo") // without it there is no model
	text := fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if found := modelName.FindSubmatch(cpuinfo); found != nil {
		text += " of " + string(found[1])
	}
	return text
}
