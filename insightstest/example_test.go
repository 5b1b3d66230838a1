package insightstest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// A plain test: a server, some runs, and the code with a client of the server.
func Example() {
	srv := insightstest.NewServer()
	defer srv.Close()
	srv.Add(
		insights.Test{Name: "Log in", Build: "web-7", Status: insights.StatusPassed},
		insights.Test{Name: "Check out", Build: "web-7", Status: insights.StatusFailed, Error: "no total"},
		insights.Test{Name: "Log in", Build: "web-6", Status: insights.StatusPassed},
	)

	// The code that you want to test, with a client of the server.
	failures := func(ctx context.Context, client *insights.Client) (names []string, err error) {
		for run, err := range client.AllTests(ctx, insights.TestsOptions{Period: insights.Last(time.Hour), Build: "web-7"}) {
			if err != nil {
				return nil, err
			}
			if run.Status == insights.StatusFailed || run.Status.IsError() {
				names = append(names, run.Name)
			}
		}
		return names, nil
	}
	fmt.Println(failures(context.Background(), srv.Client()))
	// Output: [Check out] <nil>
}

// A fault: what does the code do when the service sends it away?
func ExampleServer_Fail() {
	srv := insightstest.NewServer()
	defer srv.Close()
	srv.Fail(insightstest.Throttle(1, time.Hour))

	_, err := srv.Client().Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour)})
	if refused, ok := errors.AsType[*insights.APIError](err); ok {
		fmt.Println(refused.StatusCode, "come back in", refused.RetryAfter)
	}
	// Output: 429 come back in 1h0m0s
}

// Faults work together: the second page, and only that, breaks off twice
// before it arrives.
func ExampleFault() {
	srv := insightstest.NewServer()
	defer srv.Close()
	now := time.Now()
	srv.Add(insightstest.Generate(1, 25, now.Add(-time.Hour), now)...)

	broken := insightstest.Truncate(2)
	broken.Match = func(r insightstest.Request) bool { return r.Query.Get("from") == "10" }
	srv.Fail(broken)

	c := srv.Client()
	for from := 0; from < 25; from += 10 {
		page, err := c.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(2 * time.Hour), From: from, Size: 10})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(page.Items))
	}
	fmt.Println(len(srv.Requests()), "requests")
	// Output:
	// 10
	// 10
	// 5
	// 5 requests
}

// A data set of its own: a year of generated runs, and one build that is known
// to the last run.
func ExampleServer_Add() {
	srv := insightstest.NewServer()
	defer srv.Close()
	end := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	srv.Add(insightstest.Generate(1, 5_000, end.AddDate(-1, 0, 0), end)...)
	for i := range 12 {
		srv.Add(insights.Test{
			Name:         fmt.Sprintf("Step %d", i),
			Build:        "mine",
			Owner:        "ann",
			CreationTime: end.Add(time.Duration(i) * time.Minute),
			Duration:     30,
			Status:       insights.StatusPassed,
		})
	}

	builds, err := srv.Client().BuildsTests(context.Background(), insights.BuildsTestsOptions{
		Period: insights.Between(end, end.Add(time.Hour)),
		Scope:  insights.ScopeSingle,
		Owner:  []string{"ann"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	b := builds.Builds.Items[0]
	fmt.Println(b.Name, b.TestsCount, b.Duration.Duration(), len(b.Tests), b.HasMore)
	// Output: mine 12 6m0s 10 true
}

// What was asked: the parameters that the code sent.
func ExampleServer_Requests() {
	srv := insightstest.NewServer()
	defer srv.Close()

	day := insights.TestsOptions{Period: insights.Last(24 * time.Hour), Build: "web-7", Size: 100}
	if _, err := srv.Client().Tests(context.Background(), day); err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range srv.Requests() {
		fmt.Println(r.Method, r.Path, r.Query.Encode(), r.Status)
	}
	// Output: GET /v1/analytics/tests build=web-7&size=100&time_range=1d 200
}

// The services that the real one may be: code that is right under all of them
// needs no luck.
func ExampleVariants() {
	end := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	run := insights.Test{Build: "web-7", Status: insights.StatusPassed, CreationTime: end.Add(-time.Hour)}

	for _, v := range insightstest.Variants() {
		srv := insightstest.NewServer(v.Options...)
		srv.Add(run)
		list, err := srv.Client().Tests(context.Background(), insights.TestsOptions{Period: insights.Between(end.AddDate(0, 0, -1), end), Build: "web-7"})
		if err != nil || len(list.Items) != 1 {
			fmt.Println("not right with", v.Name, err)
		}
		srv.Close()
	}
	// Output:
}

// A run that is running, and ends while the code waits for it.
func ExampleServer_Update() {
	srv := insightstest.NewServer()
	defer srv.Close()
	srv.Add(insights.Test{ID: "r1", Build: "web-7", Status: insightstest.StatusInProgress})

	client := srv.Client()
	for range 2 {
		list, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour), Build: "web-7"})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(list.Items[0].Status)
		srv.Update("r1", func(run *insights.Test) { run.Status = insights.StatusPassed })
	}
	// Output:
	// in progress
	// passed
}

// Time: the server and its client share a clock that the test moves.
func ExampleServer_AddAt() {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	srv := insightstest.NewServer(insightstest.WithClock(func() time.Time { return now }))
	defer srv.Close()
	srv.AddAt(now.Add(10*time.Minute), insights.Test{Build: "web-7", Status: insights.StatusPassed})

	client := srv.Client()
	for range 2 {
		list, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Last(time.Hour), Build: "web-7"})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(list.Items), "runs")
		now = now.Add(10 * time.Minute)
	}
	// Output:
	// 0 runs
	// 1 runs
}

// Two services in one: as it was seen live, with pages of at most 7 runs.
func ExampleNamed() {
	opts, err := insightstest.Named("as-seen-live,small-pages")
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := insightstest.NewServer(opts...)
	defer srv.Close()
	now := time.Now()
	srv.Add(insightstest.Generate(1, 20, now.Add(-time.Hour), now)...)

	page, err := srv.Client().Tests(context.Background(), insights.TestsOptions{Period: insights.Last(2 * time.Hour), Size: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(page.Items), page.HasMore)
	// Output: 7 true
}

// What an analysis of generated runs should find.
func ExampleGenerateTruth() {
	end := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	truth := insightstest.GenerateTruth(1, 5_000, end.AddDate(0, -1, 0), end)
	fmt.Println(len(truth.Broken), "tests never pass:", truth.Broken[0], "…")
	fmt.Println(len(truth.Flaky), "are flaky")
	// Output:
	// 4 tests never pass: Login keeps its state after a reload …
	// 20 are flaky
}
