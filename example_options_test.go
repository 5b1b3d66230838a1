package insights_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

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
