package conformance_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inMemory is a transport without a network, so that time can stand still.
type inMemory func(*http.Request) (*http.Response, error)

func (f inMemory) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	return f(request)
}

// reply is an answer; headers come as name and value in turn.
func reply(status int, body string, headers ...string) *http.Response {
	resp := &http.Response{
		StatusCode:    status,
		Header:        http.Header{},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	for i := 0; i+1 < len(headers); i += 2 {
		resp.Header.Add(headers[i], headers[i+1])
	}
	return resp
}

// inTurn gives one answer after the other, and the last one ever after.
func inTurn(outcomes ...any) (transport inMemory, requests *atomic.Int32) {
	requests = new(atomic.Int32)
	return func(*http.Request) (*http.Response, error) {
		n := int(requests.Add(1))
		switch outcome := outcomes[min(n, len(outcomes))-1].(type) {
		case error:
			return nil, outcome
		case func() *http.Response:
			return outcome(), nil
		default:
			return reply(outcome.(int), "{}"), nil
		}
	}, requests
}

func replying(status int, body string, headers ...string) func() *http.Response {
	return func() *http.Response { return reply(status, body, headers...) }
}

var errBroken = errors.New("connection reset by peer")

// A key that is not hexadecimal, as a real one would be.
var account = insights.Credentials{Username: "a-user", AccessKey: "Qz7-wXv!kLm/pRt&yUi2hGf<nBs"}

const testOrigin = "https://insights.test"

// clientOver asks transport, unpaced.
func clientOver(t testing.TB, transport http.RoundTripper, opts ...insights.Option) *insights.Client {
	t.Helper()
	first := []insights.Option{insights.WithBaseURL(testOrigin), insights.WithHTTPClient(&http.Client{Transport: transport}), insights.WithoutRateLimit()}
	c, err := insights.NewClient("", account, append(first, opts...)...)
	require.NoError(t, err)
	return c
}

// namedCall is one of the calls that a client offers.
type namedCall struct {
	name, path string
	do         func(context.Context, *insights.Client, ...insights.CallOption) (any, error)
}

// everyCall are all that make one request.
var everyCall = []namedCall{
	{"Tests", testsPath, func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
		return c.Tests(ctx, insights.TestsOptions{Period: lastWeek}, opts...)
	}},
	{"TestMetrics", testMetricsPath, func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
		return c.TestMetrics(ctx, insights.TestMetricsOptions{Period: lastWeek, Query: "login"}, opts...)
	}},
	{"TestTrends", testTrendsPath, func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
		return c.TestTrends(ctx, insights.TestTrendsOptions{Period: lastWeek, Interval: time.Hour}, opts...)
	}},
	{"BuildsTests", buildsTestsPath, func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
		return c.BuildsTests(ctx, insights.BuildsTestsOptions{Period: lastWeek}, opts...)
	}},
	{"ErrorTrends", errorTrendsPath, func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
		return c.ErrorTrends(ctx, insights.ErrorTrendsOptions{Period: lastWeek}, opts...)
	}},
}

// ask makes the simplest call.
func ask(ctx context.Context, c *insights.Client, opts ...insights.CallOption) error {
	_, err := c.Tests(ctx, insights.TestsOptions{Period: lastWeek}, opts...)
	return err
}

// requireAPIError is err with everything known of it.
func requireAPIError(t testing.TB, err error) *insights.APIError {
	t.Helper()
	apiErr, ok := errors.AsType[*insights.APIError](err)
	require.True(t, ok, "%T is no *APIError: %v", err, err)
	return apiErr
}

func TestClientCalls(t *testing.T) {
	t.Run("every call is one authenticated get", func(t *testing.T) {
		for _, call := range everyCall {
			t.Run(call.name, func(t *testing.T) {
				var got *http.Request
				c := clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
					got = request
					return reply(http.StatusOK, "{}"), nil
				}), insights.WithApplication("gate", "1.2"))
				value, err := call.do(t.Context(), c)
				require.NoError(t, err)
				assert.NotNil(t, value)

				user, key, _ := got.BasicAuth()
				assert.Equal(t, account, insights.Credentials{Username: user, AccessKey: key})
				assert.Equal(t, http.MethodGet, got.Method)
				assert.Equal(t, testOrigin+call.path, got.URL.Scheme+"://"+got.URL.Host+got.URL.Path)
				assert.Equal(t, "application/json", got.Header.Get("Accept"))
				assert.True(t, strings.HasPrefix(got.UserAgent(), "gate/1.2 insights-go/"), got.UserAgent())
				assert.Nil(t, got.Body)
			})
		}
	})

	t.Run("a call returns a value or an error never both", func(t *testing.T) {
		for _, call := range everyCall {
			for status, body := range map[int]string{200: `{}`, 201: `[]`, 404: `{}`, 206: `{"meta":`} {
				c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) { return reply(status, body), nil }))
				value, err := call.do(t.Context(), c)
				if body == `{}` && status == 200 {
					assert.NoError(t, err, call.name)
					continue
				}
				assert.Error(t, err, call.name)
				assert.Empty(t, value, "%s beside an error", call.name)
			}
		}
	})

	t.Run("a context that has ended sends nothing", func(t *testing.T) {
		transport, requests := inTurn(200)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("the build was aborted"))
		err := ask(ctx, clientOver(t, transport))
		assert.ErrorIs(t, err, context.Canceled)
		assert.EqualError(t, err, "insights: GET /v1/analytics/tests: context canceled: the build was aborted")
		assert.Zero(t, requireAPIError(t, err).Attempts)
		assert.Zero(t, requests.Load())
	})

	t.Run("a large answer is decoded like any other", func(t *testing.T) {
		body := `{"items":[{"id":"a"}],"x":"` + strings.Repeat("x", 1<<20) + `"}`
		transport, _ := inTurn(replying(200, body), replying(200, body+"x"))
		c := clientOver(t, transport)
		list, err := c.Tests(t.Context(), insights.TestsOptions{Period: lastWeek})
		require.NoError(t, err)
		assert.Equal(t, []insights.Test{{ID: "a"}}, list.Items)
		assert.ErrorIs(t, ask(t.Context(), c), insights.ErrBadResponse)
	})

	// The data of a success is the user's. An ID may share many characters with a key.
	t.Run("the data of a success is never altered", func(t *testing.T) {
		key := account.AccessKey
		for name, creds := range map[string]insights.Credentials{"an ordinary key": account, "a key that is a word of the answer": {Username: "a-user", AccessKey: "items"}, "zeros": {Username: "a-user", AccessKey: "0000000000000000"}} {
			transport, _ := inTurn(replying(200, `{"items":[{"id":"`+key[:20]+`","name":"0000000000000000000","error":"items items items"}],"has_more":false}`))
			c, err := insights.NewClient("", creds, insights.WithBaseURL(testOrigin), insights.WithHTTPClient(&http.Client{Transport: transport}))
			require.NoError(t, err)
			list, err := c.Tests(t.Context(), insights.TestsOptions{Period: lastWeek})
			require.NoError(t, err, name)
			assert.Equal(t, []insights.Test{{ID: key[:20], Name: "0000000000000000000", Error: "items items items"}}, list.Items, name)
		}
	})
}

func TestAPIErrorAtTheContextsEnd(t *testing.T) {
	t.Run("the last answer stays in the error of a later attempt that the context ends", func(t *testing.T) {
		outage := replying(http.StatusServiceUnavailable, `{"message":"maintenance"}`, "X-Request-Id", "r-1")
		hang := func(request *http.Request) (*http.Response, error) {
			<-request.Context().Done()
			return nil, request.Context().Err()
		}
		dribble := func(request *http.Request) (*http.Response, error) {
			resp := reply(http.StatusOK, "")
			resp.ContentLength = -1
			resp.Body = io.NopCloser(endlessBody{request.Context()})
			return resp, nil
		}
		for name, second := range map[string]inMemory{"silence": hang, "half an answer": dribble} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					requests := 0
					c := clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
						if requests++; requests == 1 {
							return outage(), nil
						}
						return second(request)
					}))
					var info insights.ResponseInfo
					err := ask(ctx, c, insights.CaptureResponse(&info))
					apiErr := requireAPIError(t, err)
					assert.ErrorIs(t, err, insights.ErrServer)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.NotErrorIs(t, err, insights.ErrTimeout, "it was not the attempt's timeout")
					assert.Equal(t, 503, apiErr.StatusCode)
					assert.Equal(t, "maintenance", apiErr.Message)
					assert.Equal(t, "r-1", apiErr.RequestID)
					assert.Equal(t, 2, apiErr.Attempts)
					assert.Equal(t, 503, info.StatusCode)
					assert.Equal(t, 5*time.Second, info.Elapsed)
				})
			})
		}
	})

	t.Run("why the connection failed stays in the error of a later attempt that the context ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			requests := 0
			err := ask(ctx, clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
				if requests++; requests == 1 {
					return nil, errors.New("connection refused")
				}
				<-request.Context().Done()
				return nil, request.Context().Err()
			})))
			assert.ErrorIs(t, err, insights.ErrTransport)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.EqualError(t, err, "insights: GET /v1/analytics/tests: no complete answer: connection refused; context deadline exceeded (after 2 attempts)")
		})
	})

	t.Run("an answer that is there is not thrown away when the context ends", func(t *testing.T) {
		for status, kind := range map[int]error{200: nil, 404: insights.ErrNotFound} {
			ctx, cancel := context.WithCancel(t.Context())
			err := ask(ctx, clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
				cancel()
				return reply(status, "{}"), nil
			})))
			assert.ErrorIs(t, err, kind)
			assert.NotErrorIs(t, err, context.Canceled)
		}
	})
}

// endlessBody is a body that dribbles until the context ends.
type endlessBody struct{ ctx context.Context }

func (e endlessBody) Read(p []byte) (int, error) {
	select {
	case <-e.ctx.Done():
		return 0, e.ctx.Err()
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	}
}

func TestWithHTTPClientOfOnesOwn(t *testing.T) {
	t.Run("a custom transport that misbehaves is a failed connection", func(t *testing.T) {
		transports := map[string]inMemory{
			"nothing at all":     func(*http.Request) (*http.Response, error) { return nil, nil },
			"no status":          func(*http.Request) (*http.Response, error) { return reply(0, "{}"), nil },
			"answer and error":   func(*http.Request) (*http.Response, error) { return reply(200, "{}"), errors.New("both") },
			"an ended context":   func(*http.Request) (*http.Response, error) { return nil, context.Canceled },
			"its own timeout":    func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded },
			"its own text as is": func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		}
		for name, transport := range transports {
			t.Run(name, func(t *testing.T) {
				err := ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})))
				assert.ErrorIs(t, err, insights.ErrTransport)
				assert.NotErrorIs(t, err, context.Canceled, "the caller's context lives")
				assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context lives")
				assert.Zero(t, requireAPIError(t, err).StatusCode)
			})
		}
	})

	t.Run("the body of an answer that is none is closed", func(t *testing.T) {
		for status, failed := range map[int]error{0: nil, 200: errBroken} {
			body := &closeCounter{Reader: zeros{}}
			c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Body: body}, failed
			}), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
			assert.ErrorIs(t, ask(t.Context(), c), insights.ErrTransport)
			assert.EqualValues(t, 1, body.closes.Load())
		}
	})

	// One answer, given again and again by pointer, is never written to.
	t.Run("an answer of a custom transport is not written to", func(t *testing.T) {
		for name, header := range map[string]http.Header{
			"plain":      {"X-Plain": {"plain"}},
			"an echo":    {"X-Echo": {account.AccessKey}},
			"a location": {"Location": {"::no url"}},
		} {
			shared := &http.Response{StatusCode: 404, Header: header.Clone()}
			c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) { return shared, nil }))
			for range 2 {
				var info insights.ResponseInfo
				err := ask(t.Context(), c, insights.CaptureResponse(&info))
				assert.ErrorIs(t, err, insights.ErrNotFound)
				info.Header.Set("X-Plain", "changed")
				requireAPIError(t, err).Header.Set("X-Plain", "changed")
			}
			assert.Equal(t, header, shared.Header, name)
			assert.Nil(t, shared.Body, name)
		}
	})

	// As where a test fails within the transport that it brought.
	t.Run("a transport that ends its goroutine ends the caller's", func(t *testing.T) {
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
	})

	t.Run("a panic in a transport keeps its stack", func(t *testing.T) {
		defer func() {
			assert.Equal(t, "the transport is broken", recover())
			assert.Contains(t, string(debug.Stack()), "brokenTransport", "where it happened")
		}()
		_ = ask(t.Context(), clientOver(t, inMemory(brokenTransport)))
	})
}

func brokenTransport(*http.Request) (*http.Response, error) { panic("the transport is broken") }
