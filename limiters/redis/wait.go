package redislimiter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// This file is the same in limiters/file and limiters/redis, its first line
// excepted: the modules share no code, so that each can be installed alone.

// ErrUnavailable is matched by what Wait returns under [WithFailClosed] when
// the shared state is out of reach.
var ErrUnavailable = errors.New("the shared limit is unavailable")

const (
	// maxPatience bounds how long a caller waits for the store to answer.
	maxPatience = time.Second
	// maxPause is how much longer a question can take in a process that runs.
	maxPause = 200 * time.Millisecond
	// minPatience is what an answer gets also when the deadline is near.
	minPatience = 100 * time.Millisecond
	// askAgainAfter is how long nobody asks a store that did not answer, so that
	// callers do not pay for an outage one after the other; failAgainAfter is the
	// same if it costs them their calls.
	askAgainAfter  = 5 * time.Second
	failAgainAfter = time.Second
	// remindAfter is how often an outage that lasts is logged.
	remindAfter = time.Minute
	// horizon is how far ahead a token is reserved.
	horizon = time.Minute
	// hour is longer than an hour by what requests may be late on their way.
	hour = time.Hour + time.Second
)

// store keeps the tokens that processes share.
type store interface {
	// reserve asks for a token and gives back unused, unless it is 0. ctx
	// ends when the caller's does, or the time it has.
	reserve(ctx context.Context, unused int64, timeLeft time.Duration) (reservation, error)
	// release frees a token that is not going to be used.
	release(token int64)
}

// reservation is the answer of a store.
type reservation struct {
	token int64                // 0: none was reserved
	wait  time.Duration        // until the token may be used
	late  func() time.Duration // how long the token has been due
}

// waiter lets the callers of one process ask one after the other, in the order
// in which they came: so a process holds one token at most, and processes with
// many callers and with few have their turns alike.
type waiter struct {
	store store
	*config
	turn chan struct{} // full while somebody is at the head

	mu     sync.Mutex // guards what follows
	inLine int        // the head included
	due    time.Time  // when the head gets its token, as far as it knows
	outage outage
}

func newWaiter(s store, c *config) *waiter {
	return &waiter{store: s, config: c, turn: make(chan struct{}, 1)}
}

func (w *waiter) wait(ctx context.Context) error {
	if err := w.enter(ctx); err != nil {
		return err
	}
	defer w.leave()
	if verdict, isAway := w.known(); isAway {
		return verdict
	}
	return w.take(ctx)
}

// enter returns when the caller is at the head of the line, or at once if its
// deadline comes before its turn can.
func (w *waiter) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if turn := w.join(timeLeft(ctx)); turn > 0 {
		return w.refusal(turn)
	}
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		w.quit()
		return ctx.Err()
	}
}

// join adds the caller to the line and returns 0, or when its turn is if that
// is not within left.
func (w *waiter) join(left time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if turn := w.untilTurn(time.Now()); turn > left && w.outage.since.IsZero() {
		return turn
	}
	w.inLine++
	return 0
}

// untilTurn is the least that somebody who joins now waits for.
func (w *waiter) untilTurn(now time.Time) time.Duration {
	if w.inLine == 0 {
		return 0
	}
	behind := max(0, w.inLine-w.limits.burst+1)
	return max(0, w.due.Sub(now)) + time.Duration(behind)*w.limits.interval
}

func (w *waiter) quit() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inLine--
}

func (w *waiter) leave() {
	w.quit()
	<-w.turn
}

// take returns when a token is due. One that comes up too late, in a process
// that was stopped over it, is given back for another: its moment may be
// somebody else's by now.
func (w *waiter) take(ctx context.Context) error {
	var unused int64
	for {
		left := timeLeft(ctx)
		r, err := w.reserve(ctx, unused, left)
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errAskAgain):
			continue
		case err != nil:
			return w.unavailable(ctx, err)
		case r.wait > left:
			return w.refusal(r.wait)
		}
		if err := w.sleep(ctx, r); err != nil {
			return err
		}
		if r.token != 0 && r.late() <= w.grace() {
			return nil
		}
		unused = r.token
	}
}

// errAskAgain says that there was no answer for which the store is not to blame:
// the process was kept from running while it asked, or others were served.
var errAskAgain = errors.New("no answer yet")

func (w *waiter) reserve(ctx context.Context, unused int64, left time.Duration) (reservation, error) {
	grace := min(max(left/2, minPatience), maxPatience)
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	asked := time.Now()
	r, err := w.store.reserve(ctx, unused, left)
	switch {
	case err == nil:
		w.available(r.wait)
	case since(asked) > grace+maxPause:
		err = errAskAgain
	}
	return r, err
}

// since also counts the time in which the machine slept.
func since(t time.Time) time.Duration {
	now := time.Now()
	return max(now.Sub(t), now.Round(0).Sub(t.Round(0)))
}

// sleep waits until the token may be used. If it was not reserved yet, because
// it is beyond the horizon, it waits until it can be.
func (w *waiter) sleep(ctx context.Context, r reservation) error {
	d := r.wait
	if r.token == 0 {
		d = max(d-horizon, w.limits.interval)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
	}
	if r.token != 0 {
		w.store.release(r.token)
	}
	return ctx.Err()
}

// grace is how late a token may be used: little enough that with 200 ms of
// jitter on the way no second sees two requests more than the rate.
func (w *waiter) grace() time.Duration {
	return w.limits.interval * 2 / 5
}

func (w *waiter) refusal(wait time.Duration) error {
	return fmt.Errorf("%s: the next token is due in %s, after the deadline: %w", packageName, wait.Round(time.Millisecond), context.DeadlineExceeded)
}

// timeLeft is until the deadline, or for ever.
func timeLeft(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 1<<63 - 1
	}
	return time.Until(deadline)
}

// outage is a time in which the store does not answer.
type outage struct {
	since, askAgain, logged time.Time
	verdict                 error // for who would ask before askAgain
}

// known returns what to do without asking, if the store has just not answered.
func (w *waiter) known() (verdict error, isAway bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.outage.verdict, time.Now().Before(w.outage.askAgain)
}

// unavailable records that the store did not answer, and decides.
func (w *waiter) unavailable(ctx context.Context, cause error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.outage.since.IsZero() {
		w.outage.since = now
	}
	if w.failClosed {
		w.outage.askAgain = now.Add(failAgainAfter)
		w.outage.verdict = fmt.Errorf("%s: %w: %w", packageName, ErrUnavailable, cause)
		return w.outage.verdict
	}
	w.outage.askAgain = now.Add(askAgainAfter)
	if now.Sub(w.outage.logged) >= remindAfter {
		w.outage.logged = now
		w.logger().WarnContext(ctx, packageName+": the shared limit is unavailable; requests go on without it", "error", cause.Error(), "since", w.outage.since)
	}
	return nil
}

// available records that the store answered, and when the head gets its token.
func (w *waiter) available(wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = time.Now().Add(wait)
	if !w.outage.logged.IsZero() {
		w.logger().Info(packageName+": the shared limit is available again", "after", time.Since(w.outage.since))
	}
	w.outage = outage{}
}
