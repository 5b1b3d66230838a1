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
	// nil if no run has one of them: the shortest form of a run in the API
	// reference has not, and then nothing can be said.
	NotStarted *int      `json:"not_started"`
	RunTimes   RunTimes  `json:"run_times"`
	FirstRun   time.Time `json:"first_run,omitzero"` // the earliest and the latest creation time
	LastRun    time.Time `json:"last_run,omitzero"`

	// Groups of runs, most runs first. A group with an empty name holds the
	// runs without such a value.
	Builds   []Group `json:"builds"`
	Owners   []Group `json:"owners"`
	OSes     []Group `json:"oses"`     // by OSNormalized, or OS if that is empty
	Browsers []Group `json:"browsers"` // by BrowserNormalized, or Browser if that is empty

	Tests    []TestStats `json:"tests"`    // by name, OS and browser
	Excluded int         `json:"excluded"` // runs that Options.Exclude and Options.Since left out of Tests, Outcomes and Unstable
	Baseline Baseline    `json:"baseline"` // what flaky tests are measured by

	// Outcomes are what the runs of each test came to in each build. Unstable
	// are those that failed, and then those that are flaky, the latest first:
	// 1,000 at most, and MoreUnstable beyond them.
	Outcomes     Outcomes  `json:"outcomes"`
	Unstable     []Outcome `json:"unstable"`
	MoreUnstable int       `json:"more_unstable,omitempty"`

	Quarantined Counts `json:"quarantined"` // of Counts, the runs that Options.Quarantine forgives

	// OddTimes are the runs with a time that can't be, or none: no time at all,
	// one outside of the years 2000 to 2200, a start a day away from the
	// creation, a run time that is negative, no number or over a day. That time
	// is left out, and the rest of the run counts. Undated, of them, have no
	// place in time: their tests are judged without them.
	OddTimes int `json:"odd_times"`
	Undated  int `json:"undated"`

	Errors      []ErrorGroup `json:"errors"`       // most runs first
	OtherErrors int          `json:"other_errors"` // runs whose error came after Options.MaxErrorGroups groups were full
}

// Group is the runs of one build, owner, OS or browser.
type Group struct {
	Name        string    `json:"name"`
	Counts      Counts    `json:"counts"`
	Outcomes    Outcomes  `json:"outcomes,omitzero"` // of a build only, as is Quarantined
	Quarantined Counts    `json:"quarantined,omitzero"`
	FirstRun    time.Time `json:"first_run,omitzero"`
	LastRun     time.Time `json:"last_run,omitzero"`
}

// Verdict is what the runs of a test say about it.
type Verdict string

// The verdicts. Undecided: the test has no decided run. Steady: it is neither
// flaky nor broken, as far as its runs can tell; it may have failed.
const (
	Undecided Verdict = "undecided"
	Steady    Verdict = "steady"
	Flaky     Verdict = "flaky"  // fails now and then, more often than chance explains
	Broken    Verdict = "broken" // always failed, at least on one platform
)

// Baseline is what the calm tests of a suite have in common.
type Baseline struct {
	FailureRate  float64  `json:"failure_rate"`  // how often a calm test fails, from 0 to 1
	FailedBuilds []string `json:"failed_builds"` // that failed as a whole, and are held against no test
}

// Platform is where a test ran.
type Platform struct {
	OS      string `json:"os,omitempty"`
	Browser string `json:"browser,omitempty"`
}

// TestStats are the runs of one test, without those that Options.Exclude and
// Options.Since leave out.
//
// Judged are the runs that passed or failed, of which at most the latest 1,000.
// Errored ones are left out, as they tell more of the infrastructure, and so
// are the runs of builds that failed as a whole: of at least five decided
// results, a third or more failed and twice the share of the median build, and
// chance would make so many fail in less than 1% of builds. A flip is a judged
// run with another outcome than the judged run before it.
//
// A test is flaky if it fails more often than the calm tests of the suite do,
// more than chance explains, and there and back: at least two flips among at
// least Options.MinRuns judged runs, and a flip rate of at least
// Options.MinRate. Four failures in a row or more are one, as a test that was
// broken for days and then fixed is not flaky. docs/definitions.md says how, and
// how often that is wrong.
//
// A test is broken if none of its decided runs passed and there are at least
// Options.MinBroken of them, or if that is so on the platforms of BrokenOn and
// no chance.
type TestStats struct {
	Name           string     `json:"name"`
	OS             string     `json:"os,omitempty"`      // only with Options.PerPlatform
	Browser        string     `json:"browser,omitempty"` // only with Options.PerPlatform
	Verdict        Verdict    `json:"verdict"`
	Quarantined    string     `json:"quarantined,omitempty"` // the reason, if Options.Quarantine forgives the latest run
	Counts         Counts     `json:"counts"`
	Judged         int        `json:"judged"`              // runs, from 0 to 1,000
	Flips          int        `json:"flips"`               // of Judged, from 0 to Judged − 1
	Calm           float64    `json:"calm"`                // how likely it is that the test is as calm as the rest, from 0 to 1
	BrokenOn       []Platform `json:"broken_on,omitempty"` // where the test never passed, while it did elsewhere
	FirstRun       time.Time  `json:"first_run,omitzero"`
	LastRun        time.Time  `json:"last_run,omitzero"`
	LastFailure    time.Time  `json:"last_failure,omitzero"`
	LastFailureRun string     `json:"last_failure_run,omitempty"` // its ID
	LastFailureURL string     `json:"last_failure_url,omitempty"`
	LastError      string     `json:"last_error,omitempty"` // of the latest failure that gave a message; cut after 2,000 bytes
	RunTimes       Spread     `json:"run_times"`
}

// FlipRate returns Flips ÷ (Judged − 1), from 0 to 1. With fewer than two
// judged runs there is no rate, and ok is false.
func (t TestStats) FlipRate() (rate float64, ok bool) {
	pairs := t.Judged - 1
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
// if that is equal.
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
