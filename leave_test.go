package insights

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
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
