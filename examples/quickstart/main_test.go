package main

import (
	"bytes"
	"math"
	"strings"
	"testing"

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

func TestWithoutCredentialsItAsksAFakeService(t *testing.T) {
	setCredentials(t, "", "")
	status, stdout, stderr := start(t, []string{"-last", "2d"})
	assert.Zero(t, status)
	assert.Empty(t, stderr)
	assert.Contains(t, stdout, "fake service")
	for _, title := range []string{"The newest runs", "All runs of", "Runs by 3h", "Builds", "Errors", "█"} {
		assert.Contains(t, stdout, title)
	}
}

func TestMistakesAreOneLineAndStatusOne(t *testing.T) {
	setCredentials(t, "", "")
	for _, args := range [][]string{{"-nope"}, {"-last", "soon"}, {"-last", "2021-05-01T12:00:00Z/2021-05-02T12:00:00Z"}, {"-region", "mars"}, {"surplus"}} {
		status, _, stderr := start(t, args)
		assert.Equal(t, 1, status, args)
		assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
}

func TestHelp(t *testing.T) {
	setCredentials(t, "", "")
	status, stdout, _ := start(t, []string{"-h"})
	assert.Zero(t, status)
	assert.Contains(t, stdout, "-region")
}

func TestRejectedCredentialsNameTheRegion(t *testing.T) {
	srv := insightstest.NewServer()
	defer srv.Close()
	setCredentials(t, "someone", "no-such-quartz-jumble")
	status, _, stderr := start(t, []string{"-region", "eu-central-1"}, insights.WithBaseURL(srv.URL))
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "eu-central-1")
	assert.NotContains(t, stderr, "quartz")
}

func TestAnUnreachableHostIsOneLine(t *testing.T) {
	srv := insightstest.NewServer()
	srv.Close()
	setCredentials(t, "someone", "no-such-quartz-jumble")
	status, _, stderr := start(t, nil, insights.WithBaseURL(srv.URL), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
	assert.Equal(t, 1, status)
	assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	assert.Contains(t, stderr, "connection refused")
}

func TestAKeyInTheWrongPlaceIsNotPrinted(t *testing.T) {
	setCredentials(t, "someone", "no-such-quartz-jumble")
	for _, args := range [][]string{{"no-such-quartz-jumble"}, {"-region", "no-such-quartz-jumble"}, {"-last", "no-such-quartz-jumble"}} {
		status, _, stderr := start(t, args)
		assert.Equal(t, 1, status)
		assert.NotContains(t, stderr, "quartz")
	}
}

// What a service says of counts and names may be anything.
func TestNoAnswerUpsetsTheTerminal(t *testing.T) {
	for _, count := range []int{-5, 0, 1, 1 << 30, math.MaxInt} {
		assert.LessOrEqual(t, len([]rune(bar(count, max(1, count)))), 30, count)
	}
	assert.Equal(t, strings.Repeat("█", 15), bar(5, 10))
	assert.Equal(t, " [2Ja b c", short("\x1b[2Ja\tb\u202Ec\nsecond line"))
}
