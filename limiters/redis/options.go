package redislimiter

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// The defaults keep a fleet inside the documented limits of an account, 10
// requests a second and 3,500 an hour, with up to 200 ms of jitter on the way.
const (
	defaultPerSecond = 8
	defaultBurst     = 1
	defaultPerHour   = 3_500
)

// Most that can be asked for.
const (
	maxPerSecond = 100
	maxBurst     = 1_000
	maxPerHour   = 100_000
)

// Option changes what New makes. All processes that share a state should set the
// same limits. If they differ, there is a Warn in the log.
type Option func(*config) error

type config struct {
	limits     limits
	failClosed bool
	logger     func() *slog.Logger
}

// limits are what all who share a state hold together.
type limits struct {
	interval time.Duration // between two tokens at an even rate
	burst    int
	perHour  int
}

func newConfig(opts []Option) (*config, error) {
	c := &config{
		limits: limits{interval: time.Second / defaultPerSecond, burst: defaultBurst, perHour: defaultPerHour},
		logger: slog.Default,
	}
	var errs []error
	for _, opt := range opts {
		errs = append(errs, opt(c))
	}
	return c, errors.Join(errs...)
}

// WithRateLimit sets how many requests all processes together send in a
// second, and how many of them may go out at once after a pause. The default
// is 8 and 1. A second never sees more than their sum, rounded up. perSecond
// must be at least one an hour and at most 100, burst 1 to 1,000.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(c *config) error {
		isRate := perSecond*3600 >= 1 && perSecond <= maxPerSecond // NaN is none
		if !isRate || burst < 1 || burst > maxBurst {
			return fmt.Errorf("WithRateLimit(%v, %d): the rate must be one an hour to %d a second, the burst 1 to %d", perSecond, burst, maxPerSecond, maxBurst)
		}
		c.limits.interval = time.Duration(math.Ceil(1e6/perSecond)) * time.Microsecond
		c.limits.burst = burst
		return nil
	}
}

// WithHourlyLimit sets how many requests all processes together send in any
// hour, 1 to 100,000. The default is 3,500.
func WithHourlyLimit(n int) Option {
	return func(c *config) error {
		if n < 1 || n > maxPerHour {
			return fmt.Errorf("WithHourlyLimit(%d): must be 1 to %d", n, maxPerHour)
		}
		c.limits.perHour = n
		return nil
	}
}

// WithFailClosed makes Wait return an error that matches [ErrUnavailable] when
// the shared state is out of reach. By default Wait then returns nil and logs a
// Warn: the client's own limits still hold.
func WithFailClosed() Option {
	return func(c *config) error {
		c.failClosed = true
		return nil
	}
}

// WithLogger sets where outages are logged: a Warn when one begins and for
// every minute that it lasts, an Info when it is over. The default is
// slog.Default() at the time of logging.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			return errors.New("WithLogger: the logger is nil")
		}
		c.logger = func() *slog.Logger { return l }
		return nil
	}
}
