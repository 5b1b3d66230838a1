package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// Summary is what [Summarize] found. It marshals to JSON and back without
// loss, so that one can be kept for the next period's [Compare].
type Summary struct {
	Options Options `json:"options"` // as used, with the defaults filled in

	// Partial: the sequence of runs ended with an error, PartialReason is its
	// text, and the figures cover the runs before it. No gate passes.
	Partial       bool   `json:"partial"`
	PartialReason string `json:"partial_reason,omitempty"`

	Counts   Counts                  `json:"counts"`
	Statuses map[insights.Status]int `json:"statuses"` // runs by status, as they came

	// NotStarted are the runs with neither a StartTime nor a Duration. It is
	// nil where no run has one of them: the shortest form of a run in the API
	// reference has not, and then nothing can be said.
	NotStarted *int      `json:"not_started"`
	RunTimes   RunTimes  `json:"run_times"`
	FirstRun   time.Time `json:"first_run,omitzero"` // the earliest and the latest creation time
	LastRun    time.Time `json:"last_run,omitzero"`

	// Groups of runs, most runs first. A group with an empty name holds the
	// runs without such a value.
	Builds   []Group `json:"builds"`
	Owners   []Group `json:"owners"`
	OSes     []Group `json:"oses"`     // by OSNormalized, or OS where that is empty
	Browsers []Group `json:"browsers"` // by BrowserNormalized, or Browser where that is empty

	Tests    []TestStats `json:"tests"`    // by name, OS and browser
	Excluded int         `json:"excluded"` // runs that Options.Exclude and Options.Since left out of Tests

	// Unordered are the runs that came out of order. Where it is not 0, flips
	// were counted in an order that is not that of time: what is flaky is not
	// to be trusted, and a gate on it fails.
	Unordered int `json:"unordered"`

	Errors      []ErrorGroup `json:"errors"`       // most runs first
	OtherErrors int          `json:"other_errors"` // runs whose error came after Options.MaxErrorGroups groups were full
}

// Group is the runs of one build, owner, OS or browser.
type Group struct {
	Name     string    `json:"name"`
	Counts   Counts    `json:"counts"`
	FirstRun time.Time `json:"first_run,omitzero"`
	LastRun  time.Time `json:"last_run,omitzero"`
}

// Verdict is what the runs of a test say about it.
type Verdict string

// The verdicts. Undecided: the test has no decided run. Steady: it is neither
// flaky nor broken, as far as its runs can tell; it may have failed.
const (
	Undecided Verdict = "undecided"
	Steady    Verdict = "steady"
	Flaky     Verdict = "flaky"  // changed between pass and failure, there and back, often enough
	Broken    Verdict = "broken" // always failed
)

// TestStats are the runs of one test, without those that Options.Exclude and
// Options.Since leave out.
//
// A flip is a decided run with another outcome than the decided run before it.
// A test is flaky with at least Options.MinRuns decided runs, a flip rate of at
// least Options.MinRate, and two flips: one flip alone is a test that was
// broken or fixed. A test is broken if none of its decided runs passed and
// there are at least Options.MinBroken of them.
type TestStats struct {
	Name        string    `json:"name"`
	OS          string    `json:"os,omitempty"`      // only with Options.PerPlatform
	Browser     string    `json:"browser,omitempty"` // only with Options.PerPlatform
	Verdict     Verdict   `json:"verdict"`
	Counts      Counts    `json:"counts"`
	Flips       int       `json:"flips"`
	FirstRun    time.Time `json:"first_run,omitzero"`
	LastRun     time.Time `json:"last_run,omitzero"`
	LastFailure time.Time `json:"last_failure,omitzero"`
	LastError   string    `json:"last_error,omitempty"` // of the latest failure that gave a message; cut after 2,000 bytes
	RunTimes    Spread    `json:"run_times"`
}

// FlipRate is Flips ÷ (decided runs − 1), from 0 to 1. With fewer than two
// decided runs there is no rate, and ok is false.
func (t TestStats) FlipRate() (rate float64, ok bool) {
	pairs := t.Counts.Decided() - 1
	if pairs < 1 {
		return 0, false
	}
	return float64(t.Flips) / float64(pairs), true
}

// FlakyTests lists the tests whose verdict is [Flaky], highest flip rate first.
func (s *Summary) FlakyTests() []TestStats {
	return s.ranked(func(t TestStats) bool { return t.Verdict == Flaky }, flipRate)
}

// BrokenTests lists the tests whose verdict is [Broken], most failures first.
func (s *Summary) BrokenTests() []TestStats {
	return s.ranked(func(t TestStats) bool { return t.Verdict == Broken }, failures)
}

// FailingTests lists the tests that failed at least once and are neither
// flaky nor broken, most failures first.
func (s *Summary) FailingTests() []TestStats {
	return s.ranked(func(t TestStats) bool {
		return t.Counts.Failures() > 0 && t.Verdict != Flaky && t.Verdict != Broken
	}, failures)
}

// SlowestTests lists the n tests with the longest mean run time, longest first.
func (s *Summary) SlowestTests(n int) []TestStats {
	timed := s.ranked(func(t TestStats) bool { return t.RunTimes.Count > 0 }, meanRunTime)
	return timed[:min(max(n, 0), len(timed))]
}

// ranked lists the tests that keep accepts, highest rank first, and in order of name
// where that is equal.
func (s *Summary) ranked(keep func(TestStats) bool, rank func(TestStats) float64) []TestStats {
	var chosen []TestStats
	for _, t := range s.Tests {
		if keep(t) {
			chosen = append(chosen, t)
		}
	}
	slices.SortStableFunc(chosen, func(a, b TestStats) int { return cmp.Compare(rank(b), rank(a)) })
	return chosen
}

func flipRate(t TestStats) float64 {
	rate, _ := t.FlipRate()
	return rate
}

func failures(t TestStats) float64    { return float64(t.Counts.Failures()) }
func meanRunTime(t TestStats) float64 { return float64(t.RunTimes.Mean) }
