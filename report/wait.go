package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
)

// Poller counts the runs of builds and lists them. [*insights.Client] is one.
type Poller interface {
	Lister
	BuildsTests(ctx context.Context, opts insights.BuildsTestsOptions, callOpts ...insights.CallOption) (*insights.BuildsTests, error)
}

var _ Poller = (*insights.Client)(nil)

// WaitOptions are the choices of [WaitForBuild]. Period is required.
type WaitOptions struct {
	Period     insights.Period // in which the runs of the build lie; Last reaches up to now anew in every poll
	Scope      insights.Scope
	Owner      []string      // required with insights.ScopeSingle
	Expect     int           // runs that the build will have; 0: not known, one is enough
	MinDecided int           // runs with an outcome that there will be; 0: not known
	CompleteAs CompleteAs    // whether a complete run is decided
	Budget     time.Duration // most time for all of it; 0 means 5 minutes
	MinPause   time.Duration // between the first two polls; 0 means 2 seconds, or an eighth of Budget if that is shorter
	MaxPause   time.Duration // pauses grow by half up to this; 0 means 30 seconds, or MinPause if that is longer
}

// WaitResult is what [WaitForBuild] saw.
type WaitResult struct {
	Complete bool // what was waited for is there, none is still running, and no more came for a while
	Runs     int  // in the last poll that succeeded, as are the next two
	Running  int  // of Runs, those that have not ended
	Decided  int  // of Runs, those with an outcome
	Expect   int  // as asked, at least 1
	Polls    int  // that were begun
	Elapsed  time.Duration

	// Tests are the runs, oldest first, if the wait is complete.
	Tests []insights.Test

	// Err is why the last poll failed, if it did: the service may answer again
	// later, but the budget ended first. It is nil if the last poll succeeded,
	// and if the budget ended within it.
	Err error
}

// String says what was waited for and how that ended.
func (r WaitResult) String() string {
	found := fmt.Sprintf("%s there, at least %s expected, %s decided, %s still running, after %s", counted(r.Runs, "run"),
		number(r.Expect), number(r.Decided), number(r.Running), length(insights.Seconds(r.Elapsed.Seconds())))
	switch {
	case r.Complete:
		return "complete: " + found
	case r.Err != nil:
		return "not complete: " + found + "; the last poll failed: " + plain(r.Err.Error())
	}
	return "not complete: " + found
}

// WaitForBuild polls, with growing pauses, until what is expected of the build
// is there, none of its runs is still running, and two more polls have seen the
// same, as more may come; or until the budget ends: the service lags behind the
// tests. WaitResult.Complete tells which; that the budget ended is not an error.
//
// A poll is one call of BuildsTests, for the counts. The runs are listed when
// all seem to be there, and in a poll only if BuildsTests does not show the
// build, or shows a status that the API does not document. A run has ended if
// it passed, failed, errored or is complete, or if it has an end; what is
// complete may still get a result.
//
// A poll that fails in a way that can pass is made again: the network, a
// timeout, a 408, a 429, a 5xx, a redirect, half an answer or a page that is
// not of the API, as in a maintenance. Any other failure, the end of ctx and
// options out of range are returned as an error, with what was seen before.
func WaitForBuild(ctx context.Context, client Poller, build string, opts WaitOptions) (WaitResult, error) {
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
	p.check(o.MinDecided >= 0, "MinDecided", "is negative")
	p.check(o.CompleteAs.orDefault().valid(), "CompleteAs", fmt.Sprintf("%q is none of ignored, passed, failed", string(o.CompleteAs)))
	p.check(o.Budget >= 0, "Budget", "is negative")
	p.check(o.MinPause >= 0, "MinPause", "is negative")
	p.check(o.MaxPause >= 0, "MaxPause", "is negative")
	return p.err()
}

func (o WaitOptions) withDefaults() WaitOptions {
	o.Expect = max(o.Expect, 1)
	o.Budget = cmp.Or(o.Budget, 5*time.Minute)
	o.MinPause = cmp.Or(o.MinPause, min(2*time.Second, o.Budget/8))
	o.MaxPause = max(cmp.Or(o.MaxPause, 30*time.Second), o.MinPause)
	return o
}

func (o WaitOptions) tests() insights.TestsOptions {
	return insights.TestsOptions{Period: o.Period, Scope: o.Scope, Owner: o.Owner}
}

// minStill is how many polls must see what the one before them saw.
const minStill = 2

type waiter struct {
	client Poller
	build  string
	opts   WaitOptions
	began  time.Time
	result WaitResult

	last      buildCounts
	still     int           // polls that saw the same as the one before
	tookMost  time.Duration // the longest poll
	listsOnly bool          // the service does not count
}

func (w *waiter) wait(caller context.Context) error {
	ctx, cancel := context.WithTimeout(caller, w.opts.Budget)
	defer cancel()
	for pause := w.opts.MinPause; ; pause = min(pause*3/2, w.opts.MaxPause) {
		err := w.poll(ctx)
		switch {
		case w.result.Complete:
			return nil
		case caller.Err() != nil:
			return caller.Err()
		case err != nil && ctx.Err() == nil && !isRetryable(err):
			w.result.Err = err
			return err
		case !w.pause(ctx, pause):
			return caller.Err()
		}
	}
}

// poll sees how far the build is. What it saw replaces what is known only if it
// got to its end.
func (w *waiter) poll(ctx context.Context) error {
	began := time.Now()
	w.result.Polls++
	counts, err := w.count(ctx)
	if err == nil && w.isDone(w.seen(counts)) {
		err = w.list(ctx)
	}
	w.tookMost = max(w.tookMost, time.Since(began))
	if ctx.Err() == nil { // that the budget ended is no failure of the service
		w.result.Err = err
	}
	return err
}

// seen takes note of the counts.
func (w *waiter) seen(c buildCounts) buildCounts {
	if c.isSame(w.last) {
		w.still++
	} else {
		w.still = 0
	}
	w.last = c
	w.result.Runs, w.result.Running, w.result.Decided = c.runs, c.running, c.decided
	return c
}

// isDone reports whether there is nothing left to wait for.
func (w *waiter) isDone(c buildCounts) bool {
	return w.isThere(c) && w.still >= minStill
}

func (w *waiter) isThere(c buildCounts) bool {
	return c.runs >= w.opts.Expect && c.running == 0 && c.decided >= w.opts.MinDecided
}

// list reads the runs: what they say counts more than the counts of before.
func (w *waiter) list(ctx context.Context) error {
	runs, err := Collect(buildRuns(ctx, w.client, w.opts.tests(), w.build))
	if err != nil {
		return err
	}
	still := w.still
	c := w.seen(countRuns(runs, w.opts.CompleteAs))
	w.result.Complete = w.isThere(c) && w.still > still
	if w.result.Complete {
		w.result.Tests = runs
	}
	return nil
}

// pause waits, and leaves time for a last poll before the budget ends. It
// reports whether there is another one.
func (w *waiter) pause(ctx context.Context, pause time.Duration) bool {
	left := w.opts.Budget - time.Since(w.began)
	reserve := max(2*w.tookMost, w.opts.MinPause/10)
	if left <= reserve {
		return false
	}
	timer := time.NewTimer(min(pause, left-reserve))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// isRetryable reports whether the service may answer when it is asked again.
func isRetryable(err error) bool {
	for _, kind := range [...]error{
		insights.ErrServer, insights.ErrTransport, insights.ErrTimeout, insights.ErrRateLimited, insights.ErrRedirect, insights.ErrBadResponse,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	failure, ok := errors.AsType[*insights.APIError](err)
	return ok && failure.StatusCode == 408
}
