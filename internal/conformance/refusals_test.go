package conformance_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// statuses are those that are no success, with the kind of error that each is.
var statuses = map[int]error{
	400: insights.ErrInvalidRequest, 401: insights.ErrUnauthorized, 403: insights.ErrForbidden, 404: insights.ErrNotFound,
	405: insights.ErrInvalidRequest, 407: insights.ErrTransport, 408: insights.ErrTimeout, 409: insights.ErrInvalidRequest, 410: insights.ErrInvalidRequest,
	418: insights.ErrInvalidRequest, 421: insights.ErrInvalidRequest, 422: insights.ErrInvalidRequest, 425: insights.ErrInvalidRequest, 426: insights.ErrInvalidRequest,
	429: insights.ErrRateLimited, 431: insights.ErrInvalidRequest, 451: insights.ErrInvalidRequest, 499: insights.ErrInvalidRequest,
	500: insights.ErrServer, 501: insights.ErrServer, 502: insights.ErrServer, 503: insights.ErrServer, 504: insights.ErrServer,
	505: insights.ErrServer, 511: insights.ErrServer, 599: insights.ErrServer,
}

var worthRetry = map[int]bool{408: true, 429: true, 500: true, 502: true, 503: true, 504: true}

// bodies are the shapes that the body of a refusal can have.
var bodies = []string{
	"", " \r\n", "null", "[]", "{}", "0", "plain text", "\xff\xfe", "\x00\x1b[31m",
	`{"message":"no","meta":{"status":400}}`, `{"detail":"Not found."}`, `{"start":["is required"]}`,
	`{"detail":[{"loc":["query",1],"msg":"field required","type":"value_error"}]}`, `{"errors":[{"message":null}]}`,
	`{"message":"cut o`, `{"message":"one"}{"message":"two"}`, `{"message":"one","message":"two"}`,
	"<html><title>502 Bad Gateway</title></html>", "<!DOCTYPE html>", nothing,
	strings.Repeat("[", 200), strings.Repeat("long ", 20_000),
}

func TestEveryStatusWithEveryShapeOfBody(t *testing.T) {
	for status, kind := range statuses {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { refuse(t, status, kind) })
		})
	}
}

func refuse(t *testing.T, status int, kind error) {
	n := newNetwork(pipe)
	srv := insightstest.NewServer(insightstest.WithListener(n))
	defer srv.Close()
	transport := &http.Transport{DialContext: n.dial}
	defer transport.CloseIdleConnections()
	for i, body := range bodies {
		if isAbridged() && (i+status)%(2*share()) > 0 {
			continue
		}
		srv.Recover()
		srv.Fail(insightstest.Reply(-1, status, body))
		calls := theCalls
		if isAbridged() {
			calls = theCalls[i%len(theCalls):][:1]
		}
		for _, call := range calls {
			c := clientOf(t, transport, n.address, setting{attempts: 2})
			before := n.requests.Load()
			answered, err := call.do(t.Context(), c)
			assert.False(t, answered)
			checkRefusal(t, err, status, kind, body)
			assert.Equal(t, worthRetry[status], n.requests.Load()-before == 2, "%d %.20q: tried again", status, body)
		}
	}
	assert.LessOrEqual(t, n.dialed.Load(), int32(1+2*len(theCalls)), "only the longest body costs connections")
}

func checkRefusal(t *testing.T, err error, status int, kind error, body string) {
	name := fmt.Sprintf("%d %.20q", status, body)
	apiErr, ok := errors.AsType[*insights.APIError](err)
	if !assert.True(t, ok, "%s: %v", name, err) {
		return
	}
	assert.Equal(t, status, apiErr.StatusCode, name)
	for _, each := range kinds {
		assert.Equal(t, each == kind, errors.Is(err, each), "%s: %v", name, each)
	}
	assert.NotEmpty(t, apiErr.Message, name)
	assert.LessOrEqual(t, utf8.RuneCountInString(apiErr.Message), 300, name)
	assert.Equal(t, body[:min(len(body), 64<<10)], string(apiErr.Body), name)
	assert.NotContains(t, err.Error(), "\n", name)
}

var kinds = []error{
	insights.ErrInvalidOptions, insights.ErrInvalidRequest, insights.ErrUnauthorized, insights.ErrForbidden, insights.ErrNotFound,
	insights.ErrRateLimited, insights.ErrServer, insights.ErrTransport, insights.ErrTimeout, insights.ErrBadResponse,
	insights.ErrResponseTooLarge, insights.ErrRedirect, insights.ErrResultWindow,
}
