package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// fixture is a service and the environment of the program that asks it.
type fixture struct {
	*insightstest.Server
	env map[string]string
}

// newFixture has a letter for every run of build 1, an hour ago: passed,
// failed, errored, complete or running.
func newFixture(t *testing.T, outcomes string) fixture {
	srv := insightstest.NewServer()
	t.Cleanup(srv.Close)
	for i, letter := range outcomes {
		srv.Add(insights.Test{Name: fmt.Sprintf("test %d", i), Build: "1", Status: statuses[letter], CreationTime: time.Now().Add(-time.Hour)})
	}
	creds := srv.Credentials()
	return fixture{srv, map[string]string{"SAUCE_USERNAME": creds.Username, "SAUCE_ACCESS_KEY": creds.AccessKey}}
}

var statuses = map[rune]insights.Status{'P': "passed", 'F': "failed", 'E': "errored", 'C': "complete", 'R': "in progress"}

type outcome struct {
	status         int
	stdout, stderr string
}

func (f fixture) run(t *testing.T, args ...string) outcome {
	return f.runUntil(t.Context(), args...)
}

func (f fixture) runUntil(ctx context.Context, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	status := run(ctx, args, f.getenv, &stdout, &stderr,
		insights.WithBaseURL(f.URL), insights.WithoutRateLimit(),
		insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: time.Millisecond, MaxWait: time.Millisecond}))
	return outcome{status, stdout.String(), stderr.String()}
}

func (f fixture) getenv(name string) string { return f.env[name] }

func TestExitStatusOfTheRules(t *testing.T) {
	tests := map[string]struct {
		outcomes string
		args     string
		status   int
		says     string
	}{
		"all passed":                           {"PPP", "", passed, ""},
		"one failed":                           {"PPF", "", failed, "pass rate 66.7% (2 of 3 passed), at least 100% wanted"},
		"the rate is kept":                     {"PPPF", "-min-pass-rate 75%", passed, ""},
		"the rate is just not kept":            {"PPPF", "-min-pass-rate 0.7501", failed, "at least 75.01% wanted"},
		"no rule about the rate":               {"FFF", "-min-pass-rate 0", passed, ""},
		"no run at all":                        {"", "", unknown, "no run in the last 1d"},
		"no run, and no rule":                  {"", "-min-pass-rate 0 -min-runs 0", unknown, "no run in the last 1d"},
		"no run of the build":                  {"PPP", "-build 2", unknown, `no run of build "2" in the last 1d`},
		"no run in the period":                 {"PPP", "-last 30m", unknown, "no run in the last 30m"},
		"nothing decided":                      {"CCR", "", unknown, "could not tell: there is no pass rate, as no run is decided"},
		"nothing decided, and too few runs":    {"CCR", "-min-runs 4", failed, "3 runs, at least 4 wanted"},
		"complete counts as passed":            {"CCP", "-complete-as passed", passed, ""},
		"complete counts as failed":            {"CCP", "-complete-as failed", failed, "pass rate 33.3%"},
		"too few runs":                         {"PPP", "-min-runs 4", failed, "3 runs, at least 4 wanted"},
		"too many failed":                      {"PFF", "-min-pass-rate 0 -max-failed 1", failed, "2 failed runs, at most 1 allowed"},
		"as many failed as allowed":            {"PFF", "-min-pass-rate 0 -max-failed 2", passed, ""},
		"one errored":                          {"PPE", "-min-pass-rate 0 -max-errored 0", failed, "1 errored run, at most 0 allowed"},
		"one broken":                           {"PPF", "-min-pass-rate 0 -max-broken 0", failed, "1 broken test, at most 0 allowed"},
		"none flaky":                           {"PPF", "-min-pass-rate 0 -max-flaky 0", passed, ""},
		"each build by itself":                 {"PPF", "-per-build -max-failed 0", failed, "build 1: 1 failed run"},
		"every rule that is broken":            {"PFE", "-max-failed 0 -max-errored 0", failed, "wanted; 1 failed run, at most 0 allowed; 1 errored run"},
		"waited for, and there":                {"PPP", "-build 1 -wait 1s -expect 3", passed, ""},
		"waited for, and some missing":         {"PPP", "-build 1 -wait 1s -expect 4", unknown, "could not tell: 3 runs there, at least 4 expected, 0 still running"},
		"waited for, and one still running":    {"PPR", "-build 1 -wait 1s", unknown, "could not tell: 3 runs there, at least 1 expected, 1 still running"},
		"waited for, and failed but not whole": {"FFF", "-build 1 -wait 1s -expect 4", unknown, "3 runs there, at least 4 expected"},
		"waited for in vain":                   {"", "-build 1 -wait 1s", unknown, "0 runs there, at least 1 expected"},
		"of one owner":                         {"PPP", "-scope single -owner ann,bob", unknown, "no run"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := newFixture(t, tt.outcomes).run(t, strings.Fields(tt.args)...)
			assert.Equal(t, tt.status, out.status, out.stderr)
			assert.Contains(t, out.stderr, tt.says)
			assert.Equal(t, tt.status != passed, strings.Count(out.stderr, "\n") == 1, "one line of why, if it did not pass: %q", out.stderr)
			assert.NotEmpty(t, out.stdout, "there is a report in any case")
		})
	}
}

func TestFlakyTestsFailTheGate(t *testing.T) {
	f := newFixture(t, "")
	for i, letter := range "PPFPPFPPFPPP" {
		f.Add(insights.Test{Name: "login", Status: statuses[letter], Browser: fmt.Sprint("browser ", i%2), CreationTime: time.Now().Add(time.Duration(i-60) * time.Minute)})
	}
	assert.Equal(t, failed, f.run(t, "-min-pass-rate", "50%", "-max-flaky", "0").status)
	assert.Equal(t, passed, f.run(t, "-min-pass-rate", "50%", "-max-flaky", "0", "-per-platform").status, "six runs on each browser are too few to tell")
}

func TestOnlyTheRunsOfTheBuildCount(t *testing.T) {
	f := newFixture(t, "PPP")
	f.Add(insights.Test{Name: "other", Build: "10", Status: insights.StatusFailed})
	assert.Equal(t, failed, f.run(t).status)
	assert.Equal(t, passed, f.run(t, "-build", "1").status)
}

func TestAPartOfTheRunsIsNotJudged(t *testing.T) {
	f := newFixture(t, strings.Repeat("P", 250))
	f.Fail(insightstest.Outage(-1).On(insightstest.PathTests).After(1))
	out := f.run(t)
	assert.Equal(t, unknown, out.status)
	assert.Contains(t, out.stderr, "gate: could not tell: insights: all tests: ended early, after 100 runs")
	assert.Contains(t, out.stdout, "WARNING: Not complete")
	assert.Contains(t, out.stdout, "100 runs of 100 tests")
}

func TestAServiceThatDoesNotAnswer(t *testing.T) {
	f := newFixture(t, "PPP")
	f.Close()
	for _, args := range [][]string{nil, {"-build", "1"}, {"-build", "1", "-wait", "1s"}} {
		out := f.run(t, args...)
		assert.Equal(t, unknown, out.status)
		assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)
		assert.Contains(t, out.stdout, "Not complete")
	}
}

func TestAServiceThatIsTooSlow(t *testing.T) {
	f := newFixture(t, "PPP")
	f.Fail(insightstest.Hang(-1))
	out := f.run(t, "-timeout", "50ms")
	assert.Equal(t, unknown, out.status)
	assert.Contains(t, out.stderr, "could not tell: not done within -timeout 50ms")
}

func TestAnInterruptEndsItCleanly(t *testing.T) {
	f := newFixture(t, strings.Repeat("P", 250))
	f.Fail(insightstest.Hang(-1).After(1))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = f.WaitForRequests(t.Context(), 2) // a test that has ended needs no interrupt
		cancel()
	}()
	out := f.runUntil(ctx)
	assert.Equal(t, unknown, out.status)
	assert.Equal(t, "gate: could not tell: interrupted\n", out.stderr)
	assert.Contains(t, out.stdout, "100 runs of 100 tests", "what came before is reported")
}

func TestRejectedCredentials(t *testing.T) {
	f := newFixture(t, "PPP")
	f.env["SAUCE_ACCESS_KEY"] = "no-such-quartz-jumble"
	for _, format := range []string{"text", "markdown", "junit", "json"} {
		out := f.run(t, "-format", format)
		assert.Equal(t, unknown, out.status)
		assert.Contains(t, out.stderr, "401 Unauthorized")
		assert.NotContains(t, out.stdout+out.stderr, "quartz")
	}
}

func TestOneHalfOfTheCredentialsIsAMistake(t *testing.T) {
	for _, name := range []string{"SAUCE_USERNAME", "SAUCE_ACCESS_KEY"} {
		f := newFixture(t, "PPP")
		f.env[name] = ""
		out := f.run(t)
		assert.Equal(t, unknown, out.status)
		assert.Contains(t, out.stderr, name+" is not")
		assert.Empty(t, f.Requests())
	}
}

func TestWithoutCredentialsItJudgesGeneratedRuns(t *testing.T) {
	f := fixture{newFixture(t, "").Server, map[string]string{}}
	for _, args := range [][]string{nil, {"-build", "nightly-118", "-wait", "1s", "-expect", "600"}} {
		out := f.run(t, args...)
		assert.Equal(t, failed, out.status, out.stderr)
		assert.Contains(t, out.stderr, "SAUCE_USERNAME and SAUCE_ACCESS_KEY are not set: judging generated runs")
		assert.Contains(t, out.stdout, "(generated runs)")
		assert.Contains(t, out.stdout, "Broken: failed every time")
	}
	assert.Equal(t, passed, f.run(t, "-build", "1", "-min-pass-rate", "80%").status)
	f.env["CI"] = "true"
	for _, rate := range []string{"80%", "100%"} {
		out := f.run(t, "-build", "1", "-min-pass-rate", rate)
		assert.Equal(t, unknown, out.status, "a pipeline without its secrets neither passes nor fails")
		assert.Contains(t, out.stderr, "in CI generated runs decide nothing")
	}
	assert.Empty(t, f.Requests(), "the service that was not named is not asked")
}

func TestAKeyInTheWrongPlaceIsNotPrinted(t *testing.T) {
	f := newFixture(t, "PPP")
	key := f.env["SAUCE_ACCESS_KEY"]
	for _, args := range [][]string{{key}, {"-format", key}, {"-region", key}} {
		out := f.run(t, args...)
		assert.Equal(t, unknown, out.status)
		assert.NotContains(t, out.stderr+out.stdout, key)
		assert.NotEmpty(t, out.stderr)
	}
	f.env["SAUCE_REGION"] = key
	assert.NotContains(t, f.run(t).stderr, key)
}
