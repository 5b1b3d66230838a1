package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithRetry(t *testing.T) {
	t.Run("what is tried again", func(t *testing.T) {
		cases := map[int][]int{ // attempts → statuses
			1: {101, 300, 304, 400, 401, 403, 404, 405, 407, 409, 410, 418, 422, 426, 431, 451, 501, 505, 511, 525, 526, 527, 599},
			4: {408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530},
		}
		for attempts, statuses := range cases {
			for _, status := range statuses {
				t.Run(fmt.Sprint(status), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						transport, requests := inTurn(status)
						var info insights.ResponseInfo
						err := ask(t.Context(), clientOver(t, transport), insights.CaptureResponse(&info))
						apiErr := requireAPIError(t, err)
						assert.Equal(t, status, apiErr.StatusCode)
						assert.Equal(t, attempts, apiErr.Attempts)
						assert.Equal(t, attempts, info.Attempts)
						assert.EqualValues(t, attempts, requests.Load())
					})
				})
			}
		}
	})

	t.Run("a retry that succeeds is a success", func(t *testing.T) {
		for _, first := range []any{429, 500, 502, 503, 504, errors.New("connection reset")} {
			synctest.Test(t, func(t *testing.T) {
				transport, _ := inTurn(first, first, 200)
				var info insights.ResponseInfo
				began := time.Now()
				require.NoError(t, ask(t.Context(), clientOver(t, transport), insights.CaptureResponse(&info)))
				assert.Equal(t, 3, info.Attempts)
				assert.Equal(t, 200, info.StatusCode)
				assert.Equal(t, time.Since(began), info.Elapsed)
				assert.Less(t, info.Elapsed, 1500*time.Millisecond, "500 ms and 1 s at most")
			})
		}
	})

	t.Run("an answer that is wrong is not tried again", func(t *testing.T) {
		for name, answer := range map[string]func() *http.Response{
			"HTML":              replying(200, "<html>", "Content-Type", "text/html"),
			"too large":         replying(200, `{"items":[]}         `),
			"switches protocol": replying(101, ""),
		} {
			transport, requests := inTurn(answer)
			assert.Error(t, ask(t.Context(), clientOver(t, transport, insights.WithMaxResponseBytes(15))), name)
			assert.EqualValues(t, 1, requests.Load(), name)
		}
	})

	t.Run("one attempt means no retry", func(t *testing.T) {
		transport, requests := inTurn(503)
		err := ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})))
		assert.ErrorIs(t, err, insights.ErrServer)
		assert.NotContains(t, err.Error(), "attempts")
		assert.EqualValues(t, 1, requests.Load())
	})

	t.Run("a success gives one retry back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			requests, then := 0, []int{503, 503, 200, 503, 503}
			c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
				if requests++; requests <= 64 { // 16 calls, whose 48 retries leave 2 of 50
					return reply(503, "{}"), nil
				}
				return reply(then[requests-65], "{}"), nil
			}))
			for range 16 {
				require.Error(t, ask(t.Context(), c))
			}
			require.NoError(t, ask(t.Context(), c), "two retries")
			require.ErrorContains(t, ask(t.Context(), c), "budget", "one retry")
			assert.Equal(t, 64+5, requests)
		})
	})

	// A body without a length that breaks off looks whole to HTTP, and a proxy passes
	// the half of one on with a length of its own.
	t.Run("JSON that breaks off is tried again", func(t *testing.T) {
		whole := `{"items":[{"id":"a"},{"id":"b"}],"has_more":false}`
		for at := 1; at < len(whole); at++ {
			transport, requests := inTurn(replying(200, whole[:at]), replying(200, whole))
			c := clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{BaseWait: 1, MaxWait: 1}))
			list, err := c.Tests(t.Context(), insights.TestsOptions{Period: lastWeek})
			require.NoError(t, err, whole[:at])
			assert.Len(t, list.Items, 2)
			assert.EqualValues(t, 2, requests.Load(), whole[:at])
		}
		for _, wrong := range []string{whole + "}", `{"items":[}`, `{"items":tru`, "", "<html>", `{"items":[{"id":"a"} {"id":"b"}]}`} {
			transport, requests := inTurn(replying(200, wrong))
			err := ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{BaseWait: 1, MaxWait: 1})))
			assert.ErrorIs(t, err, insights.ErrBadResponse, wrong)
			if wrong != `{"items":tru` {
				assert.EqualValues(t, 1, requests.Load(), "what is wrong stays wrong: %s", wrong)
			}
		}
	})
}

func TestMaxWait(t *testing.T) {
	t.Run("the service orders the wait", func(t *testing.T) {
		for value, want := range map[string]time.Duration{
			"7":                             7 * time.Second,
			"2.5":                           2500 * time.Millisecond,
			"30":                            30 * time.Second,
			"Sat, 01 Jan 2000 00:00:20 GMT": 20 * time.Second, // synctest begins at midnight
		} {
			for _, status := range []int{429, 503} {
				synctest.Test(t, func(t *testing.T) {
					transport, _ := inTurn(replying(status, "", "Retry-After", value), 200)
					var info insights.ResponseInfo
					require.NoError(t, ask(t.Context(), clientOver(t, transport), insights.CaptureResponse(&info)))
					assert.GreaterOrEqual(t, info.Elapsed, want, "%d %s: never earlier", status, value)
					assert.Less(t, info.Elapsed, want+5*time.Second, "%d %s: not everyone at once", status, value)
				})
			}
		}
	})

	t.Run("an order beyond the longest wait ends the call at once", func(t *testing.T) {
		for _, value := range []string{"31", "31536000", "1e400", "Inf", "Wed, 01 Jan 2031 00:00:00 GMT"} {
			synctest.Test(t, func(t *testing.T) {
				transport, requests := inTurn(replying(429, `{"message":"slow down"}`, "Retry-After", value))
				began := time.Now()
				err := ask(t.Context(), clientOver(t, transport))
				assert.Zero(t, time.Since(began), value)
				assert.ErrorIs(t, err, insights.ErrRateLimited)
				assert.NotErrorIs(t, err, context.DeadlineExceeded)
				assert.Contains(t, err.Error(), "slow down: not tried again: the service asks for a wait of ")
				assert.Greater(t, requireAPIError(t, err).RetryAfter, 30*time.Second)
				assert.EqualValues(t, 1, requests.Load())
			})
		}
	})

	t.Run("a wait that does not fit the deadline ends the call at once", func(t *testing.T) {
		for status, kind := range map[int]error{429: insights.ErrRateLimited, 503: insights.ErrServer} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				transport, requests := inTurn(replying(status, `{"message":"not now"}`, "Retry-After", "2"))
				began := time.Now()
				err := ask(ctx, clientOver(t, transport))
				assert.Zero(t, time.Since(began))
				assert.ErrorIs(t, err, kind)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				apiErr := requireAPIError(t, err)
				assert.Equal(t, `{"message":"not now"}`, string(apiErr.Body))
				assert.Equal(t, 2*time.Second, apiErr.RetryAfter)
				assert.Contains(t, err.Error(), "not now: not tried again: a wait of 2s does not fit the deadline")
				assert.EqualValues(t, 1, requests.Load())
			})
		}
	})

	t.Run("an attempts timeout is not the end of the context", func(t *testing.T) {
		silence := inMemory(func(request *http.Request) (*http.Response, error) {
			<-request.Context().Done()
			return nil, request.Context().Err()
		})
		t.Run("alone", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := ask(t.Context(), clientOver(t, silence, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2})))
				assert.ErrorIs(t, err, insights.ErrTimeout)
				assert.ErrorIs(t, err, insights.ErrTransport)
				assert.NotErrorIs(t, err, context.DeadlineExceeded)
				assert.Contains(t, err.Error(), "timed out: the attempt took longer than 30s")
				assert.GreaterOrEqual(t, time.Since(began), time.Minute)
				assert.Less(t, time.Since(began), time.Minute+500*time.Millisecond)
			})
		})
		t.Run("and then the context's", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
				defer cancel()
				err := ask(ctx, clientOver(t, silence))
				assert.ErrorIs(t, err, insights.ErrTimeout)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 2, requireAPIError(t, err).Attempts)
			})
		})
		t.Run("the shorter of the client's", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				c := clientOver(t, nil, insights.WithHTTPClient(&http.Client{Transport: silence, Timeout: time.Second}), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
				assert.ErrorIs(t, ask(t.Context(), c), insights.ErrTimeout)
				assert.Equal(t, time.Second, time.Since(began))
			})
		})
	})
}
