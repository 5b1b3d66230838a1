package insights

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/redact"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPIError(t *testing.T) {
	t.Run("works also where a user built it", func(t *testing.T) {
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
			{&APIError{StatusCode: 404, Message: "Not found.", hint: "check the region"}, ErrNotFound, "insights: 404 Not Found: Not found; check the region"},
		} {
			assert.EqualError(t, test.err, test.text)
			if test.kind != nil {
				assert.ErrorIs(t, test.err, test.kind)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%d", "%x", "%T"} {
				assert.NotContains(t, fmt.Sprintf(verb, test.err), "PANIC")
			}
		}
	})
	t.Run("matches nothing but its kind", func(t *testing.T) {
		assert.NotErrorIs(t, &APIError{}, ErrServer)
		assert.False(t, (&APIError{}).Is(nil))
		assert.NotErrorIs(t, &APIError{StatusCode: 404}, &APIError{StatusCode: 404}, "two errors are two")
	})
	// The kinds of a failure are told apart however the error was wrapped.
	t.Run("is found behind wrappers", func(t *testing.T) {
		transport, _ := inTurn(replying(429, ""))
		err := fmt.Errorf("gate: %w", errors.Join(ask(t.Context(), clientOver(t, transport, WithRetry(RetryPolicy{MaxAttempts: 1}))), errReset))
		assert.ErrorIs(t, err, ErrRateLimited)
		assert.Equal(t, 429, requireAPIError(t, err).StatusCode)
	})
	t.Run("names no cause where there is none", func(t *testing.T) {
		require.NotContains(t, (&APIError{StatusCode: 500}).Error(), "<nil>")
	})
}

func TestIterationError(t *testing.T) {
	t.Run("matches what ended the loop", func(t *testing.T) {
		ended := &IterationError{Delivered: 42, Err: &APIError{StatusCode: 503, Method: "GET", Path: testsPath, Message: "maintenance"}}
		assert.EqualError(t, ended, "insights: all tests: ended early, after 42 runs: GET /v1/analytics/tests: 503 Service Unavailable: maintenance")
		assert.ErrorIs(t, ended, ErrServer)
		assert.Equal(t, 503, requireAPIError(t, ended).StatusCode)
		assert.EqualError(t, &IterationError{}, "insights: all tests: ended early, after 0 runs: <nil>")
		assert.NoError(t, errors.Unwrap(&IterationError{}))
	})
}

func TestAPIErrorUnderSlog(t *testing.T) {
	// Stores of logs refuse a field that is a text in one record and a group in the
	// next.
	t.Run("is one line of text", func(t *testing.T) {
		for name, err := range map[string]error{
			"OptionsError":   &OptionsError{Problems: []Problem{{"Period", "is required"}, {"Owner[0]", "is empty"}}},
			"APIError":       &APIError{StatusCode: 404, Method: "GET", Path: testsPath, RequestID: "r-1", Header: http.Header{"X": {"y"}}, Body: []byte("body")},
			"IterationError": &IterationError{Delivered: 3, Err: ErrResultWindow},
		} {
			for form, logged := range map[string]error{"bare": err, "wrapped": fmt.Errorf("teardown: %w", err)} {
				t.Run(name+" is its one line of text, "+form, func(t *testing.T) {
					var asJSON, asText strings.Builder
					slog.New(slog.NewJSONHandler(&asJSON, nil)).Error("failed", "err", logged)
					slog.New(slog.NewTextHandler(&asText, nil)).Error("failed", "err", logged)
					assert.Contains(t, asJSON.String(), `"err":`+strconv.Quote(logged.Error()))
					assert.Contains(t, asText.String(), `err=`+strconv.Quote(logged.Error()))
				})
			}
		}
	})
}

func TestKind(t *testing.T) {
	for want, errs := range map[string][]error{
		"":                   {nil},
		"invalid_options":    {&OptionsError{}, invalid("Period", "is required")},
		"invalid_request":    {&APIError{StatusCode: 400}, &APIError{StatusCode: 422}, &APIError{StatusCode: 410}, &APIError{StatusCode: 418}},
		"unauthorized":       {&APIError{StatusCode: 401}},
		"forbidden":          {&APIError{StatusCode: 403}},
		"not_found":          {&APIError{StatusCode: 404}},
		"rate_limited":       {&APIError{StatusCode: 429}, &APIError{StatusCode: 429, Err: context.DeadlineExceeded}, &APIError{Err: &fault.Error{Kind: ErrRateLimited, Cause: context.DeadlineExceeded}}},
		"server":             {&APIError{StatusCode: 500}, &APIError{StatusCode: 529}},
		"timeout":            {&APIError{StatusCode: 408}, &APIError{Err: &fault.Error{Kind: ErrTimeout, Cause: ErrTransport}}},
		"transport":          {&APIError{Err: ErrTransport}, &APIError{StatusCode: 407}},
		"bad_response":       {&APIError{StatusCode: 200, Err: ErrBadResponse}, &APIError{StatusCode: 300}, &APIError{StatusCode: 304}, &APIError{StatusCode: 206}, &APIError{StatusCode: 999}},
		"response_too_large": {&APIError{StatusCode: 200, Err: ErrResponseTooLarge}},
		"redirect":           {&APIError{StatusCode: 302}, &APIError{StatusCode: 308}},
		"result_window":      {&IterationError{Err: ErrResultWindow}},
		"deadline":           {context.DeadlineExceeded, &APIError{Err: context.DeadlineExceeded}},
		"canceled":           {context.Canceled, &IterationError{Err: &APIError{Err: context.Canceled}}},
		"other":              {errReset},
	} {
		for _, err := range errs {
			assert.Equal(t, want, Kind(err), "%v", err)
			if err != nil {
				assert.Equal(t, want, Kind(fmt.Errorf("wrapped: %w", err)), "%v", err)
			}
		}
	}
}

func TestAPIErrorText(t *testing.T) {
	t.Run("says what to do", func(t *testing.T) {
		for _, test := range []struct {
			status  int
			path    string
			headers []string
			want    string
		}{
			{401, testsPath, nil, "401 Unauthorized: denied; check the user name and the access key, and the region: a key is valid in one region only, and this client asked insights.test"},
			{403, testsPath, nil, "403 Forbidden: denied; the account may not see this: check scope and owner"},
			{404, errorTrendsPath, nil, "404 Not Found: denied; the service may no longer offer error trends: newer documentation does not list them"},
			{404, testsPath, nil, "404 Not Found: denied; check that insights.test serves the Insights API"},
			{407, testsPath, nil, "407 Proxy Authentication Required: denied; a proxy on the way asks for credentials: give its URL with them to the transport of WithHTTPClient"},
			{429, testsPath, nil, "429 Too Many Requests: denied; the documented limits are 10 requests a second and 3,500 an hour for an account: let everything share one Client, or lower WithRateLimit"},
			{302, testsPath, []string{"Location", "https://sso.example/login?token=x"}, "302 Found: denied; redirects are followed to the same scheme, host and port only, and not more than 10 times; this one leads to https://sso.example"},
			{304, testsPath, nil, "304 Not Modified: denied"},
			{308, testsPath, nil, "308 Permanent Redirect: denied; redirects are followed to the same scheme, host and port only, and not more than 10 times; this one leads nowhere"},
			{400, testsPath, nil, "400 Bad Request: denied"},
			{500, testsPath, nil, "500 Internal Server Error: denied"},
			{599, testsPath, nil, "599: denied"},
			{418, testsPath, []string{"X-Request-Id", "r-17"}, "418 I'm a teapot: denied [request r-17]"},
		} {
			for _, call := range theCalls {
				if call.path != test.path {
					continue
				}
				transport, _ := inTurn(replying(test.status, "denied", test.headers...))
				_, err := call.do(t.Context(), clientOver(t, transport, WithRetry(RetryPolicy{MaxAttempts: 1})))
				assert.EqualError(t, err, "insights: GET "+test.path+": "+test.want)
			}
		}
	})
	t.Run("says after how many attempts", func(t *testing.T) {
		transport, _ := inTurn(503, 503, replying(503, `{"message":"maintenance"}`, "X-Request-Id", "r-3"))
		err := ask(t.Context(), clientOver(t, transport, WithRetry(RetryPolicy{MaxAttempts: 3, BaseWait: 1})))
		assert.EqualError(t, err, "insights: GET /v1/analytics/tests: 503 Service Unavailable: maintenance (after 3 attempts) [request r-3]")
	})
	t.Run("is one short printable line", func(t *testing.T) {
		long := strings.Repeat("long ", 100_000)
		hostile := "a\nb\r\tc\x1b[31md\x00\u202e\u200b\x7f\u0085\u2028e "
		transport, _ := inTurn(replying(302, hostile+long, "X-Request-Id", hostile+long, "Location", "https://"+strings.Repeat("h", 100_000)+"/"))
		err := ask(t.Context(), clientOver(t, transport))
		assert.NotContains(t, err.Error(), "\n")
		checkLine(t, err)
		assert.Contains(t, err.Error(), "a b c d e long")
	})
}

func checkLine(t *testing.T, err error) {
	t.Helper()
	assert.False(t, strings.ContainsFunc(err.Error(), isUnfit), "%q", err.Error())
	assert.Less(t, utf8.RuneCountInString(err.Error()), 4*redact.MaxLine)
}

func isUnfit(r rune) bool { return !unicode.IsPrint(r) }
