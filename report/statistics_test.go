//go:build !race

package report

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights"
)

func TestCompareFisher(t *testing.T) {
	t.Run("gives known p-values", func(t *testing.T) {
		for _, tt := range []struct {
			a, b, c, d int
			want       float64
		}{
			{3, 1, 1, 3, 34.0 / 70},             // the lady tasting tea
			{1, 9, 11, 3, 0.002759456185220088}, // studying and sex, the textbook table
			{8, 2, 1, 5, 0.03496503496503495},
			{0, 0, 5, 5, 1},
			{5, 0, 5, 0, 1},
			{10, 10, 10, 10, 1},
		} {
			assert.InDelta(t, tt.want, fisher(tt.a, tt.b, tt.c, tt.d), 1e-12, "%v", tt)
		}
	})
	t.Run("is exact", func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 2))
		for range 80 {
			a, b, c, d := rnd.IntN(40), rnd.IntN(40), rnd.IntN(40), rnd.IntN(40)
			assert.InDelta(t, exactFisher(a, b, c, d), fisher(a, b, c, d), 1e-10, "%d %d %d %d", a, b, c, d)
		}
	})
}

// exactFisher adds up the tables with whole numbers.
func exactFisher(a, b, c, d int) float64 {
	tables := func(x int) *big.Int {
		n := new(big.Int).Binomial(int64(a+b), int64(x))
		return n.Mul(n, new(big.Int).Binomial(int64(c+d), int64(a+c-x)))
	}
	extreme, all := new(big.Int), new(big.Int)
	for x := max(0, a-d); x <= min(a+b, a+c); x++ {
		all.Add(all, tables(x))
		if tables(x).Cmp(tables(a)) <= 0 {
			extreme.Add(extreme, tables(x))
		}
	}
	p, _ := new(big.Rat).SetFrac(extreme, all).Float64()
	return p
}

func TestCompareStudent(t *testing.T) {
	t.Run("gives known p-values", func(t *testing.T) {
		for _, tt := range []struct{ t, freedom, want float64 }{
			{0, 5, 1},
			{1, 1, 0.5},                       // Cauchy: both tails beyond 1 are half
			{math.Sqrt2, 2, 1 - math.Sqrt2/2}, // closed form for two degrees: 1 - t/sqrt(2+t²)
			{12.706204736432095, 1, 0.05},     // the tables' 5% points
			{2.2281388519649385, 10, 0.05},
			{2.7500, 30, 0.0100},
			{1.959963984540054, 1e9, 0.05}, // as good as normal
		} {
			assert.InDelta(t, tt.want, studentTails(tt.t, tt.freedom), 1e-6, "%v", tt)
		}
	})
	t.Run("is the integral of its density", func(t *testing.T) {
		for _, freedom := range []float64{1, 1.5, 2, 3.7, 10, 55.5, 1000} {
			for _, x := range []float64{0.1, 0.5, 1, 2, 3.3} {
				assert.InDelta(t, integratedTails(x, freedom), studentTails(x, freedom), 1e-8, "t %v, %v degrees", x, freedom)
			}
		}
	})
}

// integratedTails integrates the density by Simpson's rule.
func integratedTails(t, freedom float64) float64 {
	lgUp, _ := math.Lgamma((freedom + 1) / 2)
	lgDown, _ := math.Lgamma(freedom / 2)
	scale := math.Exp(lgUp-lgDown) / math.Sqrt(freedom*math.Pi)
	density := func(x float64) float64 { return scale * math.Pow(1+x*x/freedom, -(freedom+1)/2) }
	const steps = 2000
	h, sum := t/steps, density(0)+density(t)
	for i := 1; i < steps; i++ {
		sum += density(float64(i)*h) * float64(2+2*(i%2))
	}
	return 1 - 2*sum*h/3
}

func TestCompareBenjaminiHochberg(t *testing.T) {
	t.Run("keeps what the procedure keeps", func(t *testing.T) {
		// The example of the procedure's own paper: at 5%, four of fifteen.
		values := []float64{
			0.0095, 0.0001, 0.0201, 0.0004, 0.0019, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1,
		}
		same := func(p float64) float64 { return p }
		assert.Equal(t, []float64{0.0001, 0.0004, 0.0019, 0.0095}, supported(values, same, 0.05))
		assert.Empty(t, supported([]float64{0.06, 0.9}, same, 0.05))
		assert.Empty(t, supported(nil, same, 0.05))
	})
}

func TestSpreadStdDev(t *testing.T) {
	t.Run("is zero for many equal values", func(t *testing.T) {
		var m moments
		for range 10_000 {
			m.add(30.1)
		}
		assert.InDelta(t, 0, float64(m.spread().StdDev), 1e-12)
		assert.Equal(t, insights.Seconds(30.1), m.spread().Max)
	})
}
