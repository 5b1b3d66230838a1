//go:build unix

package redislimiter

import (
	"context"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNew(t *testing.T) {
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { assert.NoError(t, c.Close()) })

	t.Run("names what makes no sense, all at once", func(t *testing.T) {
		_, err := New(nil, "", WithRateLimit(0, 0), WithHourlyLimit(0), WithLogger(nil))
		for _, want := range []string{"the client is nil", "the name \"\" must have 1 to 200 bytes", "WithRateLimit(0, 0)", "WithHourlyLimit(0)", "WithLogger: the logger is nil"} {
			assert.ErrorContains(t, err, want)
		}
	})

	t.Run("refuses names that can't be a part of a key", func(t *testing.T) {
		for _, name := range []string{"a b", "a{b", "a}b", "a\nb", "a\x00b", strings.Repeat("a", 201)} {
			_, err := New(c, name)
			assert.ErrorContains(t, err, "braces, blanks or control characters", name)
		}
	})

	t.Run("sends nothing", func(t *testing.T) {
		_, err := New(c, "mia/us-west-1")
		assert.NoError(t, err)
	})
}

func TestWait(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	c := server.client(t)
	fresh := func(t *testing.T, opts ...Option) *Limiter {
		require.NoError(t, c.FlushDB(t.Context()).Err())
		return newLimiter(t, c, opts...)
	}

	t.Run("asks one question a token", func(t *testing.T) {
		l := fresh(t, WithRateLimit(50, 1))
		before := server.questions(t)
		start := time.Now()
		for range 51 {
			require.NoError(t, l.Wait(t.Context()))
		}
		assert.InDelta(t, 1000, time.Since(start).Milliseconds(), 300)
		assert.InDelta(t, 51, server.questions(t)-before, 10)
	})

	t.Run("refuses at once what does not fit the deadline, and takes no token for it", func(t *testing.T) {
		l := fresh(t, WithRateLimit(1, 1))
		require.NoError(t, l.Wait(t.Context()))
		start := time.Now()
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			err := l.Wait(ctx)
			cancel()
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Regexp(t, `^redislimiter: the next token is due in \S+, after the deadline: context deadline exceeded$`, err.Error())
		}
		assert.Less(t, time.Since(start), 400*time.Millisecond)
		require.NoError(t, l.Wait(t.Context()))
		assert.InDelta(t, 1000, time.Since(start).Milliseconds(), 200)
	})

	t.Run("holds the hour beside the second", func(t *testing.T) {
		l := fresh(t, WithRateLimit(50, 1), WithHourlyLimit(3))
		for range 3 {
			require.NoError(t, l.Wait(t.Context()))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Minute)
		defer cancel()
		assert.ErrorContains(t, l.Wait(ctx), "the next token is due in 1h0m0.9")
	})

	t.Run("leaves the line with its context", func(t *testing.T) {
		l := fresh(t, WithRateLimit(1, 1))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { _ = l.Wait(ctx) })
		}
		time.Sleep(50 * time.Millisecond)
		cancel()
		start := time.Now()
		wg.Wait()
		assert.Less(t, time.Since(start), 200*time.Millisecond)
	})

	t.Run("ends with its context, and the token is somebody else's", func(t *testing.T) {
		l := fresh(t, WithRateLimit(1, 1))
		require.NoError(t, l.Wait(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		start := time.Now()
		assert.Equal(t, context.Canceled, l.Wait(ctx))
		assert.InDelta(t, 100, time.Since(start).Milliseconds(), 60)
		require.NoError(t, newLimiter(t, c, WithRateLimit(1, 1)).Wait(t.Context()))
		assert.InDelta(t, 1000, time.Since(start).Milliseconds(), 200)
	})

	t.Run("gives processes with many and with few callers their turns alike", func(t *testing.T) {
		many := fresh(t, WithRateLimit(50, 1))
		few := newLimiter(t, c, WithRateLimit(50, 1))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() { _ = many.Wait(ctx) })
		}
		time.Sleep(50 * time.Millisecond)
		start := time.Now()
		for range 5 {
			require.NoError(t, few.Wait(t.Context()))
		}
		assert.Less(t, time.Since(start), 500*time.Millisecond, "200 callers are 4 s")
		cancel()
		wg.Wait()
	})

	t.Run("survives a flush of the scripts", func(t *testing.T) {
		l := fresh(t, WithRateLimit(20, 1), WithFailClosed())
		start := time.Now()
		for range 5 {
			require.NoError(t, l.Wait(t.Context()))
			require.NoError(t, c.ScriptFlush(t.Context()).Err())
		}
		assert.GreaterOrEqual(t, time.Since(start), 195*time.Millisecond, "the tokens are still counted")
	})

	t.Run("takes another token if the process was stopped over its own", func(t *testing.T) {
		now := time.Now()
		late := lateness(now.Add(-30*time.Millisecond), now.Add(-20*time.Millisecond), 20*time.Millisecond)
		assert.InDelta(t, 0, late().Milliseconds(), 10)
		stopped := lateness(now.Add(-1500*time.Millisecond), now, 0)
		assert.InDelta(t, 1500, stopped().Milliseconds(), 10, "an answer that waited for the process is an old one")
	})
}

func TestWaitInACluster(t *testing.T) {
	t.Parallel()
	server := startRedis(t, "--cluster-enabled", "yes")
	require.NoError(t, server.client(t).ClusterAddSlotsRange(t.Context(), 0, 16383).Err())
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{server.addr}})
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	require.Eventually(t, func() bool { return c.Set(t.Context(), "up", 1, 0).Err() == nil }, 10*time.Second, 20*time.Millisecond)
	l := newLimiter(t, c, WithRateLimit(50, 1), WithFailClosed())
	start := time.Now()
	for range 11 {
		require.NoError(t, l.Wait(t.Context()))
	}
	assert.InDelta(t, 200, time.Since(start).Milliseconds(), 100)
}

func TestWaitWithoutRedis(t *testing.T) {
	t.Parallel()
	t.Run("lets requests through, with a Warn, while nobody listens", func(t *testing.T) {
		t.Parallel()
		var log logBuffer
		server := startRedis(t)
		l := newLimiter(t, server.client(t), log.option())
		require.NoError(t, l.Wait(t.Context()))
		server.stop()
		start := time.Now()
		for range 100 {
			require.NoError(t, l.Wait(t.Context()))
		}
		assert.Less(t, time.Since(start), 1500*time.Millisecond)
		assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
		assert.Contains(t, log.String(), `msg="redislimiter: the shared limit is unavailable; requests go on without it" error=`)
	})

	t.Run("notices within a second a server that does not answer, and that it is back", func(t *testing.T) {
		t.Parallel()
		var log logBuffer
		server := startRedis(t)
		l := newLimiter(t, server.client(t), log.option())
		require.NoError(t, l.Wait(t.Context()))
		require.NoError(t, server.cmd.Process.Signal(syscall.SIGSTOP))
		start := time.Now()
		require.NoError(t, l.Wait(t.Context()))
		assert.InDelta(t, 1000, time.Since(start).Milliseconds(), 200)
		assert.Regexp(t, `error="no answer within \S+s: context deadline exceeded"`, log.String())
		require.NoError(t, l.Wait(t.Context()))
		assert.InDelta(t, 1000, time.Since(start).Milliseconds(), 250, "nobody asks again for 5 s")

		require.NoError(t, server.cmd.Process.Signal(syscall.SIGCONT))
		l.waiter.outage.askAgain = time.Now()
		require.NoError(t, l.Wait(t.Context()))
		assert.Contains(t, log.String(), "level=INFO")
		start = time.Now()
		for range 3 {
			require.NoError(t, l.Wait(t.Context()))
		}
		assert.Greater(t, time.Since(start), 300*time.Millisecond, "the limit holds again")
	})

	t.Run("notices a server that takes connections and says nothing", func(t *testing.T) {
		t.Parallel()
		var log logBuffer
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, listener.Close()) })
		c := redis.NewClient(&redis.Options{Addr: listener.Addr().String()})
		t.Cleanup(func() { assert.NoError(t, c.Close()) })
		l := newLimiter(t, c, log.option())
		start := time.Now()
		require.NoError(t, l.Wait(t.Context()))
		assert.InDelta(t, 1000, time.Since(start).Milliseconds(), 200)
		assert.Contains(t, log.String(), "level=WARN")
	})

	t.Run("notices a server that refuses", func(t *testing.T) {
		t.Parallel()
		for _, args := range [][]string{{"--requirepass", "secret"}, {"--replicaof", "127.0.0.1", "1"}} {
			var log logBuffer
			l := newLimiter(t, startRedis(t, args...).client(t), log.option())
			require.NoError(t, l.Wait(t.Context()))
			assert.Regexp(t, `error="(ERR Protocol error: unauthenticated|NOAUTH|READONLY)`, log.String())
		}
	})

	t.Run("gives back what was granted to a caller who had left", func(t *testing.T) {
		t.Parallel()
		server := startRedis(t)
		l := newLimiter(t, server.client(t), WithRateLimit(1, 1))
		require.NoError(t, l.Wait(t.Context()))
		require.NoError(t, server.cmd.Process.Signal(syscall.SIGSTOP))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		start := time.Now()
		assert.Equal(t, context.Canceled, l.Wait(ctx))
		assert.Less(t, time.Since(start), 150*time.Millisecond)
		require.NoError(t, server.cmd.Process.Signal(syscall.SIGCONT))
		start = time.Now()
		require.NoError(t, l.Wait(t.Context()))
		assert.Less(t, time.Since(start), 1100*time.Millisecond, "the token of the caller who had left")
	})
}

func TestWithFailClosed(t *testing.T) {
	t.Parallel()
	var log logBuffer
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + freePort(t), MaxRetries: -1})
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	l := newLimiter(t, c, WithFailClosed(), log.option())
	for range 3 {
		err := l.Wait(t.Context())
		assert.ErrorIs(t, err, ErrUnavailable)
		assert.ErrorContains(t, err, "redislimiter: the shared limit is unavailable: dial tcp 127.0.0.1:")
	}
	assert.Empty(t, log.String(), "the error says it")
}
