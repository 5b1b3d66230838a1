package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// settings are what the flags and the environment say.
type settings struct {
	region      insights.Region
	credentials insights.Credentials
	isCI        bool

	build  string
	last   time.Duration
	scope  insights.Scope
	owners []string

	wait    time.Duration
	expect  int
	timeout time.Duration

	gate    report.Gate
	options report.Options

	format     string
	output     string // empty or -: standard output
	jobSummary string // a file to which Markdown is appended; empty: none
}

// parse reads the flags, and from the environment what they leave open.
func parse(args []string, env func(string) string, stdout io.Writer) (settings, error) {
	s := settings{
		region:      insights.USWest1,
		credentials: insights.Credentials{Username: env("SAUCE_USERNAME"), AccessKey: env("SAUCE_ACCESS_KEY")},
		isCI:        env("CI") != "" && env("CI") != "false",
		last:        24 * time.Hour,
		gate:        report.Gate{MinPassRate: 1},
		format:      "text",
		jobSummary:  env("GITHUB_STEP_SUMMARY"),
	}
	flags := s.flags()
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		printHelp(flags, stdout)
		return s, err
	}
	if err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q; -h explains", flags.Arg(0))
	}
	if err := fill(flags, env); err != nil {
		return s, err
	}
	return s.completed()
}

func (s *settings) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("gate", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // a mistake is one line, which run prints
	flags.TextVar(&s.region, "region", s.region, "the `region` of the account: us-west-1 or eu-central-1")
	flags.StringVar(&s.build, "build", "", "judge the runs of the build of this `name` only; by default all runs")
	flags.Func("last", "how long ago runs may have been created: a `length` such as 7d, 12h or 90m (default 1d)", lookback(&s.last))
	flags.Func("scope", "whose runs, a `scope`: me, organization or single; by default as the service decides", oneOf(&s.scope, insights.ScopeMe, insights.ScopeOrganization, insights.ScopeSingle))
	flags.Func("owner", "runs of these users only: `names` with commas between them; -scope single needs it", names(&s.owners))
	s.waitFlags(flags)
	s.ruleFlags(flags)
	s.outputFlags(flags)
	return flags
}

func (s *settings) waitFlags(flags *flag.FlagSet) {
	flags.Func("wait", "most time to wait for the runs of -build to be there and to end, as the service lags behind: a `length` (default 0)", length(&s.wait))
	flags.Func("expect", "the `number` of runs to wait for (default 1)", count(&s.expect))
	flags.Func("timeout", "most time for everything, the wait included: a `length` (default 2m more than -wait)", length(&s.timeout))
}

func (s *settings) ruleFlags(flags *flag.FlagSet) {
	flags.Func("min-pass-rate", "lowest pass `rate`: 0.95 or 95%; 0 is no rule (default 100%)", share(&s.gate.MinPassRate))
	flags.Func("min-runs", "fewest runs: a `number` (default 1)", count(&s.gate.MinRuns))
	flags.Func("max-failed", "most runs that failed: a `number`; by default no rule", limit(&s.gate.MaxFailed))
	flags.Func("max-errored", "most runs that errored: a `number`; by default no rule", limit(&s.gate.MaxErrored))
	flags.Func("max-broken", "most tests that failed in every run: a `number`; by default no rule", limit(&s.gate.MaxBroken))
	flags.Func("max-flaky", "most flaky tests: a `number`; by default no rule", limit(&s.gate.MaxFlaky))
	flags.BoolVar(&s.gate.PerBuild, "per-build", false, "hold every build by itself to the rules about runs")
	flags.BoolVar(&s.options.PerPlatform, "per-platform", false, "tell the runs of a test apart by system and browser")
	flags.TextVar(&s.options.CompleteAs, "complete-as", report.CompleteIgnored, "what a run counts as that ended without a result, an `outcome`: ignored, passed or failed")
}

func (s *settings) outputFlags(flags *flag.FlagSet) {
	flags.Func("format", "the report's `format`: text, markdown, junit or json (default text)", oneOf(&s.format, "text", "markdown", "junit", "json"))
	flags.StringVar(&s.output, "o", "", "write the report to this `file`, whole or not at all; by default to standard output, as with -")
}

// variable is the environment variable that stands for a flag.
func variable(name string) string {
	switch name {
	case "region":
		return "SAUCE_REGION"
	case "o":
		return "INSIGHTS_GATE_OUTPUT"
	}
	return "INSIGHTS_GATE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// fill sets the flags that were not given from their variables.
func fill(flags *flag.FlagSet, env func(string) string) error {
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var mistakes []error
	flags.VisitAll(func(f *flag.Flag) {
		name := variable(f.Name)
		value := env(name)
		if value == "" || given[f.Name] {
			return
		}
		if err := f.Value.Set(value); err != nil {
			mistakes = append(mistakes, fmt.Errorf("invalid value %q of the environment variable %s: %w", value, name, err))
		}
	})
	return errors.Join(mistakes...)
}

// completed checks what belongs together.
func (s settings) completed() (settings, error) {
	if s.timeout == 0 {
		s.timeout = s.wait + 2*time.Minute
	}
	switch {
	case s.wait > 0 && s.build == "":
		return s, errors.New("-wait needs -build")
	case s.expect > 0 && s.wait == 0:
		return s, errors.New("-expect needs -wait")
	case s.timeout <= s.wait:
		return s, fmt.Errorf("-timeout %s leaves no time after -wait %s", s.timeout, s.wait)
	case s.credentials.Username == "" && s.credentials.AccessKey != "":
		return s, errors.New("SAUCE_ACCESS_KEY is set, but SAUCE_USERNAME is not")
	case s.credentials.Username != "" && s.credentials.AccessKey == "":
		return s, errors.New("SAUCE_USERNAME is set, but SAUCE_ACCESS_KEY is not")
	}
	return s, insights.TestsOptions{Period: insights.Last(s.last), Scope: s.scope, Owner: s.owners, Build: s.build}.Validate()
}

// isDemo reports whether the runs are generated ones.
func (s settings) isDemo() bool {
	return s.credentials == insights.Credentials{}
}

const help = `Judges the runs of a build, or of a period, and reports on them.

Exit status: 0 the gate was passed, 10 it failed, 1 it could not tell (service
down, no data or a part of it only, or a mistake in the flags).

SAUCE_USERNAME and SAUCE_ACCESS_KEY are the account to ask for. With neither
set, generated runs of a fake service are judged; where CI is set they are only
shown, and the status is 1. Every flag can be set by the environment variable in
brackets instead. A Markdown report is appended to the file that
GITHUB_STEP_SUMMARY names.

`

func printHelp(flags *flag.FlagSet, stdout io.Writer) {
	_, _ = fmt.Fprint(stdout, help)
	flags.VisitAll(func(f *flag.Flag) { f.Usage += " [" + variable(f.Name) + "]" })
	flags.SetOutput(stdout)
	flags.PrintDefaults()
}
