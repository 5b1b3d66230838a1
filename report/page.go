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
	Columns    int         // of text; 0 means 80, negative: no limit
	MaxBytes   int         // of Markdown; 0 means 1 MiB, as much as a GitHub job summary holds; negative: no limit
}

// page is what a person reads of a summary, before it takes the form of text
// or Markdown. What came from the service, such as names, stands in it between
// quoteStart and quoteEnd.
type page struct {
	title    string
	headline string
	gate     *judgement
	warnings []string
	facts    []string
	tables   []table
}

// The marks of quoted text, which plain text does not hold.
const (
	quoteStart = "\x02"
	quoteEnd   = "\x03"
)

func quote(text string) string { return quoteStart + plain(text) + quoteEnd }

var unquoted = strings.NewReplacer(quoteStart, "", quoteEnd, "")

// Decision is what a [Gate] says of runs.
type Decision string

// The three decisions.
const (
	GatePassed  Decision = "passed"
	GateFailed  Decision = "failed"
	GateUnknown Decision = "could not tell"
)

// judgement is the outcome of a gate.
type judgement struct {
	Decision Decision `json:"decision"`
	Passed   bool     `json:"passed"`
	Breaches []Breach `json:"breaches"`
}

type table struct {
	title   string
	columns []column
	rows    []tableRow
	more    int // rows that are left out
}

type tableRow struct {
	cells []string
	link  string // where the first quoted cell leads; empty: nowhere
}

type column struct {
	name  string
	kind  columnKind
	width int // most cells; 0: no limit
}

type columnKind int

const (
	prose  columnKind = iota
	figure            // aligned to the right
	quoted            // text from a test: a name
	note              // text from a test, in a line of its own in text: an error
)

func newPage(s *Summary, opts WriteOptions) (page, error) {
	if s == nil {
		return page{}, errors.New("report: there is no summary to write")
	}
	gate, err := judgementOf(s, opts.Gate)
	if err != nil {
		return page{}, err
	}
	return page{
		title:    quote(cmp.Or(opts.Title, "Test report")),
		headline: headline(s),
		gate:     gate,
		warnings: warnings(s, gate),
		facts:    facts(s, opts.Comparison),
		tables:   tables(s, opts),
	}, nil
}

// judgementOf asks the gate; nil without one.
func judgementOf(s *Summary, gate *Gate) (*judgement, error) {
	if gate == nil {
		return nil, nil
	}
	err := gate.Check(s)
	failed, ok := errors.AsType[*GateError](err)
	switch {
	case err == nil:
		return &judgement{Decision: GatePassed, Passed: true, Breaches: []Breach{}}, nil
	case !ok:
		return nil, err
	case failed.CouldNotTell():
		return &judgement{Decision: GateUnknown, Breaches: failed.Breaches}, nil
	}
	return &judgement{Decision: GateFailed, Breaches: failed.Breaches}, nil
}

// heading says how the gate decided.
func (j *judgement) heading() string {
	if j.Decision == GateUnknown {
		return "Gate could not tell"
	}
	return "Gate " + string(j.Decision)
}

// line returns a breach with its names quoted.
func (b Breach) line() string {
	reason := b.Reason
	if cause, ok := strings.CutPrefix(reason, incomplete); ok {
		reason = incomplete + quote(cause)
	}
	switch {
	case b.Build == nil:
		return reason
	case *b.Build == "":
		return "runs without a build: " + reason
	}
	return "build " + quote(*b.Build) + ": " + reason
}

func headline(s *Summary) string {
	if s.Counts.Runs == 0 {
		return "no runs"
	}
	return passRate(s.Counts)
}

// warnings leave out what the gate says already.
func warnings(s *Summary, gate *judgement) []string {
	var list []string
	if s.Partial && gate == nil {
		list = append(list, "Not complete: "+quote(shortened(s.PartialReason, 300)))
	}
	if s.OddTimes > 0 {
		list = append(list, counted(s.OddTimes, "run")+" with a time that is missing or can't be: that time is left out")
	}
	return list
}

func facts(s *Summary, c *Comparison) []string {
	if s.Counts.Runs == 0 {
		return nil
	}
	lines := []string{
		countsLine(s),
		outcomesLine(s),
		moment(s.FirstRun) + " to " + moment(s.LastRun) + " UTC",
		timesLine(s.RunTimes),
		groupsLine("By OS", s.OSes),
		groupsLine("By browser", s.Browsers),
		baselineLine(s),
		leftOutLine(s),
		quarantineLine(s),
		changeLine(c),
		shiftLine(c),
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
		parts = append(parts, number(c.Other)+" still running or of an unknown status")
	}
	if s.NotStarted != nil && *s.NotStarted > 0 {
		parts = append(parts, number(*s.NotStarted)+" never started")
	}
	return fmt.Sprintf("%s of %s: %s", counted(c.Runs, "run"), counted(len(s.Tests), "test"), strings.Join(parts, ", "))
}

// outcomesLine says what the runs come to, if some of them were run again.
func outcomesLine(s *Summary) string {
	o := s.Outcomes
	if o.Failed+o.Flaky+o.Quarantined == 0 || o.Passed+o.Failed+o.Flaky+o.Undecided+o.Quarantined == s.Counts.Runs {
		return ""
	}
	return fmt.Sprintf("In the end, by test, platform and build: %s passed, %s failed, %s flaky (failed first), %s undecided",
		number(o.Passed), number(o.Failed), number(o.Flaky), number(o.Undecided))
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

// maxGroups is how many OSes or browsers fit on a line.
const maxGroups = 6

// groupsLine gives each group's pass rate; it is empty if there is nothing
// to tell apart.
func groupsLine(title string, groups []Group) string {
	if len(groups) < 2 {
		return ""
	}
	parts := make([]string, 0, maxGroups+1)
	for _, g := range groups[:min(len(groups), maxGroups)] {
		rate := "–"
		if r, ok := g.Counts.PassRate(); ok {
			rate = percentInTable(r)
		}
		name := "unknown"
		if g.Name != "" {
			name = quote(shortened(g.Name, 40))
		}
		parts = append(parts, name+" "+rate)
	}
	if more := len(groups) - maxGroups; more > 0 {
		parts = append(parts, number(more)+" more")
	}
	return title + ": " + strings.Join(parts, ", ")
}

// baselineLine says by what flaky tests were measured, if there are any.
func baselineLine(s *Summary) string {
	if len(s.FlakyTests()) == 0 {
		return ""
	}
	line := "A calm test here fails in " + percent(s.Baseline.FailureRate) + " of its runs: flaky is what fails clearly more often, on and off"
	if n := len(s.Baseline.FailedBuilds); n > 0 {
		line += fmt.Sprintf("; %s that failed as a whole left out", counted(n, "build"))
	}
	return line
}

func leftOutLine(s *Summary) string {
	if s.Excluded == 0 {
		return ""
	}
	return counted(s.Excluded, "run") + " not held against any test (outage, or before a fix)"
}

func quarantineLine(s *Summary) string {
	if s.Quarantined.Runs == 0 {
		return ""
	}
	return counted(s.Quarantined.Runs, "run") + " of tests in quarantine, which the gate leaves out: " + number(s.Quarantined.Failures()) + " failed"
}

func changeLine(c *Comparison) string {
	if c == nil {
		return ""
	}
	runs := c.PassRate.Before.Runs
	before, ok := c.PassRate.Before.PassRate()
	switch {
	case runs == 0:
		return "Period before: no runs, so that nothing can be compared"
	case !c.hasBefore():
		return fmt.Sprintf("Period before: %s only, too few to tell which tests are new", counted(runs, "run"))
	case !ok:
		return "Period before: no pass rate"
	}
	change := "no more than chance"
	if c.Significant {
		change = "more than chance"
	}
	return fmt.Sprintf("Period before: %s of %s passed; the change is %s (p = %.2g, build by build)",
		percent(before), counted(c.PassRate.Before.Decided(), "decided run"), change, c.PassRate.PValue)
}

// minBefore is how many runs the period before has at least, for each run now:
// with fewer, most tests would look new.
const minBefore = 0.05

// hasBefore reports whether the period before has more than next to no runs.
func (c *Comparison) hasBefore() bool {
	return float64(c.PassRate.Before.Runs) > minBefore*float64(c.PassRate.After.Runs)
}

func shiftLine(c *Comparison) string {
	if c == nil || c.Shift == nil {
		return ""
	}
	return fmt.Sprintf("All run times together: %+.0f%% (the median of %s), as on another machine", 100*(c.Shift.Change-1), counted(c.Shift.Tests, "test"))
}
