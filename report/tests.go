package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sauceinsights/insights"
)

type testKey struct{ name, os, browser string }

// testRecord gathers the TestStats of one test.
type testRecord struct {
	TestStats
	opts        Options
	lastMessage time.Time
	history     history
	tally       tally
	platforms   map[*platform]*Counts
	times       spreads
}

func newTestRecord(key testKey, opts Options) *testRecord {
	return &testRecord{
		TestStats: TestStats{
			Name:    key.name,
			OS:      key.os,
			Browser: key.browser,
			Counts:  Counts{CompleteAs: opts.CompleteAs},
		},
		opts:      opts,
		platforms: make(map[*platform]*Counts),
	}
}

func (r *testRecord) add(run insights.Test, when whenever, build *Group, on *platform, order *arrivals) {
	r.Counts.add(run.Status)
	r.platform(on).add(run.Status)
	r.FirstRun = earlier(r.FirstRun, when.at)
	r.LastRun = later(r.LastRun, when.at)
	if when.isTimed {
		r.times.add(when.seconds)
	}
	result := r.opts.CompleteAs.outcome(run.Status)
	if result == failed {
		r.addFailure(run, when.at, order)
	}
	// An errored run says more about where it ran than about the test.
	if result != undecided && !run.Status.IsError() && !when.at.IsZero() {
		r.history.add(mark{at: when.at.UnixNano(), build: build, platform: on, failed: result == failed}, order)
	}
}

func (r *testRecord) platform(on *platform) *Counts {
	c, ok := r.platforms[on]
	if !ok {
		c = &Counts{CompleteAs: r.opts.CompleteAs}
		r.platforms[on] = c
	}
	return c
}

func (r *testRecord) addFailure(run insights.Test, at time.Time, order *arrivals) {
	if r.Counts.Failures() == 1 || order.isNewer(at, r.LastFailure) {
		r.LastFailureRun, r.LastFailureURL = run.ID, run.DetailsURL
	}
	r.LastFailure = later(r.LastFailure, at)
	if run.Error != "" && (r.LastError == "" || order.isNewer(at, r.lastMessage)) {
		r.LastError, r.lastMessage = cutError(run.Error), at
	}
}

// judge gives the verdict. isUnlikelyCalm is the finding of the whole suite.
func (r *testRecord) judge(calm float64, isUnlikelyCalm, isOneBuild bool) TestStats {
	stats := r.TestStats
	stats.RunTimes = r.times.spread()
	stats.Judged, stats.Flips, stats.Calm = r.tally.compared, r.tally.flips, calm
	stats.BrokenOn = r.brokenOn(isOneBuild)
	stats.Verdict = r.verdict(stats, isUnlikelyCalm)
	return stats
}

func (r *testRecord) verdict(stats TestStats, isUnlikelyCalm bool) Verdict {
	rate, _ := stats.FlipRate()
	switch {
	case r.Counts.Decided() == 0:
		return Undecided
	case r.Counts.Successes() == 0 && r.Counts.Decided() >= r.opts.MinBroken, len(stats.BrokenOn) > 0:
		return Broken
	case isUnlikelyCalm && stats.Flips >= 2 && stats.Judged >= r.opts.MinRuns && rate >= r.opts.MinRate:
		return Flaky
	}
	return Steady
}

// A test that passes elsewhere is broken on a platform if it failed there at
// least minBrokenRuns times, and if chance would do so on any of its platforms
// in less than one of a hundred cases. In a single build, one run has to be
// enough.
const (
	minBrokenRuns   = 3
	maxBrokenChance = 0.01
)

func (r *testRecord) brokenOn(isOneBuild bool) []Platform {
	if r.opts.PerPlatform || r.Counts.Successes() == 0 {
		return nil
	}
	var list []Platform
	for on, c := range r.platforms {
		if c.Decided() > 0 && c.Successes() == 0 && r.isBroken(*c, isOneBuild) {
			list = append(list, Platform{on.os, on.browser})
		}
	}
	slices.SortFunc(list, func(a, b Platform) int {
		return cmp.Or(strings.Compare(a.OS, b.OS), strings.Compare(a.Browser, b.Browser))
	})
	return list
}

func (r *testRecord) isBroken(on Counts, isOneBuild bool) bool {
	if isOneBuild {
		return on.Decided() >= r.opts.MinBroken
	}
	elsewhere := float64(r.Counts.Failures()-on.Failures()+1) / float64(r.Counts.Decided()-on.Decided()+2)
	chance := math.Pow(elsewhere, float64(on.Decided())) * float64(len(r.platforms))
	return on.Decided() >= max(minBrokenRuns, r.opts.MinBroken) && chance <= maxBrokenChance
}

// maxErrorText is how much of an error message is kept, in bytes.
const maxErrorText = 2000

func cutError(message string) string { return cut(message, maxErrorText) }

// cut shortens a text to at most n bytes, between two characters. What it cuts
// is a copy, which does not hold on to the rest.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return strings.Clone(text[:n])
}
