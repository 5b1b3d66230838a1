//go:build !race

package report

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// spreadOver returns what a period keeps of these run times.
func spreadOver(seconds []float64) Spread {
	var s spreads
	for _, x := range seconds {
		s.add(x)
	}
	return s.spread()
}

// twelveTests are run times of two periods, and how likely each change is by
// chance. The last column was computed by another program, in another language,
// which integrates the density of Student's t.
var twelveTests = []struct {
	before, after []float64
	oneSided      float64
}{
	{[]float64{47, 48, 69, 38, 58, 38, 75, 62, 79, 54}, []float64{104, 91, 83, 99, 75, 89, 110, 97, 88, 149}, 9.57834381672e-05},
	{[]float64{61, 52, 62, 53, 54, 55, 100, 60}, []float64{63, 71, 99, 57, 51, 111, 42, 55, 71, 106, 47, 33, 71, 53, 54, 67, 63, 65, 54, 83, 87, 60, 54, 72, 68, 46, 53, 78, 59, 55}, 0.392912937092},
	{[]float64{64, 59, 60, 34, 101, 64, 46, 80, 66, 60}, []float64{82, 118, 71, 97, 115, 44, 51, 76, 36, 55}, 0.225296038582},
	{[]float64{94, 86, 73, 31, 137, 73, 78, 71}, []float64{33, 36, 39, 117, 45, 55, 55, 73, 71, 66, 39, 20, 64, 66, 92, 58, 48, 69, 35, 42, 42, 66, 125, 78, 89, 65, 66, 51, 54, 26}, 0.0432181256047},
	{[]float64{37, 36, 84, 78, 95, 112, 53, 92, 131, 60}, []float64{93, 56, 31, 63, 43, 63, 50, 68, 26, 138}, 0.130607224425},
	{[]float64{111, 51, 40, 60, 81, 73, 72, 25}, []float64{58, 176, 107, 48, 65, 50, 61, 163, 87, 160, 105, 48, 71, 273, 68, 59, 169, 100, 96, 188, 43, 116, 59, 50, 66, 163, 90, 41, 58, 193}, 0.0291759991185},
	{[]float64{101, 34, 207, 50, 33, 56, 97, 137, 102, 48}, []float64{45, 29, 58, 44, 68, 31, 46, 38, 32, 33}, 0.00528377818481},
	{[]float64{34, 31, 83, 63, 29, 80, 71, 136}, []float64{54, 53, 41, 64, 79, 66, 52, 82, 63, 69, 35, 67, 34, 37, 66, 196, 105, 60, 54, 105, 131, 119, 54, 67, 50, 51, 37, 52, 18, 31}, 0.452833908849},
	{[]float64{78, 34, 84, 27, 48, 77, 32, 39, 274, 39}, []float64{39, 42, 61, 59, 110, 98, 47, 48, 25, 24}, 0.315181693107},
	{[]float64{37, 98, 65, 102, 112, 54, 242, 42}, []float64{40, 45, 128, 55, 37, 80, 127, 56, 51, 123, 115, 112, 36, 72, 76, 18, 133, 64, 48, 270, 66, 37, 58, 87, 103, 58, 34, 38, 35, 30}, 0.184091778553},
	{[]float64{59, 42, 62, 33, 32, 53, 47, 137, 31, 70}, []float64{58, 24, 101, 68, 13, 92, 117, 34, 201, 67}, 0.278387177966},
	{[]float64{25, 92, 46, 22, 12, 72, 34, 98}, []float64{81, 40, 40, 232, 221, 107, 46, 28, 45, 214, 85, 48, 23, 68, 31, 61, 106, 136, 67, 46, 71, 238, 80, 21, 196, 73, 857, 42, 56, 48}, 0.0308223715951},
}

func twelvePairs() []timePair {
	var tests []testPair
	for _, t := range twelveTests {
		tests = append(tests, testPair{TestStats{RunTimes: spreadOver(t.before)}, TestStats{RunTimes: spreadOver(t.after)}})
	}
	return timePairs(tests)
}

func TestCompareSlowerPValues(t *testing.T) {
	pairs := twelvePairs()
	require.Len(t, pairs, 12)
	t.Run("lean on the variances of all tests", func(t *testing.T) {
		prior := priorVariance(pairs)
		assert.InEpsilon(t, 0.18113960817594, prior.variance, 1e-6)
		assert.InEpsilon(t, 5.2955394676737, prior.freedom, 1e-6)
	})
	t.Run("are those of another program", func(t *testing.T) {
		addTails(pairs)
		for i, p := range pairs {
			assert.InEpsilon(t, twelveTests[i].oneSided, p.oneSided, 1e-6, i)
			assert.InDelta(t, 1, p.tail(1)+p.tail(-1), 1e-12)
		}
	})
	t.Run("know nothing of the variance from a few tests", func(t *testing.T) {
		assert.Zero(t, priorVariance(pairs[:minPriorTests-1]))
		variance, freedom := variancePrior{}.lean(0.3, 18)
		assert.InDelta(t, 0.3, variance, 0)
		assert.InDelta(t, 18, freedom, 0)
	})
	t.Run("are sure that equal variances are equal", func(t *testing.T) {
		var same []timePair
		for range 20 {
			same = append(same, pairs[0])
		}
		prior := priorVariance(same)
		assert.InEpsilon(t, certain, prior.freedom, 1e-9)
	})
}

func TestCompareStatistics(t *testing.T) {
	t.Run("hold at the ends of the incomplete beta function", func(t *testing.T) {
		assert.InDelta(t, 0, incompleteBeta(2, 3, 0), 0)
		assert.InDelta(t, 1, incompleteBeta(2, 3, 1), 0)
		assert.InDelta(t, 0, studentTails(math.Inf(1), 3), 0)
		assert.InDelta(t, 0.5, incompleteBeta(4, 4, 0.5), 1e-12, "symmetric")
	})
	t.Run("know digamma and trigamma", func(t *testing.T) {
		const euler = 0.57721566490153286
		assert.InDelta(t, -euler, digamma(1), 1e-12)
		assert.InDelta(t, -euler-2*math.Ln2, digamma(0.5), 1e-12)
		assert.InDelta(t, 1.16715353943, digamma(3.7), 1e-9)
		assert.InDelta(t, math.Pi*math.Pi/6, trigamma(1), 1e-12)
		assert.InDelta(t, math.Pi*math.Pi/2, trigamma(0.5), 1e-12)
		assert.InDelta(t, 0.31003785767, trigamma(3.7), 1e-9)
		for _, x := range []float64{0.01, 0.5, 3.7, 100, 1e5} {
			assert.InEpsilon(t, x, inverseTrigamma(trigamma(x)), 1e-6)
		}
	})
	t.Run("have a binomial tail that is the sum of its terms", func(t *testing.T) {
		for _, c := range []struct {
			k, n int
			p    float64
		}{{0, 5, 0.3}, {1, 1, 0.2}, {3, 8, 0.03}, {80, 100, 0.5}, {7, 7, 0.9}, {250, 2000, 0.1}} {
			sum := 0.0
			for x := c.k; x <= c.n; x++ {
				sum += math.Exp(logChoose(c.n, x) + float64(x)*math.Log(c.p) + float64(c.n-x)*math.Log1p(-c.p))
			}
			assert.InEpsilon(t, sum, binomialTail(c.k, c.n, c.p), 1e-9, "%v", c)
		}
	})
}

func TestComparePassRatePValue(t *testing.T) {
	build := func(name string, passed, failed int) Group {
		return Group{Name: name, Counts: Counts{Runs: passed + failed, Passed: passed, Failed: failed}}
	}
	t.Run("gives the share of the ways to deal the builds", func(t *testing.T) {
		// One build failed of eight, and it is in the second half: any half has it
		// with the same chance, so every way is as far apart as this one.
		before := []Group{build("a", 10, 0), build("b", 10, 0), build("c", 10, 0), build("d", 10, 0)}
		after := []Group{build("e", 10, 0), build("f", 10, 0), build("g", 10, 0), build("h", 0, 10)}
		assert.InDelta(t, 1, exchangeBuilds(before, after), 0)
		// All four that failed: 2 of the 70 ways are as far apart.
		for i := range after {
			after[i] = build(after[i].Name, 0, 10)
		}
		assert.InDelta(t, 2.0/70, exchangeBuilds(before, after), 0.012)
	})
	t.Run("takes runs without a build one by one", func(t *testing.T) {
		// Then it is Fisher's exact test.
		before, after := []Group{build("", 28, 2)}, []Group{build("", 20, 10)}
		assert.InDelta(t, fisher(28, 2, 20, 10), exchangeBuilds(before, after), 0.012)
	})
	t.Run("is 1 where one of the two has no decided run", func(t *testing.T) {
		assert.InDelta(t, 1, exchangeBuilds(nil, []Group{build("a", 3, 3)}), 0)
		assert.InDelta(t, 1, exchangeBuilds([]Group{build("a", 3, 3)}, []Group{{Name: "b"}}), 0)
	})
	t.Run("is normal with very many batches", func(t *testing.T) {
		before, after := []Group{build("", 5500, 500)}, []Group{build("", 5440, 560)}
		earlier, later := batchesOf(before), batchesOf(after)
		require.Greater(t, len(earlier)+len(later), maxBatches)
		assert.InDelta(t, fisher(5500, 500, 5440, 560), exchangeBuilds(before, after), 0.01)
		assert.InDelta(t, exchange(earlier, later), exchangeBuilds(before, after), 0.03)
		assert.InDelta(t, 1, exchangeBuilds([]Group{build("", 6000, 0)}, []Group{build("", 6000, 0)}), 0)
	})
}
