package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/sauceinsights/insights"
)

// minTimedRuns is how many runs of known length both periods must have.
const minTimedRuns = 8

// resolution is the standard deviation of rounding to whole seconds, as the
// service does, in seconds. It does not become less with more runs: all of them
// may have been rounded the same way.
const resolution = 0.28867513459481287 // 1/√12

// TimeChange is a change of the typical run time, which is the geometric mean.
// Where the run times of all tests shifted, it is the change beyond that.
type TimeChange struct {
	Test   TestName `json:"test"`
	Before Spread   `json:"before"`
	After  Spread   `json:"after"`
	Change float64  `json:"change"` // typical run time after ÷ before ÷ the shift: 1.5 is half as long again
	PValue float64  `json:"p_value"`
}

// TimeShift is a change that nearly all tests have in common, as another
// machine causes it.
type TimeShift struct {
	Change float64 `json:"change"` // of the median test: its typical run time after ÷ before
	Tests  int     `json:"tests"`  // that were compared
	PValue float64 `json:"p_value"`
}

// Typical returns the geometric mean of the run times: that of half a minute
// and two minutes is one minute. It is zero without runs.
func (s Spread) Typical() insights.Seconds {
	if s.Count == 0 {
		return 0
	}
	return insights.Seconds(math.Exp(s.LogMean))
}

// timePair is a test that can be compared.
type timePair struct {
	test          TestName
	before, after Spread
	change        float64 // of the logarithm
	oneSided      float64 // how likely such a change is by chance, in its direction
}

// compareTimes finds the tests that take longer, and less long, and what all
// have in common. Each of the two lists is held to the level by itself, and
// both stay empty unless one change is beyond doubt in a whole suite.
func compareTimes(tests []testPair, opts CompareOptions) (slower, faster []TimeChange, shift *TimeShift) {
	pairs := timePairs(tests)
	if shift = findShift(pairs); shift != nil {
		for i := range pairs {
			pairs[i].change -= math.Log(shift.Change)
		}
	}
	addTails(pairs)
	for _, direction := range []struct {
		sign float64
		list *[]TimeChange
	}{{1, &slower}, {-1, &faster}} {
		*direction.list = []TimeChange{}
		for _, p := range supportedTimes(pairs, direction.sign, opts.Significance) {
			if direction.sign*p.change >= math.Log1p(opts.MinSlowdown) {
				*direction.list = append(*direction.list, p.timeChange())
			}
		}
	}
	return slower, faster, shift
}

func timePairs(tests []testPair) []timePair {
	var pairs []timePair
	for _, t := range tests {
		before, after := t.before.RunTimes, t.after.RunTimes
		if before.Count >= minTimedRuns && after.Count >= minTimedRuns {
			pairs = append(pairs, timePair{test: t.after.key(), before: before, after: after, change: after.LogMean - before.LogMean})
		}
	}
	return pairs
}

// The shares of the level that one list may spend on false changes, and that
// one of its changes must keep for there to be a list. A quarter for the two
// together is what a suite without a change costs; most of the level is left
// for suites that have one.
const (
	listShare = 0.7
	gateShare = 0.2
)

// supportedTimes are the pairs that changed in one direction.
func supportedTimes(pairs []timePair, sign, level float64) []timePair {
	oneSided := func(p timePair) float64 { return p.tail(sign) }
	sorted := slices.Clone(pairs)
	if len(supported(sorted, oneSided, level*gateShare)) == 0 {
		return nil
	}
	return supported(sorted, oneSided, level*listShare)
}

// tail returns the probability of such a change, or a larger one, in the
// direction of the sign if there is none.
func (p timePair) tail(sign float64) float64 {
	if sign*p.change < 0 {
		return 1 - p.oneSided
	}
	return p.oneSided
}

// addTails finds how likely each change is by chance: by a t-test whose
// variances lean on each other, and if one side has far fewer runs, by
// Welch's too, as the variances may differ between the sides. The larger counts.
func addTails(pairs []timePair) {
	prior := priorVariance(pairs)
	for i, p := range pairs {
		variance, freedom := prior.lean(p.pooledVariance(), p.freedom())
		n, m := float64(p.before.Count), float64(p.after.Count)
		pairs[i].oneSided = p.chance(variance*(1/n+1/m), freedom)
		if max(n, m) > maxSkew*min(n, m) {
			pairs[i].oneSided = max(pairs[i].oneSided, p.welch())
		}
	}
}

// maxSkew is how many times as many runs one side may have before the variances
// of the two sides matter each by itself.
const maxSkew = 1.5

// chance returns the one-sided probability of the change, with the resolution
// in its error.
func (p timePair) chance(variance, freedom float64) float64 {
	rounding := square(resolution/float64(p.before.Typical())) + square(resolution/float64(p.after.Typical()))
	return studentTails(p.change/math.Sqrt(variance+rounding), freedom) / 2
}

func (p timePair) welch() float64 {
	before := square(p.before.LogStdDev) / float64(p.before.Count)
	after := square(p.after.LogStdDev) / float64(p.after.Count)
	freedom := p.freedom()
	if sum := before + after; sum > 0 {
		freedom = sum * sum / (before*before/float64(p.before.Count-1) + after*after/float64(p.after.Count-1))
	}
	return p.chance(before+after, freedom)
}

func (p timePair) freedom() float64 { return float64(p.before.Count + p.after.Count - 2) }

// pooledVariance returns the variance of a run time's logarithm, the same on both
// sides.
func (p timePair) pooledVariance() float64 {
	before := square(p.before.LogStdDev) * float64(p.before.Count-1)
	after := square(p.after.LogStdDev) * float64(p.after.Count-1)
	return (before + after) / p.freedom()
}

func square(x float64) float64 { return x * x }

func (p timePair) timeChange() TimeChange {
	return TimeChange{
		Test: p.test, Before: p.before, After: p.after,
		Change: math.Exp(p.change), PValue: 2 * p.oneSided,
	}
}

// A shift is what at least minShiftShare of minShiftTests tests or more have in
// common, and at least minShift of the run time.
const (
	minShiftTests  = 20
	minShiftShare  = 0.8
	minShift       = 0.05
	maxShiftPValue = 0.001
)

func findShift(pairs []timePair) *TimeShift {
	if len(pairs) < minShiftTests {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(pairs), func(a, b timePair) int { return cmp.Compare(a.change, b.change) })
	median := sorted[len(sorted)/2].change
	along := 0
	for _, p := range pairs {
		if p.change*median > 0 {
			along++
		}
	}
	pValue := min(1, 2*binomialTail(along, len(pairs), 0.5))
	if math.Abs(median) < math.Log1p(minShift) || float64(along) < minShiftShare*float64(len(pairs)) || pValue > maxShiftPValue {
		return nil
	}
	return &TimeShift{Change: math.Exp(median), Tests: len(pairs), PValue: pValue}
}
