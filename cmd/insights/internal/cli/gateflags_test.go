package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/cmd/insights/internal/gate"
)

// values has one for every flag, and none is the default.
var values = map[string]string{
	"region": "eu-central-1", "build": "nightly", "last": "7d", "scope": "single", "owner": "ann,bob",
	"baseline": "7d", "demo": "true", "quarantine": "testdata/quarantine.json", "on-unknown": "fail",
	"min-decided": "5", "max-undecided": "5%", "max-failed-tests": "4", "max-flaky-tests": "6",
	"wait": "3m", "expect": "120", "timeout": "10m",
	"min-pass-rate": "95%", "max-failed": "1", "max-errored": "2", "max-broken": "3", "max-flaky": "0",
	"per-build": "true", "per-platform": "true", "complete-as": "failed", "format": "junit", "output": "report.xml",
}

// gateFlags is a gate with arguments and variables, before anything is done.
func gateFlags(args []string, env environment) (*gate.Settings, *cobra.Command, error) {
	s := &shell{env: env}
	root, cmd := &cobra.Command{Use: "insights"}, &cobra.Command{Use: "gate"}
	root.AddCommand(cmd)
	settings := gate.Bind(cmd.Flags(), "")
	err := cmd.ParseFlags(args)
	if err == nil {
		err = s.fill(cmd, nil)
	}
	return settings, cmd, err
}

func flagNames() []string {
	list := []string{"region", "demo"}
	_, cmd, _ := gateFlags(nil, nil)
	cmd.Flags().VisitAll(func(f *pflag.Flag) { list = append(list, f.Name) })
	return list
}

func variable(name string) string {
	if name == "region" {
		return "SAUCE_REGION"
	}
	return "INSIGHTS_GATE_" + spelled(name)
}

func TestGateFlags(t *testing.T) {
	t.Run("every flag can come from the environment", func(t *testing.T) {
		var args []string
		env := make(environment)
		for _, name := range flagNames()[2:] {
			require.Contains(t, values, name)
			args = append(args, "--"+name+"="+values[name])
			env[variable(name)] = values[name]
		}
		fromFlags, _, err := gateFlags(args, nil)
		require.NoError(t, err)
		fromEnvironment, _, err := gateFlags(nil, env)
		require.NoError(t, err)
		assert.Equal(t, fromFlags, fromEnvironment)

		defaults, _, err := gateFlags(nil, nil)
		require.NoError(t, err)
		assert.NotEqual(t, defaults, fromEnvironment)
	})

	t.Run("a flag counts more than its variable", func(t *testing.T) {
		f := newFixture(t, "PPP")
		f.env["INSIGHTS_GATE_MIN_DECIDED"], f.env["INSIGHTS_GATE_BUILD"] = "nonsense", "2"
		out := f.run(t, "--min-decided", "7")
		assert.Equal(t, unknown, out.status)
		assert.Contains(t, out.stderr, `no run of build "2"`)
	})

	t.Run("nothing does not stand for all", func(t *testing.T) {
		for _, name := range flagNames() {
			if name == "region" {
				continue // where an empty variable is the default
			}
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, "PPP")
				out := f.run(t, "--"+name+"=")
				assert.Equal(t, misused, out.status, "a variable of a script that is not set")
				assert.Contains(t, out.stderr, "--"+name)
				f.env[variable(name)] = ""
				out = f.run(t)
				assert.Equal(t, misused, out.status, "a variable that is set to nothing")
				assert.Contains(t, out.stderr, variable(name))
				assert.Empty(t, f.Requests())
			})
		}
	})

	t.Run("variables that stand for no flag are refused", func(t *testing.T) {
		f := newFixture(t, "PPF")
		f.env["INSIGHTS_GATE_MAX_FAILD"] = "0"
		out := f.run(t, "--min-pass-rate", "0")
		assert.Equal(t, misused, out.status)
		assert.Contains(t, out.stderr, "INSIGHTS_GATE_MAX_FAILD stands for no flag")
		assert.Empty(t, f.Requests())
	})

	t.Run("a mistake is named", func(t *testing.T) {
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
					out := f.run(t, "--"+name+"="+text)
					assert.Equal(t, misused, out.status)
					assert.Contains(t, out.stderr, "--"+name)
					assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)

					f.env[variable(name)] = text
					out = f.run(t)
					assert.Equal(t, misused, out.status)
					assert.Contains(t, out.stderr, variable(name))
					assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)
					assert.Empty(t, out.stdout)
					assert.Empty(t, f.Requests())
				})
			}
		}
	})

	t.Run("flags that do not go together", func(t *testing.T) {
		for args, says := range map[string]string{
			"--nope":                           "--nope",
			"surplus":                          "surplus",
			"--wait 5m":                        "--wait needs --build",
			"--expect 5":                       "--expect needs --wait",
			"--build 1 --wait 5m --timeout 5m": "leaves no time",
			"--scope single":                   "Owner",
			"--build":                          "needs an argument",
			"--min-decided= --max-failed 0 --format x": "--min-decided",
		} {
			out := newFixture(t, "PPP").run(t, strings.Fields(args)...)
			assert.Equal(t, misused, out.status, args)
			assert.Contains(t, out.stderr, says)
			assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)
		}
	})

	t.Run("all mistakes of the environment are named at once", func(t *testing.T) {
		f := newFixture(t, "PPP")
		f.env["INSIGHTS_GATE_MIN_DECIDED"], f.env["INSIGHTS_GATE_FORMAT"] = "few", "pdf"
		out := f.run(t)
		assert.Contains(t, out.stderr, "INSIGHTS_GATE_MIN_DECIDED")
		assert.Contains(t, out.stderr, "INSIGHTS_GATE_FORMAT")
		assert.Equal(t, 1, strings.Count(out.stderr, "\n"), out.stderr)
	})

	t.Run("help names every flag and its variable", func(t *testing.T) {
		for _, arg := range []string{"-h", "--help"} {
			out := newFixture(t, "").run(t, arg)
			assert.Equal(t, passed, out.status)
			assert.Empty(t, out.stderr)
			text := strings.Join(strings.Fields(out.stdout), " ")
			for _, name := range flagNames() {
				assert.Contains(t, text, "--"+name)
				assert.Contains(t, text, variable(name))
			}
			for line := range strings.Lines(out.stdout) {
				assert.LessOrEqual(t, len(line), 81, line)
			}
		}
	})
}
