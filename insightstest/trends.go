package insightstest

import (
	"cmp"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// maxBuckets bounds a histogram, as the search engines behind such services do.
const maxBuckets = 10_000

// breakdown is one of the ways in which trends split runs.
type breakdown struct {
	key   string
	names []string             // by number; two numbers may have the same name
	of    func(e *entry) int32 // the number
	which func(e *entry) bool  // the runs that count; nil: all
	place place
}

// place is the part of an answer that has a breakdown.
type place int

const (
	everywhere place = iota
	inBuckets
	inTotals
)

func (a *answerer) breakdowns() []breakdown {
	list := []breakdown{a.byOS("os", nil), a.byOwner(), a.byStatus()}
	if a.fields != FieldsOfReference {
		list = append(list, a.byBrowser("browser", nil))
	}
	if a.fields == FieldsSeenLive || a.fields == FieldsDocumented || a.extra {
		list = append(list, a.ofFailures()...)
	}
	switch {
	case a.fields == FieldsSeenLive:
		list = append(list, a.byMessage("error", isErrored, inTotals), a.byMessage("fail", isFailed, inTotals))
	case a.fields == FieldsDocumented:
		list = append(list, a.byMessage("errorMessage", hasMessage, everywhere))
		for _, key := range []string{"device", "deviceError", "deviceFail", "framework", "frameworkError", "frameworkFail"} {
			list = append(list, breakdown{key: key, which: none})
		}
	case a.extra:
		list = append(list, a.byMessage("errorMessage", hasMessage, everywhere))
	}
	return list
}

// ofFailures are the breakdowns of the runs that did not pass. The real service
// was seen to have them in buckets, not in the totals.
func (a *answerer) ofFailures() []breakdown {
	list := []breakdown{
		a.byOS("osFail", isFailed), a.byOS("osError", isErrored),
		a.byBrowser("browserFail", isFailed), a.byBrowser("browserError", isErrored),
	}
	if a.fields == FieldsSeenLive {
		for i := range list {
			list[i].place = inBuckets
		}
	}
	return list
}

func (a *answerer) byOS(key string, which func(*entry) bool) breakdown {
	return breakdown{key: key, names: a.shownNames(a.systems), of: func(e *entry) int32 { return e.system }, which: which}
}

func (a *answerer) byBrowser(key string, which func(*entry) bool) breakdown {
	return breakdown{key: key, names: a.shownNames(a.browsers), of: func(e *entry) int32 { return e.browser }, which: which}
}

func (a *answerer) byOwner() breakdown {
	return breakdown{key: "owner", names: a.owners, of: func(e *entry) int32 { return e.owner }}
}

func (a *answerer) byStatus() breakdown {
	return breakdown{key: "status", names: a.trendStatuses(), of: func(e *entry) int32 { return e.status }}
}

func (a *answerer) byMessage(key string, which func(*entry) bool, where place) breakdown {
	return breakdown{key: key, names: a.errors, of: func(e *entry) int32 { return e.failure }, place: where, which: func(e *entry) bool {
		return hasMessage(e) && which(e)
	}}
}

func isFailed(e *entry) bool   { return e.run.Status == insights.StatusFailed }
func isErrored(e *entry) bool  { return e.run.Status.IsError() }
func hasMessage(e *entry) bool { return e.run.Error != "" }
func none(*entry) bool         { return false }

// trendStatuses are the names of the statuses by number, as trends spell them.
func (a *answerer) trendStatuses() []string {
	names := slices.Clone(a.statuses)
	for i, name := range names {
		if insights.Status(name).IsError() {
			names[i] = string(a.trendErroredOr())
		}
	}
	return names
}

// trendErroredOr returns how trends spell the status of a run that errored.
func (f *form) trendErroredOr() insights.Status {
	return cmp.Or(f.trendErrored, f.errored)
}

// shownNames are the names that trends count by: those with a version, if runs
// have two.
func (a *answerer) shownNames(platforms []platform) []string {
	names := make([]string, len(platforms))
	for i, p := range platforms {
		names[i] = p.raw
		if a.familyNames {
			names[i] = p.normalized
		}
	}
	return names
}

// bucket counts the runs of an interval. It grows with the different values of
// its own runs, not with those of all.
type bucket struct {
	count  int
	counts []map[int32]int // by breakdown and number
}

func newBucket(list []breakdown) *bucket {
	b := &bucket{counts: make([]map[int32]int, len(list))}
	for i := range list {
		b.counts[i] = make(map[int32]int)
	}
	return b
}

func (b *bucket) include(e *entry, list []breakdown) {
	b.count++
	for i := range list {
		if by := &list[i]; by.which == nil || by.which(e) {
			b.counts[i][by.of(e)]++
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
	if last-first >= maxBuckets {
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

// bucketRange returns the first and the last bucket with a run.
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
	return floorDiv(a.memberTime(e), a.params.interval.Microseconds())
}

// floorDiv rounds down, also below zero.
func floorDiv(t, width int64) int64 {
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
	w.openAnswerOf(cmp.Or(w.trendStatus, w.status))
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
		if by.place == inBuckets {
			continue
		}
		totals := countsOf(by.names, h.total.counts[i])
		if by.key == "status" {
			for name := range a.noStatuses(a.trendErroredOr()) {
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
		if by.place == inTotals {
			continue
		}
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
func countsOf(names []string, counts map[int32]int) map[string]int {
	byName := make(map[string]int, len(counts))
	for number, n := range counts {
		byName[names[number]] += n
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
