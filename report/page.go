package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// WriteOptions are the choices of [WriteText], [WriteMarkdown] and
// [WriteJSON]. The zero WriteOptions are the defaults.
type WriteOptions struct {
	Title      string      // the headline's first words; empty: Test report. Not in JSON.
	Top        int         // most rows of a list; 0 means 10, negative all. JSON always has all.
	Gate       *Gate       // is checked, and the outcome shown; nil: none
	Comparison *Comparison // what changed since the period before; nil: not shown
	MaxBytes   int         // of Markdown; 0 means 1 MiB, as much as a GitHub job summary holds; negative: no limit
}

// page is what a person reads of a summary, before it takes the form of text
// or Markdown.
type page struct {
	title    string
	headline string
	verdict  *verdict
	warnings []string
	facts    []string
	tables   []table
}

// verdict is the outcome of a gate: passed where there is no breach.
type verdict struct {
	Passed   bool     `json:"passed"`
	Breaches []Breach `json:"breaches"`
}

type table struct {
	title   string
	columns []column
	rows    [][]string
	more    int // rows that are left out
}

type column struct {
	name  string
	kind  columnKind
	width int // most characters; 0: no limit
}

type columnKind int

const (
	prose  columnKind = iota
	figure            // aligned to the right
	quoted            // text from a test: a name or an error
)

func newPage(s *Summary, opts WriteOptions) (page, error) {
	if s == nil {
		return page{}, errors.New("report: there is no summary to write")
	}
	v, err := judgement(s, opts.Gate)
	if err != nil {
		return page{}, err
	}
	return page{
		title:    plain(cmp.Or(opts.Title, "Test report")),
		headline: headline(s),
		verdict:  v,
		warnings: warnings(s),
		facts:    facts(s, opts.Comparison),
		tables:   tables(s, opts),
	}, nil
}

// judgement is the gate's; nil without a gate.
func judgement(s *Summary, gate *Gate) (*verdict, error) {
	if gate == nil {
		return nil, nil
	}
	err := gate.Check(s)
	if err == nil {
		return &verdict{Passed: true, Breaches: []Breach{}}, nil
	}
	if failed, ok := errors.AsType[*GateError](err); ok {
		return &verdict{Breaches: failed.Breaches}, nil
	}
	return nil, err
}

func headline(s *Summary) string {
	if s.Counts.Runs == 0 {
		return "no runs"
	}
	return passRate(s.Counts)
}

func warnings(s *Summary) []string {
	var list []string
	if s.Partial {
		list = append(list, "Not complete: "+shortened(s.PartialReason, 300))
	}
	if s.Unordered > 0 {
		list = append(list, counted(s.Unordered, "run")+" came out of the order of time: flips are not to be trusted")
	}
	return list
}

func facts(s *Summary, c *Comparison) []string {
	if s.Counts.Runs == 0 {
		return nil
	}
	lines := []string{
		countsLine(s),
		moment(s.FirstRun) + " to " + moment(s.LastRun) + " UTC",
		timesLine(s.RunTimes),
		groupsLine("By OS", s.OSes),
		groupsLine("By browser", s.Browsers),
		leftOutLine(s),
		changeLine(c),
	}
	return slices.DeleteFunc(lines, isEmpty)
}

func isEmpty(s string) bool { return s == "" }

func countsLine(s *Summary) string {
	c := s.Counts
	parts := []string{
		number(c.Passed) + " passed", number(c.Failed) + " failed", number(c.Errored) + " errored",
	}
	if c.Complete > 0 {
		parts = append(parts, fmt.Sprintf("%s complete (%s)", number(c.Complete), c.CompleteAs.counting()))
	}
	if c.Other > 0 {
		parts = append(parts, number(c.Other)+" other")
	}
	if s.NotStarted != nil && *s.NotStarted > 0 {
		parts = append(parts, number(*s.NotStarted)+" never started")
	}
	return fmt.Sprintf("%s of %s: %s", counted(c.Runs, "run"), counted(len(s.Tests), "test"), strings.Join(parts, ", "))
}

func (c CompleteAs) counting() string {
	if c.orDefault() == CompleteIgnored {
		return "not counted"
	}
	return "counted as " + string(c)
}

func timesLine(t RunTimes) string {
	if t.Count == 0 {
		return ""
	}
	return fmt.Sprintf("Run time %s in all, mean %s, median %s, 90%% within %s, 99%% within %s, longest %s",
		length(t.Total), length(t.Mean), length(t.P50), length(t.P90), length(t.P99), length(t.Max))
}

// mostGroups is how many oses or browsers fit on a line.
const mostGroups = 6

// groupsLine gives each group's pass rate; it is empty where there is nothing
// to tell apart.
func groupsLine(title string, groups []Group) string {
	if len(groups) < 2 {
		return ""
	}
	parts := make([]string, 0, mostGroups+1)
	for _, g := range groups[:min(len(groups), mostGroups)] {
		rate := "–"
		if r, ok := g.Counts.PassRate(); ok {
			rate = percent(r)
		}
		parts = append(parts, cmp.Or(shortened(g.Name, 40), "unknown")+" "+rate)
	}
	if more := len(groups) - mostGroups; more > 0 {
		parts = append(parts, number(more)+" more")
	}
	return title + ": " + strings.Join(parts, ", ")
}

func leftOutLine(s *Summary) string {
	if s.Excluded == 0 {
		return ""
	}
	return counted(s.Excluded, "run") + " not held against any test (outage, or before a fix)"
}

func changeLine(c *Comparison) string {
	if c == nil {
		return ""
	}
	before, ok := c.PassRate.Before.PassRate()
	if !ok {
		return "Period before: no pass rate"
	}
	change := "no more than chance"
	if c.Significant {
		change = "more than chance"
	}
	return fmt.Sprintf("Period before: %s of %s passed; the change is %s (p = %.2g)",
		percent(before), counted(c.PassRate.Before.Decided(), "decided run"), change, c.PassRate.PValue)
}
