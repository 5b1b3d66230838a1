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
	for _, title := range []string{"The newest runs", "The runs of one test", "The newest builds", "The most frequent errors"} {
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
	status, _, stderr := start(t, nil, insights.WithBaseURL(srv.URL), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
	assert.Equal(t, 1, status)
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
	assert.Equal(t, "night…-118", fit("nightly-2026-118", 10))
}

func TestLengthHasNoUnitsOfNothing(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", time.Minute: "1m", 10 * time.Minute: "10m", 90 * time.Second: "1m30s",
		time.Hour: "1h", 10 * time.Hour: "10h", 90 * time.Minute: "1h30m", time.Hour + 10*time.Second: "1h0m10s", 24 * time.Hour: "1d", 36 * time.Hour: "36h",
	} {
		assert.Equal(t, want, length(d))
	}
}
