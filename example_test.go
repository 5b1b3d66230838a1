package insights_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

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

// The ends of a period as they are sent: in UTC, and in whole seconds that leave
// nothing out.
func ExamplePeriod_Bounds() {
	berlin := time.FixedZone("CET", 3600)
	period := insights.Between(time.Date(2026, 11, 20, 9, 0, 0, 500, berlin), time.Date(2026, 11, 20, 10, 0, 0, 500, berlin))
	start, end := period.Bounds(time.Now())
	fmt.Println(start.Format(time.RFC3339))
	fmt.Println(end.Format(time.RFC3339))
	// Output:
	// 2026-11-20T08:00:00Z
	// 2026-11-20T09:00:01Z
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

// The address of a region, for a dashboard or a check of the network.
func ExampleRegion_BaseURL() {
	fmt.Println(insights.EUCentral1.BaseURL())
	// Output: https://api.eu-central-1.saucelabs.com
}

// The zero cursor is no place in a list: a loop with it begins at the start.
func ExampleCursor_IsZero() {
	var cursor insights.Cursor
	fmt.Println(cursor.IsZero())
	cursor = insights.CursorAfter(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), "run-7")
	fmt.Println(cursor.IsZero())
	// Output:
	// true
	// false
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

// Everything about a client is said at once, and every mistake is reported at
// once. A client can't be changed afterwards, and its key can't be printed.
func ExampleNewClient() {
	client, err := insights.NewClient(insights.EUCentral1, insights.Credentials{Username: "mia", AccessKey: "11111111-2222-3333-4444-555555555555"},
		insights.WithApplication("nightly-report", "1.4"),
		insights.WithAttemptTimeout(10*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	fmt.Println(client)
	// Output: insights.Client{BaseURL:https://api.eu-central-1.saucelabs.com Username:mia}
}

// The usual variables of Sauce Labs.
func ExampleNewClientFromEnv() {
	for name, value := range map[string]string{"SAUCE_USERNAME": "mia", "SAUCE_ACCESS_KEY": "", "SAUCE_REGION": "eu-central-1"} {
		if err := os.Setenv(name, value); err != nil {
			log.Fatal(err)
		}
	}
	_, err := insights.NewClientFromEnv()
	fmt.Println(err)
	// Output: insights: invalid options: SAUCE_ACCESS_KEY: this environment variable is not set
}

// What is missing is named, before anything is sent.
func ExampleCredentialsFromEnv() {
	for name, value := range map[string]string{"SAUCE_USERNAME": "", "SAUCE_ACCESS_KEY": ""} {
		if err := os.Setenv(name, value); err != nil {
			log.Fatal(err)
		}
	}
	_, err := insights.CredentialsFromEnv()
	fmt.Println(insights.Kind(err))
	// Output: invalid_options
}

// Credentials show the user name and never the key.
func ExampleCredentials() {
	creds := insights.Credentials{Username: "mia", AccessKey: "11111111-2222-3333-4444-555555555555"}
	fmt.Printf("%v\n%q\n", creds, creds)
	// Output:
	// {Username:mia AccessKey:[hidden]}
	// {Username:mia AccessKey:[hidden]}
}

// A client with other options: limits, retry budget and connections are shared.
func ExampleClient_Clone() {
	service := insightstest.NewServer()
	defer service.Close()
	client := service.Client()

	patient, err := client.Clone(insights.WithRetry(insights.RetryPolicy{MaxAttempts: 10, BaseWait: time.Millisecond}))
	if err != nil {
		log.Fatal(err)
	}
	service.Fail(insightstest.Outage(8))
	_, err = patient.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)})
	fmt.Println(err, len(service.Requests()))
	// Output: <nil> 9
}

// A key was rotated: the clone has the new one, and shares the limits of the client
// that goes on with the old one.
func ExampleWithCredentials() {
	service := insightstest.NewServer()
	defer service.Close()
	client, err := insights.NewClient("", insights.Credentials{Username: "mia", AccessKey: "an-old-key"}, insights.WithBaseURL(service.URL))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	_, err = client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)})
	fmt.Println(insights.Kind(err))

	rotated, err := client.Clone(insights.WithCredentials(service.Credentials()))
	if err != nil {
		log.Fatal(err)
	}
	_, err = rotated.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)})
	fmt.Println(err)
	// Output:
	// unauthorized
	// <nil>
}

// A transport of your own: its proxy, its TLS settings, what it counts.
func ExampleWithHTTPClient() {
	service := insightstest.NewServer()
	defer service.Close()

	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 4}
	client, err := insights.NewClient("", service.Credentials(),
		insights.WithBaseURL(service.URL),
		insights.WithHTTPClient(&http.Client{Transport: transport, Timeout: 20 * time.Second}))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	_, err = client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)})
	fmt.Println(err)
	// Output: <nil>
}

// Another host than a region's: a data center without a constant, a proxy, a
// fake service. Plain HTTP stays on this machine.
func ExampleWithBaseURL() {
	creds := insights.Credentials{Username: "mia", AccessKey: "11111111-2222-3333-4444-555555555555"}
	_, err := insights.NewClient("", creds, insights.WithBaseURL("http://insights.example.com"))
	fmt.Println(insights.Kind(err))

	client, err := insights.NewClient("", creds, insights.WithBaseURL("https://insights.example.com/sauce"))
	fmt.Println(client, err)
	// Output:
	// invalid_options
	// insights.Client{BaseURL:https://insights.example.com/sauce Username:mia} <nil>
}

// How often, and how patiently, a request is tried.
func ExampleWithRetry() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Fail(insightstest.Outage(-1))
	client := service.Client(insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: time.Millisecond, MaxWait: time.Second}))

	_, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)})
	fmt.Println(err)
	// Output: insights: GET /v1/analytics/tests: 503 Service Unavailable (after 2 attempts)
}

// A bound on each attempt; the whole call is bounded by its context.
func ExampleWithAttemptTimeout() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Fail(insightstest.Hang(1))
	client := service.Client(insights.WithAttemptTimeout(500 * time.Millisecond))

	var info insights.ResponseInfo
	_, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)}, insights.CaptureResponse(&info))
	fmt.Println(err, "tried again:", info.Attempts > 1)
	// Output: <nil> tried again: true
}

// Slower than the default of 8 a second and 3,500 an hour, if other programs
// use the account too. A call that could not be sent before its deadline is not
// begun.
func ExampleWithRateLimit() {
	service := insightstest.NewServer()
	defer service.Close()
	client := service.Client(insights.WithRateLimit(0.1, 1), insights.WithHourlyLimit(1000))

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for range 2 {
		_, err := client.Tests(ctx, insights.TestsOptions{Period: insights.Last(time.Hour)})
		fmt.Printf("%q, sent: %d\n", insights.Kind(err), len(service.Requests()))
	}
	// Output:
	// "", sent: 1
	// "rate_limited", sent: 1
}

// No limits of its own, for a service that has none. What the service asks for
// is still kept to.
func ExampleWithoutRateLimit() {
	service := insightstest.NewServer()
	defer service.Close()
	client, err := insights.NewClient("", service.Credentials(), insights.WithBaseURL(service.URL), insights.WithoutRateLimit())
	if err != nil {
		log.Fatal(err)
	}
	for range 20 {
		if _, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(len(service.Requests()), "requests")
	// Output: 20 requests
}

// A limit that is shared with others. Those of limiters/file and limiters/redis
// are shared by processes; one of golang.org/x/time/rate is shared by the
// clients of one process.
func ExampleWithLimiter() {
	service := insightstest.NewServer()
	defer service.Close()
	shared := rate.NewLimiter(rate.Every(time.Millisecond), 1)
	first, second := service.Client(insights.WithLimiter(shared)), service.Client(insights.WithLimiter(shared))

	for _, client := range []*insights.Client{first, second} {
		_, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)})
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// <nil>
}

// A bound on what is read of an answer, after decompression.
func ExampleWithMaxResponseBytes() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Fail(insightstest.GzipBomb(1))
	client := service.Client(insights.WithMaxResponseBytes(64 << 10))

	_, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)})
	fmt.Println(insights.Kind(err))
	// Output: response_too_large
}

// A service that refuses periods of more than 29 days gives a year in parts.
func ExampleWithLongestPeriod() {
	const day = 24 * time.Hour
	service := insightstest.NewServer(insightstest.WithLongestPeriod(29 * day))
	defer service.Close()
	year := time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)
	for i := range 12 {
		service.Add(insights.Test{Name: "Log in", CreationTime: year.AddDate(0, i, 14)})
	}
	client := service.Client(insights.WithLongestPeriod(29 * day))

	n := 0
	for _, err := range client.AllTests(context.Background(), insights.TestsOptions{Period: insights.Between(year, year.AddDate(1, 0, 0))}) {
		if err != nil {
			log.Fatal(err)
		}
		n++
	}
	fmt.Println(n, "runs")
	// Output: 12 runs
}

// How AllTests goes about its pages: the most requests in flight, and how many
// records of one list the service reaches.
func ExampleWithConcurrency() {
	end := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	service := insightstest.NewServer(insightstest.WithResultWindow(500))
	defer service.Close()
	service.Add(insightstest.Generate(1, 2000, end.Add(-24*time.Hour), end)...)
	client := service.Client(insights.WithConcurrency(8), insights.WithResultWindow(500))

	runs := 0
	for _, err := range client.AllTests(context.Background(), insights.TestsOptions{Period: insights.Between(end.Add(-24*time.Hour), end), Size: 100}) {
		if err != nil {
			log.Fatal(err)
		}
		runs++
	}
	fmt.Println(runs, "runs, past a window of 500")
	// Output: 2000 runs, past a window of 500
}

// Waits are logged as warnings, attempts for debugging.
func ExampleWithLogger() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Fail(insightstest.Throttle(1, 0))
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.LevelKey || a.Key == slog.MessageKey {
			return a
		}
		return slog.Attr{} // times differ
	}}))
	client := service.Client(insights.WithLogger(logger))

	if _, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)}); err != nil {
		log.Fatal(err)
	}
	// Output: level=WARN msg="insights: waiting to try again"
}

// The name of your program in the log of the service.
func ExampleWithApplication() {
	service := insightstest.NewServer()
	defer service.Close()
	client := service.Client(insights.WithApplication("nightly-report", "1.4"))

	if _, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)}); err != nil {
		log.Fatal(err)
	}
	agent, _, _ := strings.Cut(service.Requests()[0].UserAgent, " ")
	fmt.Println(agent)
	// Output: nightly-report/1.4
}

// The names of parameters as newer documentation has them.
func ExampleWithDialect() {
	service := insightstest.NewServer()
	defer service.Close()
	client := service.Client(insights.WithDialect(insights.DialectRenamed))

	if _, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour), Query: "Check out", Order: insights.NewestFirst}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(service.Requests()[0].Query.Encode())
	// Output: descending=true&name=Check+out&time_range=1h
}

// A test's clock: what Last means in AllTests follows from it.
func ExampleWithClock() {
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return noon }
	service := insightstest.NewServer(insightstest.WithClock(clock))
	defer service.Close()
	service.Add(insights.Test{Name: "Log in", CreationTime: noon.Add(-30 * time.Minute)})
	client := service.Client(insights.WithClock(clock))

	for run, err := range client.AllTests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)}) {
		fmt.Println(run.Name, err)
	}
	fmt.Println(service.Requests()[0].Query.Get("start"))
	// Output:
	// Log in <nil>
	// 2026-11-20T11:00:00Z
}

// A parameter that the SDK does not know. One that it does know is refused.
func ExampleWithQuery() {
	service := insightstest.NewServer()
	defer service.Close()
	client := service.Client()

	_, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)}, insights.WithQuery("device", "real"))
	fmt.Println(service.Requests()[0].Query.Encode(), err)
	_, err = client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)}, insights.WithQuery("status", "failed"))
	fmt.Println(insights.Kind(err))
	// Output:
	// device=real&time_range=1h <nil>
	// invalid_options
}

// What is known of an exchange beside its answer, also if it failed.
func ExampleCaptureResponse() {
	service := insightstest.NewServer()
	defer service.Close()
	service.Fail(insightstest.Throttle(1, 0))
	client := service.Client()

	var info insights.ResponseInfo
	_, err := client.ErrorTrends(context.Background(), insights.ErrorTrendsOptions{Period: insights.Last(time.Hour)}, insights.CaptureResponse(&info))
	fmt.Println(err, info.StatusCode, "after", info.Attempts, "attempts")
	// Output: <nil> 200 after 2 attempts
}

// Attempts as counters, here in a map that stands for any metrics library.
// Events may come from several goroutines at once. The path is one of five, so it
// is fit for a label.
func ExampleWithOnAttempt() {
	var mu sync.Mutex
	counters := make(map[string]int)
	add := func(name, labels string, n int) {
		mu.Lock()
		defer mu.Unlock()
		counters[fmt.Sprintf("%s{%s}", name, labels)] += n
	}
	observe := func(_ context.Context, a insights.Attempt) {
		outcome := fmt.Sprint(a.StatusCode)
		if a.Err != nil {
			outcome = "failed"
		}
		add("requests_total", fmt.Sprintf("path=%q,outcome=%q", a.Path, outcome), 1)
		add("received_bytes_total", fmt.Sprintf("path=%q", a.Path), int(a.Bytes))
		if a.Wait > 0 {
			add("retries_total", fmt.Sprintf("path=%q,ordered=%t", a.Path, a.ServerOrdered), 1)
		}
	}

	requests := 0
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if requests++; requests == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, `{"items": [], "has_more": false}`)
	}))
	defer service.Close()

	client, err := insights.NewClient("", insights.Credentials{Username: "you", AccessKey: "your-access-key"},
		insights.WithBaseURL(service.URL),
		insights.WithOnAttempt(observe),
		insights.WithRetry(insights.RetryPolicy{BaseWait: time.Millisecond}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	if _, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(24 * time.Hour)}); err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		fmt.Println(name, counters[name])
	}
	// Output:
	// received_bytes_total{path="/v1/analytics/tests"} 32
	// requests_total{path="/v1/analytics/tests",outcome="200"} 1
	// requests_total{path="/v1/analytics/tests",outcome="503"} 1
	// retries_total{path="/v1/analytics/tests",ordered=false} 1
}
