package report

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sauceinsights/insights"
)

type testKey struct{ name, os, browser string }

// testRecord gathers the TestStats of one test. The number of flips is the
// same read forwards and backwards, so the direction of the runs is no matter.
type testRecord struct {
	TestStats
	opts        Options
	lastMessage time.Time
	previous    outcome
	times       moments
}

func newTestRecord(key testKey, opts Options) *testRecord {
	return &testRecord{
		TestStats: TestStats{
			Name:    key.name,
			OS:      key.os,
			Browser: key.browser,
			Counts:  Counts{CompleteAs: opts.CompleteAs},
		},
		opts: opts,
	}
}

func (r *testRecord) add(run insights.Test, at time.Time, order *timeOrder) {
	r.Counts.add(run.Status)
	r.FirstRun = earlier(r.FirstRun, at)
	r.LastRun = later(r.LastRun, at)
	if seconds, known := runTime(run); known {
		r.times.add(seconds)
	}
	r.addOutcome(r.opts.CompleteAs.outcome(run.Status))
	if r.opts.CompleteAs.outcome(run.Status) == failed {
		r.addFailure(run.Error, at, order)
	}
}

func (r *testRecord) addOutcome(o outcome) {
	if o == undecided {
		return
	}
	if r.previous != undecided && r.previous != o {
		r.Flips++
	}
	r.previous = o
}

func (r *testRecord) addFailure(message string, at time.Time, order *timeOrder) {
	r.LastFailure = later(r.LastFailure, at)
	if message != "" && (r.LastError == "" || order.newer(at, r.lastMessage)) {
		r.LastError, r.lastMessage = cutError(message), at
	}
}

func (r *testRecord) stats() TestStats {
	stats := r.TestStats
	stats.RunTimes = r.times.spread()
	stats.Verdict = r.verdict()
	return stats
}

func (r *testRecord) verdict() Verdict {
	decided := r.Counts.Decided()
	rate, _ := r.FlipRate()
	switch {
	case decided == 0:
		return Undecided
	case r.Counts.Successes() == 0 && decided >= r.opts.MinBroken:
		return Broken
	case r.Flips >= 2 && decided >= r.opts.MinRuns && rate >= r.opts.MinRate:
		return Flaky
	}
	return Steady
}

// timeOrder tells how many runs came out of order, without knowing whether
// the oldest or the newest come first: it counts for both and takes the lower.
type timeOrder struct {
	latest, earliest      time.Time
	notRising, notFalling int
	unknown               int
}

func (o *timeOrder) add(at time.Time) {
	if at.IsZero() {
		o.unknown++
		return
	}
	if at.Before(o.latest) {
		o.notRising++
	}
	if !o.earliest.IsZero() && at.After(o.earliest) {
		o.notFalling++
	}
	o.latest, o.earliest = later(o.latest, at), earlier(o.earliest, at)
}

func (o *timeOrder) falling() bool {
	return o.notFalling < o.notRising
}

// newer reports whether a run that comes now is the later of two; of two runs
// of the same time it is that unless the newest come first.
func (o *timeOrder) newer(at, than time.Time) bool {
	return at.After(than) || at.Equal(than) && !o.falling()
}

func (o *timeOrder) strays() int {
	return min(o.notRising, o.notFalling) + o.unknown
}

// maxErrorText is how much of an error message is kept, in bytes.
const maxErrorText = 2000

// cutError shortens a message to at most maxErrorText bytes, between two
// characters. What it cuts is a copy, which does not hold on to the rest.
func cutError(message string) string {
	if len(message) <= maxErrorText {
		return message
	}
	n := maxErrorText
	for n > 0 && !utf8.RuneStart(message[n]) {
		n--
	}
	return strings.Clone(message[:n])
}
