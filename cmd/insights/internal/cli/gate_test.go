package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// fixture is a service and the environment of the program that asks it.
type fixture struct {
	*insightstest.Server
	env environment
}

// newFixture has a letter for every run of build 1, an hour ago: passed,
// failed, errored, complete or running.
func newFixture(t *testing.T, outcomes string) fixture {
	srv := insightstest.NewServer()
	t.Cleanup(srv.Close)
	for i, letter := range outcomes {
		srv.Add(insights.Test{Name: fmt.Sprintf("test %d", i), Build: "1", Status: statusOfLetter[letter], CreationTime: time.Now().Add(-time.Hour)})
	}
	creds := srv.Credentials()
	return fixture{srv, environment{"SAUCE_USERNAME": creds.Username, "SAUCE_ACCESS_KEY": creds.AccessKey}}
}

var statusOfLetter = map[rune]insights.Status{'P': "passed", 'F': "failed", 'E': "errored", 'C': "complete", 'R': "in progress"}

type outcome struct {
	status         int
	stdout, stderr string
}

func (f fixture) run(t *testing.T, args ...string) outcome {
	return f.runUntil(t.Context(), args...)
}

func (f fixture) runUntil(ctx context.Context, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	var environ []string
	for name, value := range f.env {
		environ = append(environ, name+"="+value)
	}
	status := Run(ctx, Process{
		Args: append([]string{"gate"}, args...), Environ: environ, Stdout: &stdout, Stderr: &stderr, Now: time.Now,
		Options: []insights.Option{
			insights.WithBaseURL(f.URL), insights.WithoutRateLimit(),
			insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: time.Millisecond, MaxWait: time.Millisecond}),
		},
	})
	return outcome{status, stdout.String(), stderr.String()}
}

// The statuses of a gate.
const (
	passed  = done
	unknown = couldNot
	failed  = gateFailed
)

func TestGateRules(t *testing.T) {
	tests := map[string]struct {
		outcomes string
		args     string
		status   int
		says     string
	}{
		"all passed":                           {"PPP", "", passed, ""},
		"one failed":                           {"PPF", "", failed, "pass rate 66.7% (2 of 3 passed), at least 100% wanted"},
		"the rate is kept":                     {"PPPF", "--min-pass-rate 75%", passed, ""},
		"the rate is just not kept":            {"PPPF", "--min-pass-rate 0.7501", failed, "at least 75.01% wanted"},
		"no rule about the rate":               {"FFF", "--min-pass-rate 0", passed, ""},
		"no run at all":                        {"", "", unknown, "no run in the last 1d"},
		"no run, and no rule":                  {"", "--min-pass-rate 0 --min-decided 0", unknown, "no run in the last 1d"},
		"no run of the build":                  {"PPP", "--build 2", unknown, `no run of build "2" in the last 1d`},
		"no run in the period":                 {"PPP", "--last 30m", unknown, "no run in the last 30m"},
		"all still running":                    {"RRR", "", unknown, "could not tell: none of 3 runs is decided, at least 1 wanted; 3 of 3 runs still running"},
		"one passed, the rest still running":   {"PRR", "", unknown, "could not tell: 2 of 3 runs still running or of an unknown status, at most 0 allowed"},
		"some may still run":                   {"PPR", "--max-undecided 1", passed, ""},
		"a share may still run":                {"PPR", "--max-undecided 30%", unknown, "1 of 3 runs without an outcome, at most 30% allowed"},
		"nothing decided":                      {"CC", "", unknown, "could not tell: none of 2 runs is decided"},
		"complete counts as passed":            {"CCP", "--complete-as passed", passed, ""},
		"complete counts as failed":            {"CCP", "--complete-as failed", failed, "pass rate 33.3%"},
		"too few decided runs":                 {"PPC", "--min-decided 3", failed, "2 decided runs, at least 3 wanted"},
		"too many failed":                      {"PFF", "--min-pass-rate 0 --max-failed 1", failed, "2 failed runs, at most 1 allowed"},
		"as many failed as allowed":            {"PFF", "--min-pass-rate 0 --max-failed 2", passed, ""},
		"one errored":                          {"PPE", "--min-pass-rate 0 --max-errored 0", failed, "1 errored run, at most 0 allowed"},
		"one failed in the end":                {"PPE", "--min-pass-rate 0 --max-failed-tests 0", failed, "1 failed test, at most 0 allowed"},
		"one broken":                           {"PPF", "--min-pass-rate 0 --max-broken 0", failed, "1 broken test, at most 0 allowed"},
		"none flaky":                           {"PPF", "--min-pass-rate 0 --max-flaky 0 --max-flaky-tests 0", passed, ""},
		"each build by itself":                 {"PPF", "--per-build --max-failed 0", failed, "build 1: 1 failed run"},
		"every rule that is broken":            {"PFE", "--max-failed 0 --max-errored 0", failed, "wanted; 1 failed run, at most 0 allowed; 1 errored run"},
		"no verdict, and that is to pass":      {"RRR", "--on-unknown pass", passed, "could not tell"},
		"no verdict, and that is to fail":      {"RRR", "--on-unknown fail", failed, "could not tell"},
		"no data, and that is to fail":         {"", "--on-unknown fail", failed, "no run in the last 1d"},
		"a failure stays one":                  {"PPF", "--on-unknown pass", failed, "pass rate"},
		"waited for, and there":                {"PPP", "--build 1 --wait 300ms --expect 3", passed, ""},
		"waited for, and some missing":         {"PPP", "--build 1 --wait 300ms --expect 4", unknown, "could not tell: 3 runs there, at least 4 expected, 3 decided, 0 still running"},
		"waited for, and one still running":    {"PPR", "--build 1 --wait 300ms", unknown, "could not tell: 3 runs there, at least 1 expected, 2 decided, 1 still running"},
		"waited for, and too few are decided":  {"PPC", "--build 1 --wait 300ms --min-decided 3", unknown, "could not tell: 3 runs there"},
		"waited for, and failed but not whole": {"FFF", "--build 1 --wait 300ms --expect 4", unknown, "3 runs there, at least 4 expected"},
		"waited for in vain":                   {"", "--build 1 --wait 300ms", unknown, "0 runs there, at least 1 expected"},
		"of one owner":                         {"PPP", "--scope single --owner ann,bob", unknown, "no run"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := newFixture(t, tt.outcomes).run(t, strings.Fields(tt.args)...)
			assert.Equal(t, tt.status, out.status, out.stderr)
			assert.Contains(t, out.stderr, tt.says)
			assert.Equal(t, tt.says != "", strings.Count(out.stderr, "\n") == 1, "one line of why, if it did not pass: %q", out.stderr)
			assert.NotEmpty(t, out.stdout, "there is a report in any case")
		})
	}
}

// add adds runs of one test in build 1, a minute apart.
func (f fixture) add(name, outcomes, browsers string) {
	for i, letter := range outcomes {
		f.Add(insights.Test{
			Name: name, Build: "1", Status: statusOfLetter[letter], Browser: string(browsers[i%len(browsers)]),
			CreationTime: time.Now().Add(time.Duration(i-len(outcomes)-1) * time.Minute),
		})
	}
}

func TestGateOutcomes(t *testing.T) {
	for name, tt := range map[string]struct {
		outcomes, browsers, args string
		status                   int
	}{
		"fail and then pass is passed":               {"FP", "c", "--min-pass-rate 0 --max-failed-tests 0", passed},
		"fail and then pass is flaky":                {"FP", "c", "--min-pass-rate 0 --max-flaky-tests 0", failed},
		"pass and then fail is failed":               {"PF", "c", "--min-pass-rate 0 --max-failed-tests 0", failed},
		"one browser that always fails is broken":    {"PFPF", "cf", "--min-pass-rate 0 --max-broken 0", failed},
		"and a failed test":                          {"PFPF", "cf", "--min-pass-rate 0 --max-failed-tests 0", failed},
		"flaky by the statistics":                    {"PPFPFPPFPFPPFPFPPP", "c", "--min-pass-rate 0 --max-flaky 0", failed},
		"one failure is not flaky by the statistics": {"PPPPPPFPPPPPPPPPPP", "c", "--min-pass-rate 0 --max-flaky 0", passed},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "")
			f.add("login", tt.outcomes, tt.browsers)
			out := f.run(t, strings.Fields(tt.args)...)
			assert.Equal(t, tt.status, out.status, out.stderr)
		})
	}
}

func TestGateQuarantine(t *testing.T) {
	file := func(until time.Time) string {
		name := filepath.Join(t.TempDir(), "quarantine.json")
		content := fmt.Sprintf(`[{"test": "test 2", "reason": "SHOP-4711", "until": %q}]`, until.Format(time.DateOnly))
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
		return name
	}
	t.Run("a test in it may fail", func(t *testing.T) {
		out := newFixture(t, "PPF").run(t, "--quarantine", file(time.Now().AddDate(0, 0, 1)), "--max-failed-tests", "0", "--max-broken", "0")
		assert.Equal(t, passed, out.status, out.stderr)
		assert.Contains(t, out.stdout, "quarantined: SHOP-4711")
	})
	t.Run("an entry that has ended counts for nothing", func(t *testing.T) {
		assert.Equal(t, failed, newFixture(t, "PPF").run(t, "--quarantine", file(time.Now().AddDate(0, 0, -2))).status)
	})
	t.Run("a file that is missing is a mistake", func(t *testing.T) {
		out := newFixture(t, "PPP").run(t, "--quarantine", "no such file")
		assert.Equal(t, misused, out.status)
		assert.Contains(t, out.stderr, "--quarantine")
	})
}

func TestGateBaseline(t *testing.T) {
	f := newFixture(t, "")
	for i := range 20 {
		f.Add(insights.Test{Name: "login", Build: "0", Status: insights.StatusPassed, CreationTime: time.Now().Add(time.Duration(i-200) * time.Minute)})
		f.Add(insights.Test{Name: "gone", Build: "0", Status: insights.StatusPassed, CreationTime: time.Now().Add(time.Duration(i-200) * time.Minute)})
	}
	f.add("login", "F", "c")
	f.add("new", "P", "c")
	out := f.run(t, "--build", "1", "--baseline", "7d")
	assert.Equal(t, failed, out.status)
	for _, line := range []string{"first failure    login", "20 passes  1 of 1 failed", "new test         new", "no run any more  gone"} {
		assert.Contains(t, out.stdout, line)
	}
	t.Run("decides nothing", func(t *testing.T) {
		f.Fail(insightstest.Outage(-1).After(1))
		out := f.run(t, "--build", "1", "--baseline", "7d", "--min-pass-rate", "0")
		assert.Equal(t, passed, out.status)
		assert.Contains(t, out.stderr, "insights: no baseline: ")
	})
}

func TestGateOfABuild(t *testing.T) {
	t.Run("only the runs of the build count", func(t *testing.T) {
		f := newFixture(t, "PPP")
		f.Add(insights.Test{Name: "other", Build: "10", Status: insights.StatusFailed})
		assert.Equal(t, failed, f.run(t).status)
		assert.Equal(t, passed, f.run(t, "--build", "1").status)
	})
}

func TestGateWithoutAVerdict(t *testing.T) {
	t.Run("a part of the runs is not judged", func(t *testing.T) {
		f := newFixture(t, strings.Repeat("P", 250))
		f.Fail(insightstest.Outage(-1).On(insightstest.PathTests).After(1))
		out := f.run(t)
		assert.Equal(t, unknown, out.status)
		assert.Contains(t, out.stderr, "insights: could not tell: insights: all tests: ended early, after 100 runs")
		assert.Contains(t, out.stdout, "Gate could not tell\n  - the list of runs is not complete: ")
		assert.Contains(t, out.stdout, "100 runs of 100 tests")
	})

	t.Run("a service that does not answer", func(t *testing.T) {
		f := newFixture(t, "PPP")
		f.Close()
		for _, args := range [][]string{nil, {"--build", "1"}, {"--build", "1", "--wait", "300ms"}} {
			out := f.run(t, args...)
			assert.Equal(t, unknown, out.status)
			assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)
			assert.Contains(t, out.stdout, "not complete")
		}
	})

	t.Run("a service that is too slow", func(t *testing.T) {
		f := newFixture(t, "PPP")
		f.Fail(insightstest.Hang(-1))
		out := f.run(t, "--timeout", "50ms")
		assert.Equal(t, unknown, out.status)
		assert.Contains(t, out.stderr, "could not tell: not done within --timeout 50ms")
	})

	t.Run("an interrupt ends it cleanly", func(t *testing.T) {
		f := newFixture(t, strings.Repeat("P", 250))
		f.Fail(insightstest.Hang(-1).After(1))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, _ = f.WaitForRequests(t.Context(), 2) // a test that has ended needs no interrupt
			cancel()
		}()
		out := f.runUntil(ctx)
		assert.Equal(t, interrupted, out.status)
		assert.Equal(t, "insights: could not tell: interrupted\n", out.stderr)
		assert.Contains(t, out.stdout, "100 runs of 100 tests", "what came before is reported")
	})

	t.Run("rejected credentials", func(t *testing.T) {
		f := newFixture(t, "PPP")
		f.env["SAUCE_ACCESS_KEY"] = "no-such-quartz-jumble"
		for _, format := range []string{"text", "markdown", "junit", "json"} {
			out := f.run(t, "--format", format)
			assert.Equal(t, unknown, out.status)
			assert.Contains(t, out.stderr, "401 Unauthorized")
			assert.NotContains(t, out.stdout+out.stderr, "quartz")
		}
	})

	t.Run("an outage is said once", func(t *testing.T) {
		for _, format := range []string{"text", "markdown"} {
			f := newFixture(t, "PPP")
			f.Close()
			out := f.run(t, "--format", format)
			assert.Equal(t, 1, strings.Count(out.stdout, "connection refused"), out.stdout)
			assert.Equal(t, 1, strings.Count(out.stderr, "connection refused"), out.stderr)
			assert.NotContains(t, out.stdout, "Gate failed")
			assert.Contains(t, out.stdout, "Gate could not tell")
		}
	})
}

func TestGateCredentials(t *testing.T) {
	t.Run("one half of them is a mistake", func(t *testing.T) {
		for _, name := range []string{"SAUCE_USERNAME", "SAUCE_ACCESS_KEY"} {
			f := newFixture(t, "PPP")
			f.env[name] = ""
			out := f.run(t)
			assert.Equal(t, unknown, out.status)
			assert.Contains(t, out.stderr, name+" is not")
			assert.Empty(t, f.Requests())
		}
	})
	t.Run("without them there is no verdict, whatever runs the gate", func(t *testing.T) {
		for system, env := range map[string]environment{
			"a terminal or docker run": {},
			"GitHub Actions":           {"CI": "true", "GITHUB_ACTIONS": "true"},
			"Jenkins":                  {"JENKINS_URL": "https://jenkins.example.com", "BUILD_NUMBER": "7"},
			"Azure Pipelines":          {"TF_BUILD": "True"},
			"TeamCity":                 {"TEAMCITY_VERSION": "2026.1"},
			"GitLab":                   {"CI": "true", "GITLAB_CI": "true"},
		} {
			f := fixture{newFixture(t, "PPP").Server, env}
			out := f.run(t, "--min-pass-rate", "0")
			assert.Equal(t, unknown, out.status, system)
			assert.Contains(t, out.stderr, "SAUCE_USERNAME and SAUCE_ACCESS_KEY are not set", system)
			assert.Empty(t, out.stdout, system)
			assert.Empty(t, f.Requests(), system)
		}
	})
	t.Run("the demo needs none, and says what it is", func(t *testing.T) {
		f := fixture{newFixture(t, "").Server, environment{}}
		for _, args := range [][]string{{"--demo"}, {"--demo", "--build", "nightly-118", "--wait", "300ms", "--expect", "600"}} {
			out := f.run(t, args...)
			assert.Equal(t, failed, out.status, out.stderr)
			assert.Contains(t, out.stderr, "--demo: judging generated runs")
			assert.Contains(t, out.stdout, "(generated runs)")
			assert.Regexp(t, `\n(Broken: failed every time|Failed)\n`, out.stdout)
		}
		assert.Equal(t, passed, f.run(t, "--demo", "--build", "1", "--min-pass-rate", "80%").status)
		assert.Empty(t, f.Requests(), "the service that was not named is not asked")
	})
	t.Run("the demo has a period before, too", func(t *testing.T) {
		f := fixture{newFixture(t, "").Server, environment{}}
		for _, args := range [][]string{{"--demo", "--baseline", "7d"}, {"--demo", "--baseline", "7d", "--build", "nightly-118"}} {
			out := f.run(t, args...)
			assert.Regexp(t, `\nPeriod before: [0-9.]+% of 3,[0-9]{3} decided runs passed`, out.stdout)
			assert.NotContains(t, out.stdout, "new test")
		}
	})
}

func TestGateKey(t *testing.T) {
	t.Run("a key in the wrong place is not printed", func(t *testing.T) {
		f := newFixture(t, "PPP")
		key := f.env["SAUCE_ACCESS_KEY"]
		for _, args := range [][]string{{key}, {"--format", key}, {"--region", key}} {
			out := f.run(t, args...)
			assert.Equal(t, misused, out.status)
			assert.NotContains(t, out.stderr+out.stdout, key)
			assert.NotEmpty(t, out.stderr)
		}
		f.env["SAUCE_REGION"] = key
		assert.NotContains(t, f.run(t).stderr, key)
	})
}
