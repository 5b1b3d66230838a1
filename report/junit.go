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
}

// WriteJUnit writes the runs as a JUnit report, in the form of Maven Surefire:
// a testsuite per build, and in it a testcase per test, OS and browser.
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
// error is returned. Characters that XML does not allow become U+FFFD.
func WriteJUnit(w io.Writer, tests iter.Seq2[insights.Test, error], opts JUnitOptions) error {
	if err := (Options{CompleteAs: opts.CompleteAs}).Validate(); err != nil {
		return err
	}
	collector := junitCollector{cases: make(map[junitKey]*junitRuns), completeAs: opts.CompleteAs}
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
	return joined(failure, newXMLReport(cmp.Or(opts.Name, "Sauce Labs"), suites).write(w))
}

type junitKey struct{ build, name, os, browser string }

// junitRuns are the runs of one testcase.
type junitRuns struct {
	runs    []junitRun
	dropped int
	seconds float64 // of all runs
}

type junitRun struct {
	at               time.Time
	status           insights.Status
	outcome          outcome
	seconds          float64
	id, message, url string
}

const maxJUnitRuns = 100

type junitCollector struct {
	completeAs CompleteAs
	cases      map[junitKey]*junitRuns
	order      timeOrder
}

func (c *junitCollector) add(run insights.Test) {
	at := timeOf(run)
	c.order.add(at)
	key := junitKey{run.Build, run.Name, osOf(run), browserOf(run)}
	if c.cases[key] == nil {
		c.cases[key] = new(junitRuns)
	}
	seconds, _ := runTime(run)
	c.cases[key].add(junitRun{
		at: at, status: run.Status, outcome: c.completeAs.outcome(run.Status),
		seconds: seconds, id: run.ID, message: cutError(run.Error), url: run.DetailsURL,
	})
}

func (r *junitRuns) add(run junitRun) {
	r.seconds += run.seconds
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
			suites = append(suites, xmlSuite{Name: cmp.Or(key.build, "(no build)")})
		}
		suites[len(suites)-1].add(c.testcase(key), c.cases[key].seconds)
	}
	return suites
}

func (c *junitCollector) testcase(key junitKey) xmlCase {
	runs := c.cases[key].sorted(c.order.falling())
	verdict, earlier := decisive(runs)
	testcase := xmlCase{
		Name:      cmp.Or(key.name, "(no name)"),
		Class:     cmp.Or(strings.Join(slices.DeleteFunc([]string{key.os, key.browser}, isEmpty), " "), "unknown platform"),
		Time:      xmlSeconds(verdict.seconds),
		SystemOut: systemOut(runs, c.cases[key].dropped),
	}
	switch verdict.outcome {
	case undecided:
		testcase.Skipped = &xmlSkipped{Message: "no result: status " + cmp.Or(string(verdict.status), "unknown")}
	case succeeded:
		testcase.FlakyFailures, testcase.FlakyErrors = reruns(earlier)
	case failed:
		testcase.fail(verdict)
		testcase.RerunFailures, testcase.RerunErrors = reruns(earlier)
	}
	return testcase
}

// decisive is the latest decided run, or the latest where none is, and the
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

// summary is the message on one line, or the status where there is none.
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

// unfinishedSuite is an error that a CI system shows, so that half a report
// does not pass for a whole one.
func unfinishedSuite(err error) xmlSuite {
	suite := xmlSuite{Name: "Report"}
	suite.add(xmlCase{
		Name: "the list of runs is complete", Class: "Report",
		Error: &xmlFailure{Message: shortened(err.Error(), 200), Type: "incomplete", Text: err.Error()},
	}, 0)
	return suite
}
