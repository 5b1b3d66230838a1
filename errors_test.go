package insights

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnAPIErrorThatAUserBuiltWorks(t *testing.T) {
	for _, test := range []struct {
		err  *APIError
		kind error
		text string
	}{
		{&APIError{}, nil, "insights: no answer"},
		{&APIError{StatusCode: 404}, ErrNotFound, "insights: 404 Not Found"},
		{&APIError{StatusCode: 429, Method: "GET", Path: testsPath, Attempts: 2, RequestID: "r", Message: "slow\ndown"}, ErrRateLimited, "insights: GET /v1/analytics/tests: 429 Too Many Requests: slow down (after 2 attempts) [request r]"},
		{&APIError{Err: context.Canceled}, context.Canceled, "insights: context canceled"},
		{&APIError{StatusCode: 200, Message: "page", Err: ErrBadResponse}, ErrBadResponse, "insights: 200 OK: the answer is not the promised JSON: page"},
		{&APIError{StatusCode: -1, Attempts: -1}, nil, "insights: -1"},
	} {
		assert.EqualError(t, test.err, test.text)
		if test.kind != nil {
			assert.ErrorIs(t, test.err, test.kind)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%d", "%x", "%T"} {
			assert.NotContains(t, fmt.Sprintf(verb, test.err), "PANIC")
		}
		assert.NotPanics(t, func() { _ = test.err.LogValue() })
	}
}

func TestAnAPIErrorMatchesNothingElse(t *testing.T) {
	assert.NotErrorIs(t, &APIError{}, ErrServer)
	assert.False(t, (&APIError{}).Is(nil))
	assert.NotErrorIs(t, &APIError{StatusCode: 404}, &APIError{StatusCode: 404}, "two errors are two")
}

func TestIterationErrorMatchesWhatEndedTheLoop(t *testing.T) {
	ended := &IterationError{Delivered: 42, Err: &APIError{StatusCode: 503, Method: "GET", Path: testsPath, Message: "maintenance"}}
	assert.EqualError(t, ended, "insights: all tests: ended early, after 42 runs: GET /v1/analytics/tests: 503 Service Unavailable: maintenance")
	assert.ErrorIs(t, ended, ErrServer)
	assert.Equal(t, 503, requireAPIError(t, ended).StatusCode)
	assert.EqualError(t, &IterationError{}, "insights: all tests: ended early, after 0 runs: <nil>")
	assert.NoError(t, errors.Unwrap(&IterationError{}))
}

func TestErrorsLogTheirParts(t *testing.T) {
	for name, test := range map[string]struct {
		value slog.LogValuer
		want  []string
	}{
		"APIError": {
			&APIError{StatusCode: 404, Method: "GET", Path: testsPath, Attempts: 1, RequestID: "r-1", Header: http.Header{"X": {"y"}}, Body: []byte("body")},
			[]string{`"status":404`, `"path":"/v1/analytics/tests"`, `"attempts":1`, `"request_id":"r-1"`, `"error":"insights: GET`},
		},
		"APIError without a request id": {&APIError{}, []string{`"status":0`, `"error":"insights: no answer"`}},
		"IterationError":                {&IterationError{Delivered: 3, Err: ErrResultWindow}, []string{`"delivered":3`, `"error":"the result window`}},
		"IterationError of nothing":     {&IterationError{}, []string{`"delivered":0`}},
	} {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("failed", "err", test.value)
		for _, want := range test.want {
			assert.Contains(t, log.String(), want, name)
		}
		assert.NotContains(t, log.String(), "Header", name)
		assert.NotContains(t, log.String(), "!ERROR", name)
	}
}

// The kinds of a failure are told apart however the error was wrapped.
func TestKindsAreFoundBehindWrappers(t *testing.T) {
	transport, _ := inTurn(replying(429, ""))
	err := fmt.Errorf("gate: %w", errors.Join(ask(t.Context(), clientOver(t, transport, WithRetry(RetryPolicy{MaxAttempts: 1}))), errReset))
	assert.ErrorIs(t, err, ErrRateLimited)
	assert.Equal(t, 429, requireAPIError(t, err).StatusCode)
}

func TestAnErrorWithoutACauseNamesNone(t *testing.T) {
	require.NotContains(t, (&APIError{StatusCode: 500}).Error(), "<nil>")
}
