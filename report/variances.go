package report

import "math"

// variancePrior is what the tests of a suite say of the variance of any of
// them: as much as so many degrees of freedom. This is the empirical Bayes
// estimate of Smyth (Statistical Applications in Genetics and Molecular Biology
// 3, 2004): few runs of one test know little of its variance, many tests know
// more.
type variancePrior struct{ variance, freedom float64 }

// minPriorTests is how many tests it takes to know anything.
const minPriorTests = 10

// certain are the degrees of freedom of a prior that knows everything: all
// tests have the same variance.
const certain = 1e6

// priorVariance fits the prior to the logarithms of the variances, by their
// mean and their variance. Tests that never varied say nothing.
func priorVariance(pairs []timePair) variancePrior {
	var logs moments
	var noise float64
	for _, p := range pairs {
		if variance := p.pooledVariance(); variance > 0 {
			half := p.freedom() / 2
			logs.add(math.Log(variance) - digamma(half) + math.Log(half))
			noise += trigamma(half)
		}
	}
	if logs.n < minPriorTests {
		return variancePrior{}
	}
	spread := logs.squares/float64(logs.n-1) - noise/float64(logs.n)
	half := certain / 2
	if spread > trigamma(half) {
		half = inverseTrigamma(spread)
	}
	return variancePrior{variance: math.Exp(logs.mean + digamma(half) - math.Log(half)), freedom: 2 * half}
}

// lean returns the variance of a test and its degrees of freedom with the
// prior.
func (v variancePrior) lean(variance, freedom float64) (leaning, together float64) {
	together = v.freedom + freedom
	return (v.freedom*v.variance + freedom*variance) / together, together
}

// digamma returns the derivative of the logarithm of the gamma function, of x >
// 0.
func digamma(x float64) (sum float64) {
	for ; x < 10; x++ {
		sum -= 1 / x
	}
	y := 1 / (x * x)
	return sum + math.Log(x) - 1/(2*x) - y*(1.0/12-y*(1.0/120-y*(1.0/252-y/240)))
}

// trigamma returns the derivative of digamma.
func trigamma(x float64) (sum float64) {
	for ; x < 10; x++ {
		sum += 1 / (x * x)
	}
	y := 1 / (x * x)
	return sum + 1/x + y/2 + y/x*(1.0/6-y*(1.0/30-y*(1.0/42-y/30)))
}

// inverseTrigamma finds the x whose trigamma is y, between two bounds that it
// halves.
func inverseTrigamma(y float64) float64 {
	low, high := 1e-6, certain
	for range 200 {
		middle := math.Sqrt(low * high)
		if trigamma(middle) > y {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
