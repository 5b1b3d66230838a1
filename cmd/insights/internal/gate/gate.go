// Package gate is a CI step: it reads the runs of a build or of a period, reports
// on them and tells whether they are good enough.
//
//	insights gate --build nightly-118 --wait 5m --expect 120 --min-pass-rate 95%
//
// There are three answers: passed, failed, and that it could not tell: the service
// is down, there is no data or only a part of it, or runs have not ended. Nothing of
// that ever passes.
package gate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/account"
	"github.com/sauceinsights/insights/report"
)

// ErrFailed says that the gate failed.
var ErrFailed = errors.New("the gate failed")

// Run judges the runs and writes the reports. It returns nil only if the gate was
// passed and the reports written. An error that matches [ErrFailed] is a gate that
// failed; any other says why that could not be told.
func (s *Settings) Run(ctx context.Context, acct account.Settings, stdout, stderr io.Writer, opts ...insights.Option) error {
	err := s.judge(ctx, acct, stdout, stderr, opts)
	if gate, ok := errors.AsType[*report.GateError](err); ok && !gate.CouldNotTell() {
		return failure{strings.TrimPrefix(gate.Error(), "report: ")}
	}
	if err == nil {
		return nil
	}
	return s.unknown(stderr, "could not tell: "+strings.TrimPrefix(err.Error(), "report: could not tell: "))
}

// failure is a gate that failed, and why.
type failure struct{ why string }

func (f failure) Error() string        { return f.why }
func (f failure) Is(target error) bool { return target == ErrFailed }

// unknown is what the user wants to be made of no verdict.
func (s *Settings) unknown(stderr io.Writer, why string) error {
	switch s.onUnknown {
	case "pass":
		say(stderr, why)
		return nil
	case "fail":
		return failure{why}
	}
	return errors.New(why)
}

// say writes one line. Joined errors have a line each.
func say(w io.Writer, text string) {
	_, _ = fmt.Fprintln(w, "insights:", strings.ReplaceAll(text, "\n", "; ")) // there is nowhere to tell that it failed
}

// judge reports on the runs, and returns nil only if the gate was passed and
// the report written.
func (s *Settings) judge(ctx context.Context, acct account.Settings, stdout, stderr io.Writer, opts []insights.Option) error {
	service, err := s.connect(acct, stderr, opts)
	if err != nil {
		return err
	}
	defer service.Close()
	client := service.Client
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
	r := reporter{Settings: s, isDemo: acct.IsDemo, summary: summary, runs: runs}
	if failure == nil {
		r.comparison, err = s.compare(ctx, client, summary)
	}
	return r.conclude(stdout, stderr, err, s.verdict(summary, s.explained(ctx, failure)))
}

// conclude writes the report. A verdict stands even if a part of it could not
// be written; without one, that is the error.
func (r reporter) conclude(stdout, stderr io.Writer, baseline, verdict error) error {
	if baseline != nil {
		say(stderr, "no baseline: "+baseline.Error())
	}
	written := r.write(stdout)
	if verdict == nil {
		return written
	}
	if written != nil {
		say(stderr, written.Error())
	}
	return verdict
}

// explained says in the words of the flags why ctx ended the work.
func (s *Settings) explained(ctx context.Context, failure error) error {
	switch {
	case failure == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return errors.New("interrupted")
	case errors.Is(failure, context.DeadlineExceeded):
		return fmt.Errorf("not done within --timeout %s: %w", s.timeout, failure)
	}
	return failure
}

// verdict is nil if the gate was passed and a [*report.GateError] if it
// failed, or if it could not tell. Any other error says why that cannot be told.
func (s *Settings) verdict(summary *report.Summary, failure error) error {
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
