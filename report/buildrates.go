package report

import (
	"math"
	"math/rand/v2"
)

// batch is the decided runs of a build, or one run without a build: what comes
// and goes as one.
type batch struct{ runs, passed float64 }

func (b *batch) add(other batch) {
	b.runs += other.runs
	b.passed += other.passed
}

func (b batch) rate() float64 { return b.passed / b.runs }

// exchanges is how often builds are exchanged. The smallest p-value is one in
// exchanges + 1.
const exchanges = 1999

// maxBatches is how many are exchanged; the distribution of more is normal.
const maxBatches = 10_000

// exchangeBuilds returns the probability that the pass rates of two periods
// differ as much as these if which build belongs to which is chance. It is 1 if
// one of the two has no rate.
func exchangeBuilds(before, after []Group) float64 {
	earlier, later := batchesOf(before), batchesOf(after)
	if total(earlier).runs == 0 || total(later).runs == 0 {
		return 1
	}
	if len(earlier)+len(later) > maxBatches {
		return normalTails(earlier, later)
	}
	return exchange(earlier, later)
}

func batchesOf(groups []Group) []batch {
	var list []batch
	for _, g := range groups {
		decided, passed := g.Counts.Decided(), g.Counts.Successes()
		switch {
		case decided == 0:
		case g.Name != "":
			list = append(list, batch{float64(decided), float64(passed)})
		default:
			list = append(list, singles(decided, passed)...)
		}
	}
	return list
}

func singles(decided, passed int) []batch {
	list := make([]batch, decided)
	for i := range list {
		list[i].runs = 1
		if i < passed {
			list[i].passed = 1
		}
	}
	return list
}

func total(batches []batch) (sum batch) {
	for _, b := range batches {
		sum.add(b)
	}
	return sum
}

// exchange deals the batches anew, always as many to either side. It is the
// same chance for the same batches.
func exchange(before, after []batch) float64 {
	all := append(append(make([]batch, 0, len(before)+len(after)), before...), after...)
	sum := total(all)
	seen := math.Abs(total(before).rate() - total(after).rate())
	random := rand.New(rand.NewPCG(uint64(len(before)), uint64(len(after))))
	asFar := 1
	for range exchanges {
		dealt := deal(all, len(before), random)
		rest := batch{sum.runs - dealt.runs, sum.passed - dealt.passed}
		if math.Abs(dealt.rate()-rest.rate()) >= seen-1e-12 {
			asFar++
		}
	}
	return float64(asFar) / (exchanges + 1)
}

// deal draws n of the batches, which it leaves in front.
func deal(all []batch, n int, random *rand.Rand) (sum batch) {
	for i := range n {
		j := i + random.IntN(len(all)-i)
		all[i], all[j] = all[j], all[i]
		sum.add(all[i])
	}
	return sum
}

// normalTails compares the difference with its standard error, to which each
// batch contributes as a whole.
func normalTails(before, after []batch) float64 {
	earlier, later := total(before), total(after)
	rate := (earlier.passed + later.passed) / (earlier.runs + later.runs)
	variance := squares(before, rate)/square(earlier.runs) + squares(after, rate)/square(later.runs)
	if variance == 0 {
		return 1
	}
	return math.Erfc(math.Abs(earlier.rate()-later.rate()) / math.Sqrt(2*variance))
}

// squares sums up how far the batches are from the rate.
func squares(batches []batch, rate float64) (sum float64) {
	for _, b := range batches {
		sum += square(b.passed - rate*b.runs)
	}
	return sum
}
