package insights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestASlowBodyEndsWithTheAttemptsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := ask(t.Context(), clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: closer{endless{request.Context()}}}, nil
		}), WithAttemptTimeout(10*time.Second), WithRetry(RetryPolicy{MaxAttempts: 1})))
		assert.ErrorIs(t, err, ErrTimeout)
		assert.NotErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 10*time.Second, time.Since(began))
		assert.Equal(t, 200, requireAPIError(t, err).StatusCode)
		assert.ErrorContains(t, err, "the attempt took longer than 10s")
		assert.Contains(t, err.Error(), "WithAttemptTimeout")
	})
}

// An answer whose end comes with the timeout is there, and so it counts.
func TestAnAnswerThatIsWholeAtTheLastMomentIsNotThrownAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		body := iotest.DataErrReader(&lateReader{Reader: strings.NewReader("{}"), after: 10 * time.Second})
		require.NoError(t, ask(t.Context(), clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(body)}, nil
		}), WithAttemptTimeout(10*time.Second))))
		assert.Equal(t, 10*time.Second, time.Since(began))
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

type closer struct{ endless }

func (closer) Close() error { return nil }

func TestHalfAnAnswerThatTheContextCutShortKeepsItsStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := ask(ctx, clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: closer{endless{request.Context()}}}, nil
		})))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, ErrTimeout)
		assert.EqualError(t, err, "insights: GET /v1/analytics/tests: 200 OK: context deadline exceeded")
	})
}

// Each attempt has the whole timeout to itself.
func TestARetryHasATimeoutOfItsOwn(t *testing.T) {
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
		}), WithAttemptTimeout(10*time.Second))
		require.NoError(t, ask(t.Context(), c))
		assert.Equal(t, 3, requests)
	})
}

// Whatever the service does, a call ends with its deadline.
func TestNoCallOutlivesItsDeadline(t *testing.T) {
	silence := func(request *http.Request) (*http.Response, error) {
		<-request.Context().Done()
		return nil, request.Context().Err()
	}
	dribble := func(request *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, ContentLength: -1, Body: closer{endless{request.Context()}}}, nil
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
		"reset":        func(*http.Request) (*http.Response, error) { return nil, errReset },
	} {
		for _, call := range theCalls {
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
}

func TestTheURLIsTakenOffAnError(t *testing.T) {
	inner := errors.New("refused")
	wrapped := &url.Error{Op: "Get", URL: "https://x/?secret", Err: &url.Error{Op: "Get", URL: "https://y/?secret", Err: inner}}
	assert.Equal(t, inner, withoutURL(wrapped))
	assert.NoError(t, withoutURL(nil))
}

func TestNoQueryStringIsInAnError(t *testing.T) {
	c := clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("my proxy says: %w", &url.Error{Op: "Get", URL: request.URL.String(), Err: errReset})
	}), WithRetry(RetryPolicy{MaxAttempts: 1}))
	_, err := c.Tests(t.Context(), TestsOptions{Period: lastWeek, Query: "a private name"})
	assert.ErrorIs(t, err, errReset)
	assert.NotContains(t, err.Error(), "private")
	assert.NotContains(t, err.Error(), "time_range")
	assert.Contains(t, err.Error(), `my proxy says: Get "https://insights.test/v1/analytics/tests": connection reset by peer`)
}

func TestTheDefaultTransportIsBounded(t *testing.T) {
	standard, ok := defaultTransport().(*http.Transport)
	require.True(t, ok)
	assert.EqualValues(t, maxHeaderBytes, standard.MaxResponseHeaderBytes)
	assert.GreaterOrEqual(t, standard.MaxIdleConnsPerHost, defaultConcurrency)
	assert.NotSame(t, http.DefaultTransport, standard)

	replaced := inMemory(nil)
	original := http.DefaultTransport
	defer func() { http.DefaultTransport = original }()
	http.DefaultTransport = replaced
	_, changed := defaultTransport().(inMemory)
	assert.True(t, changed, "what a program has set itself is used as it is")
}

func TestWhatLiesBehindAFailedConnectionCanBeAskedFor(t *testing.T) {
	c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errReset}
	}), WithRetry(RetryPolicy{MaxAttempts: 1}))
	err := ask(t.Context(), c)
	operation, ok := errors.AsType[*net.OpError](err)
	require.True(t, ok)
	assert.Equal(t, "dial", operation.Op)
	assert.ErrorIs(t, err, errReset)
}

// Idle connections that are closed under a request are as many as there are.
func TestNewConnectionsAreCountedAlone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := watchConnections(ctx, cancel, true)
	defer w.stop()
	for range 10 * maxConnections {
		w.got(httptrace.GotConnInfo{Reused: true})
	}
	for range 3 {
		require.NoError(t, ctx.Err())
		w.got(httptrace.GotConnInfo{})
	}
	require.NoError(t, ctx.Err())
	require.NoError(t, w.err())
	w.got(httptrace.GotConnInfo{})
	assert.Error(t, ctx.Err())
	assert.Equal(t, errNoneAnswered, w.err())
}

// What a caller's transport does in an attempt is its own affair.
func TestATransportThatTriesAgainItselfIsLeftAlone(t *testing.T) {
	requests := 0
	server, _ := countingServer(t, func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Connection", "close")
		if requests++; requests <= 2*maxConnections {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answerJSON(w, request)
	})
	transport := inMemory(func(request *http.Request) (resp *http.Response, err error) {
		for range 2*maxConnections + 1 {
			if resp, err = server.Client().Transport.RoundTrip(request); err != nil || resp.StatusCode == http.StatusOK {
				break
			}
			_ = resp.Body.Close()
		}
		return resp, err
	})
	require.NoError(t, ask(t.Context(), clientOver(t, transport, WithBaseURL(server.URL))))
}

// A connection that net/http can't let go of is closed for it.
func TestAConnectionThatHoldsAnAttemptIsClosed(t *testing.T) {
	for name, test := range map[string]struct {
		returns time.Duration
		closed  bool
	}{"at once": {0, false}, "soon enough": {cancelGrace - 1, false}, "too late": {cancelGrace + 1, true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				w := watchConnections(ctx, cancel, true)
				ours, theirs := net.Pipe()
				defer theirs.Close()
				w.got(httptrace.GotConnInfo{Conn: ours})
				time.Sleep(time.Second + test.returns)
				w.stop()
				synctest.Wait()
				assert.Equal(t, test.closed, ours.SetDeadline(time.Time{}) != nil)
				_ = ours.Close()
			})
		})
	}
}
