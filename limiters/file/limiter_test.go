package filelimiter

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWait(t *testing.T) {
	t.Run("lets 8 a second through", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newTestLimiter(t, stateName(t))
			start := time.Now()
			for range 81 {
				require.NoError(t, l.Wait(t.Context()))
			}
			assert.Equal(t, 10*time.Second, time.Since(start))
		})
	})

	t.Run("lets 3,500 an hour through, and the next after an hour and a second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newTestLimiter(t, stateName(t))
			start := time.Now()
			for range 3500 {
				require.NoError(t, l.Wait(t.Context()))
			}
			assert.Equal(t, 3499*125*time.Millisecond, time.Since(start))
			require.NoError(t, l.Wait(t.Context()))
			assert.Equal(t, time.Hour+time.Second, time.Since(start))
		})
	})

	t.Run("shares the tokens with every limiter of the file", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			used := useTogether(t, path, 40, 5)
			assert.Equal(t, 199*125*time.Millisecond, time.Since(testStart))
			assert.Equal(t, 8, most(used, time.Second))
		})
	})

	t.Run("gives processes with many and with few callers their turns alike", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			many, few := newTestLimiter(t, path), newTestLimiter(t, path)
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() { assert.NoError(t, many.Wait(t.Context())) })
			}
			synctest.Wait()
			start := time.Now()
			for range 4 {
				require.NoError(t, few.Wait(t.Context()))
			}
			assert.LessOrEqual(t, time.Since(start), 8*125*time.Millisecond)
			wg.Wait()
		})
	})

	t.Run("refuses at once what does not fit the deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newTestLimiter(t, stateName(t))
			require.NoError(t, l.Wait(t.Context()))
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			err := l.Wait(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.EqualError(t, err, "filelimiter: the next token is due in 125ms, after the deadline: context deadline exceeded")
			assert.Zero(t, time.Since(start))
			require.NoError(t, l.Wait(t.Context()))
			assert.Equal(t, 125*time.Millisecond, time.Since(start), "the refused call took no token")
		})
	})

	t.Run("refuses at once what does not fit behind those who wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newTestLimiter(t, stateName(t))
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() { assert.NoError(t, l.Wait(t.Context())) })
			}
			synctest.Wait() // one has its token, one waits for it, eight for their turn
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 1100*time.Millisecond)
			defer cancel()
			assert.ErrorIs(t, l.Wait(ctx), context.DeadlineExceeded)
			assert.Zero(t, time.Since(start))
			ctx, cancel = context.WithTimeout(t.Context(), 1300*time.Millisecond)
			defer cancel()
			assert.NoError(t, l.Wait(ctx))
			wg.Wait()
		})
	})

	t.Run("ends with its context, and the token is somebody else's", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			l, other := newTestLimiter(t, path), newTestLimiter(t, path)
			require.NoError(t, l.Wait(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			start := time.Now()
			assert.Equal(t, context.Canceled, l.Wait(ctx))
			assert.Equal(t, 50*time.Millisecond, time.Since(start))
			require.NoError(t, other.Wait(t.Context()))
			assert.Equal(t, 125*time.Millisecond, time.Since(start))
		})
	})

	t.Run("loses no token to callers who are called off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			var used atomic.Int64
			over, end := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Second, end)
			var wg sync.WaitGroup
			for range 10 {
				l := newTestLimiter(t, path)
				for range 20 {
					wg.Go(func() { askInVain(over, l, &used) })
				}
			}
			wg.Wait()
			assert.InDelta(t, 800, used.Load(), 10)
		})
	})

	t.Run("leaves the line with its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newTestLimiter(t, stateName(t))
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for range 200 {
				wg.Go(func() { _ = l.Wait(ctx) })
			}
			synctest.Wait()
			cancel()
			wg.Wait()
			start := time.Now()
			require.NoError(t, l.Wait(t.Context()))
			assert.LessOrEqual(t, time.Since(start), 125*time.Millisecond)
		})
	})

	t.Run("says so if its context has ended before", func(t *testing.T) {
		l := newLimiter(t, stateName(t))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.Equal(t, context.Canceled, l.Wait(ctx))
	})

	t.Run("takes another token if the process was stopped over its own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			stopped, other := newTestLimiter(t, path), newTestLimiter(t, path)
			require.NoError(t, other.Wait(t.Context()))
			var skipped atomic.Int64 // what the machine's clock shows more than the process has run
			now := func() time.Duration { return time.Since(testStart) + time.Duration(skipped.Load()) }
			clock := func() reading {
				r := testClock()
				r.up += time.Duration(skipped.Load())
				return r
			}
			atClock(stopped, clock)
			atClock(other, clock)
			time.AfterFunc(50*time.Millisecond, func() { skipped.Store(int64(3 * time.Second)) })
			var used []time.Duration
			for range 3 {
				require.NoError(t, stopped.Wait(t.Context()))
				used = append(used, now())
				require.NoError(t, other.Wait(t.Context()))
				used = append(used, now())
			}
			assert.Equal(t, 125*time.Millisecond+3*time.Second, used[0], "the first token came up while it was stopped")
			for i := range used[1:] {
				assert.Equal(t, 125*time.Millisecond, used[i+1]-used[i])
			}
		})
	})

	t.Run("keeps the limits when the clock is set between processes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			start := time.Now()
			for i := range 80 {
				l := atClock(newTestLimiter(t, path), func() reading {
					r := testClock()
					r.wall = r.wall.Add(time.Duration(i%7-3) * 24 * time.Hour)
					return r
				})
				require.NoError(t, l.Wait(t.Context()))
			}
			assert.Equal(t, 79*125*time.Millisecond, time.Since(start))
		})
	})

	t.Run("warns once of other limits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			path := stateName(t)
			require.NoError(t, newTestLimiter(t, path).Wait(t.Context()))
			l := newTestLimiter(t, path, log.option(), WithRateLimit(4, 1), WithHourlyLimit(9000))
			require.NoError(t, l.Wait(t.Context()))
			assert.Regexp(t, `^time=\S+ level=WARN msg="filelimiter: processes that share the file have other limits than this one" file=\S+ interval=125ms burst=1 hourly=3500\n$`, log.String())
		})
	})
}

// askInVain asks again and again, and is called off soon after.
func askInVain(over context.Context, l *Limiter, used *atomic.Int64) {
	for over.Err() == nil {
		ctx, cancel := context.WithCancel(over)
		time.AfterFunc(rand.N(3*time.Second), cancel)
		if l.Wait(ctx) == nil {
			used.Add(1)
		}
		cancel()
	}
}

// useTogether takes tokens with a number of limiters at once, and returns when.
func useTogether(t *testing.T, path string, limiters, each int) []time.Duration {
	var mu sync.Mutex
	var used []time.Duration
	var wg sync.WaitGroup
	for range limiters {
		l := newTestLimiter(t, path)
		wg.Go(func() {
			for range each {
				assert.NoError(t, l.Wait(t.Context()))
				mu.Lock()
				used = append(used, time.Since(testStart))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return used
}

func TestWithRateLimit(t *testing.T) {
	t.Run("sets rate and burst", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newTestLimiter(t, stateName(t), WithRateLimit(2, 4))
			start := time.Now()
			for range 8 {
				require.NoError(t, l.Wait(t.Context()))
			}
			assert.Equal(t, 2*time.Second, time.Since(start).Round(time.Millisecond))
		})
	})

	t.Run("refuses what makes no sense", func(t *testing.T) {
		for _, opt := range []Option{
			WithRateLimit(0, 1), WithRateLimit(-1, 1), WithRateLimit(math.NaN(), 1), WithRateLimit(math.Inf(1), 1),
			WithRateLimit(101, 1), WithRateLimit(1.0/3601, 1), WithRateLimit(8, 0), WithRateLimit(8, 1001),
		} {
			_, err := New(stateName(t), opt)
			assert.ErrorContains(t, err, "the rate must be one an hour to 100 a second, the burst 1 to 1000")
		}
	})
}

func TestWithHourlyLimit(t *testing.T) {
	for _, n := range []int{0, -1, 100_001} {
		_, err := New(stateName(t), WithHourlyLimit(n), WithLogger(nil))
		assert.ErrorContains(t, err, "must be 1 to 100000")
		assert.ErrorContains(t, err, "WithLogger: the logger is nil", "all mistakes at once")
	}
}
