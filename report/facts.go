package report

import (
	"cmp"
	"slices"
)

// Facts are plain differences between two periods. No statistics stand behind
// them: one failure is enough.
type Facts struct {
	FirstFailures []FirstFailure `json:"first_failures"` // most passes before first

	// NewTests have runs in the later period only, VanishedTests in the earlier
	// one only. They are empty if the other period's summary is partial: what
	// is not in it may have been missed.
	NewTests      []TestName `json:"new_tests"`
	VanishedTests []TestName `json:"vanished_tests"`
}

// FirstFailure is a test that only passed in the earlier period and failed in
// the later one.
type FirstFailure struct {
	Test   TestName  `json:"test"`
	Passes int       `json:"passes"` // in the earlier period
	After  TestStats `json:"after"`
}

func factsOf(before, after *Summary, pairs []testPair) Facts {
	facts := Facts{FirstFailures: []FirstFailure{}, NewTests: []TestName{}, VanishedTests: []TestName{}}
	for _, p := range pairs {
		if passes := p.before.Counts.Successes(); passes > 0 && p.before.Counts.Failures() == 0 && p.after.Counts.Failures() > 0 {
			facts.FirstFailures = append(facts.FirstFailures, FirstFailure{p.after.key(), passes, p.after})
		}
	}
	slices.SortStableFunc(facts.FirstFailures, func(a, b FirstFailure) int { return cmp.Compare(b.Passes, a.Passes) })
	if !before.Partial {
		facts.NewTests = missing(after.Tests, before.Tests)
	}
	if !after.Partial {
		facts.VanishedTests = missing(before.Tests, after.Tests)
	}
	return facts
}

// missing names the tests that are not among the others.
func missing(tests, others []TestStats) []TestName {
	known := make(map[TestName]bool, len(others))
	for _, t := range others {
		known[t.key()] = true
	}
	names := []TestName{}
	for _, t := range tests {
		if !known[t.key()] {
			names = append(names, t.key())
		}
	}
	return names
}
