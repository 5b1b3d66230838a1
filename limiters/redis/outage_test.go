//go:build unix

package redislimiter

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// silent is a Redis that never answers. A question to it ends with its context,
// or goes on for as long as a client's own timeouts let it.
type silent struct {
	redis.Scripter
	ignoresContext bool
}

func (s silent) EvalSha(ctx context.Context, _ string, _ []string, _ ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx)
	if s.ignoresContext {
		time.Sleep(3 * time.Second)
	} else {
		<-ctx.Done()
	}
	cmd.SetErr(context.DeadlineExceeded)
	return cmd
}

// A bubble ends only when every goroutine in it has.
func TestWaitWithASilentRedis(t *testing.T) {
	for name, c := range map[string]silent{
		"whose client looks at its context": {},
		"whose client does not":             {ignoresContext: true},
	} {
		t.Run("is bounded, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log logBuffer
				l := newLimiter(t, c, log.option())
				start := time.Now()
				require.NoError(t, l.Wait(t.Context()))
				assert.Equal(t, time.Second, time.Since(start))
				for range 50 {
					require.NoError(t, l.Wait(t.Context()))
				}
				assert.Equal(t, time.Second, time.Since(start), "nobody asks again for 5 s")
				time.Sleep(5 * time.Second)
				require.NoError(t, l.Wait(t.Context()))
				assert.Equal(t, 7*time.Second, time.Since(start))
				assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"))
				time.Sleep(3 * time.Second) // the client's own timeout ends what was left behind
			})
		})
	}

	t.Run("leaves time to send before the deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			l := newLimiter(t, silent{}, log.option())
			ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
			defer cancel()
			start := time.Now()
			require.NoError(t, l.Wait(ctx))
			assert.Equal(t, 300*time.Millisecond, time.Since(start))
			time.Sleep(time.Second) // what is left of the question ends by itself
		})
	})

	t.Run("is an error on request", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(t, silent{}, WithFailClosed())
			for range 3 {
				start := time.Now()
				err := l.Wait(t.Context())
				assert.ErrorIs(t, err, ErrUnavailable)
				assert.EqualError(t, err, "redislimiter: the shared limit is unavailable: no answer within 1s: context deadline exceeded")
				assert.Equal(t, time.Second, time.Since(start))
				assert.ErrorIs(t, l.Wait(t.Context()), ErrUnavailable)
				assert.Equal(t, time.Second, time.Since(start), "nobody asks again for a second")
				time.Sleep(time.Second + maxGiveBack)
			}
		})
	})
}
