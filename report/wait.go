package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
)

// WaitOptions are the choices of [WaitForBuild]. Period is required.
type WaitOptions struct {
	Period   insights.Period // in which the runs of the build lie; Last reaches up to now anew in every poll
	Scope    insights.Scope
	Owner    []string      // required with insights.ScopeSingle
	Expect   int           // runs that the build will have; 0: not known, one is enough
	Budget   time.Duration // most time for all of it; 0 means 5 minutes
	MinPause time.Duration // between the first two polls; 0 means 2 seconds
	MaxPause time.Duration // pauses grow by half up to this; 0 means 30 seconds, or MinPause if that is longer
}

// WaitResult is what [WaitForBuild] saw.
type WaitResult struct {
	Complete bool // the expected runs are there, and none is still running
	Runs     int  // in the last poll that succeeded
	Running  int  // of Runs
	Expect   int  // as asked, at least 1
	Polls    int  // that were begun
	Elapsed  time.Duration

	// Err is why the last poll failed, if it did: the service may answer again
	// later, but the budget ended first. It is nil if the last poll succeeded.
	Err error
}

// String says what was waited for and how that ended.
func (r WaitResult) String() string {
	found := fmt.Sprintf("%s there, at least %s expected, %s still running, after %s",
		counted(r.Runs, "run"), number(r.Expect), number(r.Running), length(insights.Seconds(r.Elapsed.Seconds())))
	switch {
	case r.Complete:
		return "complete: " + found
	case r.Err != nil:
		return "not complete: " + found + "; the last poll failed: " + plain(r.Err.Error())
	}
	return "not complete: " + found
}

// WaitForBuild polls, with growing pauses, until at least WaitOptions.Expect
// runs of the build are there and none is still running, or the budget ends:
// the service lags behind the tests. WaitResult.Complete tells which; that the
// budget ended is not an error.
//
// A run is still running while its status is none that the API documents, or
// while it has started and has no end. A complete run has ended, though its
// result may still be reported.
//
// A poll that fails because of the network, a 5xx answer or a rate limit is
// made again. Any other failure, the end of ctx and options out of range are
// returned as an error, with what was seen before.
func WaitForBuild(ctx context.Context, client Lister, build string, opts WaitOptions) (WaitResult, error) {
	if err := opts.validate(build); err != nil {
		return WaitResult{}, err
	}
	opts = opts.withDefaults()
	w := waiter{client: client, build: build, opts: opts, began: time.Now(), result: WaitResult{Expect: opts.Expect}}
	err := w.wait(ctx)
	w.result.Elapsed = time.Since(w.began)
	return w.result, err
}

func (o WaitOptions) validate(build string) error {
	if err := o.tests().Validate(); err != nil {
		return err
	}
	var p problems
	p.check(build != "", "build", "is empty")
	p.check(o.Expect >= 0, "Expect", "is negative")
	p.check(o.Budget >= 0, "Budget", "is negative")
	p.check(o.MinPause >= 0, "MinPause", "is negative")
	p.check(o.MaxPause >= 0, "MaxPause", "is negative")
	return p.err()
}

func (o WaitOptions) withDefaults() WaitOptions {
	o.Expect = max(o.Expect, 1)
	o.Budget = cmp.Or(o.Budget, 5*time.Minute)
	o.MinPause = cmp.Or(o.MinPause, 2*time.Second)
	o.MaxPause = max(cmp.Or(o.MaxPause, 30*time.Second), o.MinPause)
	return o
}

func (o WaitOptions) tests() insights.TestsOptions {
	return insights.TestsOptions{Period: o.Period, Scope: o.Scope, Owner: o.Owner}
}

type waiter struct {
	client Lister
	build  string
	opts   WaitOptions
	began  time.Time
	result WaitResult
}

func (w *waiter) wait(caller context.Context) error {
	ctx, cancel := context.WithTimeout(caller, w.opts.Budget)
	defer cancel()
	for pause := w.opts.MinPause; ; pause = min(pause*3/2, w.opts.MaxPause) {
		err := w.poll(ctx)
		switch {
		case w.result.Complete:
			return nil
		case err != nil && ctx.Err() == nil && !isRetryable(err):
			return err
		case !w.pause(ctx, pause):
			return caller.Err()
		}
	}
}

// poll counts the runs. What it saw replaces what is known only if it got to
// the end of them.
func (w *waiter) poll(ctx context.Context) error {
	w.result.Polls++
	runs, running := 0, 0
	for run, err := range buildRuns(ctx, w.client, w.opts.tests(), w.build) {
		if err != nil {
			w.result.Err = err
			return err
		}
		runs++
		if isRunning(run) {
			running++
		}
	}
	w.result.Runs, w.result.Running, w.result.Err = runs, running, nil
	w.result.Complete = runs >= w.opts.Expect && running == 0
	return nil
}

// pause waits, but near the end of the budget for half of what is left of it,
// so that there is a last poll. It reports whether that is worth another.
func (w *waiter) pause(ctx context.Context, pause time.Duration) bool {
	left := w.opts.Budget - time.Since(w.began)
	if left < w.opts.MinPause {
		return false
	}
	timer := time.NewTimer(min(pause, left/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func isRunning(run insights.Test) bool {
	switch run.Status {
	case insights.StatusPassed, insights.StatusFailed, insights.StatusErrored, insights.StatusError, insights.StatusComplete:
		return !run.StartTime.IsZero() && run.EndTime.IsZero()
	}
	return true
}

// isRetryable reports whether the service may answer when it is asked again.
func isRetryable(err error) bool {
	return errors.Is(err, insights.ErrServer) || errors.Is(err, insights.ErrTransport) || errors.Is(err, insights.ErrRateLimited)
}
