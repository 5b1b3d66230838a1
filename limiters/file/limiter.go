package filelimiter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// packageName begins errors and lines of the log.
const packageName = "filelimiter"

// Limiter grants the tokens of a state file to this process. It is safe for
// concurrent use, needs no closing, and satisfies insights.Limiter.
type Limiter struct {
	waiter *waiter
}

// New returns a limiter whose tokens are shared by all processes that name the
// same file. It creates the file with mode 0600; its directory must exist. The
// file holds times only, 8 bytes for each request of an hour, twice: under the
// default limits 64,032 bytes, whatever happens.
//
// Errors: options that make no sense, and a file that can't be opened, created,
// written or locked, that something else or a newer version of this package
// has written. A file that another process has locked is waited for when a
// token is.
func New(path string, opts ...Option) (*Limiter, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	f := &stateFile{path: path, limits: c.limits, clock: readClock, logger: c.logger}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("filelimiter: %w%s", err, advice(err))
	}
	return &Limiter{waiter: newWaiter(f, c)}, nil
}

// advice is what to do about a file that can't be used.
func advice(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ": the directory has to be made first"
	case errors.Is(err, fs.ErrPermission):
		return ": each user of the machine needs a file of their own"
	}
	return ""
}

// Wait returns nil when one request may be sent. It is meant to be sent at
// once: a token can't be kept.
//
// Errors: that of ctx when it ends, after which the token is free for others;
// at once one that matches context.DeadlineExceeded if the next token comes
// after the deadline of ctx; and under [WithFailClosed] one that matches
// [ErrUnavailable]. Without a deadline it waits up to an hour and a second when
// the hour's requests are used up.
func (l *Limiter) Wait(ctx context.Context) error {
	return l.waiter.wait(ctx)
}
