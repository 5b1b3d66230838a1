package insightstest

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sauceinsights/insights"
)

// store holds the runs, ordered by creation time. Readers work on a snapshot,
// which never changes.
type store struct {
	index atomic.Pointer[snapshot]

	mu           sync.Mutex
	hasAdditions atomic.Bool
	additions    []entry // not in the index yet, in the order in which they were added
	dictionaries dictionaries
	lags         lags
}

// entry is what filters and sums need of a run: it fits a cache line.
type entry struct {
	created, started, ended                              int64 // microseconds since 1970; a run that never started counts with its creation
	name, build, owner, status, failure, system, browser int32 // in the dictionaries
	run                                                  *run
}

// run is a run and its JSON in lists, which is written when it is first asked for.
type run struct {
	insights.Test
	item atomic.Pointer[[]byte]
}

// snapshot is the runs at one moment.
type snapshot struct {
	vocabulary
	entries []entry // by creation time, equal ones in the order in which they were added
	lags    lags
}

// lags bound how much later (or earlier) than its creation a run started and
// ended, in microseconds.
type lags struct{ minStart, maxStart, minEnd, maxEnd int64 }

func (l *lags) include(e *entry) {
	l.minStart = min(l.minStart, e.started-e.created)
	l.maxStart = max(l.maxStart, e.started-e.created)
	l.minEnd = min(l.minEnd, e.ended-e.created)
	l.maxEnd = max(l.maxEnd, e.ended-e.created)
}

func newStore() *store {
	s := new(store)
	s.index.Store(new(snapshot))
	return s
}

// add takes runs that are complete; see Server.complete.
func (s *store) add(runs []run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.additions = slices.Grow(s.additions, len(runs))
	for i := range runs {
		s.additions = append(s.additions, s.entry(&runs[i]))
	}
	s.hasAdditions.Store(true)
}

func (s *store) entry(r *run) entry {
	d := &s.dictionaries
	e := entry{
		created: r.CreationTime.UnixMicro(),
		started: r.CreationTime.UnixMicro(),
		ended:   r.EndTime.UnixMicro(),
		name:    d.names.number(r.Name),
		build:   d.builds.number(r.Build),
		owner:   d.owners.number(r.Owner),
		status:  d.statuses.number(string(r.Status)),
		failure: d.errors.number(r.Error),
		system:  d.systems.number(platform{r.OS, r.OSNormalized}),
		browser: d.browsers.number(platform{r.Browser, r.BrowserNormalized}),
		run:     r,
	}
	if !r.StartTime.IsZero() {
		e.started = r.StartTime.UnixMicro()
	}
	s.lags.include(&e)
	return e
}

// snapshot is the runs as they are now.
func (s *store) snapshot() *snapshot {
	if s.hasAdditions.Load() {
		s.merge()
	}
	return s.index.Load()
}

// merge puts the additions into a new snapshot. Where they are all later than
// what is there, which is how runs arrive, the two share their memory.
func (s *store) merge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.additions, byCreation)
	s.index.Store(&snapshot{
		vocabulary: s.dictionaries.vocabulary(),
		entries:    merged(s.index.Load().entries, s.additions),
		lags:       s.lags,
	})
	s.additions = nil
	s.hasAdditions.Store(false)
}

func byCreation(a, b entry) int {
	return cmp.Compare(a.created, b.created)
}

// merged joins two ordered lists; of equal runs the old come first.
func merged(old, added []entry) []entry {
	if len(old) == 0 || len(added) == 0 || old[len(old)-1].created <= added[0].created {
		return append(old, added...)
	}
	all := make([]entry, 0, len(old)+len(added))
	for len(old) > 0 && len(added) > 0 {
		if old[0].created <= added[0].created {
			all, old = append(all, old[0]), old[1:]
		} else {
			all, added = append(all, added[0]), added[1:]
		}
	}
	return append(append(all, old...), added...)
}

// created are the runs created from the first to the last microsecond given.
func (s *snapshot) created(first, last int64) []entry {
	low, _ := slices.BinarySearchFunc(s.entries, first, func(e entry, t int64) int { return cmp.Compare(e.created, t) })
	length, _ := slices.BinarySearchFunc(s.entries[low:], last, func(e entry, t int64) int {
		if e.created <= t {
			return -1
		}
		return 1
	})
	return s.entries[low : low+length]
}

// dictionary numbers the distinct values of a field. A filter then is a list
// of the numbers it lets through, whatever it compares, and a sum is a list of
// counts.
type dictionary[V comparable] struct {
	numbers map[V]int32
	values  []V // by number; only ever appended to, so that readers may keep a slice of it
}

func (d *dictionary[V]) number(v V) int32 {
	if n, known := d.numbers[v]; known {
		return n
	}
	if d.numbers == nil {
		d.numbers = make(map[V]int32)
	}
	n := int32(len(d.values))
	d.numbers[v] = n
	d.values = append(d.values, v)
	return n
}

// platform is the name of a system or a browser in both forms.
type platform struct{ raw, normalized string }

// dictionaries are those of all fields that can be filtered or summed up by.
type dictionaries struct {
	names, builds, owners, statuses, errors dictionary[string]
	systems, browsers                       dictionary[platform]
}

// vocabulary is what the dictionaries held at one moment.
type vocabulary struct {
	names, builds, owners, statuses, errors []string
	systems, browsers                       []platform
}

func (d *dictionaries) vocabulary() vocabulary {
	return vocabulary{
		names:    d.names.values,
		builds:   d.builds.values,
		owners:   d.owners.values,
		statuses: d.statuses.values,
		errors:   d.errors.values,
		systems:  d.systems.values,
		browsers: d.browsers.values,
	}
}
