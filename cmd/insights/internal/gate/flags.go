package gate

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// Settings are what a gate is asked for. Make them with [Bind].
type Settings struct {
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

// Bind adds the flags of a gate. The job summary is a file to which Markdown is
// appended; empty: none.
func Bind(flags *pflag.FlagSet, jobSummary string) *Settings {
	s := &Settings{
		last:       24 * time.Hour,
		gate:       report.Gate{MinPassRate: 1},
		format:     "text",
		jobSummary: jobSummary,
	}
	s.selectionFlags(flags)
	s.waitFlags(flags)
	s.ruleFlags(flags)
	s.outputFlags(flags)
	return s
}

func (s *Settings) selectionFlags(flags *pflag.FlagSet) {
	flags.Func("build", "judge the runs of the build of this `name` only; by default all runs", text(&s.build))
	flags.Func("last", "how long ago runs may have been created: a `length` such as 7d, 12h or 90m (default 1d)", lookback(&s.last))
	flags.Func("scope", "whose runs, a `scope`: me, organization or single; by default as the service decides", oneOf(&s.scope, insights.ScopeMe, insights.ScopeOrganization, insights.ScopeSingle))
	flags.Func("owner", "runs of these users only: `names` with commas between them; --scope single needs it", names(&s.owners))
	flags.Func("baseline", "say what changed since the runs of this `length` of time before, such as 7d; it decides nothing", lookback(&s.baseline))
}

func (s *Settings) waitFlags(flags *pflag.FlagSet) {
	flags.Func("wait", "most time to wait for the runs of --build to be there and to end, as the service lags behind: a `length` (default 0)", length(&s.wait))
	flags.Func("expect", "the `number` of runs to wait for (default 1)", count(&s.expect))
	flags.Func("timeout", "most time for everything, the wait included: a `length` (default 2m more than --wait)", length(&s.timeout))
}

func (s *Settings) ruleFlags(flags *pflag.FlagSet) {
	flags.Func("min-pass-rate", "lowest pass `rate` of the decided runs: 0.95 or 95%; 0 is no rule (default 100%)", share(&s.gate.MinPassRate))
	flags.Func("min-decided", "fewest runs with an outcome: a `number` (default 1); --wait waits for them", count(&s.gate.MinDecided))
	flags.Func("max-undecided", "most runs without an outcome, those that are complete included: a `number`, or a share such as 5%; by default none that still runs", undecided(&s.gate.MaxUndecided))
	flags.Func("max-failed", "most runs that failed: a `number`; by default no rule", limit(&s.gate.MaxFailed))
	flags.Func("max-errored", "most runs that errored: a `number`; by default no rule", limit(&s.gate.MaxErrored))
	flags.Func("max-failed-tests", "most tests that failed in the end, by OS, browser and build: a `number`; by default no rule", limit(&s.gate.MaxFailedTests))
	flags.Func("max-flaky-tests", "most tests that passed only when they were run again in the same build: a `number`; by default no rule", limit(&s.gate.MaxFlakyTests))
	flags.Func("max-broken", "most tests that failed in every run, at least on one platform: a `number`; by default no rule", limit(&s.gate.MaxBroken))
	flags.Func("max-flaky", "most flaky tests, by the statistics of all runs: a `number`; by default no rule", limit(&s.gate.MaxFlaky))
	flags.BoolVar(&s.gate.PerBuild, "per-build", false, "hold every build by itself to the rules, but for the last two")
	flags.BoolVar(&s.options.PerPlatform, "per-platform", false, "tell the runs of a test apart by OS and browser")
	flags.Func("complete-as", "what a run counts as that ended without a result, an `outcome`: ignored, passed or failed (default ignored)", oneOf(&s.options.CompleteAs, report.CompleteIgnored, report.CompletePassed, report.CompleteFailed))
	flags.Func("quarantine", "a JSON `file` of tests that may fail, each with a reason and its last day", text(&s.quarantine))
	flags.Func("on-unknown", "what to make of runs that do not say whether they are good enough, a `verdict`: pass (status 0) or fail (status 10); by default status 1", oneOf(&s.onUnknown, "pass", "fail"))
}

func (s *Settings) outputFlags(flags *pflag.FlagSet) {
	flags.Func("format", "the report's `format` on standard output, and in a file whose ending says nothing: text, markdown, junit or json (default text)", oneOf(&s.format, "text", "markdown", "junit", "json"))
	flags.FuncP("output", "o", "write a report to this `file`, whole or not at all, in the format of its ending: .txt, .md, .xml or .json; may be given several times; - is standard output, the default", outputs(&s.outputs))
}

// Check finds what does not go together, and reads the quarantine.
func (s *Settings) Check() error {
	if s.timeout == 0 {
		s.timeout = s.wait + 2*time.Minute
	}
	switch {
	case s.wait > 0 && s.build == "":
		return errors.New("--wait needs --build")
	case s.expect > 0 && s.wait == 0:
		return errors.New("--expect needs --wait")
	case s.timeout <= s.wait:
		return fmt.Errorf("--timeout %s leaves no time after --wait %s", s.timeout, s.wait)
	}
	if err := s.readQuarantine(); err != nil {
		return fmt.Errorf("--quarantine: %w", err)
	}
	return insights.TestsOptions{Period: insights.Last(s.last), Scope: s.scope, Owner: s.owners, Build: s.build}.Validate()
}

func (s *Settings) readQuarantine() error {
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
