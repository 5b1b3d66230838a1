package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// Result is what the runs of a test come to in one build, on one OS and
// browser: that of the latest decided run counts.
type Result string

// The results. A test without a decided run has ResultUndecided.
const (
	ResultPassed    Result = "passed"
	ResultFailed    Result = "failed"
	ResultFlaky     Result = "flaky" // passed in the end, after one failure or more in the same build
	ResultUndecided Result = "undecided"
)

// Outcomes are numbers of results: one for each test, OS, browser and build.
// All runs without a build count as one build.
type Outcomes struct {
	Passed      int `json:"passed"`
	Failed      int `json:"failed"`
	Flaky       int `json:"flaky"`
	Undecided   int `json:"undecided"`
	Quarantined int `json:"quarantined,omitempty"` // failed or flaky, which Options.Quarantine forgives; in none of the others
}

// Outcome is a test that failed in a build, or passed there only after it had
// failed.
type Outcome struct {
	Build       string          `json:"build"`
	Test        TestName        `json:"test"` // with OS and browser
	Result      Result          `json:"result"`
	Quarantined string          `json:"quarantined,omitempty"` // the reason why it may fail
	Runs        int             `json:"runs"`
	Decided     int             `json:"decided"`  // of Runs
	Failures    int             `json:"failures"` // of Decided
	Status      insights.Status `json:"status"`   // of the latest failure, as are the fields below
	Error       string          `json:"error,omitempty"`
	At          time.Time       `json:"at,omitzero"`
	RunID       string          `json:"run_id,omitempty"`
	DetailsURL  string          `json:"details_url,omitempty"`
}

// maxOpenBuilds bounds how many builds may have runs in turns.
const maxOpenBuilds = 256

// maxOutcomes is how many outcomes are listed.
const maxOutcomes = 1000

// outcomes follows the builds of a sequence of runs. When more builds than
// maxOpenBuilds have had runs, the one that had none for longest is closed:
// should it come back, its tests count anew.
type outcomes struct {
	open   map[string]*openBuild
	turn   int
	total  Outcomes
	listed []Outcome
	more   int // outcomes that are not listed
}

type openBuild struct {
	group *Group
	turn  int // of its last run
	tests map[testKey]*testInBuild
}

// testInBuild is the runs of a test in a build on one platform.
type testInBuild struct {
	Outcome
	decided time.Time // when the run was created whose outcome counts
	last    outcome
}

func (o *outcomes) add(run insights.Test, group *Group, result outcome, reason string, at time.Time, order *arrivals) {
	t := o.build(group).test(run)
	t.Runs++
	t.Quarantined = reason
	if result == undecided {
		return
	}
	t.Decided++
	if t.last == undecided || order.isNewer(at, t.decided) {
		t.last, t.decided = result, at
	}
	if result == failed {
		t.addFailure(run, at, order)
	}
}

func (t *testInBuild) addFailure(run insights.Test, at time.Time, order *arrivals) {
	t.Failures++
	if t.Failures > 1 && !order.isNewer(at, t.At) {
		return
	}
	t.Status, t.Error, t.At = run.Status, cutError(run.Error), at
	t.RunID, t.DetailsURL = run.ID, run.DetailsURL
}

// build opens a build, or finds it among the open ones.
func (o *outcomes) build(group *Group) *openBuild {
	o.turn++
	b, ok := o.open[group.Name]
	if !ok {
		if len(o.open) == maxOpenBuilds {
			o.closeOldest()
		}
		b = &openBuild{group: group, tests: make(map[testKey]*testInBuild)}
		o.open[group.Name] = b
	}
	b.turn = o.turn
	return b
}

func (b *openBuild) test(run insights.Test) *testInBuild {
	key := testKey{run.Name, osOf(run), browserOf(run)}
	t, ok := b.tests[key]
	if !ok {
		t = &testInBuild{Outcome: Outcome{Build: b.group.Name, Test: TestName{key.name, key.os, key.browser}}}
		b.tests[key] = t
	}
	return t
}

func (o *outcomes) closeOldest() {
	var oldest *openBuild
	for _, b := range o.open {
		if oldest == nil || b.turn < oldest.turn {
			oldest = b
		}
	}
	o.close(oldest)
}

// close counts the results of a build.
func (o *outcomes) close(b *openBuild) {
	delete(o.open, b.group.Name)
	for _, t := range b.tests {
		t.Result = t.result()
		t.countIn(&b.group.Outcomes)
		t.countIn(&o.total)
		if t.Result == ResultFailed || t.Result == ResultFlaky {
			o.list(t.Outcome)
		}
	}
}

// list keeps an outcome if there is room: of what is in the same build, those
// that come first in order of name.
func (o *outcomes) list(outcome Outcome) {
	o.listed = append(o.listed, outcome)
	if len(o.listed) == 2*maxOutcomes {
		o.shorten()
	}
}

func (o *outcomes) shorten() {
	slices.SortFunc(o.listed, compareOutcomes)
	if more := len(o.listed) - maxOutcomes; more > 0 {
		o.listed, o.more = slices.Clone(o.listed[:maxOutcomes]), o.more+more
	}
}

// compareOutcomes puts the failed before the flaky, and the latest first.
func compareOutcomes(a, b Outcome) int {
	return cmp.Or(strings.Compare(string(a.Result), string(b.Result)), b.At.Compare(a.At), strings.Compare(a.Build, b.Build),
		strings.Compare(a.Test.Name, b.Test.Name), strings.Compare(a.Test.OS, b.Test.OS), strings.Compare(a.Test.Browser, b.Test.Browser))
}

func (o *outcomes) finish() {
	for _, b := range o.open {
		o.close(b)
	}
	o.shorten()
}

func (t *testInBuild) result() Result {
	switch {
	case t.last == undecided:
		return ResultUndecided
	case t.last == failed:
		return ResultFailed
	case t.Failures > 0:
		return ResultFlaky
	}
	return ResultPassed
}

func (t *testInBuild) countIn(counts *Outcomes) {
	switch {
	case t.Result == ResultUndecided:
		counts.Undecided++
	case t.Result == ResultPassed:
		counts.Passed++
	case t.Quarantined != "":
		counts.Quarantined++
	case t.Result == ResultFailed:
		counts.Failed++
	default:
		counts.Flaky++
	}
}

// failing are the tests that failed at least once.
func (o Outcomes) failing() int { return o.Failed + o.Flaky + o.Quarantined }

func (o Outcomes) decided() int { return o.failing() + o.Passed }

func (o Outcomes) failingShare() float64 { return float64(o.failing()) / float64(o.decided()) }
