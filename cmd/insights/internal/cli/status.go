package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sauceinsights/insights"
)

// The exit statuses.
const (
	done        = 0
	couldNot    = 1
	misused     = 2
	gateFailed  = 10
	interrupted = 130
)

// usageError is a mistake in what was asked for.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error { return usageError{err} }

// statusError is an error with a status of its own.
type statusError struct {
	status int
	error
}

func (e statusError) Unwrap() error { return e.error }

// conclude says what went wrong, and returns the exit status.
func (s *shell) conclude(ctx context.Context, err error) int {
	if err == nil {
		return done
	}
	status := statusOf(ctx, err)
	if status == interrupted && errors.Is(err, context.Canceled) {
		s.say("interrupted")
	} else {
		s.say(err.Error())
	}
	return status
}

func statusOf(ctx context.Context, err error) int {
	if own, ok := errors.AsType[statusError](err); ok {
		return own.status
	}
	_, isUsage := errors.AsType[usageError](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return interrupted
	case isUsage, isCobras(err), errors.Is(err, insights.ErrInvalidOptions):
		return misused
	}
	return couldNot
}

// isCobras reports the mistakes that cobra finds by itself, which have no type.
func isCobras(err error) bool {
	for _, beginning := range []string{"unknown command ", "required flag(s) ", "accepts ", "if any flags in the group ", "at least one of the flags in the group ", "requires at least "} {
		if strings.HasPrefix(err.Error(), beginning) {
			return true
		}
	}
	return false
}

// say writes one line on standard error. Joined errors have a line each.
func (s *shell) say(text string) {
	text = strings.TrimPrefix(text, "insights: ")
	_, _ = fmt.Fprintln(s.Stderr, "insights:", strings.ReplaceAll(text, "\n", "; ")) // there is nowhere to tell that it failed
}
