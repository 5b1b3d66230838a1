package redislimiter

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed reserve.lua
var source string

// What the script is told instead of how long the caller can wait.
const (
	forEver   = -1
	wantsNone = -2
)

// maxGiveBack bounds how long a caller that was called off is kept.
const maxGiveBack = 50 * time.Millisecond

// server is the store of a Redis server.
type server struct {
	client redis.Scripter
	script *redis.Script
	keys   []string
	limits limits
	logger func() *slog.Logger

	once sync.Once // for the Warn about other limits
}

// newServer names the keys so that a cluster keeps them together.
func newServer(client redis.Scripter, name string, c *config) *server {
	prefix := "insights:limit:{" + name + "}:"
	return &server{
		client: client,
		script: redis.NewScript(source),
		keys:   []string{prefix + "state", prefix + "slots", prefix + "free"},
		limits: c.limits,
		logger: c.logger,
	}
}

// answer is what the server says, or why it says nothing.
type answer struct {
	reservation
	err error
}

// reserve leaves the question behind if ctx ends before it is answered, which
// not every client does by itself. A token that is granted then is given back.
func (s *server) reserve(ctx context.Context, unused int64, timeLeft time.Duration) (reservation, error) {
	asked := time.Now()
	answers := make(chan answer)
	go func() {
		a := s.ask(unused, maxWait(timeLeft))
		select {
		case answers <- a:
		case <-ctx.Done():
			s.release(a.token)
		}
	}()
	select {
	case a := <-answers:
		if a.err == nil || ctx.Err() == nil {
			a.late = lateness(asked, time.Now(), a.wait)
			return a.reservation, a.err
		}
	case <-ctx.Done():
	}
	return reservation{}, fmt.Errorf("no answer within %s: %w", since(asked).Round(time.Millisecond), ctx.Err())
}

// maxWait is in microseconds.
func maxWait(timeLeft time.Duration) int64 {
	if timeLeft == math.MaxInt64 {
		return forEver
	}
	return max(0, timeLeft.Microseconds())
}

// lateness counts from the answer. An answer that took longer than an outage
// takes to be noticed is from before the process was stopped: it counts from
// the question.
func lateness(asked, answered time.Time, wait time.Duration) func() time.Duration {
	from := answered
	if since(asked) > maxPatience {
		from = asked
	}
	return func() time.Duration { return since(from) - wait }
}

// release does not wait for long: a token that can't be given back is one less
// for everybody, once.
func (s *server) release(token int64) {
	if token == 0 {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ask(token, wantsNone)
	}()
	select {
	case <-done:
	case <-time.After(maxGiveBack):
	}
}

// ask runs the script. It has no caller who could call it off, and outlives any
// who waits for it.
func (s *server) ask(unused, maxWait int64) answer {
	ctx, cancel := context.WithTimeout(context.Background(), maxPatience+maxGiveBack)
	defer cancel()
	got, err := s.script.Run(ctx, s.client, s.keys,
		s.limits.interval.Microseconds(), s.limits.burst, s.limits.perHour,
		hour.Microseconds(), horizon.Microseconds(), maxWait, unused).Int64Slice()
	if err == nil && len(got) != 4 {
		err = fmt.Errorf("the script returned %d values, not 4", len(got))
	}
	if err != nil {
		return answer{err: err}
	}
	if got[3] == 1 {
		s.warnOfOtherLimits()
	}
	r := reservation{wait: time.Duration(got[1]) * time.Microsecond}
	if got[0] == 1 {
		r.token = got[2]
	}
	return answer{reservation: r}
}

func (s *server) warnOfOtherLimits() {
	s.once.Do(func() {
		s.logger().Warn("redislimiter: processes that share the limit have other limits than this one", "key", s.keys[0])
	})
}
