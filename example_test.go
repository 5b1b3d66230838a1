package insights_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

var (
	noon  = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	today = insights.Between(noon.Add(-12*time.Hour), noon.Add(12*time.Hour))
)

// newService starts a fake service with three runs. A client of the real one
// comes from NewClientFromEnv.
func newService() *insightstest.Server {
	service := insightstest.NewServer()
	service.Add(
		insights.Test{Name: "Log in", Status: insights.StatusPassed, CreationTime: noon, OS: "Linux"},
		insights.Test{Name: "Check out", Status: insights.StatusFailed, CreationTime: noon.Add(time.Minute), OS: "macOS", Error: "no total"},
		insights.Test{Name: "Log in", Status: insights.StatusPassed, CreationTime: noon.Add(2 * time.Minute), OS: "macOS"},
	)
	return service
}

func Example() {
	service := newService()
	defer service.Close()
	client := service.Client()

	page, err := client.Tests(context.Background(), insights.TestsOptions{
		Period: today,
		Status: insights.StatusFailed,
		Order:  insights.NewestFirst,
		Size:   50,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, run := range page.Items {
		fmt.Printf("%s: %s\n", run.Name, run.Error)
	}
	// Output: Check out: no total
}

func ExampleClient_AllTests() {
	service := newService()
	defer service.Close()
	client := service.Client()

	for run, err := range client.AllTests(context.Background(), insights.TestsOptions{Period: today}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(run.CreationTime.Format(time.TimeOnly), run.Status, run.Name)
	}
	// Output:
	// 12:00:00 passed Log in
	// 12:01:00 failed Check out
	// 12:02:00 passed Log in
}

// A loop that could not go on says so, and with what options another one
// delivers the rest.
func ExampleIterationError() {
	service := newService()
	defer service.Close()
	client := service.Client(insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
	service.Fail(insightstest.Outage(-1).After(1)) // from the second request on

	deliver := func(opts insights.TestsOptions) error {
		for run, err := range client.AllTests(context.Background(), opts) {
			if err != nil {
				return err
			}
			fmt.Println(run.Name)
		}
		return nil
	}
	err := deliver(insights.TestsOptions{Period: today, Size: 2})
	if broken, ok := errors.AsType[*insights.IterationError](err); ok {
		fmt.Println("ended after", broken.Delivered, "runs")
		service.Recover()
		err = deliver(broken.Rest)
	}
	fmt.Println(err)
	// Output:
	// Log in
	// Check out
	// ended after 2 runs
	// Log in
	// <nil>
}

func ExampleClient_TestMetrics() {
	service := newService()
	defer service.Close()
	client := service.Client()

	metrics, err := client.TestMetrics(context.Background(), insights.TestMetricsOptions{Period: today, Query: "Log in"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(metrics.Aggs.Statuses[insights.StatusPassed], "of", metrics.Aggs.Count, "passed")
	// Output: 2 of 2 passed
}

func ExampleClient_TestTrends() {
	service := newService()
	defer service.Close()
	client := service.Client()

	trends, err := client.TestTrends(context.Background(), insights.TestTrendsOptions{Period: today, Interval: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, bucket := range trends.Buckets {
		fmt.Println(bucket.Timestamp.Format(time.TimeOnly), bucket.Count)
	}
	// Output:
	// 12:00:00 1
	// 12:01:00 1
	// 12:02:00 1
}

// Every mistake in the options is named, and nothing is sent.
func ExampleOptionsError() {
	service := newService()
	defer service.Close()
	client := service.Client()

	_, err := client.TestTrends(context.Background(), insights.TestTrendsOptions{Period: today, Scope: insights.ScopeSingle})
	if mistakes, ok := errors.AsType[*insights.OptionsError](err); ok {
		for _, problem := range mistakes.Problems {
			fmt.Println(problem.Field, problem.Reason)
		}
	}
	fmt.Println(len(service.Requests()), "requests")
	// Output:
	// Owner is required with ScopeSingle
	// Interval is required: the width of a bucket
	// 0 requests
}

func ExampleAPIError() {
	service := newService()
	defer service.Close()
	client := service.Client()
	service.Fail(insightstest.Throttle(1, time.Hour))

	_, err := client.BuildsTests(context.Background(), insights.BuildsTestsOptions{Period: today})
	if refused, ok := errors.AsType[*insights.APIError](err); ok && errors.Is(err, insights.ErrRateLimited) {
		fmt.Println("come back in", refused.RetryAfter)
	}
	// Output: come back in 1h0m0s
}

func ExampleCaptureResponse() {
	service := newService()
	defer service.Close()
	client := service.Client()

	var info insights.ResponseInfo
	_, err := client.ErrorTrends(context.Background(), insights.ErrorTrendsOptions{Period: today}, insights.CaptureResponse(&info))
	fmt.Println(err, info.StatusCode, "after", info.Attempts, "attempt")
	// Output: <nil> 200 after 1 attempt
}
