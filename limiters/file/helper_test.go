package filelimiter

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// logBuffer keeps what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) option() Option {
	return WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}

func stateName(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "account.limit")
}

func newLimiter(t *testing.T, path string, opts ...Option) *Limiter {
	t.Helper()
	l, err := New(path, opts...)
	require.NoError(t, err)
	return l
}

func atClock(l *Limiter, clock func() reading) *Limiter {
	l.waiter.store.(*stateFile).clock = clock
	return l
}

// testStart is the beginning of every synctest bubble.
var testStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func testClock() reading {
	now := time.Now()
	return reading{boot: [16]byte{1}, up: now.Sub(testStart) + time.Minute, wall: now}
}

// newTestLimiter makes a limiter inside a bubble.
func newTestLimiter(t *testing.T, path string, opts ...Option) *Limiter {
	t.Helper()
	c, err := newConfig(opts)
	require.NoError(t, err)
	f := &stateFile{path: path, limits: c.limits, clock: testClock, logger: c.logger}
	require.NoError(t, f.check())
	return &Limiter{waiter: newWaiter(f, c)}
}

// most is the largest number of times within any span: of those at its two ends
// one is in it.
func most(times []time.Duration, span time.Duration) int {
	times = slices.Sorted(slices.Values(times))
	count, first := 0, 0
	for i, t := range times {
		for t-times[first] >= span {
			first++
		}
		count = max(count, i-first+1)
	}
	return count
}

var quiet = slog.New(slog.DiscardHandler)

// newTestLimiterUnchecked is one whose file was damaged after it was made.
func newTestLimiterUnchecked(t *testing.T, path string) *Limiter {
	t.Helper()
	c, err := newConfig([]Option{WithLogger(quiet), WithFailClosed()})
	require.NoError(t, err)
	f := &stateFile{path: path, limits: c.limits, clock: testClock, logger: c.logger}
	return &Limiter{waiter: newWaiter(f, c)}
}

func span(times []time.Duration) time.Duration {
	return slices.Max(times) - slices.Min(times)
}
