package dashboard

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// Board is all that the pages show of some runs.
type Board struct {
	Source   string // whose runs these are
	IsDemo   bool
	From, To time.Time // the period
	Built    time.Time
	Filter   Filter

	Now, Before *report.Summary    // of the period, and of the one before it
	Change      *report.Comparison // between the two
	Days        []Day              // oldest first, one for each day of the period
	Builds      []Build            // the newest first
	Errors      []ErrorGroup       // most runs first
	Flaky       []FlakyTest
	Coverage    Coverage

	// Failed says why a panel has nothing to show, by the panel's name.
	Failed map[string]string

	runs []insights.Test // of the period, oldest first
}

// Filter leaves out runs. The zero Filter leaves out none.
type Filter struct {
	OS, Browser, Owner string // empty: any
}

func (f Filter) accepts(run insights.Test) bool {
	return (f.OS == "" || osOf(run) == f.OS) && (f.Browser == "" || browserOf(run) == f.Browser) && (f.Owner == "" || run.Owner == f.Owner)
}

func osOf(run insights.Test) string      { return cmp.Or(run.OSNormalized, run.OS) }
func browserOf(run insights.Test) string { return cmp.Or(run.BrowserNormalized, run.Browser) }

// Day is one day of the period, in UTC.
type Day struct {
	Date   time.Time
	Counts report.Counts
}

// Build is a build with its runs by status.
type Build struct {
	Name   string
	First  time.Time
	Counts report.Counts
}

// ErrorGroup is the runs whose errors have one cause.
type ErrorGroup struct {
	Cause, Sample string
	Runs          int
	Tests         int // 0: not known
}

// FlakyTest is a test with its latest results.
type FlakyTest struct {
	report.TestStats
	Strip []insights.Status // the newest last
}

// Coverage is the runs by OS and browser.
type Coverage struct {
	OSes, Browsers []string
	Counts         map[[2]string]report.Counts
}

// Input is what a board is made of.
type Input struct {
	Source   string
	IsDemo   bool
	From, To time.Time
	Now      time.Time
	Filter   Filter
	Runs     []insights.Test // of the period and of the one before, by creation time
	// What the service itself counts, if it was asked; nil: figures are made of Runs.
	Days   []Day
	Builds []Build
	Errors []ErrorGroup
	Failed map[string]string
}

const stripLength = 30

// New computes a board. What it can't say, such as a change without runs before, is
// left out.
func New(in Input) (*Board, error) {
	b := &Board{Source: in.Source, IsDemo: in.IsDemo, From: in.From, To: in.To, Built: in.Now, Filter: in.Filter, Failed: in.Failed}
	var before []insights.Test
	for _, run := range in.Runs {
		switch {
		case !in.Filter.accepts(run):
		case run.CreationTime.Before(in.From):
			before = append(before, run)
		default:
			b.runs = append(b.runs, run)
		}
	}
	slices.SortStableFunc(b.runs, func(x, y insights.Test) int { return x.CreationTime.Compare(y.CreationTime) })
	var err error
	if b.Now, err = report.Summarize(report.Replay(b.runs, nil), report.Options{}); err != nil {
		return nil, err
	}
	if b.Before, err = report.Summarize(report.Replay(before, nil), report.Options{}); err != nil {
		return nil, err
	}
	if b.Before.Counts.Runs > 0 {
		if b.Change, err = report.Compare(b.Before, b.Now, report.CompareOptions{}); err != nil {
			return nil, err
		}
	}
	b.fill(in)
	return b, nil
}

// fill takes what the service counts, unless only some runs are to be shown.
func (b *Board) fill(in Input) {
	isAll := in.Filter == Filter{}
	b.Days, b.Builds, b.Errors = in.Days, in.Builds, in.Errors
	if b.Days == nil || !isAll {
		b.Days = b.days()
	}
	if b.Builds == nil || !isAll {
		b.Builds = buildsOf(b.Now)
	}
	if b.Errors == nil || !isAll {
		b.Errors = errorsOf(b.Now)
	}
	b.Flaky = b.flaky()
	b.Coverage = coverageOf(b.runs)
}

// days has one entry for each day, also those without runs.
func (b *Board) days() []Day {
	byDay := make(map[string][]insights.Test)
	for _, run := range b.runs {
		byDay[run.CreationTime.UTC().Format(time.DateOnly)] = append(byDay[run.CreationTime.UTC().Format(time.DateOnly)], run)
	}
	var days []Day
	for day := b.From.UTC().Truncate(24 * time.Hour); day.Before(b.To); day = day.AddDate(0, 0, 1) {
		days = append(days, Day{day, CountsOf(byDay[day.Format(time.DateOnly)])})
	}
	return days
}

// CountsOf counts runs as package report does, without all that it finds out besides.
func CountsOf(runs []insights.Test) report.Counts {
	c := report.Counts{Runs: len(runs)}
	for _, run := range runs {
		switch {
		case run.Status == insights.StatusPassed:
			c.Passed++
		case run.Status == insights.StatusFailed:
			c.Failed++
		case run.Status.IsError():
			c.Errored++
		case run.Status == insights.StatusComplete:
			c.Complete++
		default:
			c.Other++
		}
	}
	return c
}

func buildsOf(summary *report.Summary) []Build {
	var builds []Build
	for _, g := range summary.Builds {
		if g.Name != "" {
			builds = append(builds, Build{g.Name, g.FirstRun, g.Counts})
		}
	}
	SortBuilds(builds)
	return builds
}

// SortBuilds puts the newest first.
func SortBuilds(builds []Build) {
	slices.SortStableFunc(builds, func(x, y Build) int { return cmp.Or(y.First.Compare(x.First), strings.Compare(x.Name, y.Name)) })
}

// SortErrors puts those with most runs first.
func SortErrors(groups []ErrorGroup) {
	slices.SortStableFunc(groups, func(x, y ErrorGroup) int {
		return cmp.Or(cmp.Compare(y.Runs, x.Runs), strings.Compare(x.Cause, y.Cause))
	})
}

func errorsOf(summary *report.Summary) []ErrorGroup {
	var groups []ErrorGroup
	for _, g := range summary.Errors {
		groups = append(groups, ErrorGroup{Cause: g.Message, Sample: g.Sample, Runs: g.Count, Tests: len(g.Tests)})
	}
	return groups
}

func (b *Board) flaky() []FlakyTest {
	var flaky []FlakyTest
	for _, stats := range b.Now.FlakyTests() {
		flaky = append(flaky, FlakyTest{stats, b.strip(stats.Name)})
	}
	return flaky
}

// strip is the latest results of a test.
func (b *Board) strip(name string) []insights.Status {
	var latest []insights.Status
	for _, run := range slices.Backward(b.runs) {
		if run.Name == name && len(latest) < stripLength {
			latest = append(latest, run.Status)
		}
	}
	slices.Reverse(latest)
	return latest
}

func coverageOf(runs []insights.Test) Coverage {
	groups := make(map[[2]string][]insights.Test)
	for _, run := range runs {
		key := [2]string{osOf(run), browserOf(run)}
		groups[key] = append(groups[key], run)
	}
	c := Coverage{Counts: make(map[[2]string]report.Counts)}
	oses, browsers := map[string]bool{}, map[string]bool{}
	for key, group := range groups {
		c.Counts[key] = CountsOf(group)
		oses[key[0]], browsers[key[1]] = true, true
	}
	c.OSes, c.Browsers = slices.Sorted(maps.Keys(oses)), slices.Sorted(maps.Keys(browsers))
	return c
}

func groupNames(groups []report.Group) []string {
	var names []string
	for _, g := range groups {
		if g.Name != "" {
			names = append(names, g.Name)
		}
	}
	slices.Sort(names)
	return names
}
