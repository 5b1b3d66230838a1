package report

import (
	"cmp"
	"math"
	"slices"
)

// Two bounds for chance, which a flaky test keeps both: maxFalseFlaky is the
// expected share of calm tests among the flaky ones, by the mixture; and
// maxFalseDiscovery that of a test against the calmest tests. The first knows
// what calm tests are in a suite of which most never failed, the second tells
// better what is flaky if tests have few runs.
const (
	maxFalseFlaky     = 0.06
	maxFalseDiscovery = 0.02
)

// calmest is the share of the tests, those that failed least, which the others
// are tested against.
const calmest = 0.8

// minStreak is how many failures one after the other are one cause: the test
// was broken, and then it was fixed.
const minStreak = 4

// calmPrior is what is taken for known about calm tests before a run is seen,
// which only counts if there are few runs: 2 failures in 100.
var calmPrior = tally{runs: 100, failures: 2}

// maxCalmRate is the highest rate of a calm test. Where all fail more often,
// all are flaky.
const maxCalmRate = 0.2

// minExcess is how many times as often as a calm test a flaky one fails.
const minExcess = 2

// A build has failed as a whole if at least minFailing of its tests failed,
// twice as many as in the median build, and so many by chance in less than one
// build of a hundred. Fewer tests than minBuildTests tell nothing of a build.
const (
	minFailing     = 1.0 / 3
	minBuildTests  = 5
	maxBuildChance = 0.01
)

// tally is the runs of a test that its verdict rests on.
type tally struct {
	runs, failures int
	flips          int // how often the outcome changed, streaks and all
	compared       int // the runs that flips are counted among
}

// failedBuilds are the builds that failed as a whole.
func failedBuilds(builds groups) map[*Group]bool {
	var shares []float64
	var failing, decided int
	for _, g := range builds {
		if g.isTelling() {
			shares = append(shares, g.Outcomes.failingShare())
			failing += g.Outcomes.failing()
			decided += g.Outcomes.decided()
		}
	}
	bad := make(map[*Group]bool)
	if len(shares) < 2 {
		return bad
	}
	slices.Sort(shares)
	limit := max(minFailing, 2*shares[(len(shares)-1)/2])
	usual := float64(failing) / float64(decided)
	for _, g := range builds {
		if o := g.Outcomes; g.isTelling() && o.failingShare() >= limit && binomialTail(o.failing(), o.decided(), usual) <= maxBuildChance {
			bad[g] = true
		}
	}
	return bad
}

func (g *Group) isTelling() bool {
	return g.Name != "" && g.Outcomes.decided() >= minBuildTests
}

// tallyOf counts the runs outside of the builds that failed as a whole. A
// streak of failures, also of those on one platform alone, counts once.
func tallyOf(marks []mark, bad map[*Group]bool) tally {
	marks = slices.DeleteFunc(slices.Clone(marks), func(m mark) bool { return bad[m.build] })
	isRepeat := repeats(marks)
	t := tally{compared: len(marks)}
	for i, m := range marks {
		if i > 0 && m.failed != marks[i-1].failed {
			t.flips++
		}
		if isRepeat[i] {
			continue
		}
		t.runs++
		if m.failed {
			t.failures++
		}
	}
	return t
}

// repeats marks the failures of a streak after its first.
func repeats(marks []mark) []bool {
	isRepeat := make([]bool, len(marks))
	all := make([]int, 0, len(marks))
	byPlatform := make(map[*platform][]int)
	for i, m := range marks {
		all = append(all, i)
		byPlatform[m.platform] = append(byPlatform[m.platform], i)
	}
	markStreaks(marks, all, isRepeat)
	for _, indexes := range byPlatform {
		markStreaks(marks, indexes, isRepeat)
	}
	return isRepeat
}

func markStreaks(marks []mark, indexes []int, isRepeat []bool) {
	var streak []int
	for n, i := range indexes {
		if marks[i].failed {
			streak = append(streak, i)
		}
		if !marks[i].failed || n == len(indexes)-1 {
			if len(streak) >= minStreak {
				for _, repeat := range streak[1:] {
					isRepeat[repeat] = true
				}
			}
			streak = streak[:0]
		}
	}
}

// mixture is the rates at which the tests of a suite fail: one that the calm
// ones share, and those of the others, on a grid.
type mixture struct {
	calmRate  float64
	calmShare float64
	weights   []float64 // of the rates of otherRates
}

// otherRates are 5 %, 10 %, and so on, up to 95 %.
const otherRates = 19

func otherRate(i int) float64 { return 0.05 * float64(i+1) }

// maxSteps bounds the steps of the fit, and minStep ends it.
const (
	maxSteps = 200
	minStep  = 1e-7
)

// fit finds the mixture that makes the tallies likeliest, by expectation and
// maximization, and how likely it is that each test is a calm one.
func fit(tallies []tally) (m mixture, calm []float64) {
	m = newMixture(tallies)
	calm = make([]float64, len(tallies))
	for range maxSteps {
		next := m.step(tallies, calm)
		moved := math.Abs(next.calmRate-m.calmRate) + math.Abs(next.calmShare-m.calmShare)
		m = next
		if moved < minStep {
			break
		}
	}
	return m, calm
}

// priorTests is how many tests the first guess counts for: 9 calm, 1 not.
const priorTests = 10

func newMixture(tallies []tally) mixture {
	sum := calmPrior
	for _, t := range tallies {
		sum.runs += t.runs
		sum.failures += t.failures
	}
	m := mixture{calmShare: 0.9, weights: make([]float64, otherRates)}
	m.calmRate = min(maxCalmRate, float64(sum.failures)/float64(sum.runs))
	for i := range m.weights {
		m.weights[i] = (1 - m.calmShare) / otherRates
	}
	return m
}

// step improves the mixture, and leaves in calm what it found for each test.
func (m mixture) step(tallies []tally, calm []float64) mixture {
	next := mixture{weights: make([]float64, otherRates)}
	var calmTests float64
	runs, failures := float64(calmPrior.runs), float64(calmPrior.failures)
	for i, t := range tallies {
		calm[i] = m.share(t, next.weights)
		calmTests += calm[i]
		runs += calm[i] * float64(t.runs)
		failures += calm[i] * float64(t.failures)
	}
	all := float64(len(tallies) + priorTests)
	next.calmRate = min(maxCalmRate, failures/runs)
	next.calmShare = (calmTests + 0.9*priorTests) / all
	for i := range next.weights {
		next.weights[i] = (next.weights[i] + 0.1*priorTests/otherRates) / all
	}
	return next
}

// share returns how likely a test is calm. It adds to others how likely it is
// each of the others.
func (m mixture) share(t tally, others []float64) float64 {
	var likelihoods [otherRates]float64
	calm := m.calmShare
	sum := calm
	for i, weight := range m.weights {
		if rate := otherRate(i); rate >= minExcess*m.calmRate {
			likelihoods[i] = weight * math.Exp(t.logLikelihood(rate)-t.logLikelihood(m.calmRate))
			sum += likelihoods[i]
		}
	}
	if math.IsInf(sum, 1) { // so much likelier that it can't be counted
		return 0
	}
	for i := range others {
		others[i] += likelihoods[i] / sum
	}
	return calm / sum
}

// logLikelihood returns the logarithm of how likely the tally is at a rate, but for a
// constant.
func (t tally) logLikelihood(rate float64) float64 {
	return float64(t.failures)*math.Log(rate) + float64(t.runs-t.failures)*math.Log1p(-rate)
}

// unlikelyCalm picks the tests that are least likely calm: as many as there can
// be with no more calm ones among them than maxFalseFlaky.
func unlikelyCalm(calm []float64) []bool {
	order := make([]int, len(calm))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(calm[a], calm[b]) })
	picked := make([]bool, len(calm))
	sum := 0.0
	for n, i := range order {
		sum += calm[i]
		if sum > maxFalseFlaky*float64(n+1) {
			break
		}
		picked[i] = true
	}
	return picked
}

// aboveCalmest picks the tests that fail more often than the calmest ones, by a
// one-sided binomial test and the Benjamini-Hochberg procedure.
func aboveCalmest(tallies []tally) []bool {
	order := make([]int, len(tallies))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(tallies[a].rate(), tallies[b].rate()) })
	sum := calmPrior
	for _, i := range order[:int(calmest*float64(len(order)))] {
		sum.runs += tallies[i].runs
		sum.failures += tallies[i].failures
	}
	usual := min(maxCalmRate, sum.rate())
	picked := make([]bool, len(tallies))
	for _, i := range supported(order, func(i int) float64 {
		return binomialTail(tallies[i].failures, tallies[i].runs, usual)
	}, maxFalseDiscovery) {
		picked[i] = true
	}
	return picked
}

func (t tally) rate() float64 { return float64(t.failures) / float64(max(1, t.runs)) }
