package report

import (
	"math"
	"time"

	"github.com/sauceinsights/insights"
)

// What no clock of a run on Sauce Labs can show, nor its length.
const (
	firstYear  = 2000
	lastYear   = 2200
	maxRunTime = 24 * time.Hour
	maxInQueue = 24 * time.Hour
	clockDrift = time.Hour
)

// whenever is the times of a run, as far as they can be believed.
type whenever struct {
	at      time.Time // the place in time; zero: unknown
	seconds float64   // the run time
	isTimed bool      // the run time is known
	isOdd   bool      // one of the times is missing that every run has, or can't be
}

// timesOf finds the place of a run in time, which is its creation, or its start
// or end if it has none, and its run time. A time outside of the years 2000
// to 2200, a start a day away from the creation, and a run time that is
// negative, no number or over a day are not believed.
func timesOf(run insights.Test) whenever {
	w := whenever{at: placeOf(run)}
	var isOdd bool
	w.seconds, w.isTimed, isOdd = runTime(run)
	w.isOdd = isOdd || w.at.IsZero()
	return w
}

func placeOf(run insights.Test) time.Time {
	for _, at := range [...]time.Time{run.CreationTime, run.StartTime, run.EndTime} {
		if at.IsZero() {
			continue
		}
		if contradicts(run) || at.Year() < firstYear || at.Year() > lastYear {
			return time.Time{}
		}
		return at
	}
	return time.Time{}
}

// contradicts reports whether a run was created long after its start, or so
// long before that one of the two clocks is wrong.
func contradicts(run insights.Test) bool {
	if run.CreationTime.IsZero() || run.StartTime.IsZero() {
		return false
	}
	queued := run.StartTime.Sub(run.CreationTime)
	return queued < -clockDrift || queued > maxInQueue
}

// runTime returns how long a run took, if one of its figures can be believed;
// isOdd says that one can't.
func runTime(run insights.Test) (seconds float64, known, isOdd bool) {
	if run.Duration != 0 {
		if isRunTime(float64(run.Duration)) {
			return float64(run.Duration), true, false
		}
		isOdd = true
	}
	if run.StartTime.IsZero() || run.EndTime.IsZero() {
		return 0, false, isOdd
	}
	if seconds = run.EndTime.Sub(run.StartTime).Seconds(); isRunTime(seconds) {
		return seconds, true, isOdd
	}
	return 0, false, true
}

func isRunTime(seconds float64) bool {
	return !math.IsNaN(seconds) && seconds >= 0 && seconds <= maxRunTime.Seconds()
}

// earlier returns the smaller of two times of which zero is unknown.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
