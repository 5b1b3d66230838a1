package report

import (
	"maps"
	"math"
	"slices"

	"github.com/sauceinsights/insights"
)

// RunTimes sums up how long runs took: their Duration, or if that is
// missing, the time from their start to their end. A run that has neither is
// not in it, nor one of a negative time or of more than a day. Waiting in the queue is not run time.
//
// P50, P90 and P99 are the run times that this share of the runs did not exceed
// (nearest rank). They are exact with up to 4,096 different run times, however
// many runs, and else within 1% of the exact value: from then on, run times are
// counted in buckets that grow by 1.8%, so that memory does not grow with the
// number of runs. All other figures are exact.
type RunTimes struct {
	Spread
	P50 insights.Seconds `json:"p50"`
	P90 insights.Seconds `json:"p90"`
	P99 insights.Seconds `json:"p99"`
}

// Spread is the part of [RunTimes] that is kept for every test. All but Count
// are zero if Count is.
type Spread struct {
	Count  int              `json:"count"` // runs whose run time is known
	Total  insights.Seconds `json:"total"`
	Mean   insights.Seconds `json:"mean"`
	StdDev insights.Seconds `json:"std_dev"` // of the sample; 0 with fewer than two runs
	Min    insights.Seconds `json:"min"`
	Max    insights.Seconds `json:"max"`

	// LogMean and LogStdDev are the mean and the deviation of the natural
	// logarithms of the run times in seconds, with which [Compare] works. A run
	// time under half a second counts as that, since zero has no logarithm.
	LogMean   float64 `json:"log_mean,omitempty"`
	LogStdDev float64 `json:"log_std_dev,omitempty"`
}

// spreads gathers a Spread.
type spreads struct{ seconds, logs moments }

func (s *spreads) add(seconds float64) {
	s.seconds.add(seconds)
	s.logs.add(math.Log(max(seconds, minTime)))
}

func (s *spreads) spread() Spread {
	spread := s.seconds.spread()
	spread.LogMean, spread.LogStdDev = s.logs.mean, s.logs.deviation()
	return spread
}

// moments are a mean and a variance, which runs along as Welford has it.
type moments struct {
	n           int
	total, mean float64
	squares     float64 // sum of the squared distances from the mean
	least, most float64
}

func (m *moments) add(x float64) {
	m.n++
	if m.n == 1 {
		m.least, m.most = x, x
	}
	m.least, m.most = min(m.least, x), max(m.most, x)
	m.total += x
	distance := x - m.mean
	m.mean += distance / float64(m.n)
	m.squares += distance * (x - m.mean)
}

func (m *moments) spread() Spread {
	s := Spread{
		Count: m.n,
		Total: insights.Seconds(m.total),
		Mean:  insights.Seconds(m.mean),
		Min:   insights.Seconds(m.least),
		Max:   insights.Seconds(m.most),
	}
	s.StdDev = insights.Seconds(m.deviation())
	return s
}

// deviation returns the standard deviation of the sample; 0 with fewer than two values.
func (m *moments) deviation() float64 {
	if m.n < 2 {
		return 0
	}
	return math.Sqrt(m.squares / float64(m.n-1))
}

// minTime is taken for run times that are shorter, as 0 has no logarithm: the
// service counts in seconds.
const minTime = 0.5

// relativeError bounds the error of a quantile. It is a little under the 1%
// that is promised, to leave room for rounding.
const relativeError = 0.009

// bucketGrowth is the ratio of a bucket's bounds. Bucket i holds the values in
// (bucketGrowth^(i-1), bucketGrowth^i].
const bucketGrowth = (1 + relativeError) / (1 - relativeError)

var logGrowth = math.Log(bucketGrowth)

// bucketMiddle is as far from both bounds of the value's bucket, relatively.
func bucketMiddle(value float64) float64 {
	if value == 0 {
		return 0
	}
	bucket := math.Ceil(math.Log(value) / logGrowth)
	return math.Pow(bucketGrowth, bucket) * (1 - relativeError)
}

// maxValues is how many values a histogram tells apart.
const maxValues = 4096

// histogram counts run times, each by itself until there are too many
// different ones, and then by bucket.
type histogram struct {
	spreads
	counts map[float64]int // by value, or by the middle of its bucket
	coarse bool
}

func (h *histogram) add(x float64) {
	h.spreads.add(x)
	if h.coarse {
		x = bucketMiddle(x)
	}
	if h.counts == nil {
		h.counts = make(map[float64]int)
	}
	h.counts[x]++
	if !h.coarse && len(h.counts) > maxValues {
		h.coarsen()
	}
}

func (h *histogram) coarsen() {
	fine := h.counts
	h.counts, h.coarse = make(map[float64]int), true
	for value, n := range fine {
		h.counts[bucketMiddle(value)] += n
	}
}

func (h *histogram) runTimes() RunTimes {
	values := slices.Sorted(maps.Keys(h.counts))
	return RunTimes{
		Spread: h.spread(),
		P50:    h.quantile(values, 0.50),
		P90:    h.quantile(values, 0.90),
		P99:    h.quantile(values, 0.99),
	}
}

func (h *histogram) quantile(values []float64, q float64) insights.Seconds {
	rank := int(math.Ceil(q * float64(h.seconds.n)))
	for _, value := range values {
		rank -= h.counts[value]
		if rank <= 0 {
			return insights.Seconds(min(max(value, h.seconds.least), h.seconds.most))
		}
	}
	return 0
}
