package conformance_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithOnAttempt(t *testing.T) {
	t.Run("an event tells every attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport, _ := inTurn(errBroken, replying(429, "slow", "Retry-After", "3"), 503, replying(200, `{"items":[]}`))
			var events []insights.Attempt
			c := clientOver(t, transport, insights.WithOnAttempt(func(ctx context.Context, a insights.Attempt) {
				assert.Equal(t, "of the caller", ctx.Value(contextKey{}))
				events = append(events, a)
			}))
			require.NoError(t, ask(context.WithValue(t.Context(), contextKey{}, "of the caller"), c))
			require.Len(t, events, 4)
			for i, event := range events {
				assert.Equal(t, i+1, event.Number)
				assert.Equal(t, "GET", event.Method)
				assert.Equal(t, testsPath, event.Path)
			}
			assert.ErrorIs(t, events[0].Err, insights.ErrTransport)
			assert.Zero(t, events[0].StatusCode)
			assert.False(t, events[0].ServerOrdered)
			assert.GreaterOrEqual(t, events[1].Wait, 3*time.Second)
			events[1].Wait = 3 * time.Second
			assert.Equal(t, insights.Attempt{Method: "GET", Path: testsPath, Number: 2, StatusCode: 429, Wait: 3 * time.Second, ServerOrdered: true, Bytes: 4}, events[1])
			assert.NoError(t, events[2].Err, "the status tells all")
			assert.Positive(t, events[2].Wait)
			assert.Equal(t, insights.Attempt{Method: "GET", Path: testsPath, Number: 4, StatusCode: 200, Bytes: 12}, events[3])
		})
	})

	t.Run("an event tells why an answer is no success", func(t *testing.T) {
		for name, test := range map[string]struct {
			outcome any
			want    error
		}{
			"too large": {replying(200, strings.Repeat(" ", 200)), insights.ErrResponseTooLarge},
			"HTML":      {replying(200, "<html>", "Content-Type", "text/html"), insights.ErrBadResponse},
			"reset":     {errBroken, insights.ErrTransport},
			"refusal":   {404, nil},
		} {
			transport, _ := inTurn(test.outcome)
			var last insights.Attempt
			c := clientOver(t, transport, insights.WithMaxResponseBytes(100), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}),
				insights.WithOnAttempt(func(_ context.Context, a insights.Attempt) { last = a }))
			require.Error(t, ask(t.Context(), c), name)
			assert.ErrorIs(t, last.Err, test.want, name)
			assert.Zero(t, last.Wait, "%s: there is no next attempt", name)
		}
	})

	t.Run("events come from many goroutines", func(t *testing.T) {
		transport, requests := inTurn(200)
		var events atomic.Int32
		c := clientOver(t, transport, insights.WithOnAttempt(func(context.Context, insights.Attempt) { events.Add(1) }))
		var calls sync.WaitGroup
		for range 200 {
			calls.Go(func() { assert.NoError(t, ask(t.Context(), c)) })
		}
		calls.Wait()
		assert.Equal(t, requests.Load(), events.Load())
	})

	t.Run("an attempt without a wait logs none", func(t *testing.T) {
		line := logged(t, slog.LevelInfo, func(log *slog.Logger) { log.Info("done", "attempt", insights.Attempt{Err: errors.New("x")}) })[0]
		assert.NotContains(t, line, "wait")
		assert.Contains(t, line, "attempt.error=x")
	})
}

type contextKey struct{}

// logged are the lines that a text handler writes for level and above.
func logged(t *testing.T, level slog.Level, call func(*slog.Logger)) []string {
	t.Helper()
	var log strings.Builder
	call(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level})))
	return strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
}

func TestWithLogger(t *testing.T) {
	t.Run("the log has a line per attempt and per wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport, _ := inTurn(replying(429, "slow", "Retry-After", "3"), errBroken, 200)
			lines := logged(t, slog.LevelDebug, func(log *slog.Logger) {
				c := clientOver(t, transport, insights.WithLogger(log), insights.WithRateLimit(0.125, 1))
				require.NoError(t, ask(t.Context(), c))
			})
			require.Len(t, lines, 7)
			assert.Contains(t, lines[0], `level=DEBUG msg="insights: attempt" attempt.method=GET attempt.path=/v1/analytics/tests attempt.number=1 attempt.status=429 attempt.duration=0s attempt.bytes=4 attempt.wait=`)
			assert.Contains(t, lines[0], "attempt.server_ordered=true")
			assert.Contains(t, lines[1], `level=WARN msg="insights: waiting to try again" attempt.method=GET`)
			assert.Contains(t, lines[2], `level=WARN msg="insights: waiting for the rate limit" path=/v1/analytics/tests wait=`)
			assert.Contains(t, lines[3], `attempt.number=2 attempt.status=0 attempt.duration=0s attempt.bytes=0 attempt.error="no complete answer: connection reset by peer" attempt.wait=`)
			assert.NotContains(t, lines[6], "wait")
			for _, line := range lines {
				assert.NotContains(t, line, "time_range", "no query string")
			}
		})
	})

	t.Run("a wait of a second for a place is worth a warning", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport, _ := inTurn(200)
			lines := logged(t, slog.LevelWarn, func(log *slog.Logger) {
				c := pacedClient(t, transport, insights.WithLogger(log), insights.WithRateLimit(1, 1))
				require.NoError(t, ask(t.Context(), c))
				require.NoError(t, ask(t.Context(), c))
			})
			require.Len(t, lines, 1)
			assert.Contains(t, lines[0], "wait=1s")
		})
	})

	t.Run("a short wait for a place is not worth a warning", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport, _ := inTurn(200)
			lines := logged(t, slog.LevelWarn, func(log *slog.Logger) {
				c := pacedClient(t, transport, insights.WithLogger(log))
				for range 5 {
					require.NoError(t, ask(t.Context(), c))
				}
			})
			assert.Equal(t, []string{""}, lines)
		})
	})
}

func TestCaptureResponse(t *testing.T) {
	t.Run("capture response tells of success and failure", func(t *testing.T) {
		for status, headers := range map[int][]string{
			200: {"X-Request-Id", "r-1", "X-Ratelimit-Limit", "10", "X-Ratelimit-Remaining", "7", "X-Ratelimit-Reset", "60"},
			422: {"X-Request-Id", "r-2"},
			503: nil,
		} {
			for _, call := range everyCall {
				synctest.Test(t, func(t *testing.T) {
					transport, _ := inTurn(replying(status, "{}", headers...))
					info := insights.ResponseInfo{StatusCode: 1, RequestID: "of an earlier call"}
					_, err := call.do(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})), insights.CaptureResponse(&info))
					assert.Equal(t, status != 200, err != nil)
					assert.Equal(t, status, info.StatusCode)
					assert.Equal(t, 1, info.Attempts)
					if status == 200 {
						assert.Equal(t, "r-1", info.RequestID)
						assert.Equal(t, insights.RateLimit{Limit: 10, Remaining: 7, Reset: time.Now().Add(time.Minute)}, info.RateLimit)
					}
					if status == 422 {
						assert.Equal(t, "r-2", info.RequestID)
						assert.Equal(t, "r-2", info.Header.Get("X-Request-Id"))
					}
					if status == 503 {
						assert.Empty(t, info.RequestID)
						assert.Zero(t, info.RateLimit)
					}
				})
			}
		}
	})

	t.Run("capture response tells of a call without an answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport, _ := inTurn(errBroken)
			info := insights.ResponseInfo{StatusCode: 1}
			began := time.Now()
			require.Error(t, ask(t.Context(), clientOver(t, transport), insights.CaptureResponse(&info)))
			assert.Equal(t, insights.ResponseInfo{Attempts: 4, Elapsed: time.Since(began)}, info)

			ended, cancel := context.WithCancel(t.Context())
			cancel()
			require.Error(t, ask(ended, clientOver(t, transport), insights.CaptureResponse(&info)))
			assert.Equal(t, insights.ResponseInfo{}, info)
		})
	})
}

func TestResponseInfoLogsItsParts(t *testing.T) {
	line := logged(t, slog.LevelInfo, func(log *slog.Logger) {
		log.Info("done", "response", insights.ResponseInfo{StatusCode: 200, Attempts: 2, RequestID: "r", RateLimit: insights.RateLimit{Limit: 10}})
	})[0]
	assert.Contains(t, line, "response.status=200 response.attempts=2 response.elapsed=0s response.request_id=r response.rate_limit.limit=10 response.rate_limit.remaining=0")
}
