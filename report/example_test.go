package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// The pass rate and the errors of a day.
func ExampleSummarize() {
	monday := time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)
	srv := insightstest.NewServer() // a fake service, in place of the real one
	defer srv.Close()
	srv.Add(
		insights.Test{Name: "login", Status: insights.StatusFailed, CreationTime: monday, Error: "timed out after 30000 ms"},
		insights.Test{Name: "login", Status: insights.StatusPassed, CreationTime: monday.Add(time.Minute)},
		insights.Test{Name: "search", Status: insights.StatusFailed, CreationTime: monday.Add(2 * time.Minute), Error: "timed out after 7500 ms"},
		insights.Test{Name: "search", Status: insights.StatusComplete, CreationTime: monday.Add(3 * time.Minute)},
	)

	day := insights.TestsOptions{Period: insights.Between(monday, monday.Add(24*time.Hour))}
	summary, err := report.Summarize(srv.Client().AllTests(context.Background(), day), report.Options{CompleteAs: report.CompletePassed})
	if err != nil {
		log.Print(err) // the summary holds what came before
	}
	if rate, ok := summary.Counts.PassRate(); ok {
		fmt.Printf("%.0f%% of %d runs\n", 100*rate, summary.Counts.Decided())
	}
	for _, group := range summary.Errors {
		fmt.Println(group.Count, group.Message, group.Tests)
	}
	// Output:
	// 50% of 4 runs
	// 2 timed out after <n> ms [login search]
}

// A gate says yes, no, or that it could not tell.
func ExampleGate_Check() {
	gate := report.Gate{MinPassRate: 0.9, MaxBroken: new(0)}
	for _, runs := range [][]insights.Test{
		{{Name: "login", Status: insights.StatusPassed}, {Name: "search", Status: insights.StatusPassed}},
		{{Name: "login", Status: insights.StatusPassed}, {Name: "search", Status: insights.StatusFailed}},
		{}, // no data
	} {
		summary, err := report.Summarize(report.Replay(runs, nil), report.Options{})
		if err != nil {
			log.Print(err)
		}
		err = gate.Check(summary)
		failed, isGate := errors.AsType[*report.GateError](err)
		switch {
		case err == nil:
			fmt.Println("passed")
		case errors.Is(err, report.ErrCouldNotTell):
			fmt.Println("could not tell")
		case isGate:
			fmt.Println("failed:", failed.Breaches[0])
		}
	}
	// Output:
	// passed
	// failed: pass rate 50.0% (1 of 2 passed), at least 90% wanted
	// could not tell
}

// What changed from one week to the next.
func ExampleCompare() {
	week := func(failures int) *report.Summary {
		var runs []insights.Test
		for i := range 40 {
			status := insights.StatusPassed
			if i < failures {
				status = insights.StatusFailed
			}
			runs = append(runs, insights.Test{Name: "check out", Build: fmt.Sprint("web-", i), Status: status})
		}
		summary, err := report.Summarize(report.Replay(runs, nil), report.Options{})
		if err != nil {
			log.Fatal(err)
		}
		return summary
	}
	comparison, err := report.Compare(week(0), week(30), report.CompareOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, change := range comparison.NewFailures {
		fmt.Println("newly failing:", change.Test.Name)
	}
	// Output: newly failing: check out
}

// A build is complete when its runs have ended and no more come.
func ExampleWaitForBuild() {
	srv := insightstest.NewServer()
	defer srv.Close()
	srv.Add(
		insights.Test{Name: "login", Build: "web-7", Status: insights.StatusPassed},
		insights.Test{Name: "search", Build: "web-7", Status: insights.StatusPassed},
	)
	wait := report.WaitOptions{Period: insights.Last(time.Hour), Expect: 2, Budget: 10 * time.Second, MinPause: time.Millisecond, MaxPause: time.Millisecond}
	result, err := report.WaitForBuild(context.Background(), srv.Client(), "web-7", wait)
	fmt.Println(result.Complete, len(result.Tests), "runs", err)
	// Output: true 2 runs <nil>
}

// All runs of a build, of which an answer of BuildsTests shows ten.
func ExampleBuildRuns() {
	srv := insightstest.NewServer()
	defer srv.Close()
	for i := range 12 {
		srv.Add(insights.Test{Name: fmt.Sprint("test ", i), Build: "web-7", Status: insights.StatusPassed})
	}
	runs, err := report.BuildRuns(context.Background(), srv.Client(), insights.BuildsTestsOptions{Period: insights.Last(time.Hour)}, "web-7")
	if err != nil {
		log.Fatal(err)
	}
	all, err := report.Collect(runs)
	fmt.Println(len(all), err)
	// Output: 12 <nil>
}

// Errors of one cause have one text.
func ExampleNormalizeError() {
	fmt.Println(report.NormalizeError("timed out after 30000 ms"))
	fmt.Println(report.NormalizeError("timed out after 7500 ms"))
	// Output:
	// timed out after <n> ms
	// timed out after <n> ms
}

// Tests that may fail until the end of a day.
func ExampleReadQuarantine() {
	list, err := report.ReadQuarantine(strings.NewReader(`[{"test": "login", "browser": "Safari 18", "reason": "SHOP-4711", "until": "2026-12-31"}]`))
	if err != nil {
		log.Fatal(err)
	}
	summary, err := report.Summarize(report.Replay(nil, nil), report.Options{Quarantine: list})
	fmt.Println(list[0].Test, list[0].Reason, summary.Counts.Runs, err)
	// Output: login SHOP-4711 0 <nil>
}

// Was everything delivered that the service counts?
func ExampleReconcileDelivered() {
	monday := time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)
	srv := insightstest.NewServer()
	defer srv.Close()
	srv.Add(insightstest.Generate(1, 300, monday, monday.Add(6*time.Hour))...)
	client := srv.Client()

	opts := insights.TestsOptions{Period: insights.Between(monday, monday.Add(6*time.Hour))}
	delivered, err := report.NewDelivered(time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	for run, err := range client.AllTests(context.Background(), opts) {
		if err != nil {
			log.Fatal(err)
		}
		delivered.Add(run)
	}
	reconciliation, err := report.ReconcileDelivered(context.Background(), client, opts, delivered)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reconciliation.Agrees(), reconciliation.Delivered)
	// Output: true 300
}

// Runs as lines of JSON, in the names of the API.
func ExampleWriteNDJSON() {
	runs := []insights.Test{{ID: "a", Name: "login", Status: insights.StatusPassed}, {ID: "b", Name: "search", Status: insights.StatusFailed}}
	var out bytes.Buffer
	n, err := report.WriteNDJSON(&out, report.Replay(runs, nil))
	fmt.Println(n, "lines", err, strings.Count(out.String(), "\n"))
	// Output: 2 lines <nil> 2
}

func ExampleWriteMarkdown() {
	monday := time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)
	summary, err := report.Summarize(report.Replay([]insights.Test{
		{Name: "login", Status: insights.StatusFailed, CreationTime: monday, Duration: 31, Error: "timed out after 30000 ms"},
		{Name: "login", Status: insights.StatusPassed, CreationTime: monday.Add(time.Minute), Duration: 12},
		{Name: "search", Status: insights.StatusFailed, CreationTime: monday.Add(2 * time.Minute), Duration: 8, Error: "timed out after 7500 ms"},
		{Name: "search", Status: insights.StatusComplete, CreationTime: monday.Add(3 * time.Minute), Duration: 9},
	}, nil), report.Options{})
	if err != nil {
		log.Print(err)
	}
	gate := &report.Gate{MinPassRate: 0.3}
	if err := report.WriteMarkdown(os.Stdout, summary, report.WriteOptions{Title: "Nightly", Gate: gate, Top: 1}); err != nil {
		log.Print(err)
	}
	// Output:
	// ## ✅ Nightly: 33.3% passed
	//
	// **Gate passed**
	//
	// 4 runs of 2 tests: 1 passed, 2 failed, 0 errored, 1 complete (not counted)
	//
	// - In the end, by test, platform and build: 0 passed, 1 failed, 1 flaky (failed first), 0 undecided
	// - 2026-11-16 08:00 to 2026-11-16 08:03 UTC
	// - Run time 1m00s in all, mean 15.0s, median 9.0s, 90% within 31.0s, 99% within 31.0s, longest 31.0s
	//
	// ### Failed
	//
	// | Test | Failed | Last failure (UTC) | Last error |
	// | --- | --: | --- | --- |
	// | `search` | 1 of 1 | 2026-11-16 08:02 | `timed out after 7500 ms` |
	//
	// ### Passed only when run again
	//
	// | Test | Failed | Last failure (UTC) | Last error |
	// | --- | --: | --- | --- |
	// | `login` | 1 of 2 | 2026-11-16 08:00 | `timed out after 30000 ms` |
	//
	// ### Errors
	//
	// | Error | Runs | Tests | Last seen (UTC) |
	// | --- | --: | --: | --- |
	// | `timed out after <n> ms` | 2 | 2 | 2026-11-16 08:02 |
	//
	// ### Slowest
	//
	// | Test | Mean | Longest | Runs |
	// | --- | --: | --: | --: |
	// | `login` | 21.5s | 31.0s | 2 |
}

// Every run as a row of a spreadsheet.
func ExampleWriteCSV() {
	runs := []insights.Test{{ID: "a", Name: "login", Status: insights.StatusPassed}, {ID: "b", Name: "search", Status: insights.StatusFailed}}
	var out bytes.Buffer
	n, err := report.WriteCSV(&out, report.Replay(runs, nil), report.CSVOptions{})
	fmt.Println(n, "rows below the heads", err, strings.Count(out.String(), "\n"))
	fmt.Println(slices.Contains(report.CSVColumns(), "name")) // for CSVOptions.Columns
	// Output:
	// 2 rows below the heads <nil> 3
	// true
}

// Runs for a CI server that shows JUnit reports.
func ExampleWriteJUnit() {
	runs := []insights.Test{{ID: "a", Name: "login", Status: insights.StatusPassed}, {ID: "b", Name: "search", Status: insights.StatusFailed, Error: "no results"}}
	var out bytes.Buffer
	err := report.WriteJUnit(&out, report.Replay(runs, nil), report.JUnitOptions{})
	fmt.Println(err, strings.Count(out.String(), "<testcase "), strings.Count(out.String(), "<failure "))
	// Output: <nil> 2 1
}

// A summary for other programs.
func ExampleWriteJSON() {
	summary, err := report.Summarize(report.Replay([]insights.Test{{Name: "login", Status: insights.StatusPassed}}, nil), report.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.WriteJSON(&out, summary, report.WriteOptions{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(json.Valid(out.Bytes()))
	// Output: true
}

// A summary for a terminal.
func ExampleWriteText() {
	summary, err := report.Summarize(report.Replay([]insights.Test{{Name: "login", Status: insights.StatusPassed, Duration: 12}}, nil), report.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.WriteText(&out, summary, report.WriteOptions{Title: "Nightly"}); err != nil {
		log.Fatal(err)
	}
	title, _, _ := strings.Cut(out.String(), "\n")
	fmt.Println(title)
	// Output: Nightly: 100% passed
}

// Which tests failed, and which took longest?
func ExampleSummary_FailingTests() {
	summary, err := report.Summarize(report.Replay([]insights.Test{
		{Name: "login", Status: insights.StatusPassed, Duration: 12},
		{Name: "search", Status: insights.StatusFailed, Duration: 8},
		{Name: "search", Status: insights.StatusPassed, Duration: 7},
	}, nil), report.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, test := range summary.FailingTests() {
		fmt.Println(test.Name, test.Counts.Failures(), "failed,", test.Counts.Successes(), "passed")
	}
	for _, test := range summary.SlowestTests(1) {
		fmt.Println("slowest:", test.Name, test.RunTimes.Typical().Duration())
	}
	fmt.Println(len(summary.FlakyTests()), len(summary.BrokenTests())) // that takes more runs
	// Output:
	// search 1 failed, 1 passed
	// slowest: login 12s
	// 0 0
}

// A gate that was broken, or one that has nothing to decide by?
func ExampleGateError_CouldNotTell() {
	gate := report.Gate{MinPassRate: 0.9}
	for _, runs := range [][]insights.Test{nil, {{Name: "login", Status: insights.StatusFailed}}} {
		summary, err := report.Summarize(report.Replay(runs, nil), report.Options{})
		if err != nil {
			log.Fatal(err)
		}
		if failed, ok := errors.AsType[*report.GateError](gate.Check(summary)); ok {
			fmt.Println(failed.CouldNotTell())
		}
	}
	// Output:
	// true
	// false
}

// The runs behind one error of an answer of ErrorTrends.
func ExampleErrorRuns() {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	srv := insightstest.NewServer()
	defer srv.Close()
	srv.Add(
		insights.Test{Name: "search", CreationTime: noon, Status: insights.StatusErrored, Error: "no machine became free"},
		insights.Test{Name: "pay", CreationTime: noon, Status: insights.StatusErrored, Error: "no machine"},
	)
	day := insights.ErrorTrendsOptions{Period: insights.Between(noon.Add(-time.Hour), noon.Add(time.Hour))}
	runs, err := report.ErrorRuns(context.Background(), srv.Client(), day, "no machine")
	if err != nil {
		log.Fatal(err)
	}
	for run, err := range runs {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(run.Name)
	}
	// Output: pay
}

// The same comparison with an answer of TestTrends that is there already.
func ExampleReconcile() {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	delivered, err := report.NewDelivered(time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	delivered.Add(insights.Test{ID: "a", CreationTime: noon})
	trends := &insights.TestTrends{Buckets: []insights.TrendBucket{{Timestamp: noon, Count: 2}}}
	reconciliation, err := report.Reconcile(delivered, trends)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reconciliation.Agrees())
	// Output: false
}

// A limit that makes no sense is found before it judges anything.
func ExampleGate_Validate() {
	fmt.Println(errors.Is(report.Gate{MinPassRate: 95}.Validate(), insights.ErrInvalidOptions))
	// Output: true
}

// Runs of an outage are not held against a test. The end is no part of it.
func ExampleExcludedInterval_Contains() {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	outage := report.ExcludedInterval{Start: noon, End: noon.Add(time.Hour)}
	fmt.Println(outage.Contains(noon), outage.Contains(noon.Add(time.Hour)))
	// Output: true false
}

// By how much did the pass rate of a test change?
func ExampleRateChange_Difference() {
	change := report.RateChange{Before: report.Counts{Passed: 10}, After: report.Counts{Passed: 9, Failed: 1}}
	fmt.Printf("%+.2f\n", change.Difference())
	// Output: -0.10
}

// How often does a test go there and back?
func ExampleTestStats_FlipRate() {
	var runs []insights.Test
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for i, status := range []insights.Status{insights.StatusPassed, insights.StatusFailed, insights.StatusPassed} {
		runs = append(runs, insights.Test{Name: "login", Build: fmt.Sprint("web-", i), CreationTime: noon.Add(time.Duration(i) * time.Hour), Status: status})
	}
	summary, err := report.Summarize(report.Replay(runs, nil), report.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Tests[0].FlipRate())
	// Output: 1 true
}
