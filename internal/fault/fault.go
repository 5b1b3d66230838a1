// Package fault holds the kinds of failure, and an error that has one.
package fault

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// The kinds of failure. The root package documents each under its own name.
var (
	InvalidOptions   = errors.New("invalid options")
	InvalidRequest   = errors.New("the service refused the request")
	Unauthorized     = errors.New("the credentials were rejected")
	Forbidden        = errors.New("access denied")
	NotFound         = errors.New("not found")
	RateLimited      = errors.New("rate limited")
	Server           = errors.New("the service failed")
	Transport        = errors.New("no complete answer")
	Timeout          = errors.New("timed out")
	BadResponse      = errors.New("the answer is not the promised JSON")
	ResponseTooLarge = errors.New("the answer is too large")
	Redirect         = errors.New("the service redirected elsewhere")
	ResultWindow     = errors.New("the result window hides further runs")
)

// Error is a failure of a known kind. errors.Is finds the kind as well as what
// is behind the failure.
type Error struct {
	Kind  error
	Text  string // replaces the text of Cause; empty: the two are joined
	Cause error  // may be nil

	Hint   string // what to do; empty: nothing is known
	Passes bool   // it may pass by itself: worth another attempt

	Wait time.Duration // how long it may take until then; 0: not known
}

// Error is Text, or the kind and the cause.
func (e *Error) Error() string {
	switch {
	case e.Text != "":
		return e.Text
	case e.Cause != nil:
		return e.Kind.Error() + ": " + e.Cause.Error()
	}
	return e.Kind.Error()
}

// Unwrap returns the kind, and the cause if there is one.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// OfContext returns the end of ctx, with the cause that the caller gave it.
func OfContext(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return &Error{Kind: err, Cause: cause}
}

// maxLateness is how long the timer of a context may take to notice its deadline.
const maxLateness = time.Second

// Ended returns the end of ctx, also if its deadline has passed and its timer is
// still to notice: that is waited for, so that whoever asks ctx next is told the
// same.
func Ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
		case <-time.After(maxLateness):
			return context.DeadlineExceeded
		}
	}
	if ctx.Err() == nil {
		return nil
	}
	return OfContext(ctx)
}

// Fits reports whether something can still happen after a wait of d.
func Fits(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > d
}

// HintTooLarge says what to do about an answer that is too large.
const HintTooLarge = "ask for a shorter period or a smaller page; WithMaxResponseBytes sets the bound on bytes"

// HintOf returns the first hint in the chain of err, or "".
func HintOf(err error) string {
	return first(err, func(e *Error) string { return e.Hint })
}

// WaitOf returns the first wait in the chain of err, or 0.
func WaitOf(err error) time.Duration {
	return first(err, func(e *Error) time.Duration { return e.Wait })
}

// first returns what the first error in the chain of err has that has it.
func first[T comparable](err error, of func(*Error) T) (found T) {
	if failure, ok := err.(*Error); ok {
		found = of(failure)
	}
	var none T
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		found = cmp.Or(found, first(wrapper.Unwrap(), of))
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			if found == none {
				found = first(inner, of)
			}
		}
	}
	return found
}
