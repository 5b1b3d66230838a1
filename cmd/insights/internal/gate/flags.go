package gate

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// settings are what the flags and the environment say.
type settings struct {
	region      insights.Region
	credentials insights.Credentials
	isDemo      bool

	build    string
	last     time.Duration
	scope    insights.Scope
	owners   []string
	baseline time.Duration // 0: none

	wait    time.Duration
	expect  int
	timeout time.Duration

	gate       report.Gate
	options    report.Options
	quarantine string // the name of a file
	onUnknown  string

	format     string
	outputs    []string // none: standard output, as with -
	jobSummary string   // a file to which Markdown is appended; empty: none
}

// environment is the variables that are set, also to nothing.
type environment map[string]string

func readEnvironment(list []string) environment {
	env := make(environment, len(list))
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

// parse reads the flags, and from the environment what they leave open.
func parse(args []string, env environment, stdout io.Writer) (settings, error) {
	s := settings{
		region:      insights.USWest1,
		credentials: insights.Credentials{Username: env["SAUCE_USERNAME"], AccessKey: env["SAUCE_ACCESS_KEY"]},
		last:        24 * time.Hour,
		gate:        report.Gate{MinPassRate: 1},
		format:      "text",
		jobSummary:  env["GITHUB_STEP_SUMMARY"],
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
	flags.Func("build", "judge the runs of the build of this `name` only; by default all runs", text(&s.build))
	flags.Func("last", "how long ago runs may have been created: a `length` such as 7d, 12h or\n90m (default 1d)", lookback(&s.last))
	flags.Func("scope", "whose runs, a `scope`: me, organization or single; by default as the\nservice decides", oneOf(&s.scope, insights.ScopeMe, insights.ScopeOrganization, insights.ScopeSingle))
	flags.Func("owner", "runs of these users only: `names` with commas between them; -scope\nsingle needs it", names(&s.owners))
	flags.Func("baseline", "say what changed since the runs of this `length` of time before, such\nas 7d; it decides nothing", lookback(&s.baseline))
	flags.BoolVar(&s.isDemo, "demo", false, "judge generated runs of a fake service in this process; no account is\nneeded")
	s.waitFlags(flags)
	s.ruleFlags(flags)
	s.outputFlags(flags)
	return flags
}

func (s *settings) waitFlags(flags *flag.FlagSet) {
	flags.Func("wait", "most time to wait for the runs of -build to be there and to end, as\nthe service lags behind: a `length` (default 0)", length(&s.wait))
	flags.Func("expect", "the `number` of runs to wait for (default 1)", count(&s.expect))
	flags.Func("timeout", "most time for everything, the wait included: a `length` (default 2m\nmore than -wait)", length(&s.timeout))
}

func (s *settings) ruleFlags(flags *flag.FlagSet) {
	flags.Func("min-pass-rate", "lowest pass `rate` of the decided runs: 0.95 or 95%; 0 is no rule\n(default 100%)", share(&s.gate.MinPassRate))
	flags.Func("min-decided", "fewest runs with an outcome: a `number` (default 1); -wait waits for\nthem", count(&s.gate.MinDecided))
	flags.Func("max-undecided", "most runs without an outcome, those that are complete included: a\n`number`, or a share such as 5%; by default none that still runs", undecided(&s.gate.MaxUndecided))
	flags.Func("max-failed", "most runs that failed: a `number`; by default no rule", limit(&s.gate.MaxFailed))
	flags.Func("max-errored", "most runs that errored: a `number`; by default no rule", limit(&s.gate.MaxErrored))
	flags.Func("max-failed-tests", "most tests that failed in the end, by OS, browser and build: a\n`number`; by default no rule", limit(&s.gate.MaxFailedTests))
	flags.Func("max-flaky-tests", "most tests that passed only when they were run again in the same\nbuild: a `number`; by default no rule", limit(&s.gate.MaxFlakyTests))
	flags.Func("max-broken", "most tests that failed in every run, at least on one platform: a\n`number`; by default no rule", limit(&s.gate.MaxBroken))
	flags.Func("max-flaky", "most flaky tests, by the statistics of all runs: a `number`; by\ndefault no rule", limit(&s.gate.MaxFlaky))
	flags.BoolVar(&s.gate.PerBuild, "per-build", false, "hold every build by itself to the rules, but for the last two")
	flags.BoolVar(&s.options.PerPlatform, "per-platform", false, "tell the runs of a test apart by OS and browser")
	flags.Func("complete-as", "what a run counts as that ended without a result, an `outcome`:\nignored, passed or failed (default ignored)", oneOf(&s.options.CompleteAs, report.CompleteIgnored, report.CompletePassed, report.CompleteFailed))
	flags.Func("quarantine", "a JSON `file` of tests that may fail, each with a reason and its last\nday", text(&s.quarantine))
	flags.Func("on-unknown", "what to make of runs that do not say whether they are good enough, a\n`verdict`: pass (status 0) or fail (status 10); by default status 1", oneOf(&s.onUnknown, "pass", "fail"))
}

func (s *settings) outputFlags(flags *flag.FlagSet) {
	flags.Func("format", "the report's `format` on standard output, and in a file whose ending\nsays nothing: text, markdown, junit or json (default text)", oneOf(&s.format, "text", "markdown", "junit", "json"))
	flags.Func("o", "write a report to this `file`, whole or not at all, in the format of\nits ending: .txt, .md, .xml or .json; may be given several times; - is\nstandard output, the default", outputs(&s.outputs))
}

const variablePrefix = "INSIGHTS_GATE_"

// variable is the environment variable that stands for a flag.
func variable(name string) string {
	switch name {
	case "region":
		return "SAUCE_REGION"
	case "o":
		return variablePrefix + "OUTPUT"
	}
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// fill sets the flags that were not given from their variables. A variable that
// stands for no flag is a mistake, as it would be silently no rule; and so is
// one that is set to nothing, as it would be silently no filter.
func fill(flags *flag.FlagSet, env environment) error {
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	known := map[string]bool{}
	var mistakes []error
	flags.VisitAll(func(f *flag.Flag) {
		name := variable(f.Name)
		known[name] = true
		value, isSet := env[name]
		if !isSet || given[f.Name] || value == "" && f.Name == "region" {
			return
		}
		if err := f.Value.Set(value); err != nil {
			mistakes = append(mistakes, fmt.Errorf("invalid value %q of the environment variable %s: %w", value, name, err))
		}
	})
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if strings.HasPrefix(name, variablePrefix) && !known[name] {
			mistakes = append(mistakes, fmt.Errorf("the environment variable %s stands for no flag; -h lists those that do", name))
		}
	}
	return errors.Join(mistakes...)
}

// completed checks what belongs together, and reads the quarantine.
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
	}
	if err := s.checkCredentials(); err != nil {
		return s, err
	}
	if err := s.readQuarantine(); err != nil {
		return s, fmt.Errorf("-quarantine: %w", err)
	}
	return s, insights.TestsOptions{Period: insights.Last(s.last), Scope: s.scope, Owner: s.owners, Build: s.build}.Validate()
}

// checkCredentials: without them there are no runs to judge.
func (s settings) checkCredentials() error {
	missing := []string{}
	if s.credentials.Username == "" {
		missing = append(missing, "SAUCE_USERNAME")
	}
	if s.credentials.AccessKey == "" {
		missing = append(missing, "SAUCE_ACCESS_KEY")
	}
	switch {
	case s.isDemo || len(missing) == 0:
		return nil
	case len(missing) == 1:
		return fmt.Errorf("%s is not set", missing[0])
	}
	return errors.New("SAUCE_USERNAME and SAUCE_ACCESS_KEY are not set: there is nothing to judge; -demo shows what a report looks like")
}

func (s *settings) readQuarantine() error {
	if s.quarantine == "" {
		return nil
	}
	f, err := os.Open(s.quarantine)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	s.options.Quarantine, err = report.ReadQuarantine(f)
	return err
}

const help = `Judges the runs of a build, or of a period, and reports on them.

Exit status: 0 the gate was passed, 10 it failed, 1 it could not tell (service
down, no data or a part of it only, runs that have not ended, or a mistake in
the flags). -on-unknown makes 0 or 10 of all these but a mistake.

SAUCE_USERNAME and SAUCE_ACCESS_KEY are the account to ask for; without them the
status is 1. Every flag can be set by the environment variable in brackets
instead. A Markdown report is appended to the file that GITHUB_STEP_SUMMARY
names.

`

func printHelp(flags *flag.FlagSet, stdout io.Writer) {
	_, _ = fmt.Fprint(stdout, help)
	flags.VisitAll(func(f *flag.Flag) { f.Usage += "\n[" + variable(f.Name) + "]" })
	flags.SetOutput(stdout)
	flags.PrintDefaults()
}
