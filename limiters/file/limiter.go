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
// file holds times only and never grows: it has twice 8 bytes for each request of
// an hour, 64,032 bytes under the default limits.
//
// New fails if an option makes no sense, or if the file can't be opened, created,
// written or locked. It fails too if the file is not of this package, or of a
// newer version of it. A lock that another process holds is no failure: Wait
// waits for it.
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
// If ctx ends first, Wait returns its error, and the token is free for others. If
// the next token comes after the deadline of ctx, Wait returns at once, with an
// error that matches context.DeadlineExceeded. Under [WithFailClosed] an error
// may match [ErrUnavailable]. Once the requests of the hour are used up, the next
// token is up to an hour and a second away.
func (l *Limiter) Wait(ctx context.Context) error {
	return l.waiter.wait(ctx)
}
