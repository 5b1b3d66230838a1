package filelimiter

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lockFile is another process that keeps the lock.
func lockFile(t *testing.T, path string) (release func()) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, tryLock(f))
	return func() {
		assert.NoError(t, unlock(f))
		assert.NoError(t, f.Close())
	}
}

func TestWaitWithoutTheFile(t *testing.T) {
	t.Run("lets requests through after a second, with a Warn", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			path := stateName(t)
			l := newTestLimiter(t, path, log.option())
			release := lockFile(t, path)
			start := time.Now()
			require.NoError(t, l.Wait(t.Context()))
			assert.Equal(t, time.Second, time.Since(start).Round(10*time.Millisecond))
			assert.Regexp(t, `^\S+ level=WARN msg="filelimiter: the shared limit is unavailable; requests go on without it" error="lock \S+: another process has locked it: context deadline exceeded" since=\S+\n$`, log.String())

			start = time.Now()
			for range 100 {
				require.NoError(t, l.Wait(t.Context()))
			}
			assert.Zero(t, time.Since(start), "nobody asks again for 5 s")
			time.Sleep(5 * time.Second)
			require.NoError(t, l.Wait(t.Context()))
			assert.Equal(t, 1, strings.Count(log.String(), "WARN"), "one Warn a minute")

			release()
			time.Sleep(5 * time.Second)
			require.NoError(t, l.Wait(t.Context()))
			start = time.Now()
			require.NoError(t, l.Wait(t.Context()))
			assert.Equal(t, 125*time.Millisecond, time.Since(start), "the limit holds again")
			assert.Regexp(t, `level=INFO msg="filelimiter: the shared limit is available again" after=\S+\n$`, log.String())
		})
	})

	t.Run("is none while other processes have the lock one after the other", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			l := newTestLimiter(t, path, WithFailClosed())
			release := lockFile(t, path)
			go func() {
				for i := range 30 { // they write, and somebody else is always faster
					time.Sleep(100 * time.Millisecond)
					at := time.Now().Add(time.Duration(i) * time.Hour)
					assert.NoError(t, os.Chtimes(path, at, at))
				}
				release()
			}()
			start := time.Now()
			require.NoError(t, l.Wait(t.Context()))
			assert.GreaterOrEqual(t, time.Since(start), 3*time.Second)
		})
	})

	t.Run("reminds of an outage once a minute", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			path := stateName(t)
			l := newTestLimiter(t, path, log.option())
			defer lockFile(t, path)()
			for range 600 {
				require.NoError(t, l.Wait(t.Context()))
				time.Sleep(500 * time.Millisecond)
			}
			assert.InDelta(t, 6, strings.Count(log.String(), "WARN"), 1)
		})
	})

	t.Run("notices it within half of what is left to the deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			path := stateName(t)
			l := newTestLimiter(t, path, log.option())
			defer lockFile(t, path)()
			ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
			defer cancel()
			start := time.Now()
			require.NoError(t, l.Wait(ctx))
			assert.Equal(t, 300*time.Millisecond, time.Since(start))
		})
	})

	t.Run("is no outage when the caller is called off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			path := stateName(t)
			l := newTestLimiter(t, path, log.option())
			defer lockFile(t, path)()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			assert.Equal(t, context.DeadlineExceeded, l.Wait(ctx))
			assert.Empty(t, log.String())
		})
	})
}

// stalled is a store that is asked while the process is stopped for 2 s.
type stalled struct{ asked int }

func (s *stalled) reserve(context.Context, int64, time.Duration) (reservation, error) {
	s.asked++
	if s.asked == 1 {
		time.Sleep(2 * time.Second)
		return reservation{}, context.DeadlineExceeded
	}
	return reservation{token: 1, late: func() time.Duration { return 0 }}, nil
}

func (s *stalled) release(int64) {}

func TestWaitInAStoppedProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		c, err := newConfig([]Option{log.option()})
		require.NoError(t, err)
		var s stalled
		l := &Limiter{waiter: newWaiter(&s, c)}
		require.NoError(t, l.Wait(t.Context()))
		assert.Equal(t, 2, s.asked)
		assert.Empty(t, log.String(), "it is no outage")
	})
}

func TestWithFailClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		path := stateName(t)
		l := newTestLimiter(t, path, WithFailClosed(), log.option())
		release := lockFile(t, path)
		var wg sync.WaitGroup
		start := time.Now()
		for range 200 {
			wg.Go(func() {
				err := l.Wait(t.Context())
				assert.ErrorIs(t, err, ErrUnavailable)
				assert.EqualError(t, err, "filelimiter: the shared limit is unavailable: lock "+path+": another process has locked it: context deadline exceeded")
			})
		}
		wg.Wait()
		assert.Equal(t, time.Second, time.Since(start).Round(10*time.Millisecond), "all callers together")
		assert.Empty(t, log.String(), "the error says it")
		release()
		time.Sleep(time.Second)
		assert.NoError(t, l.Wait(t.Context()))
	})
}
