package exchange

import (
	"context"
	"errors"
	"net/url"

	"github.com/sauceinsights/insights/internal/redact"
)

// redactedError is the error of a transport without what must not be printed. What is
// behind it can be asked for, and is out of reach for a dump: the error of a
// caller's transport may hold the request, and so the credentials.
type redactedError struct {
	text  string
	cause func() error
}

// redacted makes the error of a transport fit to be shown: one line, without
// credentials and without the query string.
func (x *exchange) redacted(err error) error {
	behind := withoutURLs(err)
	if x.Mask.HidesInChain(behind) {
		behind = nil
	}
	// Searched again as one line: what was apart may have come together.
	text := x.show(redact.Line(x.show(err.Error())))
	return &redactedError{text: text, cause: func() error { return behind }}
}

// withoutURLs is what is behind all errors that show a URL.
func withoutURLs(err error) error {
	for {
		shown, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = shown.Err
	}
}

func (e *redactedError) Error() string { return e.text }

// Is finds what is behind, except the end of a context: this one has not ended.
func (e *redactedError) Is(target error) bool {
	return target != context.DeadlineExceeded && target != context.Canceled && errors.Is(e.cause(), target)
}

// As finds what is behind, such as a *net.OpError.
func (e *redactedError) As(target any) bool {
	return errors.As(e.cause(), target)
}
