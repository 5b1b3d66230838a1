package gate

import (
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// values has one for every flag, and none is the default.
var values = map[string]string{
	"region": "eu-central-1", "build": "nightly", "last": "7d", "scope": "single", "owner": "ann,bob",
	"baseline": "7d", "demo": "true", "quarantine": "testdata/quarantine.json", "on-unknown": "fail",
	"min-decided": "5", "max-undecided": "5%", "max-failed-tests": "4", "max-flaky-tests": "6",
	"wait": "3m", "expect": "120", "timeout": "10m",
	"min-pass-rate": "95%", "max-failed": "1", "max-errored": "2", "max-broken": "3", "max-flaky": "0",
	"per-build": "true", "per-platform": "true", "complete-as": "failed", "format": "junit", "o": "report.xml",
}

func flagNames() []string {
	var list []string
	new(settings).flags().VisitAll(func(f *flag.Flag) { list = append(list, f.Name) })
	return list
}

var none environment

func TestEveryFlagCanComeFromTheEnvironment(t *testing.T) {
	var args []string
	env := make(environment)
	for _, name := range flagNames() {
		require.Contains(t, values, name)
		args = append(args, "-"+name+"="+values[name])
		env[variable(name)] = values[name]
	}
	fromFlags, err := parse(args, none, io.Discard)
	require.NoError(t, err)
	fromEnvironment, err := parse(nil, env, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, fromFlags, fromEnvironment)

	defaults, err := parse([]string{"-demo"}, none, io.Discard)
	require.NoError(t, err)
	assert.NotEqual(t, defaults, fromEnvironment)
}

func TestAFlagCountsMoreThanItsVariable(t *testing.T) {
	s, err := parse([]string{"-min-decided", "7", "-demo"}, environment{"INSIGHTS_GATE_MIN_DECIDED": "nonsense", "INSIGHTS_GATE_BUILD": "nightly"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, 7, s.gate.MinDecided)
	assert.Equal(t, "nightly", s.build)
}

func TestGateTakesNothingForAll(t *testing.T) {
	for _, name := range flagNames() {
		if name == "region" {
			continue // where an empty variable is the default
		}
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "PPP")
			out := f.run(t, "-"+name+"=")
			assert.Equal(t, unknown, out.status, "a variable of a script that is not set")
			assert.Contains(t, out.stderr, "-"+name)
			f.env[variable(name)] = ""
			out = f.run(t)
			assert.Equal(t, unknown, out.status, "a variable that is set to nothing")
			assert.Contains(t, out.stderr, variable(name))
			assert.Empty(t, f.Requests())
		})
	}
}

func TestGateRefusesVariablesThatStandForNoFlag(t *testing.T) {
	f := newFixture(t, "PPF")
	f.env["INSIGHTS_GATE_MAX_FAILD"] = "0"
	out := f.run(t, "-min-pass-rate", "0")
	assert.Equal(t, unknown, out.status)
	assert.Contains(t, out.stderr, "INSIGHTS_GATE_MAX_FAILD stands for no flag")
	assert.Empty(t, f.Requests())
}

func TestAMistakeIsNamed(t *testing.T) {
	mistakes := map[string][]string{
		"region":           {"mars"},
		"last":             {"soon", "0", "-1h", "1500ms", "d", "99999999d"},
		"scope":            {"mine"},
		"owner":            {"ann,", ","},
		"wait":             {"-1s", "5"},
		"expect":           {"-1", "1.5", "many"},
		"timeout":          {"never"},
		"min-pass-rate":    {"95", "-1", "101%", "NaN", "%", "high"},
		"min-decided":      {"-1"},
		"max-undecided":    {"-1", "101%", "some"},
		"max-failed-tests": {"-1"},
		"max-flaky-tests":  {"-1"},
		"build":            {"", " "},
		"baseline":         {"soon"},
		"demo":             {"perhaps"},
		"on-unknown":       {"ignore"},
		"max-failed":       {"-1", "none"},
		"max-errored":      {"-1"},
		"max-broken":       {"-1"},
		"max-flaky":        {"9999999999"},
		"per-build":        {"perhaps"},
		"per-platform":     {"perhaps"},
		"complete-as":      {"green"},
		"format":           {"pdf"},
	}
	for name, texts := range mistakes {
		for _, text := range texts {
			t.Run(name+"="+text, func(t *testing.T) {
				f := newFixture(t, "PPP")
				out := f.run(t, "-"+name+"="+text)
				assert.Equal(t, unknown, out.status)
				assert.Contains(t, out.stderr, "-"+name)
				assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)

				f.env[variable(name)] = text
				out = f.run(t)
				assert.Equal(t, unknown, out.status)
				assert.Contains(t, out.stderr, variable(name))
				assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)
				assert.Empty(t, out.stdout)
				assert.Empty(t, f.Requests())
			})
		}
	}
}

func TestFlagsThatDoNotGoTogether(t *testing.T) {
	for args, says := range map[string]string{
		"-nope":                                 "-nope",
		"surplus":                               "surplus",
		"-wait 5m":                              "-wait needs -build",
		"-expect 5":                             "-expect needs -wait",
		"-build 1 -wait 5m -timeout 5m":         "leaves no time",
		"-scope single":                         "Owner",
		"-build":                                "needs an argument",
		"-min-decided= -max-failed 0 -format x": "-min-decided",
	} {
		out := newFixture(t, "PPP").run(t, strings.Fields(args)...)
		assert.Equal(t, unknown, out.status, args)
		assert.Contains(t, out.stderr, says)
		assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)
	}
}

func TestAllMistakesOfTheEnvironmentAreNamedAtOnce(t *testing.T) {
	f := newFixture(t, "PPP")
	f.env["INSIGHTS_GATE_MIN_DECIDED"], f.env["INSIGHTS_GATE_FORMAT"] = "few", "pdf"
	out := f.run(t)
	assert.Contains(t, out.stderr, "INSIGHTS_GATE_MIN_DECIDED")
	assert.Contains(t, out.stderr, "INSIGHTS_GATE_FORMAT")
	assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)
}

func TestAPercentageIsExact(t *testing.T) {
	for text, want := range map[string]float64{"99.9%": 0.999, "57%": 0.57, "100%": 1, "0%": 0, "0.29": 0.29, "1": 1, "29%": 0.29} {
		var rate float64
		require.NoError(t, share(&rate)(text))
		assert.InDelta(t, want, rate, 0, text)
	}
}

func TestHelpNamesEveryFlagAndItsVariable(t *testing.T) {
	for _, arg := range []string{"-h", "-help", "--help"} {
		out := newFixture(t, "").run(t, arg)
		assert.Equal(t, passed, out.status)
		assert.Empty(t, out.stderr)
		for _, name := range flagNames() {
			assert.Contains(t, out.stdout, "\n  -"+name)
			assert.Contains(t, out.stdout, "["+variable(name)+"]")
		}
		for line := range strings.Lines(strings.ReplaceAll(out.stdout, "\t", "    ")) {
			assert.LessOrEqual(t, len(line), 81, line)
		}
	}
}
