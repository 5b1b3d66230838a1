package redislimiter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/redis/go-redis/v9"
)

// packageName begins errors and lines of the log.
const packageName = "redislimiter"

// Limiter grants tokens that a Redis server keeps to this process. It is safe
// for concurrent use, needs no closing, and satisfies insights.Limiter.
type Limiter struct {
	waiter *waiter
}

// maxName is how many bytes a name may have.
const maxName = 200

// New returns a limiter whose tokens are shared by all processes that give the
// same name and whose client reaches the same Redis, version 5 or newer. Nothing
// is sent yet.
//
// The name is that of the account and its region, such as mia/us-west-1. It
// becomes a part of the names of keys, so it must never hold an access key.
// client is a *redis.Client, a *redis.ClusterClient, or anything else that runs
// scripts. The caller closes it.
//
// New fails if client is nil, or if an option makes no sense. It fails too if the
// name is empty, is longer than 200 bytes, or holds braces, blanks or control
// characters.
func New(client redis.Scripter, name string, opts ...Option) (*Limiter, error) {
	c, err := newConfig(opts)
	if client == nil {
		err = errors.Join(err, errors.New("the client is nil"))
	}
	if err = errors.Join(err, checkName(name)); err != nil {
		return nil, fmt.Errorf("redislimiter: %w", err)
	}
	return &Limiter{waiter: newWaiter(newServer(client, name, c), c)}, nil
}

func checkName(name string) error {
	isRefused := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '{' || r == '}' }
	if name == "" || len(name) > maxName || strings.ContainsFunc(name, isRefused) {
		return fmt.Errorf("the name %.210q must have 1 to %d bytes, and no braces, blanks or control characters", name, maxName)
	}
	return nil
}

// Wait returns nil when one request may be sent. It is meant to be sent at
// once: a token can't be kept. Wait asks the server one question. It asks a
// second one only if the process did not run when its token came up, or if the
// token is more than a minute away.
//
// If ctx ends first, Wait returns its error, and the token is free for others. If
// the next token comes after the deadline of ctx, Wait returns at once, with an
// error that matches context.DeadlineExceeded. Under [WithFailClosed] an error
// may match [ErrUnavailable]. Once the requests of the hour are used up, the next
// token is up to an hour and a second away.
func (l *Limiter) Wait(ctx context.Context) error {
	return l.waiter.wait(ctx)
}
