package report

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// JUnitOptions are the choices of [WriteJUnit].
type JUnitOptions struct {
	Name       string     // of the report; empty: Sauce Labs
	CompleteAs CompleteAs // what a complete run counts as; ignored: it is skipped

	// Quarantine lists the tests that may fail: if they do, they are skipped,
	// and the reason is given.
	Quarantine []Quarantine
}

// WriteJUnit writes the runs as a JUnit report, in the form of Maven Surefire:
// a testsuite per build, and in it a testcase per test, OS and browser. All
// suites have the name of the report, and the build is a property, so that a
// test has the same key in every build: GitLab would take each failure for new.
// The class is the OS and the browser, without the dots at which Jenkins would
// cut it.
//
// Several runs of the same are reruns, and all are shown. The latest decided
// run is the outcome: if it passed, each failure before it is a flakyFailure
// or flakyError; if it failed, it is the failure or error, and each failure
// before it a rerunFailure or rerunError. A test without a decided run is
// skipped. The system-out lists every run with its status, run time, ID and
// details URL; of more than 100 runs of a testcase the latest 100 are shown.
//
// The counts of a suite stand before its tests, so that nothing is written
// until the sequence has ended. When it fails, the report of the runs before
// is written with a testcase that says so and is an error, and the sequence's
// error is returned. Colour codes are removed, and characters that XML does not
// allow become U+FFFD.
func WriteJUnit(w io.Writer, tests iter.Seq2[insights.Test, error], opts JUnitOptions) error {
	if err := (Options{CompleteAs: opts.CompleteAs, Quarantine: opts.Quarantine}).Validate(); err != nil {
		return err
	}
	name := cmp.Or(opts.Name, "Sauce Labs")
	collector := junitCollector{
		name: name, cases: make(map[junitKey]*junitRuns), completeAs: opts.CompleteAs, quarantine: newQuarantine(opts.Quarantine),
	}
	var failure error
	for run, err := range tests {
		if err != nil {
			failure = err
			break
		}
		collector.add(run)
	}
	suites := collector.suites()
	if failure != nil {
		suites = append(suites, unfinishedSuite(failure))
	}
	return joined(failure, newXMLReport(name, suites).write(w))
}

type junitKey struct{ build, name, os, browser string }

// junitRuns are the runs of one testcase.
type junitRuns struct {
	runs    []junitRun
	dropped int
	seconds float64 // of all runs
	first   time.Time
}

type junitRun struct {
	at               time.Time
	status           insights.Status
	outcome          outcome
	seconds          float64
	id, message, url string
	quarantined      string // the reason
}

const maxJUnitRuns = 100

type junitCollector struct {
	name       string
	completeAs CompleteAs
	quarantine quarantine
	cases      map[junitKey]*junitRuns
	order      arrivals
}

func (c *junitCollector) add(run insights.Test) {
	when := timesOf(run)
	c.order.add(when.at)
	key := junitKey{run.Build, run.Name, osOf(run), browserOf(run)}
	if c.cases[key] == nil {
		c.cases[key] = new(junitRuns)
	}
	c.cases[key].add(junitRun{
		at: when.at, status: run.Status, outcome: c.completeAs.outcome(run.Status),
		seconds: when.seconds, id: run.ID, message: cutError(withoutColours(run.Error)), url: run.DetailsURL,
		quarantined: c.quarantine.reason(run, when.at),
	})
}

func (r *junitRuns) add(run junitRun) {
	r.seconds += run.seconds
	r.first = earlier(r.first, run.at)
	r.runs = append(r.runs, run)
	if len(r.runs) > maxJUnitRuns {
		oldest := slices.MinFunc(r.runs, byTime)
		i := slices.Index(r.runs, oldest)
		r.runs = slices.Delete(r.runs, i, i+1)
		r.dropped++
	}
}

func byTime(a, b junitRun) int { return a.at.Compare(b.at) }

// sorted are the runs, oldest first; those of the same time as they came.
func (r *junitRuns) sorted(newestFirst bool) []junitRun {
	runs := slices.Clone(r.runs)
	if newestFirst {
		slices.Reverse(runs)
	}
	slices.SortStableFunc(runs, byTime)
	return runs
}

// suites are the testsuites in order of build, with tests in order of name.
func (c *junitCollector) suites() []xmlSuite {
	keys := make([]junitKey, 0, len(c.cases))
	for key := range c.cases {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b junitKey) int {
		return cmp.Or(strings.Compare(a.build, b.build), strings.Compare(a.name, b.name),
			strings.Compare(a.os, b.os), strings.Compare(a.browser, b.browser))
	})
	var suites []xmlSuite
	for i, key := range keys {
		if i == 0 || key.build != keys[i-1].build {
			suites = append(suites, newXMLSuite(c.name, cmp.Or(key.build, "(no build)")))
		}
		suites[len(suites)-1].add(c.testcase(key), c.cases[key].seconds, c.cases[key].first)
	}
	return suites
}

func (c *junitCollector) testcase(key junitKey) xmlCase {
	runs := c.cases[key].sorted(c.order.newestFirst())
	verdict, earlier := decisive(runs)
	testcase := xmlCase{
		Name:      cmp.Or(withoutColours(key.name), "(no name)"),
		Class:     className(key.os, key.browser),
		Time:      xmlSeconds(verdict.seconds),
		SystemOut: systemOut(runs, c.cases[key].dropped),
	}
	switch {
	case verdict.outcome == failed && verdict.quarantined != "":
		testcase.Skipped = &xmlSkipped{Message: "quarantined: " + verdict.quarantined + ": " + verdict.summary()}
	case verdict.outcome == undecided:
		testcase.Skipped = &xmlSkipped{Message: "no result: status " + cmp.Or(string(verdict.status), "unknown")}
	case verdict.outcome == succeeded:
		testcase.FlakyFailures, testcase.FlakyErrors = reruns(earlier)
	case verdict.outcome == failed:
		testcase.fail(verdict)
		testcase.RerunFailures, testcase.RerunErrors = reruns(earlier)
	}
	return testcase
}

// className has no dot: Jenkins takes what is before the last one for a package.
func className(os, browser string) string {
	platform := strings.Join(slices.DeleteFunc([]string{os, browser}, isEmpty), " ")
	return cmp.Or(strings.TrimSpace(strings.ReplaceAll(withoutColours(platform), ".", "_")), "unknown platform")
}

// decisive returns the latest decided run, or the latest if none is, and the
// runs before it.
func decisive(runs []junitRun) (verdict junitRun, earlier []junitRun) {
	for i, run := range slices.Backward(runs) {
		if run.outcome != undecided {
			return run, runs[:i]
		}
	}
	return runs[len(runs)-1], nil
}

// reruns are the failures and the errors among the runs.
func reruns(runs []junitRun) (failures, errs []xmlRerun) {
	for _, run := range runs {
		rerun := xmlRerun{Message: run.summary(), Type: string(run.status), StackTrace: run.message}
		switch {
		case run.outcome != failed:
		case run.status.IsError():
			errs = append(errs, rerun)
		default:
			failures = append(failures, rerun)
		}
	}
	return failures, errs
}

// summary returns the message on one line, or the status if there is none.
func (r junitRun) summary() string {
	return cmp.Or(shortened(r.message, 200), string(r.status))
}

func systemOut(runs []junitRun, dropped int) string {
	var out strings.Builder
	if dropped > 0 {
		fmt.Fprintf(&out, "%s not shown\n", counted(dropped, "earlier run"))
	}
	for _, run := range runs {
		out.WriteString(run.line() + "\n")
	}
	return out.String()
}

func (r junitRun) line() string {
	took := ""
	if r.seconds > 0 {
		took = length(insights.Seconds(r.seconds))
	}
	parts := []string{csvTime(r.at), string(r.status), took, r.id, r.url}
	return plain(strings.Join(slices.DeleteFunc(parts, isEmpty), " "))
}

// unfinishedSuite returns an error that a CI system shows, so that half a
// report does not pass for a whole one.
func unfinishedSuite(err error) xmlSuite {
	suite := newXMLSuite("Report", "")
	suite.add(xmlCase{
		Name: "the list of runs is complete", Class: "Report",
		Error: &xmlFailure{Message: shortened(err.Error(), 200), Type: "incomplete", Text: err.Error()},
	}, 0, time.Time{})
	return suite
}
