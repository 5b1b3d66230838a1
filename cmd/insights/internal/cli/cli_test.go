package cli

import (
	"bytes"
	"context"
	"maps"
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

// desk is where a test runs the command: a service, variables and a terminal or
// none.
type desk struct {
	*insightstest.Server
	env        environment
	isTerminal bool
	now        time.Time
}

func newDesk(t *testing.T, runs ...insights.Test) *desk {
	t.Helper()
	srv := insightstest.NewServer()
	t.Cleanup(srv.Close)
	srv.Add(runs...)
	creds := srv.Credentials()
	return &desk{Server: srv, now: time.Now(), env: environment{
		"SAUCE_USERNAME": creds.Username, "SAUCE_ACCESS_KEY": creds.AccessKey, "INSIGHTS_URL": srv.URL,
	}}
}

func (d *desk) run(t *testing.T, args ...string) outcome {
	t.Helper()
	return d.runUntil(t.Context(), args...)
}

func (d *desk) runUntil(ctx context.Context, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	status := Run(ctx, Process{
		Args: args, Environ: d.environ(), Stdout: &stdout, Stderr: &stderr,
		IsTerminal: d.isTerminal, Now: func() time.Time { return d.now },
		Options: []insights.Option{
			insights.WithoutRateLimit(),
			insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: time.Millisecond, MaxWait: time.Millisecond}),
		},
	})
	return outcome{status, stdout.String(), stderr.String()}
}

func (d *desk) environ() []string {
	var list []string
	for name, value := range maps.All(d.env) {
		list = append(list, name+"="+value)
	}
	return list
}

var subcommands = []string{"tests", "metrics", "trends", "builds", "errors", "gate", "export", "sync", "serve", "report", "doctor", "version"}

func TestRunHelp(t *testing.T) {
	d := newDesk(t)
	for _, args := range [][]string{{"--help"}, {"tests", "--help"}, {"metrics", "--help"}, {"trends", "--help"}, {"builds", "--help"}, {"errors", "--help"}, {"gate", "-h"}, {"export", "--help"}, {"sync", "--help"}, {"serve", "--help"}, {"report", "--help"}, {"doctor", "--help"}, {"version", "--help"}, {}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			out := d.run(t, args...)
			assert.Equal(t, done, out.status)
			assert.Empty(t, out.stderr)
			assert.Contains(t, out.stdout, "Usage:\n  insights")
			for line := range strings.Lines(out.stdout) {
				assert.LessOrEqual(t, len(line), 81, line)
			}
		})
	}
	t.Run("names every subcommand", func(t *testing.T) {
		out := d.run(t)
		for _, name := range subcommands {
			assert.Contains(t, out.stdout, "\n  "+name+" ")
		}
	})
	assert.Empty(t, d.Requests())
}

func TestRunStatus(t *testing.T) {
	for name, c := range map[string]struct {
		args   string
		change func(*desk)
		status int
		says   string
	}{
		"2 for an unknown subcommand":          {"tset", nil, misused, `unknown command "tset" for "insights"`},
		"2 for an unknown flag":                {"tests --colour", nil, misused, "unknown flag: --colour"},
		"2 for a surplus argument":             {"tests passed", nil, misused, `unknown command "passed"`},
		"2 for a period that is none":          {"tests --period soon", nil, misused, `invalid argument "soon" for "--period" flag`},
		"2 for a status that is none":          {"tests --status green", nil, misused, `it is none of passed, failed, errored, error, complete`},
		"2 for a test without a name":          {"metrics", nil, misused, "Query"},
		"2 for an owner without a scope":       {"builds --scope single", nil, misused, "Owner"},
		"2 for an empty filter":                {"tests --build=", nil, misused, "it is empty"},
		"2 for an interval that is none":       {"trends --interval 0s", nil, misused, "it is not a length of time such as 15m, 1h or 1d"},
		"2 for an address that is none":        {"tests", func(d *desk) { d.env["INSIGHTS_URL"] = "ftp://127.0.0.1" }, misused, "BaseURL"},
		"2 for a misspelt variable":            {"tests", func(d *desk) { d.env["INSIGHTS_TESTS_STATSU"] = "failed" }, misused, "INSIGHTS_TESTS_STATSU stands for no flag"},
		"2 for an empty variable":              {"tests", func(d *desk) { d.env["INSIGHTS_TESTS_BUILD"] = "" }, misused, "INSIGHTS_TESTS_BUILD is empty"},
		"2 for a variable of another kind":     {"tests", func(d *desk) { d.env["INSIGHTS_TESTS_SIZE"] = "many" }, misused, `invalid value "many" of the environment variable INSIGHTS_TESTS_SIZE`},
		"0 for another's misspelt variable":    {"tests", func(d *desk) { d.env["INSIGHTS_GATE_STATSU"] = "failed" }, done, ""},
		"0 with an empty region":               {"tests", func(d *desk) { d.env["SAUCE_REGION"] = "" }, done, ""},
		"1 without credentials":                {"tests", func(d *desk) { delete(d.env, "SAUCE_USERNAME"); delete(d.env, "SAUCE_ACCESS_KEY") }, couldNot, "SAUCE_USERNAME and SAUCE_ACCESS_KEY are not set"},
		"1 without a key":                      {"tests", func(d *desk) { d.env["SAUCE_ACCESS_KEY"] = "" }, couldNot, "SAUCE_ACCESS_KEY is not set"},
		"1 for a key that is refused":          {"tests", func(d *desk) { d.env["SAUCE_ACCESS_KEY"] = "another-key-of-tests" }, couldNot, "401"},
		"1 for a service that is down":         {"tests", func(d *desk) { d.Fail(insightstest.Outage(-1)) }, couldNot, "503"},
		"1 for a list that breaks off":         {"tests --all --size 2", func(d *desk) { d.Fail(insightstest.Outage(-1).After(2)) }, couldNot, "503"},
		"1 for what takes too long":            {"tests --timeout 50ms", func(d *desk) { d.Fail(insightstest.Hang(-1)) }, couldNot, "deadline"},
		"0 for an account without runs":        {"tests", nil, done, ""},
		"0 for a flag that beats a variable":   {"tests --status passed", func(d *desk) { d.env["INSIGHTS_TESTS_STATUS"] = "green" }, done, ""},
		"0 for its own variable that is first": {"tests", func(d *desk) { d.env["INSIGHTS_TESTS_URL"], d.env["INSIGHTS_URL"] = d.URL, "https://nobody.invalid" }, done, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, insightstest.Generate(1, 20, time.Now().Add(-time.Hour), time.Now())...)
			if c.change != nil {
				c.change(d)
			}
			out := d.run(t, strings.Fields(c.args)...)
			assert.Equal(t, c.status, out.status, out.stderr)
			assert.Contains(t, out.stderr, c.says)
			assert.LessOrEqual(t, strings.Count(out.stderr, "\n"), 1, out.stderr)
			if c.status == misused {
				assert.Empty(t, d.Requests(), "nothing is sent")
			}
		})
	}
	t.Run("130 after an interrupt", func(t *testing.T) {
		d := newDesk(t)
		ctx, interrupt := context.WithCancel(t.Context())
		hang := insightstest.Hang(-1)
		hang.Match = func(insightstest.Request) bool { interrupt(); return true }
		d.Fail(hang)
		out := d.runUntil(ctx, "tests")
		assert.Equal(t, interrupted, out.status)
		assert.Equal(t, "insights: interrupted\n", out.stderr)
	})
}

func TestRunShowsNoKey(t *testing.T) {
	d := newDesk(t)
	key := d.env["SAUCE_ACCESS_KEY"]
	for _, args := range [][]string{{key}, {"tests", key}, {"tests", "--period", key}, {"tests", "--" + key}, {"tests", "--scope", key}, {"gate", "--format", key}, {"export", "-o", key}, {"export", "--columns", key, "-o", "x.csv"}} {
		out := d.run(t, args...)
		assert.NotEqual(t, done, out.status)
		assert.NotEmpty(t, out.stderr)
		assert.NotContains(t, out.stdout+out.stderr, key)
	}
	d.env["INSIGHTS_TESTS_PERIOD"] = key
	assert.NotContains(t, d.run(t, "tests").stderr, key)
}

func TestRunTakesSingleDashes(t *testing.T) {
	d := newDesk(t, insightstest.Generate(1, 20, time.Now().Add(-time.Hour), time.Now())...)
	out := d.run(t, "gate", "-min-pass-rate", "0", "-max-undecided=100%", "-format", "json")
	assert.Equal(t, done, out.status, out.stderr)
	assert.Equal(t, "insights: write --min-pass-rate for -min-pass-rate: the next release takes it with two dashes only\n"+
		"insights: write --max-undecided for -max-undecided: the next release takes it with two dashes only\n"+
		"insights: write --format for -format: the next release takes it with two dashes only\n", out.stderr)
	assert.True(t, strings.HasPrefix(out.stdout, "{"))
	t.Run("of the gate and the export only", func(t *testing.T) {
		assert.Equal(t, misused, d.run(t, "tests", "-period", "1d").status)
	})
}

func TestVersion(t *testing.T) {
	out := newDesk(t).run(t, "version")
	assert.Equal(t, done, out.status)
	assert.Equal(t, done, newDesk(t).run(t, "--version").status)
	assert.Regexp(t, `^insights \S+, go1\.\S+, \w+/\w+\n$`, out.stdout)
}
