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
	index   atomic.Pointer[snapshot]
	changed atomic.Bool  // there is something to merge
	due     atomic.Int64 // when the next of later is due, in microseconds since 1970

	mu           sync.Mutex
	byID         map[string]*run
	added        int
	additions    []entry       // not in the index yet
	gone         map[*run]bool // of the index or the additions: replaced or removed
	later        []delayed     // by time
	dictionaries dictionaries
	lags         lags
}

// delayed is a run that appears at a time.
type delayed struct {
	at  int64 // microseconds since 1970
	run *run
}

// entry is what filters and sums need of a run: it fits a cache line.
type entry struct {
	created, started, ended                              int64 // microseconds since 1970; a run without a start or an end counts with its creation
	name, build, owner, status, failure, system, browser int32 // in the dictionaries
	run                                                  *run
}

// run is a run and its JSON in lists, which is written when it is first asked for.
type run struct {
	insights.Test
	position int  // among runs of the same creation time
	twin     *run // the same run, listed a second time; nil: it is not

	isUncreated bool // it shows no creation time
	item        atomic.Pointer[[]byte]
}

// snapshot is the runs at one moment.
type snapshot struct {
	vocabulary
	entries []entry // by creation time, equal ones by position
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
	s.clear()
	return s
}

// clear removes all runs, also those that are to come.
func (s *store) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID, s.added, s.additions, s.gone, s.later = make(map[string]*run), 0, nil, make(map[*run]bool), nil
	s.dictionaries, s.lags = dictionaries{}, lags{}
	s.index.Store(new(snapshot))
	s.changed.Store(false)
	s.due.Store(never)
}

// never is a time in microseconds that does not come.
const never = 1<<63 - 1

// put takes runs that are complete; see Server.complete. One whose ID is known
// takes the place of the old one.
func (s *store) put(runs []run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.additions = slices.Grow(s.additions, len(runs))
	for i := range runs {
		s.putOne(&runs[i])
	}
}

func (s *store) putOne(r *run) {
	s.added++
	r.position = s.added
	if old := s.byID[r.ID]; old != nil {
		r.position = old.position
		s.drop(old)
	}
	s.byID[r.ID] = r
	s.additions = append(s.additions, s.entry(r))
	if r.twin != nil {
		r.twin.position = r.position
		s.additions = append(s.additions, s.entry(r.twin))
	}
	s.changed.Store(true)
}

// drop takes a run out of the list at the next merge.
func (s *store) drop(r *run) {
	s.gone[r] = true
	if r.twin != nil {
		s.gone[r.twin] = true
	}
}

// putLater takes a run that appears at a time.
func (s *store) putLater(at int64, r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.later, at+1, func(d delayed, t int64) int { return cmp.Compare(d.at, t) })
	s.later = slices.Insert(s.later, i, delayed{at, r})
	s.due.Store(s.later[0].at)
}

// find returns the run with an ID; nil: there is none.
func (s *store) find(id string) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byID[id]
}

// remove reports whether there was a run with that ID.
func (s *store) remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.byID[id]
	if old == nil {
		return false
	}
	delete(s.byID, id)
	s.drop(old)
	s.changed.Store(true)
	return true
}

func (s *store) entry(r *run) entry {
	d := &s.dictionaries
	e := entry{
		created: r.CreationTime.UnixMicro(),
		started: r.CreationTime.UnixMicro(),
		ended:   r.CreationTime.UnixMicro(),
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
	if !r.EndTime.IsZero() {
		e.ended = r.EndTime.UnixMicro()
	}
	s.lags.include(&e)
	return e
}

// snapshot returns the runs as they are now, in microseconds since 1970.
func (s *store) snapshot(now int64) *snapshot {
	if s.due.Load() <= now {
		s.putDue(now)
	}
	if s.changed.Load() {
		s.merge()
	}
	return s.index.Load()
}

// putDue puts the runs that appear until now.
func (s *store) putDue(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.later) > 0 && s.later[0].at <= now {
		s.putOne(s.later[0].run)
		s.later = s.later[1:]
	}
	s.due.Store(never)
	if len(s.later) > 0 {
		s.due.Store(s.later[0].at)
	}
}

// merge makes a new snapshot of the last one and of what has changed. If all
// additions are later than what is there, which is how runs arrive, the two
// share their memory.
func (s *store) merge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, added := s.index.Load().entries, s.additions
	if len(s.gone) > 0 {
		old, added = s.withoutGone(old), s.withoutGone(added)
	}
	slices.SortFunc(added, byCreation)
	s.index.Store(&snapshot{
		vocabulary: s.dictionaries.vocabulary(),
		entries:    merged(old, added),
		lags:       s.lags,
	})
	s.additions = nil
	clear(s.gone)
	s.changed.Store(false)
}

// withoutGone returns a copy: the entries may be those of a snapshot.
func (s *store) withoutGone(entries []entry) []entry {
	left := make([]entry, 0, len(entries))
	for _, e := range entries {
		if !s.gone[e.run] {
			left = append(left, e)
		}
	}
	return left
}

func byCreation(a, b entry) int {
	if a.created != b.created {
		return cmp.Compare(a.created, b.created)
	}
	return cmp.Compare(a.run.position, b.run.position)
}

// merged joins two ordered lists.
func merged(old, added []entry) []entry {
	if len(old) == 0 || len(added) == 0 || byCreation(old[len(old)-1], added[0]) < 0 {
		return append(old, added...)
	}
	all := make([]entry, 0, len(old)+len(added))
	for len(old) > 0 && len(added) > 0 {
		if byCreation(old[0], added[0]) < 0 {
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
	n := int32(len(d.values)) //nolint:gosec // each of them is a different text in memory
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
