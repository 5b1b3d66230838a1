package insights_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// The failures of the last day. With an account of your own the client comes
// from NewClientFromEnv.
func Example() {
	service := insightstest.NewServer() // a fake service, in place of the real one
	defer service.Close()
	service.Add(
		insights.Test{Name: "Log in", Status: insights.StatusPassed},
		insights.Test{Name: "Check out", Status: insights.StatusFailed, Error: "no total"},
		insights.Test{Name: "Search", Status: insights.StatusErrored, Error: "no machine became free"},
	)
	client := service.Client()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for run, err := range client.AllTests(ctx, insights.TestsOptions{Period: insights.Last(24 * time.Hour)}) {
		if err != nil {
			log.Fatal(err)
		}
		if run.Status == insights.StatusFailed || run.Status.IsError() {
			fmt.Printf("%s: %s\n", run.Name, run.Error)
		}
	}
	// Output:
	// Check out: no total
	// Search: no machine became free
}

// The newest runs of a build, one page of them.
func ExampleClient_Tests() {
	service := insightstest.NewServer()
	defer service.Close()
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	service.Add(
		insights.Test{Name: "Log in", Build: "web-7", CreationTime: noon, Status: insights.StatusPassed},
		insights.Test{Name: "Check out", Build: "web-7", CreationTime: noon.Add(time.Minute), Status: insights.StatusFailed},
		insights.Test{Name: "Search", Build: "web-7", CreationTime: noon.Add(2 * time.Minute), Status: insights.StatusPassed},
	)
	client := service.Client()

	page, err := client.Tests(context.Background(), insights.TestsOptions{
		Period: insights.Between(noon.Add(-time.Hour), noon.Add(time.Hour)),
		Build:  "web-7",
		Order:  insights.NewestFirst,
		Size:   2,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, run := range page.Items {
		fmt.Println(run.CreationTime.Format(time.TimeOnly), run.Status, run.Name)
	}
	fmt.Println("more:", page.HasMore)
	// Output:
	// 12:02:00 passed Search
	// 12:01:00 failed Check out
	// more: true
}

// Every run of a period, page after page.
func ExampleClient_AllTests() {
	service := insightstest.NewServer()
	defer service.Close()
	start := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	end := start.AddDate(0, 0, 7)
	service.Add(insightstest.Generate(1, 1234, start, end)...)
	client := service.Client()

	runs := 0
	for _, err := range client.AllTests(context.Background(), insights.TestsOptions{Period: insights.Between(start, end)}) {
		if err != nil {
			log.Fatal(err)
		}
		runs++
	}
	fmt.Println(runs, "runs")
	// Output: 1234 runs
}

// How one test did.
func ExampleClient_TestMetrics() {
	service := insightstest.NewServer()
	defer service.Close()
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	service.Add(
		insights.Test{Name: "Check out", CreationTime: noon, Status: insights.StatusPassed, Duration: 20},
		insights.Test{Name: "Check out", CreationTime: noon.Add(time.Minute), Status: insights.StatusFailed, Duration: 31},
	)
	client := service.Client()

	metrics, err := client.TestMetrics(context.Background(), insights.TestMetricsOptions{
		Period: insights.Between(noon.Add(-time.Hour), noon.Add(time.Hour)),
		Query:  "Check out",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(metrics.StatusCounts()[insights.StatusPassed], "of", metrics.Aggs.Count, "passed")
	if slowest := metrics.Aggs.SlowestRun; slowest != nil {
		fmt.Println("the slowest took", slowest.Duration.Duration())
	}
	// Output:
	// 1 of 2 passed
	// the slowest took 31s
}

// How many runs there were by the hour, and how many of them failed.
func ExampleClient_TestTrends() {
	service := insightstest.NewServer()
	defer service.Close()
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	service.Add(
		insights.Test{Name: "Log in", CreationTime: noon, Status: insights.StatusPassed},
		insights.Test{Name: "Check out", CreationTime: noon.Add(time.Minute), Status: insights.StatusFailed},
		insights.Test{Name: "Log in", CreationTime: noon.Add(time.Hour), Status: insights.StatusPassed},
	)
	client := service.Client()

	trends, err := client.TestTrends(context.Background(), insights.TestTrendsOptions{
		Period:   insights.Between(noon, noon.Add(2*time.Hour)),
		Interval: time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, bucket := range trends.Buckets {
		fmt.Println(bucket.Timestamp.Format(time.TimeOnly), bucket.Count, "runs,", bucket.StatusCounts()[insights.StatusFailed], "failed")
	}
	fmt.Println("in all", trends.StatusCounts())
	// Output:
	// 12:00:00 2 runs, 1 failed
	// 13:00:00 1 runs, 0 failed
	// in all map[failed:1 passed:2]
}

// How the builds did. An answer holds the first 10 runs of a build, and counts
// all of them.
func ExampleClient_BuildsTests() {
	service := insightstest.NewServer()
	defer service.Close()
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	for i := range 12 {
		service.Add(insights.Test{Name: fmt.Sprint("Test ", i), Build: "web-7", CreationTime: noon.Add(time.Duration(i) * time.Second), Status: insights.StatusPassed})
	}
	client := service.Client()

	answer, err := client.BuildsTests(context.Background(), insights.BuildsTestsOptions{Period: insights.Between(noon.Add(-time.Hour), noon.Add(time.Hour))})
	if err != nil {
		log.Fatal(err)
	}
	for _, build := range answer.Builds.Items {
		fmt.Println(build.Name, build.StatusCounts(), "shown:", len(build.Tests))
	}
	// Output: web-7 map[passed:12] shown: 10
}

// Which errors were most frequent. A service that has dropped the call is told
// by the kind of the error.
func ExampleClient_ErrorTrends() {
	service := insightstest.NewServer()
	defer service.Close()
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	service.Add(
		insights.Test{Name: "Check out", CreationTime: noon, Status: insights.StatusFailed, Error: "no total"},
		insights.Test{Name: "Pay", CreationTime: noon.Add(time.Minute), Status: insights.StatusFailed, Error: "no total"},
	)
	client := service.Client()

	trends, err := client.ErrorTrends(context.Background(), insights.ErrorTrendsOptions{Period: insights.Between(noon.Add(-time.Hour), noon.Add(time.Hour))})
	if errors.Is(err, insights.ErrNotFound) {
		fmt.Println("this service has no error trends")
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, bucket := range trends.Buckets {
		fmt.Println(bucket.Count, bucket.Name)
	}
	// Output: 2 no total
}

// A loop that can't go on says so, and with which options another one delivers
// the rest.
func ExampleIterationError() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Add(insights.Test{Name: "Log in"}, insights.Test{Name: "Check out"}, insights.Test{Name: "Pay"})
	service.Fail(insightstest.Outage(-1).After(1)) // from the second request on
	client := service.Client(insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))

	opts := insights.TestsOptions{Period: insights.Last(time.Hour), Size: 2}
	for attempt := 1; attempt <= 2; attempt++ {
		for run, err := range client.AllTests(context.Background(), opts) {
			if broken, ok := errors.AsType[*insights.IterationError](err); ok {
				fmt.Println("ended after", broken.Delivered, "runs")
				opts = broken.Rest
				break
			}
			fmt.Println(run.Name)
		}
		service.Recover()
	}
	// Output:
	// Log in
	// Check out
	// ended after 2 runs
	// Pay
}

// A cursor and its period go through text: another process can go on. The period
// is kept with its ends: Last would be counted back from a later now.
func ExampleCursor() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Add(insights.Test{Name: "Log in"}, insights.Test{Name: "Check out"}, insights.Test{Name: "Pay"})
	service.Fail(insightstest.Outage(-1).After(1))
	client := service.Client(insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))

	var period, after []byte
	first := insights.TestsOptions{Period: insights.Last(time.Hour), Size: 2}
	for run, err := range client.AllTests(context.Background(), first) {
		if broken, ok := errors.AsType[*insights.IterationError](err); ok {
			period, _ = broken.Rest.Period.MarshalText() // into a file, for example
			after, _ = broken.Rest.After.MarshalText()
			break
		}
		fmt.Println(run.Name)
	}

	service.Recover()
	var rest insights.TestsOptions
	if err := errors.Join(rest.Period.UnmarshalText(period), rest.After.UnmarshalText(after)); err != nil {
		log.Fatal(err)
	}
	for run, err := range client.AllTests(context.Background(), rest) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("later:", run.Name)
	}
	// Output:
	// Log in
	// Check out
	// later: Pay
}

// What is kept beside each run lets a program that was killed go on behind it.
func ExampleCaptureCursor() {
	srv := insightstest.NewServer()
	defer srv.Close()
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for i, id := range []string{"a", "b", "c"} {
		srv.Add(insights.Test{ID: id, CreationTime: noon.Add(time.Duration(i) * time.Minute)})
	}
	client, opts := srv.Client(), insights.TestsOptions{Period: insights.Between(noon, noon.Add(time.Hour))}

	var kept insights.Cursor
	for run, err := range client.AllTests(context.Background(), opts, insights.CaptureCursor(&kept)) {
		if err != nil {
			panic(err)
		}
		fmt.Println("stored", run.ID)
		if run.ID == "b" {
			break // killed
		}
	}
	opts.After = kept
	for run, err := range client.AllTests(context.Background(), opts) {
		if err != nil {
			panic(err)
		}
		fmt.Println("went on with", run.ID)
	}
	// Output:
	// stored a
	// stored b
	// went on with c
}

// A program that was killed kept the runs up to 12:01.
func ExampleCursorAfter() {
	service := insightstest.NewServer()
	defer service.Close()
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	for i, name := range []string{"a", "b", "c", "d"} {
		service.Add(insights.Test{ID: name, Name: "Test " + name, CreationTime: noon.Add(time.Duration(min(i, 2)) * time.Minute)})
	}
	client := service.Client()

	rest := insights.TestsOptions{
		Period: insights.Between(noon, noon.Add(time.Hour)),
		After:  insights.CursorAfter(noon.Add(time.Minute), "b"),
	}
	for run, err := range client.AllTests(context.Background(), rest) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(run.Name)
	}
	// Output:
	// Test c
	// Test d
}

// Every mistake in the options is named, and nothing is sent.
func ExampleOptionsError() {
	service := insightstest.NewServer()
	defer service.Close()
	client := service.Client()

	_, err := client.TestTrends(context.Background(), insights.TestTrendsOptions{Period: insights.Last(time.Hour), Scope: insights.ScopeSingle})
	if mistakes, ok := errors.AsType[*insights.OptionsError](err); ok {
		for _, problem := range mistakes.Problems {
			fmt.Println(problem.Field)
		}
	}
	fmt.Println(len(service.Requests()), "requests")
	// Output:
	// Owner
	// Interval
	// 0 requests
}

// Options can be checked without a call.
func ExampleTestsOptions_Validate() {
	opts := insights.TestsOptions{Period: insights.Last(time.Hour), Size: -1}
	fmt.Println(errors.Is(opts.Validate(), insights.ErrInvalidOptions))
	// Output: true
}

// What the service said, and how long it wants to be left alone.
func ExampleAPIError() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Fail(insightstest.Throttle(1, time.Hour))
	client := service.Client()

	_, err := client.BuildsTests(context.Background(), insights.BuildsTestsOptions{Period: insights.Last(time.Hour)})
	if refused, ok := errors.AsType[*insights.APIError](err); ok && errors.Is(err, insights.ErrRateLimited) {
		fmt.Println(refused.StatusCode, refused.Path, "come back in", refused.RetryAfter)
	}
	// Output: 429 /v1/analytics/trends/builds_tests come back in 1h0m0s
}

// A deadline that is too near ends a call before it waits in vain: the error is
// of both kinds.
func ExampleAPIError_deadline() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Fail(insightstest.Throttle(1, 20*time.Second))
	client := service.Client()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := client.Tests(ctx, insights.TestsOptions{Period: insights.Last(time.Hour)})
	fmt.Println(errors.Is(err, insights.ErrRateLimited), errors.Is(err, context.DeadlineExceeded), ctx.Err())
	// Output: true true <nil>
}

// One word for logs and metrics.
func ExampleKind() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Fail(insightstest.Reply(1, 401, `{"message": "who are you?"}`))
	client := service.Client()

	_, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)})
	fmt.Println(insights.Kind(err))
	// Output: unauthorized
}

// A period is a length back from now, or a pair of instants. Both have a text.
func ExamplePeriod() {
	week := insights.Last(7 * 24 * time.Hour)
	day := insights.Between(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))
	fmt.Println(week)
	fmt.Println(day)
	// Output:
	// 7d
	// 2026-11-01T00:00:00Z/2026-11-02T00:00:00Z
}

// A period from a flag or a file.
func ExampleParsePeriod() {
	period, err := insights.ParsePeriod("90m")
	if err != nil {
		log.Fatal(err)
	}
	start, end := period.Bounds(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	fmt.Println(start.Format(time.TimeOnly), "to", end.Format(time.TimeOnly))

	_, err = insights.ParsePeriod("soon")
	fmt.Println(errors.Is(err, insights.ErrInvalidOptions))
	// Output:
	// 10:30:00 to 12:00:00
	// true
}

// A region from a flag. A name that is not known is an error: there is no
// silent default.
func ExampleParseRegion() {
	var region insights.Region
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	flags.TextVar(&region, "region", insights.USWest1, "region of the account")
	if err := flags.Parse([]string{"-region", "eu-central-1"}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(region.BaseURL())

	_, err := insights.ParseRegion("mars")
	fmt.Println(err)
	// Output:
	// https://api.eu-central-1.saucelabs.com
	// insights: invalid options: Region: "mars" is not known: use us-west-1 or eu-central-1, or WithBaseURL for another host
}

// Runs that did not get to their end have a status of their own, in two
// spellings.
func ExampleStatus_IsError() {
	for _, status := range []insights.Status{insights.StatusPassed, insights.StatusFailed, insights.StatusErrored, insights.StatusError} {
		fmt.Println(status, status.IsError())
	}
	// Output:
	// passed false
	// failed false
	// errored true
	// error true
}

// Lengths of time come as seconds, possibly fractional.
func ExampleSeconds_Duration() {
	fmt.Println(insights.Seconds(90.5).Duration())
	// Output: 1m30.5s
}
