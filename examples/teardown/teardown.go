// Package teardown shows how a test package reports on the runs that it caused
// on Sauce Labs, after its tests and within a few seconds. Copy the file
// teardown.go, and in a test file write
//
//	var hook = teardown.New()
//
//	func TestMain(m *testing.M) { os.Exit(hook.Main(m)) }
//
// The exit code is that of the tests, whatever becomes of the report: where
// there is none, one line on standard error says why.
//
// No service is asked for anything unless INSIGHTS_TEARDOWN is 1. Then
//
//   - SAUCE_USERNAME, SAUCE_ACCESS_KEY and SAUCE_REGION are the account; its own
//     runs since the tests began are reported. With neither a user name nor a
//     key, a fake service in the same process is asked for generated runs.
//   - INSIGHTS_BUILD is the name of the build that the tests give to their runs.
//   - INSIGHTS_TEARDOWN_BUDGET is the most time for the report; default 5s.
package teardown

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// Hook reports on the runs that were created since it was made. Its methods
// are safe for concurrent use.
type Hook struct {
	began    time.Time
	sessions atomic.Int64
	out      io.Writer
	connect  func(settings) (client report.Lister, done func(), err error)
}

// New makes a hook, before the tests begin. It writes to standard error.
func New() *Hook {
	return &Hook{began: time.Now(), out: os.Stderr, connect: connect}
}

// Began tells the hook of a session that a test begins on Sauce Labs, so that
// it waits for as many runs: the service lags behind. Where it is never called,
// one run that has ended is enough.
func (h *Hook) Began() {
	h.sessions.Add(1)
}

// Main runs the tests, reports if it is asked to, and returns the exit code of
// the tests.
func (h *Hook) Main(m interface{ Run() int }) int {
	code := m.Run()
	s, asked, err := h.settings(time.Now())
	if !asked {
		return code
	}
	end := time.Now().Add(s.budget)
	var text string
	if err == nil {
		text, err = h.within(s)
	}
	if err != nil {
		text = "insights: no report: " + oneLine(err) + "\n"
	}
	h.print(text, max(leastToPrint, time.Until(end)))
	return code
}

const leastToPrint = 100 * time.Millisecond

// print gives up after a time, for nobody may be reading: a report that is lost
// is no failure. Nor is a pipe that was closed, which would end the process.
func (h *Hook) print(text string, most time.Duration) {
	signal.Ignore(syscall.SIGPIPE)
	if key := os.Getenv("SAUCE_ACCESS_KEY"); key != "" { // it may have got into the wrong variable
		text = strings.ReplaceAll(text, key, "****")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.WriteString(h.out, text)
	}()
	select {
	case <-done:
	case <-time.After(most):
	}
}

func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return strings.TrimPrefix(text, "insights: ")
}

// settings are what the environment says.
type settings struct {
	build    string
	from, to time.Time // when the tests ran
	sessions int       // 0: not known
	budget   time.Duration
	isDemo   bool // there are no credentials
}

// clockSkew is how much the clocks of this machine and the service may differ.
const clockSkew = 5 * time.Second

// settings also reports whether there is to be a report at all.
func (h *Hook) settings(now time.Time) (s settings, asked bool, err error) {
	wish := cmp.Or(os.Getenv("INSIGHTS_TEARDOWN"), "0")
	if asked, err = strconv.ParseBool(wish); err != nil {
		return s, true, fmt.Errorf("INSIGHTS_TEARDOWN is %q, and not 1 or 0", wish)
	}
	s = settings{
		build:    os.Getenv("INSIGHTS_BUILD"),
		from:     h.began.Add(-clockSkew),
		to:       now,
		sessions: int(h.sessions.Load()),
		isDemo:   os.Getenv("SAUCE_USERNAME") == "" && os.Getenv("SAUCE_ACCESS_KEY") == "",
	}
	budget := cmp.Or(os.Getenv("INSIGHTS_TEARDOWN_BUDGET"), "5s")
	s.budget, err = time.ParseDuration(budget)
	switch {
	case err != nil || s.budget <= 0:
		err = fmt.Errorf("INSIGHTS_TEARDOWN_BUDGET is %q, and no length of time, such as 5s", budget)
	case s.isDemo: // as if the tests had taken an hour
		s.build, s.from = cmp.Or(s.build, "demo"), now.Add(-time.Hour)
	case s.build == "":
		err = errors.New("INSIGHTS_BUILD is not set: it names the build of the tests")
	}
	return s, asked, err
}

// within is the report, or the reason why there is none, when the budget ends
// at the latest, whatever hangs or panics.
func (h *Hook) within(s settings) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.budget)
	defer cancel()
	var text string
	done := make(chan error, 1) // it may be that nobody receives any more
	go func() {
		err := errors.New("it was given up")
		defer func() {
			if cause := recover(); cause != nil {
				err = fmt.Errorf("panic: %v", cause)
			}
			done <- err
		}()
		text, err = h.report(ctx, s)
	}()
	select {
	case err := <-done:
		return text, err
	case <-ctx.Done():
		return "", fmt.Errorf("it was not done within %s", s.budget)
	}
}

// report keeps a tenth of the budget: if that is all that is left, it makes do
// with the runs that came.
func (h *Hook) report(ctx context.Context, s settings) (string, error) {
	client, done, err := h.connect(s)
	if err != nil {
		return "", err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, s.budget-s.budget/10)
	defer cancel()
	waited, err := s.wait(ctx, client)
	if err != nil {
		return "", err
	}
	summary, err := s.summarize(ctx, client)
	switch {
	case summary != nil && summary.Counts.Runs > 0:
		return s.text(summary, waited)
	case err == nil:
		err = fmt.Errorf("build %s: %s", s.build, waited)
	}
	return "", err
}

// wait takes half of the budget at most.
func (s settings) wait(ctx context.Context, client report.Lister) (report.WaitResult, error) {
	waited, err := report.WaitForBuild(ctx, client, s.build, report.WaitOptions{
		Period:   insights.Between(s.from, s.to),
		Scope:    insights.ScopeMe,
		Expect:   s.sessions,
		Budget:   s.budget / 2,
		MinPause: s.budget / 20,
	})
	if err != nil {
		return waited, err
	}
	return waited, waited.Err
}

func (s settings) summarize(ctx context.Context, client report.Lister) (*report.Summary, error) {
	runs, err := report.BuildRuns(ctx, client, insights.BuildsTestsOptions{
		Period: insights.Between(s.from, s.to),
		Scope:  insights.ScopeMe,
	}, s.build)
	if err != nil {
		return nil, err
	}
	return report.Summarize(runs, report.Options{})
}

func (s settings) text(summary *report.Summary, waited report.WaitResult) (string, error) {
	var out bytes.Buffer
	if s.isDemo {
		out.WriteString("insights: SAUCE_USERNAME and SAUCE_ACCESS_KEY are not set: generated runs of a fake service follow\n")
	}
	if !waited.Complete {
		fmt.Fprintf(&out, "insights: %s\n", waited)
	}
	err := report.WriteText(&out, summary, report.WriteOptions{Title: "Build " + s.build, Top: 5})
	return out.String(), err
}

// connect returns a client of the real service, or of a fake one where there
// are no credentials.
func connect(s settings) (report.Lister, func(), error) {
	if s.isDemo {
		srv := insightstest.NewServer()
		srv.Add(demoRuns(s)...)
		return srv.Client(), srv.Close, nil
	}
	client, err := insights.NewClientFromEnv(insights.WithApplication("insights-teardown", ""))
	if err != nil {
		return nil, nil, err
	}
	return client, client.CloseIdleConnections, nil
}

func demoRuns(s settings) []insights.Test {
	runs := insightstest.Generate(1, max(s.sessions, 40), s.from, s.to)
	for i := range runs {
		runs[i].Build, runs[i].Owner = s.build, insightstest.Username
	}
	return runs
}
