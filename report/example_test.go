package report_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// runs stands for client.AllTests(ctx, opts).
var runs = report.Replay([]insights.Test{
	{Name: "login", Status: insights.StatusFailed, CreationTime: monday, Duration: 31, Error: "timed out after 30000 ms"},
	{Name: "login", Status: insights.StatusPassed, CreationTime: monday.Add(time.Minute), Duration: 12},
	{Name: "search", Status: insights.StatusFailed, CreationTime: monday.Add(2 * time.Minute), Duration: 8, Error: "timed out after 7500 ms"},
	{Name: "search", Status: insights.StatusComplete, CreationTime: monday.Add(3 * time.Minute), Duration: 9},
}, nil)

func ExampleSummarize() {
	summary, err := report.Summarize(runs, report.Options{CompleteAs: report.CompletePassed})
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

func ExampleGate_Check() {
	summary, err := report.Summarize(runs, report.Options{})
	if err != nil {
		log.Print(err)
	}
	err = report.Gate{MinPassRate: 0.9, MaxBroken: new(0)}.Check(summary)
	if failed, ok := errors.AsType[*report.GateError](err); ok {
		for _, breach := range failed.Breaches {
			fmt.Println(breach)
		}
	}
	// Output:
	// pass rate 33.3% (1 of 3 passed), at least 90% wanted
	// 1 broken test, at most 0 allowed
}

func ExampleWriteMarkdown() {
	summary, err := report.Summarize(runs, report.Options{})
	if err != nil {
		log.Print(err)
	}
	gate := &report.Gate{MinPassRate: 0.3}
	if err := report.WriteMarkdown(os.Stdout, summary, report.WriteOptions{Title: "Nightly", Gate: gate, Top: 1}); err != nil {
		log.Print(err)
	}
	// Output:
	// ## ✅ `Nightly`: 33.3% passed
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
