package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sendTimes records when requests arrive, since the beginning of a test.
type sendTimes struct {
	began  time.Time
	answer func() *http.Response

	mu    sync.Mutex
	times []time.Duration
}

func recording(answer func() *http.Response) *sendTimes {
	return &sendTimes{began: time.Now(), answer: answer}
}

func (s *sendTimes) RoundTrip(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times = append(s.times, time.Since(s.began))
	return s.answer(), nil
}

// mostWithin is the largest number of requests in any span of that length.
func (s *sendTimes) mostWithin(span time.Duration) int {
	most := 0
	for i := range s.times {
		until, _ := slices.BinarySearch(s.times, s.times[i]+span)
		most = max(most, until-i)
	}
	return most
}

var success = replying(200, "{}")

// pacedClient has the default limits, unless opts set others.
func pacedClient(t *testing.T, transport http.RoundTripper, opts ...insights.Option) *insights.Client {
	t.Helper()
	first := []insights.Option{insights.WithBaseURL(testOrigin), insights.WithHTTPClient(&http.Client{Transport: transport})}
	c, err := insights.NewClient("", account, append(first, opts...)...)
	require.NoError(t, err)
	return c
}

// inParallel makes n calls at once and waits for them.
func inParallel(n int, call func()) {
	var calls sync.WaitGroup
	for range n {
		calls.Go(call)
	}
	calls.Wait()
}

func TestWithRateLimit(t *testing.T) {
	t.Run("fifteen calls at fifty a second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent := recording(success)
			c := pacedClient(t, sent, insights.WithRateLimit(50, 1))
			inParallel(15, func() { assert.NoError(t, ask(t.Context(), c)) })
			for i, at := range sent.times {
				assert.InDelta(t, time.Duration(i)*20*time.Millisecond, at, float64(time.Microsecond), "call %d", i)
			}
		})
	})

	t.Run("the default is never more than ten in any second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent := recording(success)
			c := pacedClient(t, sent)
			time.Sleep(time.Minute) // an idle client saves up a burst, and no more
			sent.began = time.Now()
			inParallel(200, func() { assert.NoError(t, ask(t.Context(), c)) })
			assert.LessOrEqual(t, sent.mostWithin(time.Second+time.Nanosecond), 9)
			late := &sendTimes{}
			for _, at := range sent.times {
				late.times = append(late.times, at+rand.N(200*time.Millisecond))
			}
			slices.Sort(late.times)
			assert.LessOrEqual(t, late.mostWithin(time.Second), 10, "with 200 ms of jitter on the way")
			assert.InDelta(t, 199*125*time.Millisecond, time.Since(sent.began), float64(time.Millisecond), "and no slower")
		})
	})

	t.Run("a wait for a place that does not fit the deadline returns at once and takes none", func(t *testing.T) {
		for name, limit := range map[string]insights.Option{
			"per second": insights.WithRateLimit(0.1, 1),
			"per hour":   insights.WithHourlyLimit(1),
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sent := recording(success)
					c := pacedClient(t, sent, limit)
					require.NoError(t, ask(t.Context(), c))
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					began := time.Now()
					inParallel(100, func() {
						err := ask(ctx, c)
						assert.ErrorIs(t, err, insights.ErrRateLimited)
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						assert.Contains(t, err.Error(), "not sent: the rate limit asks for a wait of ")
						assert.Zero(t, requireAPIError(t, err).Attempts)
					})
					assert.Zero(t, time.Since(began))
					require.NoError(t, ask(t.Context(), c))
					assert.Len(t, sent.times, 2)
					assert.Contains(t, []time.Duration{10 * time.Second, time.Hour}, sent.times[1], "the next place is still free")
				})
			})
		}
	})

	t.Run("a place that nobody waited for is free again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := pacedClient(t, recording(success), insights.WithRateLimit(1, 1), insights.WithHourlyLimit(3))
			require.NoError(t, ask(t.Context(), c))
			impatient, cancel := context.WithCancel(t.Context())
			time.AfterFunc(500*time.Millisecond, cancel)
			inParallel(2, func() {
				err := ask(impatient, c)
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, insights.ErrRateLimited)
			})
			began := time.Now()
			inParallel(2, func() { assert.NoError(t, ask(t.Context(), c)) })
			assert.Less(t, time.Since(began), 4*time.Second, "not an hour: the allowance is three")
		})
	})

	// A pacing wait before a retry ends the call with the answer that there was.
	t.Run("a pacing wait that does not fit keeps the answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			transport, _ := inTurn(replying(503, `{"message":"maintenance"}`))
			err := ask(ctx, pacedClient(t, transport, insights.WithHourlyLimit(1)))
			assert.ErrorIs(t, err, insights.ErrServer)
			assert.ErrorIs(t, err, insights.ErrRateLimited)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, "maintenance", requireAPIError(t, err).Message)
		})
	})

	t.Run("a deadline that has passed is no rate limit", func(t *testing.T) {
		for name, opts := range map[string][]insights.Option{"no limit": nil, "room": {insights.WithRateLimit(100, 2)}} {
			transport, requests := inTurn(200)
			err := ask(lateContext{t.Context()}, clientOver(t, transport, opts...))
			assert.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.NotErrorIs(t, err, insights.ErrRateLimited, name)
			assert.Zero(t, requests.Load(), name)
		}
	})

	// Who is called off while it waits leaves its place to the next.
	t.Run("a called off call costs no other its place", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent := recording(success)
			c := pacedClient(t, sent)
			ctx, cancel := context.WithCancel(t.Context())
			var waiting sync.WaitGroup
			for range 200 {
				waiting.Go(func() { _ = ask(ctx, c) })
			}
			synctest.Wait()
			cancel()
			waiting.Wait()
			assert.Len(t, sent.times, 1)
			inParallel(8, func() { assert.NoError(t, ask(t.Context(), c)) })
			assert.LessOrEqual(t, time.Since(sent.began), time.Second)
			time.Sleep(time.Hour + time.Second)
			require.NoError(t, ask(t.Context(), c))
		})
	})

	// A service with more callers than it may have serves as many as it may.
	t.Run("caller's that give up do not starve the others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent := recording(success)
			c := pacedClient(t, sent)
			var calls sync.WaitGroup
			for range 16 * 30 {
				calls.Go(func() {
					ctx, cancel := context.WithCancel(t.Context())
					defer time.AfterFunc(2*time.Second, cancel).Stop()
					_ = ask(ctx, c)
				})
				time.Sleep(time.Second / 16)
			}
			calls.Wait()
			assert.InDelta(t, 8*30, len(sent.times), 20)
			assert.LessOrEqual(t, sent.mostWithin(time.Second), 10)
		})
	})

	t.Run("every redirect counts against the limits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent := recording(nil)
			sent.answer = func() *http.Response {
				if len(sent.times) < 4 {
					return reply(307, "", "Location", "/on")
				}
				return reply(200, "{}")
			}
			c := pacedClient(t, sent, insights.WithRateLimit(1, 1))
			require.NoError(t, ask(t.Context(), c))
			assert.Equal(t, []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second}, sent.times)
		})
	})

	t.Run("two hundred goroutines share a client under faults", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			sent := recording(nil)
			sent.answer = func() *http.Response {
				switch n := len(sent.times); {
				case n%17 == 0:
					return reply(429, "", "Retry-After", "1")
				case n%13 == 0:
					return reply(502, "<html>", "X-Request-Id", account.AccessKey)
				case n%11 == 0:
					return reply(200, "{", "X-Ratelimit-Remaining", "2", "X-Ratelimit-Reset", "1")
				}
				return reply(200, "{}")
			}
			c := pacedClient(t, sent)
			inParallel(200, func() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				for range 3 {
					var info insights.ResponseInfo
					if err := ask(ctx, c, insights.CaptureResponse(&info)); err != nil {
						requireAPIError(t, err)
					}
				}
			})
			assert.LessOrEqual(t, sent.mostWithin(time.Second), 10)
		})
	})
}

func TestClone(t *testing.T) {
	t.Run("clones share the limits unless they set them anew", func(t *testing.T) {
		for name, test := range map[string]struct {
			anew []insights.Option
			want time.Duration
		}{
			"shared":       {nil, 3 * time.Second},
			"set anew":     {[]insights.Option{insights.WithRateLimit(1, 2)}, time.Second},
			"switched off": {[]insights.Option{insights.WithoutRateLimit()}, time.Second},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := pacedClient(t, recording(success), insights.WithRateLimit(1, 1))
					clone, err := c.Clone(test.anew...)
					require.NoError(t, err)
					began := time.Now()
					for range 2 {
						require.NoError(t, ask(t.Context(), c))
						require.NoError(t, ask(t.Context(), clone))
					}
					assert.Equal(t, test.want, time.Since(began))
				})
			})
		}
	})

	t.Run("clones share the hourly limit", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := pacedClient(t, recording(success), insights.WithHourlyLimit(2))
			clone, err := c.Clone()
			require.NoError(t, err)
			began := time.Now()
			require.NoError(t, ask(t.Context(), c))
			require.NoError(t, ask(t.Context(), clone))
			require.NoError(t, ask(t.Context(), c))
			assert.Equal(t, time.Hour, time.Since(began))
		})
	})
}

func TestRetryAfter(t *testing.T) {
	t.Run("a pause that the service orders is kept by all", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent := recording(success)
			first := true
			sent.answer = func() *http.Response {
				if first {
					first = false
					return reply(429, "", "Retry-After", "20")
				}
				return reply(200, "{}")
			}
			c := pacedClient(t, sent)
			clone, err := c.Clone(insights.WithRateLimit(5, 1))
			require.NoError(t, err)
			done := make(chan error)
			go func() { done <- ask(t.Context(), c) }()
			synctest.Wait() // the order is there
			inParallel(50, func() {
				assert.NoError(t, ask(t.Context(), c))
				assert.NoError(t, ask(t.Context(), clone))
			})
			require.NoError(t, <-done)
			require.Len(t, sent.times, 102)
			assert.GreaterOrEqual(t, sent.times[1], 20*time.Second)
			assert.LessOrEqual(t, sent.mostWithin(time.Second), 10+6, "no rush after the pause: the rates of the two clients")
		})
	})

	// Two hundred calls have their places when the pause is ordered.
	t.Run("a pause does not end in a rush", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			sent := recording(nil)
			sent.answer = func() *http.Response {
				if len(sent.times) == 5 {
					return reply(429, "", "Retry-After", "10")
				}
				return reply(200, "{}")
			}
			c := pacedClient(t, sent)
			inParallel(200, func() { assert.NoError(t, ask(t.Context(), c)) })
			assert.LessOrEqual(t, sent.mostWithin(time.Second), 10)
			assert.GreaterOrEqual(t, sent.times[5]-sent.times[4], 10*time.Second)
		})
	})

	// What the service asks for with a 429 holds the call that it answers for as long
	// as it says, and other calls for MaxWait at most.
	t.Run("a long pause holds other calls for the longest wait at most", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport, requests := inTurn(replying(429, "", "Retry-After", "31536000"), 200)
			c := clientOver(t, transport)
			err := ask(t.Context(), c)
			require.ErrorIs(t, err, insights.ErrRateLimited)
			assert.Equal(t, 365*24*time.Hour, requireAPIError(t, err).RetryAfter)

			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began := time.Now()
			err = ask(ctx, c)
			assert.ErrorIs(t, err, insights.ErrRateLimited)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 30*time.Second, requireAPIError(t, err).RetryAfter, "it says how long")
			assert.Zero(t, time.Since(began))

			require.NoError(t, ask(t.Context(), c))
			assert.GreaterOrEqual(t, time.Since(began), 30*time.Second)
			assert.Less(t, time.Since(began), 35*time.Second)
			assert.EqualValues(t, 2, requests.Load())
		})
	})

	// One request that fails says nothing of the others.
	t.Run("a failure of the service holds its own call alone", func(t *testing.T) {
		for _, status := range []int{500, 503} {
			synctest.Test(t, func(t *testing.T) {
				transport, requests := inTurn(replying(status, "", "Retry-After", "3600"), 200)
				c := clientOver(t, transport)
				clone, err := c.Clone()
				require.NoError(t, err)
				began := time.Now()
				assert.ErrorIs(t, ask(t.Context(), c), insights.ErrServer)
				require.NoError(t, ask(t.Context(), c))
				require.NoError(t, ask(t.Context(), clone))
				assert.Zero(t, time.Since(began))
				assert.EqualValues(t, 3, requests.Load())
			})
		}
	})

	t.Run("a wait for the service that does not fit the deadline returns at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport, requests := inTurn(replying(200, "{}", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "60"))
			c := clientOver(t, transport)
			require.NoError(t, ask(t.Context(), c))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			err := ask(ctx, c)
			assert.Zero(t, time.Since(began))
			assert.ErrorIs(t, err, insights.ErrRateLimited)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.EqualValues(t, 1, requests.Load())
		})
	})
}

func TestRateLimit(t *testing.T) {
	t.Run("what remains is heeded by all together", func(t *testing.T) {
		for name, reset := range map[string]string{
			"seconds from now":  "60",
			"Unix seconds":      "946684860",
			"Unix milliseconds": "946684860000",
			"a date":            "Sat, 01 Jan 2000 00:01:00 GMT",
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sent := recording(nil)
					sent.answer = func() *http.Response {
						remaining := max(0, 5-len(sent.times))
						if time.Since(sent.began) >= time.Minute {
							remaining = 1000
						}
						return reply(200, "{}", "X-Ratelimit-Remaining", fmt.Sprint(remaining), "X-Ratelimit-Reset", reset)
					}
					c := clientOver(t, sent)
					require.NoError(t, ask(t.Context(), c)) // four remain
					inParallel(30, func() { assert.NoError(t, ask(t.Context(), c)) })
					assert.Zero(t, sent.times[1], "what remains is used")
					for _, at := range sent.times[5:] {
						assert.GreaterOrEqual(t, at, time.Minute)
					}
				})
			})
		}
	})

	t.Run("limits that mean nothing are ignored", func(t *testing.T) {
		for _, reset := range []string{"", "soon", "-60", "NaN", "1e300", "Sat, 01 Jan 2000 00:00:00 GMT", "1"} {
			synctest.Test(t, func(t *testing.T) {
				c := clientOver(t, recording(replying(200, "{}", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", reset)))
				began := time.Now()
				for range 3 {
					require.NoError(t, ask(t.Context(), c))
				}
				assert.LessOrEqual(t, time.Since(began), 2*time.Second, "%q", reset)
			})
		}
	})

	t.Run("a long reset stops a client for an hour at most", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := clientOver(t, recording(replying(200, "{}", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "99999999")))
			began := time.Now()
			require.NoError(t, ask(t.Context(), c))
			require.NoError(t, ask(t.Context(), c))
			assert.Equal(t, time.Hour, time.Since(began))
		})
	})
}

// lateContext has passed its deadline, and its timer is still to notice.
type lateContext struct{ context.Context }

func (lateContext) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }

func TestWithHourlyLimit(t *testing.T) {
	// Also where the limit of the hour is the one to wait for, no second sees more
	// than it may.
	t.Run("places of the hour that are given back do not crowd", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent := recording(success)
			c := pacedClient(t, sent, insights.WithHourlyLimit(50))
			inParallel(50, func() { _ = ask(t.Context(), c) })
			ctx, cancel := context.WithCancel(t.Context())
			var waiting sync.WaitGroup
			wait := func(n int, ctx context.Context) {
				for range n {
					waiting.Go(func() { _ = ask(ctx, c) })
				}
				synctest.Wait()
			}
			wait(20, ctx)
			wait(30, t.Context())
			cancel()
			synctest.Wait()
			wait(20, t.Context())
			waiting.Wait()
			slices.Sort(sent.times)
			assert.Len(t, sent.times, 100)
			assert.LessOrEqual(t, sent.mostWithin(time.Second), 10)
			assert.LessOrEqual(t, sent.mostWithin(time.Hour-1), 50)
		})
	})

	t.Run("no hour sees more than its allowance and all of it is usable", func(t *testing.T) {
		for _, allowance := range []int{1, 7, 3500} {
			t.Run(fmt.Sprint(allowance), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := pacedClient(t, recording(success), insights.WithRateLimit(10, 1), insights.WithHourlyLimit(allowance))
					sent := &sendTimes{began: time.Now()}
					for range 2*allowance + 1 {
						require.NoError(t, ask(t.Context(), c))
						sent.times = append(sent.times, time.Since(sent.began))
					}
					assert.Equal(t, allowance, sent.mostWithin(time.Hour))
					assert.Equal(t, 2*time.Hour, sent.times[2*allowance], "the third allowance begins with the third hour")
				})
			})
		}
	})
}

// sharedLimiter is a limiter that answers as a test wants.
type sharedLimiter func(context.Context) error

func (l sharedLimiter) Wait(ctx context.Context) error { return l(ctx) }

func TestWithLimiter(t *testing.T) {
	t.Run("is asked before every request, retries and redirects and clones included", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			transport, requests := inTurn(503, replying(302, "", "Location", "/on"), 200)
			c := clientOver(t, transport, insights.WithLimiter(sharedLimiter(func(context.Context) error { asked++; return nil })))
			require.NoError(t, ask(t.Context(), c))
			clone, err := c.Clone(insights.WithRateLimit(1, 1))
			require.NoError(t, err)
			require.NoError(t, ask(t.Context(), clone))
			assert.Equal(t, 4, asked)
			assert.EqualValues(t, 4, requests.Load())
		})
	})
	t.Run("has its error masked, and on one line", func(t *testing.T) {
		transport, _ := inTurn(200)
		err := ask(t.Context(), clientOver(t, transport, insights.WithLimiter(sharedLimiter(func(context.Context) error {
			return errors.New("redis://" + account.AccessKey + "@cache:\nno route")
		}))))
		assert.ErrorIs(t, err, insights.ErrRateLimited)
		assert.NotContains(t, err.Error(), account.AccessKey[:12])
		assert.NotContains(t, err.Error(), "\n")
	})
	t.Run("ends the call with its error, before anything is sent", func(t *testing.T) {
		full := errors.New("the hour is used up")
		transport, requests := inTurn(200)
		err := ask(t.Context(), clientOver(t, transport, insights.WithLimiter(sharedLimiter(func(context.Context) error { return full }))))
		assert.ErrorIs(t, err, insights.ErrRateLimited)
		assert.ErrorIs(t, err, full)
		assert.EqualError(t, err, "insights: GET /v1/analytics/tests: not sent: the shared limiter: the hour is used up")
		assert.Zero(t, requireAPIError(t, err).Attempts)
		assert.Zero(t, requests.Load())
	})
}
