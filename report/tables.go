package report

import (
	"cmp"
	"fmt"
	"math"
)

// The widths of columns, in characters.
const (
	nameWidth  = 80
	errorWidth = 120
)

// tables are the lists of a report; one without a row is left out.
func tables(s *Summary, opts WriteOptions) []table {
	var list []table
	top := opts.top()
	for _, t := range []table{
		changesTable(opts.Comparison),
		failuresTable("Broken: failed every time", s.BrokenTests()),
		failuresTable("Failing", s.FailingTests()),
		flakyTable(s.FlakyTests()),
		errorsTable(s),
		buildsTable(s.Builds),
		slowestTable(s.SlowestTests(top)),
	} {
		if len(t.rows) > 0 {
			list = append(list, t.limited(top))
		}
	}
	return list
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
		{"Test", quoted, nameWidth}, {"Failed", figure, 0}, {"Last failure (UTC)", prose, 0}, {"Last error", quoted, errorWidth},
	}}
	for _, test := range tests {
		t.rows = append(t.rows, []string{testLabel(test), failedOf(test.Counts), moment(test.LastFailure), test.LastError})
	}
	return t
}

func flakyTable(tests []TestStats) table {
	t := table{title: "Flaky", columns: []column{
		{"Test", quoted, nameWidth}, {"Failed", figure, 0}, {"Flips", figure, 0}, {"Last failure (UTC)", prose, 0}, {"Last error", quoted, errorWidth},
	}}
	for _, test := range tests {
		flips := fmt.Sprintf("%s (%s)", number(test.Flips), percent(flipRate(test)))
		t.rows = append(t.rows, []string{testLabel(test), failedOf(test.Counts), flips, moment(test.LastFailure), test.LastError})
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
		t.rows = append(t.rows, []string{e.Message, number(e.Count), tests, moment(e.LastSeen)})
	}
	return t
}

// buildsTable is empty where there is nothing to tell apart.
func buildsTable(builds []Group) table {
	t := table{title: "Builds", columns: []column{
		{"Build", quoted, nameWidth}, {"Runs", figure, 0}, {"Passed", figure, 0}, {"Last run (UTC)", prose, 0},
	}}
	if len(builds) < 2 {
		return t
	}
	for _, b := range builds {
		t.rows = append(t.rows, []string{cmp.Or(b.Name, "(no build)"), number(b.Counts.Runs), rateOf(b.Counts), moment(b.LastRun)})
	}
	return t
}

func slowestTable(tests []TestStats) table {
	t := table{title: "Slowest", columns: []column{
		{"Test", quoted, nameWidth}, {"Mean", figure, 0}, {"Longest", figure, 0}, {"Runs", figure, 0},
	}}
	for _, test := range tests {
		t.rows = append(t.rows, []string{testLabel(test), length(test.RunTimes.Mean), length(test.RunTimes.Max), number(test.RunTimes.Count)})
	}
	return t
}

func changesTable(c *Comparison) table {
	t := table{title: "Changes since the period before", columns: []column{
		{"Change", prose, 0}, {"Test", quoted, nameWidth}, {"Before", figure, 0}, {"Now", figure, 0},
	}}
	if c == nil {
		return t
	}
	t.addRates("new failure", c.NewFailures)
	t.addRates("worse", c.Worse)
	for _, f := range c.NewlyFlaky {
		t.rows = append(t.rows, []string{"newly flaky", testLabel(f.After), counted(f.Before.Flips, "flip"), counted(f.After.Flips, "flip")})
	}
	t.addTimes("slower", c.Slower)
	t.addRates("fixed", c.Fixed)
	t.addRates("better", c.Better)
	t.addTimes("faster", c.Faster)
	return t
}

func (t *table) addRates(change string, list []RateChange) {
	for _, c := range list {
		t.rows = append(t.rows, []string{change, label(c.Test.Name, c.Test.OS, c.Test.Browser), rateOf(c.Before), rateOf(c.After)})
	}
}

func (t *table) addTimes(change string, list []TimeChange) {
	for _, c := range list {
		now := fmt.Sprintf("%s (%+.0f%%)", length(c.After.Mean), 100*(c.Ratio()-1))
		t.rows = append(t.rows, []string{change, label(c.Test.Name, c.Test.OS, c.Test.Browser), length(c.Before.Mean), now})
	}
}

func testLabel(t TestStats) string {
	return label(t.Name, t.OS, t.Browser)
}

func failedOf(c Counts) string {
	return number(c.Failures()) + " of " + number(c.Decided())
}

func rateOf(c Counts) string {
	rate, ok := c.PassRate()
	if !ok {
		return "–"
	}
	return percent(rate) + " of " + number(c.Decided())
}
