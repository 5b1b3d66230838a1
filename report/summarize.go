package report

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// Summarize reads the runs once and sums them up. Its memory grows with the
// number of distinct names (of tests, builds, owners, oses, browsers), not
// with the number of runs.
//
// The runs may come oldest or newest first, as [insights.Client.AllTests]
// delivers them; of any other order Summary.Unordered tells. A run's place in
// time is its creation time, or its start or end where it has none.
//
// If the sequence ends with an error, Summarize returns that error together
// with the Summary of the runs before it, which is marked Partial. Options
// that [Options.Validate] refuses give an [*insights.OptionsError] and no
// Summary.
func Summarize(tests iter.Seq2[insights.Test, error], opts Options) (*Summary, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	s := newSummarizer(opts.withDefaults())
	for run, err := range tests {
		if err != nil {
			partial := s.summary()
			partial.Partial, partial.PartialReason = true, err.Error()
			return partial, err
		}
		s.add(run)
	}
	return s.summary(), nil
}

// summarizer gathers the figures of a Summary, run by run.
type summarizer struct {
	opts       Options
	all        Group
	statuses   map[insights.Status]int
	unstarted  int
	runTimes   histogram
	order      timeOrder
	builds     groups
	owners     groups
	oses       groups
	browsers   groups
	tests      map[testKey]*testRecord
	excluded   int
	errors     errorGroups
	hasStarted bool
}

func newSummarizer(opts Options) *summarizer {
	return &summarizer{
		opts:     opts,
		all:      Group{Counts: Counts{CompleteAs: opts.CompleteAs}},
		statuses: make(map[insights.Status]int),
		builds:   make(groups),
		owners:   make(groups),
		oses:     make(groups),
		browsers: make(groups),
		tests:    make(map[testKey]*testRecord),
		errors:   newErrorGroups(opts.MaxErrorGroups),
	}
}

func (s *summarizer) add(run insights.Test) {
	at := timeOf(run)
	s.order.add(at)
	s.all.add(run.Status, at)
	s.statuses[run.Status]++
	s.addGroups(run, at)
	s.addRunTime(run)
	s.errors.add(run, at, &s.order)
	if !s.opts.counts(run, at) {
		s.excluded++
		return
	}
	s.record(run).add(run, at, &s.order)
}

func (s *summarizer) addGroups(run insights.Test, at time.Time) {
	s.builds.add(run.Build, s.opts.CompleteAs, run.Status, at)
	s.owners.add(run.Owner, s.opts.CompleteAs, run.Status, at)
	s.oses.add(osOf(run), s.opts.CompleteAs, run.Status, at)
	s.browsers.add(browserOf(run), s.opts.CompleteAs, run.Status, at)
}

func (s *summarizer) addRunTime(run insights.Test) {
	if run.StartTime.IsZero() && run.Duration == 0 {
		s.unstarted++
	} else {
		s.hasStarted = true
	}
	if seconds, known := runTime(run); known {
		s.runTimes.add(seconds)
	}
}

// record finds the record of the run's test, or begins it.
func (s *summarizer) record(run insights.Test) *testRecord {
	key := testKey{name: run.Name}
	if s.opts.PerPlatform {
		key.os, key.browser = osOf(run), browserOf(run)
	}
	r, ok := s.tests[key]
	if !ok {
		r = newTestRecord(key, s.opts)
		s.tests[key] = r
	}
	return r
}

func (s *summarizer) summary() *Summary {
	return &Summary{
		Options:     s.opts,
		Counts:      s.all.Counts,
		Statuses:    s.statuses,
		NotStarted:  s.notStarted(),
		RunTimes:    s.runTimes.runTimes(),
		FirstRun:    s.all.FirstRun,
		LastRun:     s.all.LastRun,
		Builds:      s.builds.sorted(),
		Owners:      s.owners.sorted(),
		OSes:        s.oses.sorted(),
		Browsers:    s.browsers.sorted(),
		Tests:       s.testStats(),
		Excluded:    s.excluded,
		Unordered:   s.order.strays(),
		Errors:      s.errors.sorted(),
		OtherErrors: s.errors.others,
	}
}

func (s *summarizer) notStarted() *int {
	if s.unstarted > 0 && !s.hasStarted {
		return nil
	}
	return new(s.unstarted)
}

func (s *summarizer) testStats() []TestStats {
	stats := make([]TestStats, 0, len(s.tests))
	for _, r := range s.tests {
		stats = append(stats, r.stats())
	}
	slices.SortFunc(stats, func(a, b TestStats) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.OS, b.OS), strings.Compare(a.Browser, b.Browser))
	})
	return stats
}

// groups are the runs by one of their values.
type groups map[string]*Group

func (g groups) add(name string, completeAs CompleteAs, status insights.Status, at time.Time) {
	group, ok := g[name]
	if !ok {
		group = &Group{Name: name, Counts: Counts{CompleteAs: completeAs}}
		g[name] = group
	}
	group.add(status, at)
}

func (g groups) sorted() []Group {
	sorted := make([]Group, 0, len(g))
	for _, name := range slices.Sorted(maps.Keys(g)) {
		sorted = append(sorted, *g[name])
	}
	slices.SortStableFunc(sorted, func(a, b Group) int { return cmp.Compare(b.Counts.Runs, a.Counts.Runs) })
	return sorted
}

func (g *Group) add(status insights.Status, at time.Time) {
	g.Counts.add(status)
	g.FirstRun = earlier(g.FirstRun, at)
	g.LastRun = later(g.LastRun, at)
}

// timeOf is the run's place in time, zero where it has no time at all.
func timeOf(run insights.Test) time.Time {
	for _, at := range [...]time.Time{run.CreationTime, run.StartTime} {
		if !at.IsZero() {
			return at
		}
	}
	return run.EndTime
}

// earlier is the smaller of two times of which zero is unknown.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func osOf(run insights.Test) string      { return cmp.Or(run.OSNormalized, run.OS) }
func browserOf(run insights.Test) string { return cmp.Or(run.BrowserNormalized, run.Browser) }
