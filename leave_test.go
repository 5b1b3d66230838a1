package insights

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stubborn is a transport, or the body of an answer, that knows no context.
func stubborn[T any](value T) T {
	time.Sleep(time.Hour)
	return value
}

type stubbornBody struct{ io.Reader }

func (b stubbornBody) Read(p []byte) (int, error) { return stubborn(b.Reader).Read(p) }

// A caller's transport that does not end with its context can't hold a call.
func TestATransportThatIgnoresItsContextIsLeftBehind(t *testing.T) {
	bodies := map[string]*closeCounter{
		"in the headers": {Reader: strings.NewReader("{}")},
		"in the body":    {Reader: stubbornBody{strings.NewReader("{}")}},
	}
	transports := map[string]inMemory{
		"in the headers": func(*http.Request) (*http.Response, error) {
			return stubborn(&http.Response{StatusCode: 200, Body: bodies["in the headers"]}), nil
		},
		"in the body": func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: bodies["in the body"]}, nil
		},
	}
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				began := time.Now()
				err := ask(ctx, clientOver(t, transport))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 2*time.Second+patience, time.Since(began))
				time.Sleep(2 * time.Hour)
				assert.EqualValues(t, 1, bodies[name].closes.Load(), "what came in the end is closed")
			})
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := ask(t.Context(), clientOver(t, transport, WithRetry(RetryPolicy{MaxAttempts: 1})))
				assert.ErrorIs(t, err, ErrTimeout)
				assert.NotErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, defaultAttemptTimeout+patience, time.Since(began))
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

// As where a test fails within the transport that it brought.
func TestATransportThatEndsItsGoroutineEndsTheCallers(t *testing.T) {
	ended := make(chan bool, 1)
	go func() {
		defer func() { ended <- true }()
		_ = ask(t.Context(), clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
			runtime.Goexit()
			return nil, nil
		})))
		ended <- false
	}()
	assert.True(t, <-ended)
}

// What is left behind may go on reading its request while the call tries again.
func TestATransportThatWasLeftBehindHasItsRequestToItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		c := clientOver(t, nil, WithHTTPClient(&http.Client{Jar: jar, Transport: inMemory(func(request *http.Request) (*http.Response, error) {
			request.Header.Add("X-Mark", "left by the transport")
			assert.Len(t, request.Header["X-Mark"], 1)
			for range 100 {
				time.Sleep(time.Second)
				_ = request.Header.Get("Cookie")
			}
			return reply(503, "", "Set-Cookie", "a=b"), nil
		})}), WithAttemptTimeout(10*time.Second))
		assert.ErrorIs(t, ask(t.Context(), c), ErrTimeout)
		time.Sleep(time.Hour)
	})
}

func TestAnAnswerWhoseBodyHangsKeepsItsStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := ask(t.Context(), clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
			resp := reply(403, "", "X-Request-Id", "17")
			resp.Body = io.NopCloser(stubbornBody{strings.NewReader("{}")})
			return resp, nil
		})))
		assert.ErrorIs(t, err, ErrForbidden)
		assert.Equal(t, "17", requireAPIError(t, err).RequestID)
		time.Sleep(2 * time.Hour)
	})
}

func TestAWholeAnswerIsNotThrownAwayForASlowClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.NoError(t, ask(t.Context(), clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
			resp := reply(200, "{}")
			resp.Body = slowClose{resp.Body}
			return resp, nil
		}))))
		time.Sleep(2 * time.Hour)
	})
}

type slowClose struct{ io.Reader }

func (slowClose) Close() error { return stubborn(error(nil)) }

func TestALargeAnswerIsDecodedLikeAnyOther(t *testing.T) {
	body := `{"items":[{"id":"a"}],"x":"` + strings.Repeat("x", largestPooled) + `"}`
	transport, _ := inTurn(replying(200, body), replying(200, body+"x"))
	c := clientOver(t, transport)
	list, err := c.Tests(t.Context(), TestsOptions{Period: lastWeek})
	require.NoError(t, err)
	assert.Equal(t, []Test{{ID: "a"}}, list.Items)
	assert.ErrorIs(t, ask(t.Context(), c), ErrBadResponse)
}
