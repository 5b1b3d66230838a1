package exchange

import (
	"context"
	"errors"
	"net/url"

	"github.com/sauceinsights/insights/internal/ratelimit"
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

// Limiter is l with errors that are fit to be shown: they may hold the URL of what
// is behind it.
func Limiter(l ratelimit.Limiter, mask redact.Masker) ratelimit.Limiter {
	if l == nil {
		return nil
	}
	return limiter{l, &exchange{Client: &Client{Mask: mask}, call: Call{URL: new(url.URL)}}}
}

type limiter struct {
	ratelimit.Limiter
	x *exchange
}

// Wait implements [ratelimit.Limiter].
func (l limiter) Wait(ctx context.Context) error {
	if err := l.Limiter.Wait(ctx); err != nil {
		return l.x.redacted(err)
	}
	return nil
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
