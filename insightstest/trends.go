package insightstest

import (
	"cmp"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// mostBuckets bounds a histogram, as the search engines behind such services do.
const mostBuckets = 10_000

// breakdown is one of the ways in which trends split runs.
type breakdown struct {
	key   string
	names []string                     // by number; two numbers may have the same name
	of    func(e *entry) (int32, bool) // the number, and whether the run counts at all
}

// breakdowns are those of the reference, of today's service, and of the newer
// documentation.
func (a *answerer) breakdowns() []breakdown {
	systems, browsers := rawNames(a.systems), rawNames(a.browsers)
	list := []breakdown{
		{"os", systems, func(e *entry) (int32, bool) { return e.system, true }},
		{"owner", a.owners, func(e *entry) (int32, bool) { return e.owner, true }},
		{"status", a.statuses, func(e *entry) (int32, bool) { return e.status, true }},
	}
	if !a.reference {
		list = append(list, breakdown{"browser", browsers, func(e *entry) (int32, bool) { return e.browser, true }})
	}
	if a.extra {
		list = append(list,
			breakdown{"osFail", systems, func(e *entry) (int32, bool) { return e.system, e.run.Status == insights.StatusFailed }},
			breakdown{"osError", systems, func(e *entry) (int32, bool) { return e.system, e.run.Status.IsError() }},
			breakdown{"browserFail", browsers, func(e *entry) (int32, bool) { return e.browser, e.run.Status == insights.StatusFailed }},
			breakdown{"browserError", browsers, func(e *entry) (int32, bool) { return e.browser, e.run.Status.IsError() }},
			breakdown{"errorMessage", a.errors, func(e *entry) (int32, bool) { return e.failure, e.run.Error != "" }},
		)
	}
	return list
}

func rawNames(platforms []platform) []string {
	names := make([]string, len(platforms))
	for i, p := range platforms {
		names[i] = p.raw
	}
	return names
}

// bucket counts the runs of an interval.
type bucket struct {
	count  int
	counts [][]int // by breakdown and number
}

func newBucket(list []breakdown) *bucket {
	b := &bucket{counts: make([][]int, len(list))}
	for i := range list {
		b.counts[i] = make([]int, len(list[i].names))
	}
	return b
}

func (b *bucket) include(e *entry, list []breakdown) {
	b.count++
	for i := range list {
		if number, counts := list[i].of(e); counts {
			b.counts[i][number]++
		}
	}
}

// histogram holds the buckets from the first run to the last; a bucket without
// a run is nil.
type histogram struct {
	breakdowns []breakdown
	first      int64 // the number of the first bucket, counted from 1970
	buckets    []*bucket
	total      *bucket
}

// histogram counts the selected runs by the time that decides whether they lie
// in the period. Buckets begin at whole multiples of the interval since 1970.
func (a *answerer) histogram() (*histogram, *refusal) {
	h := &histogram{breakdowns: a.breakdowns()}
	h.total = newBucket(h.breakdowns)
	first, last := a.bucketRange()
	if last-first >= mostBuckets {
		return nil, &refusal{a.invalidStatus, "interval", "too many buckets: take a longer interval or a shorter period."}
	}
	h.first, h.buckets = first, make([]*bucket, last-first+1)
	for e := range a.oldestFirst() {
		b := &h.buckets[a.bucketOf(e)-first]
		if *b == nil {
			*b = newBucket(h.breakdowns)
		}
		(*b).include(e, h.breakdowns)
		h.total.include(e, h.breakdowns)
	}
	return h, nil
}

// bucketRange is the first and the last bucket with a run.
func (a *answerer) bucketRange() (first, last int64) {
	first, last = 0, -1
	for e := range a.oldestFirst() {
		n := a.bucketOf(e)
		if last < first {
			first, last = n, n
		}
		first, last = min(first, n), max(last, n)
	}
	return first, last
}

func (a *answerer) bucketOf(e *entry) int64 {
	t, width := a.memberTime(e), a.params.interval.Microseconds()
	if t < 0 {
		return (t - width + 1) / width
	}
	return t / width
}

// writeTrends answers /trends/tests.
func (a *answerer) writeTrends(w *writer) *refusal {
	h, err := a.histogram()
	if err != nil {
		return err
	}
	w.openAnswer()
	w.open("buckets", '[')
	empty := newBucket(h.breakdowns)
	for i, b := range h.buckets {
		start := time.UnixMicro((h.first + int64(i)) * a.params.interval.Microseconds()).UTC()
		w.bucket(start, cmp.Or(b, empty), h.breakdowns)
	}
	w.closeList()
	a.writeTrendTotals(w, h)
	w.close('}')
	return nil
}

func (a *answerer) writeTrendTotals(w *writer, h *histogram) {
	w.open("metrics", '{')
	for i, by := range h.breakdowns {
		totals := countsOf(by.names, h.total.counts[i])
		if by.key == "status" {
			for name := range a.noStatuses() {
				totals[name] += 0
			}
		}
		w.countsByName(by.key, totals)
	}
	w.close('}')
}

func (w *writer) bucket(start time.Time, b *bucket, list []breakdown) {
	w.open("", '{')
	w.bucketTime(start)
	w.count("count", b.count)
	w.open("aggs", '{')
	for i, by := range list {
		w.namedCounts(by.key, countsOf(by.names, b.counts[i]))
	}
	w.close('}')
	w.extras()
	w.close('}')
}

func (w *writer) bucketTime(t time.Time) {
	text := `"` + t.Format(millisecondLayout) + `"`
	switch w.bucketTimes {
	case BucketSeconds:
		w.integer("timestamp", t.Unix())
		w.raw("datetime", text)
	case BucketMilliseconds:
		w.integer("timestamp", t.UnixMilli())
		w.raw("datetime", text)
	default:
		w.raw("timestamp", text)
	}
}

// countsOf sums up by name; names that no run has are left out.
func countsOf(names []string, counts []int) map[string]int {
	byName := make(map[string]int)
	for number, n := range counts {
		if n > 0 {
			byName[names[number]] += n
		}
	}
	return byName
}

// namedCounts writes a list of names and counts, the highest count first.
func (w *writer) namedCounts(key string, counts map[string]int) {
	w.open(key, '[')
	for _, c := range mostFrequent(counts) {
		w.open("", '{')
		w.text("name", c.Name)
		w.count("count", c.Count)
		w.close('}')
	}
	w.closeList()
}

// mostFrequent orders by count, the highest first, and then by name.
func mostFrequent(counts map[string]int) []insights.NamedCount {
	list := make([]insights.NamedCount, 0, len(counts))
	for name, n := range counts {
		list = append(list, insights.NamedCount{Name: name, Count: n})
	}
	slices.SortFunc(list, func(a, b insights.NamedCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return list
}
