package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithAttemptTimeout(t *testing.T) {
	t.Run("a slow body ends with the attempts timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			err := ask(t.Context(), clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: -1, Body: closer{endlessBody{request.Context()}}}, nil
			}), insights.WithAttemptTimeout(10*time.Second), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})))
			assert.ErrorIs(t, err, insights.ErrTimeout)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 10*time.Second, time.Since(began))
			assert.Equal(t, 200, requireAPIError(t, err).StatusCode)
			assert.ErrorContains(t, err, "the attempt took longer than 10s")
			assert.Contains(t, err.Error(), "WithAttemptTimeout")
		})
	})

	// Each attempt has the whole timeout to itself.
	t.Run("a retry has a timeout of its own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			c := clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
				requests++
				wait := []time.Duration{9 * time.Second, 11 * time.Second, 9 * time.Second}[requests-1]
				select {
				case <-request.Context().Done():
					return nil, request.Context().Err()
				case <-time.After(wait):
					return reply(map[bool]int{true: 200, false: 503}[requests == 3], "{}"), nil
				}
			}), insights.WithAttemptTimeout(10*time.Second))
			require.NoError(t, ask(t.Context(), c))
			assert.Equal(t, 3, requests)
		})
	})

	// An answer whose end comes with the timeout is there, and so it counts.
	t.Run("an answer that is whole at the last moment is not thrown away", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			body := iotest.DataErrReader(&lateReader{Reader: strings.NewReader("{}"), after: 10 * time.Second})
			require.NoError(t, ask(t.Context(), clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(body)}, nil
			}), insights.WithAttemptTimeout(10*time.Second))))
			assert.Equal(t, 10*time.Second, time.Since(began))
		})
	})

	t.Run("half an answer that the context cut short keeps its status", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			err := ask(ctx, clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: -1, Body: closer{endlessBody{request.Context()}}}, nil
			})))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.NotErrorIs(t, err, insights.ErrTimeout)
			assert.EqualError(t, err, "insights: GET /v1/analytics/tests: 200 OK: context deadline exceeded")
		})
	})

	// Whatever the service does, a call ends with its deadline.
	t.Run("no call outlives its deadline", func(t *testing.T) {
		silence := func(request *http.Request) (*http.Response, error) {
			<-request.Context().Done()
			return nil, request.Context().Err()
		}
		dribble := func(request *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: closer{endlessBody{request.Context()}}}, nil
		}
		status := func(code int, headers ...string) inMemory {
			return func(*http.Request) (*http.Response, error) { return reply(code, "", headers...), nil }
		}
		for name, service := range map[string]inMemory{
			"silence":      silence,
			"dribble":      dribble,
			"outage":       status(503),
			"storm":        status(429, "Retry-After", "1"),
			"long order":   status(429, "Retry-After", "3600"),
			"nothing left": status(500, "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "1.5"),
			"loop":         status(302, "Location", "/on"),
			"reset":        func(*http.Request) (*http.Response, error) { return nil, errBroken },
		} {
			for _, call := range everyCall {
				t.Run(name+"/"+call.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
						defer cancel()
						began := time.Now()
						_, err := call.do(ctx, pacedClient(t, service))
						assert.Error(t, err)
						assert.LessOrEqual(t, time.Since(began), 2*time.Second)
					})
				})
			}
		}
	})
}

// lateReader pauses before its first byte.
type lateReader struct {
	io.Reader
	after time.Duration
}

func (r *lateReader) Read(p []byte) (int, error) {
	time.Sleep(r.after)
	r.after = 0
	return r.Reader.Read(p)
}

type closer struct{ endlessBody }

func (closer) Close() error { return nil }

func TestAPIError(t *testing.T) {
	t.Run("no query string is in an error", func(t *testing.T) {
		c := clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("my proxy says: %w", &url.Error{Op: "Get", URL: request.URL.String(), Err: errBroken})
		}), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
		_, err := c.Tests(t.Context(), insights.TestsOptions{Period: lastWeek, Query: "a private name"})
		assert.ErrorIs(t, err, errBroken)
		assert.NotContains(t, err.Error(), "private")
		assert.NotContains(t, err.Error(), "time_range")
		assert.Contains(t, err.Error(), `my proxy says: Get "https://insights.test/v1/analytics/tests": connection reset by peer`)
	})

	t.Run("what lies behind a failed connection can be asked for", func(t *testing.T) {
		c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errBroken}
		}), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
		err := ask(t.Context(), c)
		operation, ok := errors.AsType[*net.OpError](err)
		require.True(t, ok)
		assert.Equal(t, "dial", operation.Op)
		assert.ErrorIs(t, err, errBroken)
	})
}

func TestWithHTTPClientThatRetries(t *testing.T) {
	// What a caller's transport does in an attempt is its own affair.
	t.Run("a transport that tries again itself is left alone", func(t *testing.T) {
		requests := 0
		server, _ := countingServer(t, func(w http.ResponseWriter, request *http.Request) {
			w.Header().Set("Connection", "close")
			if requests++; requests <= 6 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			answerJSON(w, request)
		})
		transport := inMemory(func(request *http.Request) (resp *http.Response, err error) {
			for range 6 + 1 {
				if resp, err = server.Client().Transport.RoundTrip(request); err != nil || resp.StatusCode == http.StatusOK {
					break
				}
				_ = resp.Body.Close()
			}
			return resp, err
		})
		require.NoError(t, ask(t.Context(), clientOver(t, transport, insights.WithBaseURL(server.URL))))
	})
}
