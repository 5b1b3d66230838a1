package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// The widths of columns, in cells of a terminal.
const (
	nameWidth  = 80
	errorWidth = 120
	buildWidth = 24
)

// tables are the lists of a report; one without a row is left out.
func tables(s *Summary, opts WriteOptions) []table {
	var list []table
	top := opts.top()
	all := []table{factsTable(opts.Comparison), changesTable(opts.Comparison)}
	all = append(all, testTables(s)...)
	all = append(all, errorsTable(s), buildsTable(s.Builds), slowestTable(s.SlowestTests(top)))
	for _, t := range all {
		if len(t.rows) > 0 {
			list = append(list, t.limited(top))
		}
	}
	return list
}

// testTables are what the tests of a single build came to, or what the runs of
// many builds say of the tests.
func testTables(s *Summary) []table {
	again := outcomesTable(s, ResultFlaky, "Passed only when run again")
	flaky := flakyTable(s.FlakyTests())
	if len(s.Builds) == 1 {
		return []table{outcomesTable(s, ResultFailed, "Failed"), again, flaky}
	}
	return []table{failuresTable("Broken: failed every time", s.BrokenTests()), flaky, failuresTable("Failing", s.FailingTests()), again}
}

func (o WriteOptions) top() int {
	if o.Top < 0 {
		return math.MaxInt
	}
	return cmp.Or(o.Top, 10)
}

func (t table) limited(top int) table {
	if t.more += len(t.rows) - top; t.more > 0 {
		t.rows = t.rows[:top]
	}
	t.more = max(t.more, 0)
	return t
}

func failuresTable(title string, tests []TestStats) table {
	t := table{title: title, columns: []column{
		{"Test", quoted, nameWidth}, {"Failed", figure, 0}, {"Last failure (UTC)", prose, 0}, {"Last error", note, errorWidth},
	}}
	for _, test := range tests {
		t.addLinked(test.LastFailureURL, testLabel(test), failedOf(test.Counts), moment(test.LastFailure), test.LastError)
	}
	return t
}

// outcomesTable returns one kind of what tests came to, by platform and build.
func outcomesTable(s *Summary, result Result, title string) table {
	t := table{title: title, columns: []column{
		{"Test", quoted, nameWidth}, {"Build", quoted, buildWidth}, {"Failed", figure, 0}, {"Last failure (UTC)", prose, 0}, {"Last error", note, errorWidth},
	}}
	isOne := len(s.Builds) == 1
	if isOne { // its name is in the title
		t.columns = slices.Delete(t.columns, 1, 2)
	}
	for _, o := range s.Unstable {
		if o.Result == result {
			t.addLinked(o.DetailsURL, o.cells(isOne)...)
		}
	}
	if len(t.rows) > 0 {
		t.more = s.MoreUnstable
	}
	return t
}

func (o Outcome) cells(isOneBuild bool) []string {
	cells := []string{o.label(), cmp.Or(o.Build, "(no build)"), number(o.Failures) + " of " + number(o.Decided), moment(o.At), o.Error}
	if isOneBuild {
		return slices.Delete(cells, 1, 2)
	}
	return cells
}

func (o Outcome) label() string {
	name := label(o.Test.Name, o.Test.OS, o.Test.Browser)
	if o.Quarantined != "" {
		name += " (quarantined: " + plain(o.Quarantined) + ")"
	}
	return name
}

func flakyTable(tests []TestStats) table {
	t := table{title: "Flaky: fails on and off, more than chance explains", columns: []column{
		{"Test", quoted, nameWidth}, {"Failed", figure, 0}, {"Flips", figure, 0}, {"Last failure (UTC)", prose, 0}, {"Last error", note, errorWidth},
	}}
	for _, test := range tests {
		flips := fmt.Sprintf("%s (%s)", number(test.Flips), percentInTable(flipRate(test)))
		t.addLinked(test.LastFailureURL, testLabel(test), failedOf(test.Counts), flips, moment(test.LastFailure), test.LastError)
	}
	return t
}

func errorsTable(s *Summary) table {
	t := table{title: "Errors", columns: []column{
		{"Error", quoted, errorWidth}, {"Runs", figure, 0}, {"Tests", figure, 0}, {"Last seen (UTC)", prose, 0},
	}}
	for _, e := range s.Errors {
		tests := number(len(e.Tests))
		if e.MoreTests {
			tests = "over " + tests
		}
		t.add(e.Message, number(e.Count), tests, moment(e.LastSeen))
	}
	return t
}

// buildsTable is empty if there is nothing to tell apart.
func buildsTable(builds []Group) table {
	t := table{title: "Builds", columns: []column{
		{"Build", quoted, nameWidth}, {"Runs", figure, 0}, {"Passed", figure, 0}, {"Last run (UTC)", prose, 0},
	}}
	if len(builds) < 2 {
		return t
	}
	for _, b := range builds {
		t.add(cmp.Or(b.Name, "(no build)"), number(b.Counts.Runs), rateOf(b.Counts), moment(b.LastRun))
	}
	return t
}

func slowestTable(tests []TestStats) table {
	t := table{title: "Slowest", columns: []column{
		{"Test", quoted, nameWidth}, {"Mean", figure, 0}, {"Longest", figure, 0}, {"Runs", figure, 0},
	}}
	for _, test := range tests {
		t.add(testLabel(test), length(test.RunTimes.Mean), length(test.RunTimes.Max), number(test.RunTimes.Count))
	}
	return t
}

// factsTable returns what was seen, apart from what statistics support.
func factsTable(c *Comparison) table {
	t := table{title: "Seen for the first time (facts: chance is not ruled out)", columns: []column{
		{"What", prose, 0}, {"Test", quoted, nameWidth}, {"Before", figure, 0}, {"Now", figure, 0}, {"Last error", note, errorWidth},
	}}
	if c == nil {
		return t
	}
	for _, f := range c.Facts.FirstFailures {
		t.addLinked(f.After.LastFailureURL, "first failure", testLabel(f.After), counted(f.Passes, "pass"), failedOf(f.After.Counts)+" failed", f.After.LastError)
	}
	for _, name := range c.Facts.NewTests {
		if c.hasBefore() { // if not, a line of the head says it once
			t.add("new test", name.label(), "–", "has runs", "")
		}
	}
	for _, name := range c.Facts.VanishedTests {
		t.add("no run any more", name.label(), "had runs", "–", "")
	}
	return t
}

func changesTable(c *Comparison) table {
	t := table{title: "Changes since the period before (supported by statistics)", columns: []column{
		{"Change", prose, 0}, {"Test", quoted, nameWidth}, {"Before", figure, 0}, {"Now", figure, 0},
	}}
	if c == nil {
		return t
	}
	t.addRates("new failure", c.NewFailures)
	t.addRates("worse", c.Worse)
	for _, f := range c.NewlyFlaky {
		t.add("newly flaky", testLabel(f.After), counted(f.Before.Flips, "flip"), counted(f.After.Flips, "flip"))
	}
	t.addTimes("slower", c.Slower)
	t.addRates("fixed", c.Fixed)
	t.addRates("better", c.Better)
	t.addTimes("faster", c.Faster)
	return t
}

func (t *table) add(cells ...string) {
	t.rows = append(t.rows, tableRow{cells: cells})
}

func (t *table) addLinked(address string, cells ...string) {
	t.rows = append(t.rows, tableRow{cells: cells, link: linkTo(address)})
}

func (t *table) addRates(change string, list []RateChange) {
	for _, c := range list {
		t.add(change, c.Test.label(), rateOf(c.Before), rateOf(c.After))
	}
}

func (t *table) addTimes(change string, list []TimeChange) {
	for _, c := range list {
		now := fmt.Sprintf("%s (%+.0f%%)", length(c.After.Typical()), 100*(c.Change-1))
		t.add(change, c.Test.label(), length(c.Before.Typical()), now)
	}
}

func (n TestName) label() string { return label(n.Name, n.OS, n.Browser) }

// testLabel names the platforms on which a test is broken, if it is not on all.
func testLabel(t TestStats) string {
	name := label(t.Name, t.OS, t.Browser)
	for i, on := range t.BrokenOn {
		separator := ", "
		if i == 0 {
			separator = " on "
		}
		name += separator + cmp.Or(plain(on.OS+" "+on.Browser), "an unknown platform")
	}
	if t.Quarantined != "" {
		name += " (quarantined: " + plain(t.Quarantined) + ")"
	}
	return name
}

func failedOf(c Counts) string {
	return number(c.Failures()) + " of " + number(c.Decided())
}

func rateOf(c Counts) string {
	rate, ok := c.PassRate()
	if !ok {
		return "–"
	}
	return percentInTable(rate) + " of " + number(c.Decided())
}
