package report

import (
	"cmp"
	"errors"
	"slices"
)

// CompareOptions are the choices of [Compare]. The zero CompareOptions are the
// defaults.
type CompareOptions struct {
	Significance float64 // the level of the statistics, under 1; 0 means 0.05
	MinSlowdown  float64 // least relative change of a run time; 0 means 0.1, which is 10%
}

// Comparison is what changed from one period to the next. Facts are what was
// seen, whatever chance had to do with it. All other lists hold only changes
// that the number of runs supports, of tests with runs in both periods:
//
//   - the pass rate of all runs by exchanging whole builds between the two
//     periods at random, as the runs of one build are not independent of each
//     other; a run without a build is one by itself;
//   - the pass rates of tests by Fisher's exact test, two-sided, of the numbers
//     of successes and failures; flip rates by the same test of half the flips
//     and half the pairs without one, as a failure by itself makes two flips;
//   - run times by a t-test of their logarithms, whose variances lean on those
//     of the other tests, of tests with at least 8 timed runs in both periods. A test counts as no surer than the service's
//     resolution of one second allows. What nearly all tests have in common, as
//     on another machine, is Shift, and is taken off before tests are compared;
//   - over all tests of a kind, the Benjamini-Hochberg procedure holds the
//     expected share of false changes among those listed to the level
//     CompareOptions.Significance. Tests that always passed, or always failed,
//     in both periods do not count in it, nor for flips those that never
//     flipped.
//
// Every list of them has the smallest PValue first. docs/definitions.md says
// how often they are wrong.
type Comparison struct {
	Partial bool `json:"partial"` // one of the two summaries is

	// PassRate compares all runs of both periods, whether or not the change is
	// supported; see its Significant.
	PassRate    RateChange `json:"pass_rate"`
	Significant bool       `json:"significant"` // PassRate.PValue is under half the level, as it is asked in every report

	Facts Facts `json:"facts"`

	NewFailures []RateChange `json:"new_failures"`    // the pass rate fell from 100%
	Worse       []RateChange `json:"worse"`           // the pass rate fell, and was under 100% before
	Fixed       []RateChange `json:"fixed"`           // the pass rate rose to 100%
	Better      []RateChange `json:"better"`          // the pass rate rose, and is still under 100%
	NewlyFlaky  []FlipChange `json:"newly_flaky"`     // flaky now, steady before, and the flip rate rose
	Slower      []TimeChange `json:"slower"`          // the typical run time grew by CompareOptions.MinSlowdown or more
	Faster      []TimeChange `json:"faster"`          // the typical run time shrank by as much
	Shift       *TimeShift   `json:"shift,omitempty"` // what all run times have in common; nil: nothing
}

// TestName is the test of a change. OS and Browser are empty unless the
// summaries were made with Options.PerPlatform.
type TestName struct {
	Name    string `json:"name"`
	OS      string `json:"os,omitempty"`
	Browser string `json:"browser,omitempty"`
}

// RateChange is a change of the pass rate.
type RateChange struct {
	Test   TestName `json:"test"` // empty for all tests
	Before Counts   `json:"before"`
	After  Counts   `json:"after"`
	PValue float64  `json:"p_value"`
}

// Difference returns the pass rate after less the one before, from -1 to 1; 0
// if one of the two does not exist.
func (c RateChange) Difference() float64 {
	before, hadRate := c.Before.PassRate()
	after, hasRate := c.After.PassRate()
	if !hadRate || !hasRate {
		return 0
	}
	return after - before
}

// FlipChange is a change of the flip rate.
type FlipChange struct {
	Before TestStats `json:"before"`
	After  TestStats `json:"after"`
	PValue float64   `json:"p_value"`
}

// Compare sets a period against the one before it. Both summaries must have
// been made with the same CompleteAs and PerPlatform, or their figures do not
// mean the same; then, and for options out of range, there is an error that
// matches [insights.ErrInvalidOptions].
func Compare(before, after *Summary, opts CompareOptions) (*Comparison, error) {
	if err := checkComparable(before, after, opts); err != nil {
		return nil, err
	}
	opts.Significance = cmp.Or(opts.Significance, 0.05)
	opts.MinSlowdown = cmp.Or(opts.MinSlowdown, 0.1)
	c := newComparison()
	c.Partial = before.Partial || after.Partial
	c.PassRate = RateChange{Before: before.Counts, After: after.Counts, PValue: exchangeBuilds(before.Builds, after.Builds)}
	c.Significant = c.PassRate.PValue < opts.Significance/2
	pairs := pairTests(before.Tests, after.Tests)
	c.addRates(pairs, opts.Significance)
	c.addFlips(pairs, opts.Significance)
	c.Slower, c.Faster, c.Shift = compareTimes(pairs, opts)
	c.Facts = factsOf(before, after, pairs)
	return c, nil
}

// newComparison has empty lists, which are no null in JSON.
func newComparison() *Comparison {
	return &Comparison{
		NewFailures: []RateChange{},
		Worse:       []RateChange{},
		Fixed:       []RateChange{},
		Better:      []RateChange{},
		NewlyFlaky:  []FlipChange{},
		Slower:      []TimeChange{},
		Faster:      []TimeChange{},
	}
}

func checkComparable(before, after *Summary, opts CompareOptions) error {
	if before == nil || after == nil {
		return errors.New("report: compare: there is no summary")
	}
	var p problems
	p.check(isShare(opts.Significance) && opts.Significance < 1, "Significance", "is not between 0 and 1")
	p.check(opts.MinSlowdown >= 0, "MinSlowdown", "is negative or no number")
	p.check(before.Options.CompleteAs == after.Options.CompleteAs, "CompleteAs", "is not the same in both summaries")
	p.check(before.Options.PerPlatform == after.Options.PerPlatform, "PerPlatform", "is not the same in both summaries")
	return p.err()
}

// testPair is a test that has runs in both periods.
type testPair struct{ before, after TestStats }

func pairTests(before, after []TestStats) []testPair {
	earlier := make(map[TestName]TestStats, len(before))
	for _, t := range before {
		earlier[t.key()] = t
	}
	var pairs []testPair
	for _, t := range after {
		if b, ok := earlier[t.key()]; ok {
			pairs = append(pairs, testPair{b, t})
		}
	}
	return pairs
}

// canDiffer reports whether the pass rates could be told apart at all: not if
// every run had the same outcome, or a period has none. Such a test, as most
// are, must not make the others harder to tell apart.
func (p testPair) canDiffer() bool {
	before, after := p.before.Counts, p.after.Counts
	return before.Decided() > 0 && after.Decided() > 0 &&
		before.Failures()+after.Failures() > 0 && before.Successes()+after.Successes() > 0
}

// canFlip reports the same of the flip rates.
func (p testPair) canFlip() bool {
	before, after := p.before, p.after
	pairs := before.pairs() + after.pairs()
	flips := before.Flips + after.Flips
	return before.pairs() > 0 && after.pairs() > 0 && flips > 0 && flips < pairs
}

// pairs returns how many neighbours there are among the judged runs.
func (t TestStats) pairs() int {
	return max(t.Judged-1, 0)
}

// halves returns half of the flips and of the pairs without one. A failure by
// itself is two flips, so that all of them would be counted as if each had come
// alone.
func (t TestStats) halves() (flips, steady int) {
	return t.Flips / 2, t.pairs()/2 - t.Flips/2
}

func (t TestStats) key() TestName {
	return TestName{t.Name, t.OS, t.Browser}
}

func (c *Comparison) addRates(pairs []testPair, level float64) {
	var changes []RateChange
	for _, p := range pairs {
		if p.canDiffer() {
			changes = append(changes, rateChange(p.after.key(), p.before.Counts, p.after.Counts))
		}
	}
	for _, change := range supported(changes, func(c RateChange) float64 { return c.PValue }, level) {
		list := c.listFor(change)
		*list = append(*list, change)
	}
}

func (c *Comparison) listFor(change RateChange) *[]RateChange {
	switch fell := change.Difference() < 0; {
	case fell && change.Before.Failures() == 0:
		return &c.NewFailures
	case fell:
		return &c.Worse
	case change.After.Failures() == 0:
		return &c.Fixed
	}
	return &c.Better
}

// addFlips judges every test that flipped, and only then looks for those that
// became flaky: chosen by their flips beforehand, they would all look changed.
func (c *Comparison) addFlips(pairs []testPair, level float64) {
	var changes []FlipChange
	for _, p := range pairs {
		if p.canFlip() {
			changes = append(changes, flipChange(p))
		}
	}
	for _, change := range supported(changes, func(c FlipChange) float64 { return c.PValue }, level) {
		if change.isNewlyFlaky() {
			c.NewlyFlaky = append(c.NewlyFlaky, change)
		}
	}
}

func (c FlipChange) isNewlyFlaky() bool {
	return c.Before.Verdict == Steady && c.After.Verdict == Flaky && flipRate(c.After) > flipRate(c.Before)
}

func rateChange(test TestName, before, after Counts) RateChange {
	p := fisher(before.Successes(), before.Failures(), after.Successes(), after.Failures())
	return RateChange{Test: test, Before: before, After: after, PValue: p}
}

func flipChange(p testPair) FlipChange {
	flipsBefore, steadyBefore := p.before.halves()
	flipsAfter, steadyAfter := p.after.halves()
	return FlipChange{p.before, p.after, fisher(flipsBefore, steadyBefore, flipsAfter, steadyAfter)}
}

// supported sorts changes by p-value and keeps those that the
// Benjamini-Hochberg procedure accepts at the level.
func supported[T any](changes []T, pValue func(T) float64, level float64) []T {
	slices.SortStableFunc(changes, func(a, b T) int { return cmp.Compare(pValue(a), pValue(b)) })
	for n := len(changes); n > 0; n-- {
		if pValue(changes[n-1]) <= level*float64(n)/float64(len(changes)) {
			return changes[:n]
		}
	}
	return nil
}
