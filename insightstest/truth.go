package insightstest

import (
	"maps"
	"slices"
	"time"
)

// Truth is what runs of [Generate] were made from: what an analysis of them
// should find. All lists are sorted, and hold what may be in the runs, even if
// a small number of runs does not show it.
type Truth struct {
	Broken    []string          // names of tests that never pass: a run that gets to a verdict fails
	Flaky     []string          // names of tests that fail in 30 % of their runs; every other test in 3 %
	BadBuilds []string          // builds in which every test fails in 50 % of its runs
	Causes    map[string]string // every error text and its cause: the text with # for what differs from run to run
}

// GenerateTruth returns the truth behind the runs that [Generate] makes of the
// same arguments. It panics as Generate does.
//
// Broken, Flaky and Causes are the same for all arguments. The rates are those
// of runs that end with a verdict; some runs error or are complete in any test.
func GenerateTruth(seed uint64, n int, start, end time.Time) Truth {
	g := newGenerator(seed, checkedSeconds(n, start, end))
	bad := make(map[string]bool)
	for _, p := range g.plan(n) {
		if p.burst.isBad && p.burst.build != "" {
			bad[p.burst.build] = true
		}
	}
	return Truth{
		Broken:    slices.Sorted(slices.Values(g.names[:brokenTests])),
		Flaky:     slices.Sorted(slices.Values(g.names[brokenTests : brokenTests+flakyTests])),
		BadBuilds: slices.Sorted(maps.Keys(bad)),
		Causes:    causes(),
	}
}

// causes maps every text that Generate writes to its template.
func causes() map[string]string {
	all := map[string]string{neverStarted: neverStarted}
	for _, template := range slices.Concat(failures, crashes) {
		for _, text := range filled([]string{template}) {
			all[text] = template
		}
	}
	return all
}
