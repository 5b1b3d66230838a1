package main

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

func start(t *testing.T, args []string, opts ...insights.Option) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs, opts...)
	return status, out.String(), errs.String()
}

func setCredentials(t *testing.T, username, key string) {
	t.Setenv("SAUCE_USERNAME", username)
	t.Setenv("SAUCE_ACCESS_KEY", key)
	t.Setenv("SAUCE_REGION", "")
}

func TestRunWithoutCredentialsAsksAFakeService(t *testing.T) {
	setCredentials(t, "", "")
	for period, title := range map[string]string{
		"10m":  "Runs by 1m",
		"90s":  "Runs by 10s",
		"2d":   "Runs by 6h",
		"7d":   "Runs by 12h",
		"90d":  "Runs by 7d",
		"365d": "Runs by 27d",
		"2021-05-01T12:00:00Z/2021-05-02T12:00:00Z": "From 2021-05-01 12:00 to 2021-05-02 12:00 UTC",
	} {
		t.Run(period, func(t *testing.T) {
			status, stdout, stderr := start(t, []string{"-period", period})
			assert.Zero(t, status)
			assert.Empty(t, stderr)
			for _, text := range []string{"fake service", "The newest runs", "The runs of ", title, "The newest builds", "The most frequent errors", "█", "Created (UTC)"} {
				assert.Contains(t, stdout, text)
			}
			assert.NotContains(t, stdout, "none in this period")
			requireTerminal(t, stdout)
		})
	}
}

// requireTerminal fails if a line is wider than a terminal, or is there twice.
func requireTerminal(t *testing.T, text string) {
	seen := make(map[string]bool)
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, len([]rune(line)), 80, line)
		assert.True(t, strings.TrimSpace(line) == "" || !seen[line], "twice: %s", line)
		assert.Equal(t, strings.TrimRight(line, " \n"), strings.TrimSuffix(line, "\n"))
		seen[line] = true
	}
}

func TestRunOfAnEmptyAccountSaysSo(t *testing.T) {
	srv := insightstest.NewServer()
	defer srv.Close()
	setCredentials(t, srv.Credentials().Username, srv.Credentials().AccessKey)
	status, stdout, stderr := start(t, []string{"-url", srv.URL})
	assert.Zero(t, status)
	assert.Empty(t, stderr)
	for _, title := range []string{"The newest runs", "What the newest runs come to, by test, platform and build", "The runs of one test", "The newest builds", "The most frequent errors"} {
		assert.Contains(t, stdout, title+"\n  none in this period\n")
	}
}

// Newer documentation of the service no longer lists the call.
func TestRunWithoutErrorTrendsEndsWell(t *testing.T) {
	srv := insightstest.NewServer()
	defer srv.Close()
	srv.Fail(insightstest.Fault{Count: -1, Status: http.StatusNotFound}.On(insightstest.PathErrorTrends))
	setCredentials(t, srv.Credentials().Username, srv.Credentials().AccessKey)
	status, stdout, stderr := start(t, []string{"-url", srv.URL})
	assert.Zero(t, status)
	assert.Empty(t, stderr)
	assert.Contains(t, stdout, "The most frequent errors\n  This service has no error trends.\n")
}

// A run that did not get to its end is no less a failure than one that failed.
func TestRunShowsErroredRuns(t *testing.T) {
	srv := insightstest.NewServer()
	defer srv.Close()
	at := time.Now().Add(-time.Hour)
	for i, s := range []insights.Status{insights.StatusErrored, insights.StatusErrored, insights.StatusFailed} {
		srv.Add(insights.Test{Name: "Check out", Build: "web-7", Status: s, Error: fmt.Sprint("no machine ", i), CreationTime: at.Add(time.Duration(i) * time.Second)})
	}
	setCredentials(t, srv.Credentials().Username, srv.Credentials().AccessKey)
	status, stdout, _ := start(t, []string{"-url", srv.URL, "-period", "1d"})
	assert.Zero(t, status)
	assert.Regexp(t, `web-7 +3 +0 +1 +2 `, stdout)
	assert.Regexp(t, `errored +2 +66\.7%`, stdout)
}

// There is one notion of what a test comes to, that of package report.
func TestRunOutcomes(t *testing.T) {
	for name, tt := range map[string]struct {
		runs string // a letter each, and the browser it ran in
		want string
	}{
		"fail and then pass is flaky":                {"Fc Pc", "passed 0 flaky 1 failed 0 undecided 0"},
		"pass and then fail is failed":               {"Pc Fc", "passed 0 flaky 0 failed 1 undecided 0"},
		"an error counts as a failure":               {"Pc Ec", "passed 0 flaky 0 failed 1 undecided 0"},
		"what still runs does not undo a pass":       {"Pc Rc", "passed 1 flaky 0 failed 0 undecided 0"},
		"nothing decided is neither":                 {"Rc Cc", "passed 0 flaky 0 failed 0 undecided 1"},
		"one browser says nothing of the other":      {"Pc Ff", "passed 1 flaky 0 failed 1 undecided 0"},
		"more than the few runs shown count":         {strings.Repeat("Pc ", 9) + "Ff Pf", "passed 1 flaky 1 failed 0 undecided 0"},
		"runs beyond the newest hundred do not":      {"Ff " + strings.Repeat("Pc ", 100), "passed 1 flaky 0 failed 0 undecided 0"},
		"and a failure beyond them is none, as said": {"Fc " + strings.Repeat("Pc ", 100), "passed 1 flaky 0 failed 0 undecided 0"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := insightstest.NewServer()
			defer srv.Close()
			runs := strings.Fields(tt.runs)
			for i, run := range runs {
				srv.Add(insights.Test{
					Name: "Check out", Build: "web-7", Status: statuses[run[0]], Browser: run[1:],
					CreationTime: time.Now().Add(time.Duration(i-200) * time.Second),
				})
			}
			setCredentials(t, srv.Credentials().Username, srv.Credentials().AccessKey)
			status, stdout, stderr := start(t, []string{"-url", srv.URL, "-period", "1d"})
			assert.Zero(t, status, stderr)
			title := fmt.Sprintf("What the newest %d runs come to, by test, platform and build\n", min(len(runs), 100))
			_, section, found := strings.Cut(stdout, title)
			assert.True(t, found, stdout)
			section, _, _ = strings.Cut(section, "\n\n")
			var got []string
			for _, row := range strings.Split(section, "\n")[1:] {
				got = append(got, strings.Fields(row)[:2]...)
			}
			assert.Equal(t, tt.want, strings.Join(got, " "))
			requireTerminal(t, stdout)
		})
	}
}

var statuses = map[byte]insights.Status{
	'P': insights.StatusPassed, 'F': insights.StatusFailed, 'E': insights.StatusErrored, 'C': insights.StatusComplete, 'R': "in progress",
}

func TestRunPrintsAMistakeOnOneLine(t *testing.T) {
	setCredentials(t, "", "")
	for _, args := range [][]string{{"-nope"}, {"-period", "soon"}, {"-period", ""}, {"-region", "mars"}, {"surplus"}, {"-url", "http://example.com"}} {
		status, _, stderr := start(t, args)
		assert.Equal(t, 1, status, args)
		assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
	t.Setenv("SAUCE_REGION", "mars")
	status, _, stderr := start(t, nil)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "SAUCE_REGION")
}

func TestRunHelp(t *testing.T) {
	setCredentials(t, "", "")
	status, stdout, _ := start(t, []string{"-h"})
	assert.Zero(t, status)
	for _, flag := range []string{"-region", "-url", "-period", "-test"} {
		assert.Contains(t, stdout, flag)
	}
	requireTerminal(t, strings.ReplaceAll(stdout, "    \t", "        "))
}

func TestRunNamesTheRegionOfRejectedCredentials(t *testing.T) {
	srv := insightstest.NewServer()
	defer srv.Close()
	setCredentials(t, "someone", "no-such-quartz-jumble")
	status, _, stderr := start(t, []string{"-region", "eu-central-1"}, insights.WithBaseURL(srv.URL))
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "eu-central-1")
	assert.NotContains(t, stderr, "quartz")
}

func TestRunSaysThatTheHostCannotBeReached(t *testing.T) {
	srv := insightstest.NewServer()
	srv.Close()
	setCredentials(t, "someone", "no-such-quartz-jumble")
	status, stdout, stderr := start(t, nil, insights.WithBaseURL(srv.URL), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout, "no head without anything below it")
	assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	assert.Contains(t, stderr, "connection refused")
}

func TestRunPrintsNoKeyInTheWrongPlace(t *testing.T) {
	setCredentials(t, "someone", "no-such-quartz-jumble")
	for _, args := range [][]string{{"no-such-quartz-jumble"}, {"-region", "no-such-quartz-jumble"}, {"-period", "no-such-quartz-jumble"}} {
		status, _, stderr := start(t, args)
		assert.Equal(t, 1, status)
		assert.NotContains(t, stderr, "quartz")
	}
}

// What a service says of counts and names may be anything.
func TestTableUpsetsNoTerminal(t *testing.T) {
	for _, n := range []int{-5, 0, 1, 1 << 30, math.MaxInt} {
		assert.LessOrEqual(t, len([]rune(bar(n, max(1, n)))), 24, n)
	}
	assert.Equal(t, strings.Repeat("█", 12), bar(5, 10))
	assert.Equal(t, " [2Ja b c", plain("\x1b[2Ja\tb\u202Ec\nsecond line"))
	assert.Equal(t, "-", fit(" \n", 20))
}

func TestFitCutsBetweenWords(t *testing.T) {
	for name, want := range map[string]string{
		"":                                       "-",
		"Search saves a draft":                   "Search saves a draft",
		"Notifications refuses input":            "Notifications … input",
		"Wishlist works with the keyboard alone": "Wishlist … keyboard alone",
		"nightly-2026-11-26-118-of-web-shop":     "nightly-2026-…-of-web-shop",
		"a-word-that-takes-all-the-room it does": "a-word-that-t…room it does",
	} {
		assert.Equal(t, want, fit(name, 26))
		assert.LessOrEqual(t, len([]rune(fit(name, 26))), 26)
	}
}

// A run takes as long in a list as in a report.
func TestTookIsWrittenAsInReports(t *testing.T) {
	for seconds, want := range map[insights.Seconds]string{0: "-", 0.4: "0.4s", 31: "31.0s", 59.96: "1m00s", 68: "1m08s", 3599.7: "1h00m", 11_520: "3h12m"} {
		assert.Equal(t, want, took(seconds))
		if seconds > 0 {
			runs := []insights.Test{{Name: "a", Duration: seconds}}
			summary, err := report.Summarize(report.Replay(runs, nil), report.Options{})
			assert.NoError(t, err)
			var text strings.Builder
			assert.NoError(t, report.WriteText(&text, summary, report.WriteOptions{Columns: -1}))
			assert.Contains(t, text.String(), "Run time "+want+" in all")
		}
	}
}

func TestLengthHasNoUnitsOfNothing(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", time.Minute: "1m", 10 * time.Minute: "10m", 90 * time.Second: "1m30s",
		time.Hour: "1h", 10 * time.Hour: "10h", 90 * time.Minute: "1h30m", time.Hour + 10*time.Second: "1h0m10s", 24 * time.Hour: "1d", 36 * time.Hour: "36h",
	} {
		assert.Equal(t, want, length(d))
	}
}
