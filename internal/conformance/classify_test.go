package conformance_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/sauceinsights/insights"
	"github.com/stretchr/testify/assert"
)

func TestKind(t *testing.T) {
	t.Run("every status has its kind", func(t *testing.T) {
		kinds := []error{
			insights.ErrInvalidOptions, insights.ErrInvalidRequest, insights.ErrUnauthorized, insights.ErrForbidden, insights.ErrNotFound, insights.ErrRateLimited, insights.ErrServer,
			insights.ErrTransport, insights.ErrTimeout, insights.ErrBadResponse, insights.ErrResponseTooLarge, insights.ErrRedirect, insights.ErrResultWindow,
		}
		want := map[int]error{
			100: insights.ErrBadResponse, 101: insights.ErrBadResponse, 200: nil, 201: nil, 206: insights.ErrBadResponse, 299: nil,
			300: insights.ErrBadResponse, 302: insights.ErrRedirect, 304: insights.ErrBadResponse, 399: insights.ErrRedirect, 408: insights.ErrTimeout,
			400: insights.ErrInvalidRequest, 401: insights.ErrUnauthorized, 403: insights.ErrForbidden, 404: insights.ErrNotFound, 407: insights.ErrTransport, 422: insights.ErrInvalidRequest,
			429: insights.ErrRateLimited, 500: insights.ErrServer, 503: insights.ErrServer, 599: insights.ErrServer, 529: insights.ErrServer, 530: insights.ErrServer,
			402: insights.ErrInvalidRequest, 405: insights.ErrInvalidRequest, 409: insights.ErrInvalidRequest, 414: insights.ErrInvalidRequest, 418: insights.ErrInvalidRequest, 600: insights.ErrBadResponse, 999: insights.ErrBadResponse,
		}
		for status, kind := range want {
			transport, _ := inTurn(status)
			err := ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})))
			if kind == nil {
				assert.NoError(t, err, "%d", status)
				continue
			}
			assert.Equal(t, status, requireAPIError(t, err).StatusCode)
			for _, k := range kinds {
				assert.Equal(t, k == kind, errors.Is(err, k), "%d is %v", status, k)
			}
		}
	})

	t.Run("which failures of a connection can pass", func(t *testing.T) {
		for name, test := range map[string]struct {
			err      error
			attempts int32
		}{
			"reset":                      {errBroken, 4},
			"refused":                    {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", errors.New("connection refused"))}, 4},
			"broke off":                  {io.ErrUnexpectedEOF, 4},
			"name server down":           {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving", IsTemporary: true}}, 4},
			"name server slow":           {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "i/o timeout", IsTimeout: true}}, 4},
			"no such name":               {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, 1},
			"no address":                 {&net.OpError{Op: "dial", Err: &net.AddrError{Err: "invalid port", Addr: "x"}}, 1},
			"unknown authority":          {fmt.Errorf("tls: %w", x509.UnknownAuthorityError{}), 1},
			"no TLS":                     {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, 1},
			"expired certificate":        {&tls.CertificateVerificationError{Err: errors.New("expired")}, 1},
			"alert of the other side":    {&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}, 1},
			"http behind https":          {http.ErrSchemeMismatch, 1},
			"unknown scheme":             {errors.New(`unsupported protocol scheme "ftp"`), 1},
			"the proxy wants a password": {errors.New("Proxy Authentication Required"), 1},
			"the proxy is down":          {errors.New("Bad Gateway"), 4},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					transport, requests := inTurn(test.err)
					err := ask(t.Context(), clientOver(t, transport))
					assert.ErrorIs(t, err, insights.ErrTransport)
					assert.Zero(t, requireAPIError(t, err).StatusCode)
					assert.Equal(t, test.attempts, requests.Load())
				})
			})
		}
	})

	t.Run("the cause of a context's end is kept", func(t *testing.T) {
		cause := errors.New("shutting down")
		ctx, cancel := context.WithCancelCause(t.Context())
		var requests atomic.Int32
		err := ask(ctx, clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
			requests.Add(1)
			cancel(cause)
			return nil, request.Context().Err()
		})))
		assert.ErrorIs(t, err, cause)
		assert.ErrorIs(t, err, context.Canceled)
		assert.NotErrorIs(t, err, insights.ErrTransport)
		assert.EqualError(t, err, "insights: GET /v1/analytics/tests: context canceled: shutting down")
		assert.EqualValues(t, 1, requests.Load())
	})
}

func TestErrBadResponse(t *testing.T) {
	t.Run("only JSON is a success", func(t *testing.T) {
		for contentType, ok := range map[string]bool{
			"":                                   true,
			"application/json":                   true,
			"application/json; charset=utf-8":    true,
			`application/json; charset="UTF-8"`:  true,
			"Application/JSON ; Charset=latin1":  true,
			"application/json; broken":           true,
			"application/problem+json":           true,
			"application/vnd.sauce.v1+json; q=1": true,
			"text/json":                          true,
			"text/html":                          false,
			"text/plain; charset=utf-8":          false,
			"application/octet-stream":           false,
			"application/jsonp":                  false,
			"json":                               false,
			";":                                  false,
			"a/b/c":                              false,
		} {
			transport, _ := inTurn(replying(200, "{}", "Content-Type", contentType))
			err := ask(t.Context(), clientOver(t, transport))
			if ok {
				assert.NoError(t, err, contentType)
				continue
			}
			assert.ErrorIs(t, err, insights.ErrBadResponse, contentType)
			assert.Contains(t, err.Error(), "its content type is ", contentType)
		}
	})

	t.Run("a proxy's page says what it is", func(t *testing.T) {
		transport, _ := inTurn(replying(200, "<html><head><title>Sign in to the office network</title>", "Content-Type", "text/html"))
		assert.EqualError(t, ask(t.Context(), clientOver(t, transport)),
			`insights: GET /v1/analytics/tests: 200 OK: the answer is not the promised JSON: its content type is "text/html": Sign in to the office network`)
	})

	t.Run("an answer without a body is not the JSON promised", func(t *testing.T) {
		for _, status := range []int{200, 204, 205} {
			transport, _ := inTurn(func() *http.Response { return &http.Response{StatusCode: status} })
			err := ask(t.Context(), clientOver(t, transport))
			assert.ErrorIs(t, err, insights.ErrBadResponse)
			assert.Equal(t, "the answer has no body", requireAPIError(t, err).Message)
		}
	})

	t.Run("a flood of headers ends the call", func(t *testing.T) {
		flood := replying(200, "{}", "X-Flood", strings.Repeat("x", 1<<20))
		for name, outcome := range map[string]any{
			"let through by the transport": flood,
			"refused by HTTP/1":            errors.New("net/http: server response headers exceeded 1048576 bytes; aborted"),
			"refused by HTTP/2":            errors.New("http2: response header list larger than advertised limit"),
		} {
			transport, requests := inTurn(outcome)
			err := ask(t.Context(), clientOver(t, transport))
			assert.ErrorIs(t, err, insights.ErrResponseTooLarge, name)
			assert.EqualValues(t, 1, requests.Load(), name)
			assert.Contains(t, err.Error(), "its headers go beyond their bound", name)
			assert.NotContains(t, err.Error(), "WithMaxResponseBytes", name)
		}
	})

	t.Run("the broken body of a refusal is classified by its status", func(t *testing.T) {
		for status, kind := range map[int]error{401: insights.ErrUnauthorized, 503: insights.ErrServer} {
			transport, requests := inTurn(func() *http.Response {
				body := io.MultiReader(strings.NewReader("half a sen"), errorReader{})
				return &http.Response{StatusCode: status, ContentLength: -1, Body: io.NopCloser(body)}
			})
			err := ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: 1})))
			assert.ErrorIs(t, err, kind)
			assert.NotErrorIs(t, err, insights.ErrTransport)
			assert.Equal(t, "half a sen", requireAPIError(t, err).Message)
			assert.EqualValues(t, map[int]int32{401: 1, 503: 2}[status], requests.Load())
		}
	})
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errBroken }

func TestErrTransport(t *testing.T) {
	t.Run("a proxy that asks for credentials is named", func(t *testing.T) {
		for name, outcome := range map[string]any{"of the request": 407, "of CONNECT": errors.New("Proxy Authentication Required")} {
			transport, _ := inTurn(outcome)
			err := ask(t.Context(), clientOver(t, transport))
			assert.ErrorIs(t, err, insights.ErrTransport, name)
			assert.Contains(t, err.Error(), "a proxy on the way asks for credentials", name)
		}
	})

	t.Run("the error of a custom transport is one line", func(t *testing.T) {
		t.Parallel()
		transport, _ := inTurn(errors.New("line one\nline\x1b[31m two\x00 " + string(bytes.Repeat([]byte("x"), 1<<20))))
		err := ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})))
		assert.Contains(t, err.Error(), "line one line two xxx")
		assert.Less(t, len(err.Error()), 500)
	})

	t.Run("an error of a context need not be comparable", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		transport, _ := inTurn(200)
		err := ask(oddContext{ctx}, clientOver(t, transport))
		requireAPIError(t, err)
		assert.ErrorContains(t, err, "several")
	})
}

// listError is of a type that can't be compared.
type listError []error

func (listError) Error() string { return "several" }

// oddContext ends with an error of its own.
type oddContext struct{ context.Context }

func (oddContext) Err() error    { return listError{errBroken} }
func (oddContext) Value(any) any { return nil }
