package report

import "math"

// fisher returns the two-sided p-value of Fisher's exact test on the table
//
//	a b
//	c d
//
// the probability, with these row and column sums, of a table that is no more
// likely than this one. A table with an empty row or column gives 1.
func fisher(a, b, c, d int) float64 {
	row, column, total := a+b, a+c, a+b+c+d
	logProbability := func(x int) float64 {
		return logChoose(row, x) + logChoose(total-row, column-x) - logChoose(total, column)
	}
	// Equally likely tables differ by rounding.
	limit := logProbability(a) + 1e-7
	var p float64
	for x := max(0, column-(total-row)); x <= min(row, column); x++ {
		if l := logProbability(x); l <= limit {
			p += math.Exp(l)
		}
	}
	return min(p, 1)
}

// logChoose returns the logarithm of the binomial coefficient n over k.
func logChoose(n, k int) float64 {
	return logFactorial(n) - logFactorial(k) - logFactorial(n-k)
}

func logFactorial(n int) float64 {
	l, _ := math.Lgamma(float64(n) + 1)
	return l
}

// studentTails returns the probability that Student's t with these degrees of
// freedom is at least as far from 0 as t.
func studentTails(t, freedom float64) float64 {
	return incompleteBeta(freedom/2, 0.5, freedom/(freedom+t*t))
}

// incompleteBeta returns the regularized incomplete beta function of x, from 0
// to 1.
func incompleteBeta(a, b, x float64) float64 {
	if x <= 0 || x >= 1 {
		return min(max(x, 0), 1)
	}
	// The continued fraction converges fast on this side of the mean only.
	if x > (a+1)/(a+b+2) {
		return 1 - incompleteBeta(b, a, 1-x)
	}
	lgA, _ := math.Lgamma(a)
	lgB, _ := math.Lgamma(b)
	lgAB, _ := math.Lgamma(a + b)
	front := math.Exp(lgAB - lgA - lgB + a*math.Log(x) + b*math.Log1p(-x))
	return front / a * betaFraction(a, b, x)
}

// betaFraction evaluates the continued fraction of the incomplete beta
// function from the front, by Lentz's method.
func betaFraction(a, b, x float64) float64 {
	const precision, tiny, maxTerms = 1e-15, 1e-300, 10_000
	value, c, d := 1.0, 1.0, 0.0
	for step := range maxTerms {
		numerator := betaNumerator(a, b, x, step)
		d = 1 / awayFromZero(1+numerator*d, tiny)
		c = awayFromZero(1+numerator/c, tiny)
		value *= c * d
		if step > 0 && math.Abs(c*d-1) < precision {
			break
		}
	}
	return 1 / value
}

// betaNumerator returns the numerator of the fraction's next level.
func betaNumerator(a, b, x float64, step int) float64 {
	m := float64((step + 1) / 2)
	if step%2 == 0 {
		return -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
	}
	return m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
}

func awayFromZero(x, tiny float64) float64 {
	if math.Abs(x) < tiny {
		return tiny
	}
	return x
}

// binomialTail returns the probability of at least k successes in n trials of
// probability p.
func binomialTail(k, n int, p float64) float64 {
	if k <= 0 {
		return 1
	}
	return incompleteBeta(float64(k), float64(n-k+1), p)
}
