package teardown

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// Hook reports on the runs that were created since it was made. Its methods
// are safe for concurrent use.
type Hook struct {
	began    time.Time
	sessions atomic.Int64
	out      io.Writer
	connect  func() (client report.Poller, done func(), err error)
	temp     string                       // the folder of what packages share
	testFlag func(name string) (set bool) // whether a flag of go test is set
}

// Option is a choice of [New].
type Option func(*Hook)

// WithClient asks this client instead of one made from the environment. It is
// for clients with options of their own, and for tests.
func WithClient(client report.Poller) Option {
	return func(h *Hook) {
		h.connect = func() (report.Poller, func(), error) { return client, func() {}, nil }
	}
}

// New makes a hook, before the tests begin. It writes to standard error.
func New(opts ...Option) *Hook {
	h := &Hook{began: time.Now(), out: os.Stderr, connect: connect, temp: os.TempDir(), testFlag: isSet}
	for _, opt := range opts {
		opt(h)
	}
	return h
}

// connect makes a client of the real service.
func connect() (report.Poller, func(), error) {
	client, err := insights.NewClientFromEnv(insights.WithApplication("insights-teardown", ""))
	if err != nil {
		return nil, nil, err
	}
	return client, client.CloseIdleConnections, nil
}

// isSet reports whether a flag of go test was given.
func isSet(name string) bool {
	f := flag.Lookup("test." + name)
	return f != nil && f.Value.String() != ""
}

// SessionStarted tells the hook that a test opened a session on Sauce Labs, so
// that it waits for as many runs: the service lags behind. If it is never
// called, one run that has ended is enough.
func (h *Hook) SessionStarted() {
	h.sessions.Add(1)
}

// Main runs the tests, reports if it is asked to, and returns the exit code of
// the tests.
func (h *Hook) Main(m interface{ Run() int }) int {
	code := m.Run()
	s, wanted, err := h.settings(time.Now())
	if !wanted || h.ranNothing() {
		return code
	}
	end := time.Now().Add(s.budget)
	var text string
	if err == nil {
		text, err = h.within(s)
	}
	if err != nil {
		text += "insights: no report: " + oneLine(err) + "\n"
	}
	h.print(text, max(minToPrint, time.Until(end)))
	return code
}

// ranNothing reports whether it may be that no test ran, and so no session.
func (h *Hook) ranNothing() bool {
	chosen := h.testFlag("run") || h.testFlag("bench") || h.testFlag("fuzz")
	return h.testFlag("list") || chosen && h.sessions.Load() == 0
}

const minToPrint = 100 * time.Millisecond

// print gives up after a time, for nobody may be reading: a report that is lost
// is no failure. Nor is a pipe that was closed, which would end the process.
func (h *Hook) print(text string, most time.Duration) {
	signal.Ignore(syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.WriteString(h.out, withoutKey(text))
	}()
	select {
	case <-done:
	case <-time.After(most):
	}
}

// withoutKey hides the access key, which may have got into the wrong variable.
func withoutKey(text string) string {
	if key := os.Getenv("SAUCE_ACCESS_KEY"); key != "" {
		return strings.ReplaceAll(text, key, "****")
	}
	return text
}

func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return strings.TrimPrefix(text, "insights: ")
}

// within returns the report, or the reason why there is none, when the budget
// ends at the latest, whatever hangs or panics.
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
// with what was seen.
func (h *Hook) report(ctx context.Context, s settings) (string, error) {
	client, done, err := h.connect()
	if err != nil {
		return "", err
	}
	defer done()
	build := joinBuild(h.temp, s)
	ctx, cancel := context.WithTimeout(ctx, s.budget-s.budget/10)
	defer cancel()
	f, err := s.find(ctx, client, build.known)
	if err != nil {
		return "", err
	}
	return s.deliver(f, build)
}

// found is what there is to report.
type found struct {
	waited  report.WaitResult
	runs    []insights.Test
	failure error // why the list of runs is not complete
}

// find waits for two thirds of the budget at most, and lists what the wait did
// not.
func (s settings) find(ctx context.Context, client report.Poller, known shared) (found, error) {
	period := insights.Between(known.Began.Add(-clockSkew), s.to)
	waited, err := report.WaitForBuild(ctx, client, s.build, report.WaitOptions{
		Period:   period,
		Scope:    insights.ScopeMe,
		Expect:   known.Sessions,
		Budget:   s.budget * 2 / 3,
		MinPause: s.budget / 20,
	})
	f := found{waited: waited, runs: waited.Tests}
	if waited.Complete || err != nil && waited.Runs == 0 {
		return f, err
	}
	listed, err := report.BuildRuns(ctx, client, insights.BuildsTestsOptions{Period: period, Scope: insights.ScopeMe}, s.build)
	if err != nil {
		return f, err
	}
	f.runs, f.failure = report.Collect(listed)
	if len(f.runs) > 0 || waited.Runs > 0 {
		return f, nil
	}
	return f, cmp.Or(f.failure, waited.Err, fmt.Errorf("build %s: %s", s.build, waited))
}
