// Gate is a CI step: it reads the runs of a build or of a period, reports on
// them and tells by its exit status whether they are good enough.
//
//	go run ./examples/gate -build nightly-118 -wait 5m -expect 120 -min-pass-rate 95% -max-broken 0
//
// The exit status is 0 if the gate was passed, 10 if it failed, and 1 if
// nothing can be said: the service is down, there is no data or only a part of
// it, or a flag makes no sense. No data never passes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/examples/internal/keyless"
	"github.com/sauceinsights/insights/report"
)

// The exit statuses.
const (
	passed  = 0
	unknown = 1
	failed  = 10
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)   // a second signal ends the program at once
	signal.Ignore(syscall.SIGPIPE) // that nobody reads is an error like others, and no end without a status
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer, opts ...insights.Option) int {
	stderr = keyless.Writer(stderr, env("SAUCE_ACCESS_KEY"))
	s, err := parse(args, env, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return passed
	case err != nil:
		say(stderr, "gate: "+err.Error())
		return unknown
	}
	err = judge(ctx, s, stdout, stderr, opts)
	if gate, ok := errors.AsType[*report.GateError](err); ok {
		say(stderr, strings.TrimPrefix(gate.Error(), "report: "))
		return failed
	}
	if err != nil {
		say(stderr, "gate: could not tell: "+err.Error())
		return unknown
	}
	return passed
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
	if s.format == "junit" { // which needs the runs a second time
		runs = report.Replay(report.Collect(runs))
	}
	summary, failure := report.Summarize(runs, s.options)
	if summary == nil {
		return failure
	}
	verdict := s.verdict(summary, s.explained(ctx, failure))
	written := s.write(stdout, summary, runs)
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
// failed. Any other error says why that cannot be told.
func (s settings) verdict(summary *report.Summary, failure error) error {
	err := s.gate.Check(summary)
	gate, ok := errors.AsType[*report.GateError](err)
	switch {
	case failure != nil:
		return failure
	case s.isDemo() && s.isCI: // its secrets are missing, as for a fork
		return errors.New("SAUCE_USERNAME and SAUCE_ACCESS_KEY are not set, and in CI generated runs decide nothing")
	case summary.Counts.Runs == 0 && s.build != "":
		return fmt.Errorf("no run of build %q in the last %s", s.build, insights.Last(s.last))
	case summary.Counts.Runs == 0:
		return fmt.Errorf("no run in the last %s", insights.Last(s.last))
	case ok && !hasFigure(gate):
		return errors.New(strings.TrimPrefix(gate.Error(), "report: gate failed: "))
	}
	return err
}

// hasFigure reports whether a rule was broken by what was found, and not only
// by what could not be found.
func hasFigure(gate *report.GateError) bool {
	for _, b := range gate.Breaches {
		if b.Actual != nil {
			return true
		}
	}
	return false
}
