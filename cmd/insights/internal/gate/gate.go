// Package gate is a CI step: it reads the runs of a build or of a period, reports
// on them and tells by its exit status whether they are good enough.
//
//	insights gate -build nightly-118 -wait 5m -expect 120 -min-pass-rate 95% -max-failed-tests 0
//
// The exit status is 0 if the gate was passed, 10 if it failed, and 1 if
// nothing can be said: the service is down, there is no data or only a part of
// it, runs have not ended, credentials are missing, or a flag makes no sense.
// Nothing of that ever passes.
package gate

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/keyless"
	"github.com/sauceinsights/insights/report"
)

// The exit statuses.
const (
	passed  = 0
	unknown = 1
	failed  = 10
)

// Run runs the program and returns its exit status. The arguments are without its
// name, the environment as that of [os.Environ]; ctx ends with an interrupt.
func Run(ctx context.Context, args, environ []string, stdout, stderr io.Writer, opts ...insights.Option) int {
	return run(ctx, args, readEnvironment(environ), stdout, stderr, opts...)
}

func run(ctx context.Context, args []string, env environment, stdout, stderr io.Writer, opts ...insights.Option) int {
	stderr = keyless.Writer(stderr, env["SAUCE_ACCESS_KEY"])
	s, err := parse(args, env, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return passed
	case err != nil:
		say(stderr, "gate: "+err.Error())
		return unknown
	}
	err = judge(ctx, s, stdout, stderr, opts)
	if gate, ok := errors.AsType[*report.GateError](err); ok && !gate.CouldNotTell() {
		say(stderr, strings.TrimPrefix(gate.Error(), "report: "))
		return failed
	}
	if err != nil {
		say(stderr, "gate: could not tell: "+strings.TrimPrefix(err.Error(), "report: could not tell: "))
		return s.unknownStatus()
	}
	return passed
}

// unknownStatus is what the user wants to be made of no verdict.
func (s settings) unknownStatus() int {
	switch s.onUnknown {
	case "pass":
		return passed
	case "fail":
		return failed
	}
	return unknown
}

// say writes one line. Joined errors have a line each.
func say(w io.Writer, text string) {
	_, _ = fmt.Fprintln(w, strings.ReplaceAll(text, "\n", "; ")) // there is nowhere to tell that it failed
}

// judge reports on the runs, and returns nil only if the gate was passed and
// the report written.
func judge(ctx context.Context, s settings, stdout, stderr io.Writer, opts []insights.Option) error {
	client, done, err := s.connect(stderr, opts)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	runs := s.runs(ctx, client)
	if s.wants("junit") { // which needs the runs a second time
		runs = report.Replay(report.Collect(runs))
	}
	summary, failure := report.Summarize(runs, s.options)
	if summary == nil {
		return failure
	}
	r := reporter{settings: s, summary: summary, runs: runs}
	if failure == nil {
		r.comparison, err = s.compare(ctx, client, summary)
	}
	return r.conclude(stdout, stderr, err, s.verdict(summary, s.explained(ctx, failure)))
}

// conclude writes the report. A verdict stands even if a part of it could not
// be written; without one, that is the error.
func (r reporter) conclude(stdout, stderr io.Writer, baseline, verdict error) error {
	if baseline != nil {
		say(stderr, "gate: no baseline: "+baseline.Error())
	}
	written := r.write(stdout)
	if verdict == nil {
		return written
	}
	if written != nil {
		say(stderr, "gate: "+written.Error())
	}
	return verdict
}

// explained says in the words of the flags why ctx ended the work.
func (s settings) explained(ctx context.Context, failure error) error {
	switch {
	case failure == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return errors.New("interrupted")
	case errors.Is(failure, context.DeadlineExceeded):
		return fmt.Errorf("not done within -timeout %s: %w", s.timeout, failure)
	}
	return failure
}

// verdict is nil if the gate was passed and a [*report.GateError] if it
// failed, or if it could not tell. Any other error says why that cannot be told.
func (s settings) verdict(summary *report.Summary, failure error) error {
	switch {
	case failure != nil:
		return failure
	case summary.Counts.Runs == 0 && s.build != "":
		return fmt.Errorf("no run of build %q in the last %s", s.build, insights.Last(s.last))
	case summary.Counts.Runs == 0:
		return fmt.Errorf("no run in the last %s", insights.Last(s.last))
	}
	return s.gate.Check(summary)
}
