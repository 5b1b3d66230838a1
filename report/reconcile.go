package report

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// Delivered counts runs by the interval in which they were created, to compare
// them with what [insights.Client.TestTrends] counts. Its memory grows with the
// length of the period, not with the number of runs: a month of intervals of
// whole minutes takes about 1 MB. It is not safe for concurrent use.
type Delivered struct {
	interval   time.Duration
	resolution time.Duration
	counts     map[int64]int // by the number of the span of one resolution, from 1970 on
	runs       int
	undated    int
}

// NewDelivered counts by an interval of whole seconds; any other is an
// [*insights.OptionsError].
func NewDelivered(interval time.Duration) (*Delivered, error) {
	var p problems
	p.check(interval > 0 && interval%time.Second == 0, "Interval", "is not of whole seconds, at least one")
	if err := p.err(); err != nil {
		return nil, err
	}
	return &Delivered{interval: interval, resolution: commonDivisor(interval, time.Minute), counts: make(map[int64]int)}, nil
}

func commonDivisor(a, b time.Duration) time.Duration {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Add counts a run.
func (d *Delivered) Add(run insights.Test) {
	d.runs++
	if run.CreationTime.IsZero() {
		d.undated++
		return
	}
	d.counts[floor(run.CreationTime, d.resolution)]++
}

// floor returns the number of the span of that length in which the time lies.
func floor(at time.Time, length time.Duration) int64 {
	seconds, size := at.Unix(), int64(length/time.Second)
	if seconds < 0 {
		seconds -= size - 1
	}
	return seconds / size
}

// Difference is an interval of which more or fewer runs were delivered than
// were counted.
type Difference struct {
	Start     time.Time `json:"start"`     // of the interval, which is as long as Reconciliation.Interval
	Delivered int       `json:"delivered"` // runs created in it, of those given to Delivered.Add
	Counted   int       `json:"counted"`   // runs in it by the service's count
}

// Reconciliation says whether what was delivered is what the service counts.
type Reconciliation struct {
	Interval    time.Duration `json:"interval"`    // nanoseconds
	Delivered   int           `json:"delivered"`   // runs, in all
	Counted     int           `json:"counted"`     // runs, in all
	Differences []Difference  `json:"differences"` // oldest first

	// Undated are the delivered runs without a creation time, and Unplaced the
	// counted runs of intervals without a time: of these nobody knows the
	// interval.
	Undated  int `json:"undated"`
	Unplaced int `json:"unplaced"`
}

// Agrees reports whether every interval has as many runs as were counted. It is
// false too if that cannot be told, as of runs without a time.
func (r Reconciliation) Agrees() bool {
	return len(r.Differences) == 0 && r.Undated == 0 && r.Unplaced == 0 && r.Delivered == r.Counted
}

// maxShownDifferences is how many String names.
const maxShownDifferences = 3

// String says where the two differ, on one line.
func (r Reconciliation) String() string {
	text := fmt.Sprintf("%s delivered, %s counted", counted(r.Delivered, "run"), number(r.Counted))
	if r.Agrees() {
		return text + ", the same in every interval of " + r.Interval.String()
	}
	var parts []string
	for _, d := range r.Differences[:min(len(r.Differences), maxShownDifferences)] {
		parts = append(parts, fmt.Sprintf("%s: %s delivered, %s counted", d.Start.UTC().Format(time.RFC3339), number(d.Delivered), number(d.Counted)))
	}
	if more := len(r.Differences) - maxShownDifferences; more > 0 {
		parts = append(parts, counted(more, "interval")+" more")
	}
	if r.Undated > 0 {
		parts = append(parts, counted(r.Undated, "run")+" delivered without a time")
	}
	if r.Unplaced > 0 {
		parts = append(parts, counted(r.Unplaced, "run")+" counted without a time")
	}
	return text + "; " + strings.Join(parts, "; ")
}

// ErrUnevenIntervals says that the intervals of the service do not begin where
// the runs can be counted anew: not all at the same distance from each other, or
// within a minute.
var ErrUnevenIntervals = errors.New("report: reconcile: the intervals of the service cannot be compared with the runs")

// Reconcile compares what was delivered with what the service counts, interval
// by interval. The trends must be of the same period, scope, owner and status,
// and of the interval of delivered. An interval that the trends leave out has no
// run. A service that counts the ends of a period otherwise than it lists them
// shows as a difference of the first or the last interval.
func Reconcile(delivered *Delivered, trends *insights.TestTrends) (*Reconciliation, error) {
	if delivered == nil || trends == nil {
		return nil, errors.New("report: reconcile: there is nothing to compare")
	}
	r := &Reconciliation{Interval: delivered.interval, Delivered: delivered.runs, Undated: delivered.undated, Differences: []Difference{}}
	buckets, offset, err := delivered.place(trends, r)
	if err != nil {
		return nil, err
	}
	runs := delivered.byInterval(offset)
	for _, n := range slices.Sorted(maps.Keys(union(runs, buckets))) {
		if runs[n] != buckets[n] {
			start := time.Unix(0, 0).UTC().Add(time.Duration(n)*delivered.interval + offset)
			r.Differences = append(r.Differences, Difference{Start: start, Delivered: runs[n], Counted: buckets[n]})
		}
	}
	return r, nil
}

// place numbers the buckets by interval, from an offset to 1970 on which all of
// them agree.
func (d *Delivered) place(trends *insights.TestTrends, r *Reconciliation) (buckets map[int64]int, offset time.Duration, err error) {
	buckets = make(map[int64]int)
	isFirst := true
	for _, b := range trends.Buckets {
		r.Counted += b.Count
		if b.Timestamp.IsZero() {
			r.Unplaced += b.Count
			continue
		}
		since := b.Timestamp.Sub(time.Unix(0, 0))
		own := (since%d.interval + d.interval) % d.interval
		if isFirst {
			offset, isFirst = own, false
		}
		if own != offset || own%d.resolution != 0 {
			return nil, 0, fmt.Errorf("%w: one begins at %s, and the interval is %s", ErrUnevenIntervals, b.Timestamp.UTC().Format(time.RFC3339Nano), d.interval)
		}
		buckets[int64((since-offset)/d.interval)] += b.Count
	}
	return buckets, offset, nil
}

func (d *Delivered) byInterval(offset time.Duration) map[int64]int {
	runs := make(map[int64]int)
	for n, count := range d.counts {
		at := time.Unix(n*int64(d.resolution/time.Second), 0).Add(-offset)
		runs[floor(at, d.interval)] += count
	}
	return runs
}

// union has the numbers of both.
func union(a, b map[int64]int) map[int64]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// Trender counts the runs of a period. [*insights.Client] is one.
type Trender interface {
	TestTrends(ctx context.Context, opts insights.TestTrendsOptions, callOpts ...insights.CallOption) (*insights.TestTrends, error)
}

var _ Trender = (*insights.Client)(nil)

// ReconcileDelivered asks for the trends and reconciles. The options are those
// with which the runs were listed. TestTrends has no filter by build, test name,
// error or place in the list, so that options with one are an
// [*insights.OptionsError], and so is a period that ends now: it is another one
// by the time the runs are listed.
func ReconcileDelivered(ctx context.Context, client Trender, opts insights.TestsOptions, delivered *Delivered) (*Reconciliation, error) {
	if delivered == nil {
		return nil, errors.New("report: reconcile: there is nothing to compare")
	}
	if err := checkReconcilable(opts); err != nil {
		return nil, err
	}
	trends, err := client.TestTrends(ctx, insights.TestTrendsOptions{
		Period: opts.Period, Interval: delivered.interval, Scope: opts.Scope, Owner: opts.Owner, Status: opts.Status,
	})
	if err != nil {
		return nil, err
	}
	return Reconcile(delivered, trends)
}

func checkReconcilable(opts insights.TestsOptions) error {
	const noFilter = "is a filter that TestTrends does not have"
	var p problems
	p.check(strings.Contains(opts.Period.String(), "/"), "Period", "ends now: give a start and an end, as Between does")
	p.check(opts.Build == "", "Build", noFilter)
	p.check(!opts.MissingBuild, "MissingBuild", noFilter)
	p.check(opts.Query == "", "Query", noFilter)
	p.check(opts.Error == "", "Error", noFilter)
	p.check(opts.From == 0, "From", noFilter)
	p.check(opts.After.IsZero(), "After", noFilter)
	return p.err()
}
