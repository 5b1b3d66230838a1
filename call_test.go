package insights

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// BenchmarkClientTests is one call over loopback, for pages of so many runs.
func BenchmarkClientTests(b *testing.B) {
	for _, runs := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("%d runs", runs), func(b *testing.B) {
			body := pageOf(runs)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(body)
			}))
			defer server.Close()
			c, err := NewClient("", account, WithBaseURL(server.URL), WithHTTPClient(server.Client()), WithoutRateLimit())
			require.NoError(b, err)
			opts := TestsOptions{Period: lastWeek, Size: runs}
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := c.Tests(b.Context(), opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// pageOf is an answer of Tests as the service writes it.
func pageOf(runs int) []byte {
	items := make([]string, runs)
	for i := range items {
		items[i] = fmt.Sprintf(`{"id":"%032x","owner":"ann","ancestor":"org","name":"Login %d","build":"nightly-17",`+
			`"creation_time":"2026-11-20T12:00:%02dZ","start_time":"2026-11-20T12:00:01Z","end_time":"2026-11-20T12:01:00Z","duration":59,`+
			`"status":"passed","error":"","os":"Windows 11","os_normalized":"windows","browser":"chrome 130","browser_normalized":"chrome","details_url":"https://app.saucelabs.com/tests/%032x"}`,
			i, i%7, i%60, i)
	}
	return []byte(`{"meta":{"status":200},"items":[` + strings.Join(items, ",") + `],"has_more":true}`)
}

func TestWithOnAttemptPanics(t *testing.T) {
	t.Run("a panic in an event is the caller's", func(t *testing.T) {
		transport, _ := inTurn(200)
		c := clientOver(t, transport, WithOnAttempt(func(context.Context, Attempt) { panic("mine") }))
		assert.PanicsWithValue(t, "mine", func() { _ = ask(t.Context(), c) })
		assert.Zero(t, c.config.limits.Server.InFlight())
	})

	t.Run("a panic in a callback costs no retry", func(t *testing.T) {
		transport, _ := inTurn(503)
		c := clientOver(t, transport, WithOnAttempt(func(context.Context, Attempt) { panic("the callback's own") }))
		assert.PanicsWithValue(t, "the callback's own", func() { _ = ask(t.Context(), c) })
		assert.EqualValues(t, 50, c.config.budget.Left(), "none was made")
		assert.Zero(t, c.config.limits.Server.InFlight())
	})
}

func TestAWaitThatIsCancelledTellsBothTruths(t *testing.T) {
	for name, cause := range map[string]error{"plain": nil, "with a cause": errors.New("the user pressed ^C")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(3*time.Second, func() { cancel(cause) })
				transport, _ := inTurn(replying(429, `{"message":"slow down"}`, "Retry-After", "10"))
				c := clientOver(t, transport)
				began := time.Now()
				err := ask(ctx, c)
				assert.Equal(t, 3*time.Second, time.Since(began))
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, ErrRateLimited)
				if cause != nil {
					assert.ErrorIs(t, err, cause)
				}
				assert.Equal(t, "slow down", requireAPIError(t, err).Message)
				assert.EqualValues(t, 50, c.config.budget.Left(), "no retry was made")
			})
		})
	}
}

func TestAContextThatEndsWithAnAttemptIsTheEndOfTheCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var last Attempt
	c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
		cancel()
		return reply(503, ""), nil
	}), WithOnAttempt(func(_ context.Context, a Attempt) { last = a }))
	err := ask(ctx, c)
	assert.ErrorIs(t, err, ErrServer)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, last.Wait, "there is no wait")
	assert.EqualValues(t, 50, c.config.budget.Left())
}

func TestWithRetryBudget(t *testing.T) {
	t.Run("an outage is not multiplied", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport, requests := inTurn(503)
			c := clientOver(t, transport)
			clone, err := c.Clone(WithRetry(RetryPolicy{MaxAttempts: 10}))
			require.NoError(t, err)
			var calls sync.WaitGroup
			var stopped atomic.Int32
			for i := range 200 {
				calls.Go(func() {
					err := ask(t.Context(), []*Client{c, clone}[i%2])
					if assert.ErrorIs(t, err, ErrServer) && requireAPIError(t, err).Attempts < 4 {
						assert.Contains(t, err.Error(), "not tried again: the client's retry budget is used up")
						stopped.Add(1)
					}
				})
			}
			calls.Wait()
			assert.EqualValues(t, 200+50, requests.Load())
			assert.Positive(t, stopped.Load())
			assert.Zero(t, c.config.budget.Left(), "and the next success gives one back")
		})
	})
}

func TestWithConcurrencyUnderWay(t *testing.T) {
	t.Run("a transport that panics is not counted as under way", func(t *testing.T) {
		c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) { panic("mine") }))
		assert.PanicsWithValue(t, "mine", func() { _ = ask(t.Context(), c) })
		assert.Zero(t, c.config.limits.Server.InFlight())
	})

	t.Run("requests under way are counted exactly", func(t *testing.T) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		transport, _ := inTurn(200, 404, 503, 200, errors.New("reset"), replying(302, "", "Location", "/on"), 200)
		c := clientOver(t, transport, WithRetry(RetryPolicy{BaseWait: 1, MaxWait: 1}))
		for range 4 {
			_ = ask(t.Context(), c)
			_ = ask(ended, c)
		}
		assert.Zero(t, c.config.limits.Server.InFlight())
	})
}

func TestOptionsErrorOfALongFilter(t *testing.T) {
	// A URL that is too long is a 414 of some services, and a connection that is closed
	// by others.
	t.Run("a filter that is too long is refused before it is sent", func(t *testing.T) {
		transport, requests := inTurn(200)
		c := clientOver(t, transport)
		long := strings.Repeat("x", 8000)
		for field, call := range map[string]func() error{
			"Error": func() error { _, err := c.Tests(t.Context(), TestsOptions{Period: lastWeek, Error: long}); return err },
			"Query": func() error {
				_, err := c.Tests(t.Context(), TestsOptions{Period: lastWeek, Query: long, Build: "b"})
				return err
			},
			"Owner": func() error {
				_, err := c.ErrorTrends(t.Context(), ErrorTrendsOptions{Period: lastWeek, Owner: strings.Split(long, "")})
				return err
			},
			"WithQuery": func() error { return ask(t.Context(), c, WithQuery("tag", long)) },
		} {
			t.Run(field, func(t *testing.T) {
				err := call()
				requireProblems(t, err, []string{field})
				assert.ErrorContains(t, err, "services refuse more than 8000: filter by a shorter text")
			})
		}
		renamed := clientOver(t, transport, WithDialect(DialectRenamed))
		_, err := renamed.Tests(t.Context(), TestsOptions{Period: lastWeek, Query: long})
		requireProblems(t, err, []string{"Query"})
		assert.Zero(t, requests.Load())

		room := strings.Repeat("x", 8000-len(testOrigin+testsPath+"?error=&time_range=7d"))
		_, err = c.Tests(t.Context(), TestsOptions{Period: lastWeek, Error: room})
		assert.NoError(t, err)
	})
}
