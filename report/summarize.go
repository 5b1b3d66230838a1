package report

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// Summarize reads the runs once and sums them up. Its memory grows with the
// number of distinct names (of tests, builds, owners, OSes, browsers), not
// with the number of runs.
//
// The runs may come in any order. A run's place in time is its creation time,
// or its start or end if it has none; of runs of the same time the one that
// comes last is the latest, unless the newest runs come first.
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
	opts              Options
	all               Group
	undated, oddTimes int
	platforms         map[platform]*platform
	outcomes          outcomes
	quarantine        quarantine
	baseline          Baseline
	statuses          map[insights.Status]int
	unstarted         int
	runTimes          histogram
	order             arrivals
	builds            groups
	owners            groups
	oses              groups
	browsers          groups
	tests             map[testKey]*testRecord
	excluded          int
	errors            errorGroups
	hasStarted        bool
}

func newSummarizer(opts Options) *summarizer {
	return &summarizer{
		opts:       opts,
		all:        newGroup("", opts.CompleteAs),
		statuses:   make(map[insights.Status]int),
		builds:     make(groups),
		owners:     make(groups),
		oses:       make(groups),
		browsers:   make(groups),
		tests:      make(map[testKey]*testRecord),
		platforms:  make(map[platform]*platform),
		outcomes:   outcomes{open: make(map[string]*openBuild), listed: []Outcome{}},
		quarantine: newQuarantine(opts.Quarantine),
		errors:     newErrorGroups(opts.MaxErrorGroups, opts.Normalize),
	}
}

func (s *summarizer) add(run insights.Test) {
	when := timesOf(run)
	s.order.add(when.at)
	s.addTimes(run, when)
	s.all.add(run.Status, when.at)
	s.statuses[run.Status]++
	s.addGroups(run, when.at)
	s.errors.add(run, when.at, &s.order)
	if !s.opts.counts(run, when.at) {
		s.excluded++
		return
	}
	s.addToTest(run, when)
}

func (s *summarizer) addToTest(run insights.Test, when whenever) {
	build := s.builds[run.Build]
	reason := s.quarantine.reason(run, when.at)
	if reason != "" {
		s.all.forgive(run.Status)
		build.forgive(run.Status)
	}
	s.outcomes.add(run, build, s.opts.CompleteAs.outcome(run.Status), reason, when.at, &s.order)
	record := s.record(run)
	if !when.at.Before(record.LastRun) {
		record.Quarantined = reason
	}
	record.add(run, when, build, s.platform(run), &s.order)
}

func (s *summarizer) platform(run insights.Test) *platform {
	key := platform{osOf(run), browserOf(run)}
	on, ok := s.platforms[key]
	if !ok {
		on = new(key)
		s.platforms[key] = on
	}
	return on
}

func (s *summarizer) addGroups(run insights.Test, at time.Time) {
	s.builds.add(run.Build, s.opts.CompleteAs, run.Status, at)
	s.owners.add(run.Owner, s.opts.CompleteAs, run.Status, at)
	s.oses.add(osOf(run), s.opts.CompleteAs, run.Status, at)
	s.browsers.add(browserOf(run), s.opts.CompleteAs, run.Status, at)
}

func (s *summarizer) addTimes(run insights.Test, when whenever) {
	if when.isOdd {
		s.oddTimes++
	}
	if when.at.IsZero() {
		s.undated++
	}
	if run.StartTime.IsZero() && run.Duration == 0 {
		s.unstarted++
	} else {
		s.hasStarted = true
	}
	if when.isTimed {
		s.runTimes.add(when.seconds)
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
	s.outcomes.finish()
	tests := s.testStats()
	return &Summary{
		Options:      s.opts.recorded(),
		Counts:       s.all.Counts,
		Statuses:     s.statuses,
		NotStarted:   s.notStarted(),
		RunTimes:     s.runTimes.runTimes(),
		FirstRun:     s.all.FirstRun,
		LastRun:      s.all.LastRun,
		Builds:       s.builds.sorted(),
		Owners:       s.owners.sorted(),
		OSes:         s.oses.sorted(),
		Browsers:     s.browsers.sorted(),
		Tests:        tests,
		Excluded:     s.excluded,
		Baseline:     s.baseline,
		Outcomes:     s.outcomes.total,
		Unstable:     s.outcomes.listed,
		MoreUnstable: s.outcomes.more,
		Quarantined:  s.quarantined(),
		OddTimes:     s.oddTimes,
		Undated:      s.undated,
		Errors:       s.errors.sorted(),
		OtherErrors:  s.errors.others,
	}
}

func (s *summarizer) quarantined() Counts {
	counts := s.all.Quarantined
	counts.CompleteAs = s.opts.CompleteAs
	return counts
}

func (s *summarizer) notStarted() *int {
	if s.unstarted > 0 && !s.hasStarted {
		return nil
	}
	return new(s.unstarted)
}

// testStats judges every test beside the others.
func (s *summarizer) testStats() []TestStats {
	records := s.sortedRecords()
	bad := failedBuilds(s.builds)
	tallies := make([]tally, len(records))
	for i, r := range records {
		r.tally = tallyOf(r.history.latest(&s.order), bad)
		tallies[i] = r.tally
	}
	mixture, calm := fit(tallies)
	s.baseline = Baseline{FailureRate: rounded(mixture.calmRate), FailedBuilds: namesOf(bad)}
	unlikely, above := unlikelyCalm(calm), aboveCalmest(tallies)
	stats := make([]TestStats, len(records))
	for i, r := range records {
		stats[i] = r.judge(rounded(calm[i]), unlikely[i] && above[i], len(s.builds) == 1)
	}
	return stats
}

// rounded leaves six decimals: what follows differs from processor to processor.
func rounded(x float64) float64 { return math.Round(x*1e6) / 1e6 }

func (s *summarizer) sortedRecords() []*testRecord {
	return slices.SortedFunc(maps.Values(s.tests), func(a, b *testRecord) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.OS, b.OS), strings.Compare(a.Browser, b.Browser))
	})
}

func namesOf(builds map[*Group]bool) []string {
	names := make([]string, 0, len(builds))
	for g := range builds {
		names = append(names, g.Name)
	}
	slices.Sort(names)
	return names
}

// groups are the runs by one of their values.
type groups map[string]*Group

func (g groups) add(name string, completeAs CompleteAs, status insights.Status, at time.Time) {
	group, ok := g[name]
	if !ok {
		group = new(newGroup(name, completeAs))
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

func newGroup(name string, completeAs CompleteAs) Group {
	return Group{Name: name, Counts: Counts{CompleteAs: completeAs}}
}

// forgive counts a run, which is in Counts already, as quarantined.
func (g *Group) forgive(status insights.Status) {
	g.Quarantined.CompleteAs = g.Counts.CompleteAs
	g.Quarantined.add(status)
}

func (g *Group) add(status insights.Status, at time.Time) {
	g.Counts.add(status)
	g.FirstRun = earlier(g.FirstRun, at)
	g.LastRun = later(g.LastRun, at)
}

func osOf(run insights.Test) string      { return cmp.Or(run.OSNormalized, run.OS) }
func browserOf(run insights.Test) string { return cmp.Or(run.BrowserNormalized, run.Browser) }
