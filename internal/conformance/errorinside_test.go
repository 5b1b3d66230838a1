package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// replies200 are the bodies of a service, each with status 200, and the last of
// them again and again.
type replies200 struct {
	texts    []string
	requests int
}

func (b *replies200) RoundTrip(req *http.Request) (*http.Response, error) {
	text := b.texts[min(b.requests, len(b.texts)-1)]
	b.requests++
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: req,
	}, nil
}

func (b *replies200) client(t *testing.T, opts ...insights.Option) *insights.Client {
	t.Helper()
	first := []insights.Option{insights.WithBaseURL("https://insights.test"), insights.WithHTTPClient(&http.Client{Transport: b}), insights.WithoutRateLimit()}
	c, err := insights.NewClient("", insights.Credentials{Username: "a-user", AccessKey: "a-key-of-tests-0123"}, append(first, opts...)...)
	require.NoError(t, err)
	return c
}

func testsOf(ctx context.Context, c *insights.Client) error {
	_, err := c.Tests(ctx, insights.TestsOptions{Period: insights.Last(time.Hour)})
	return err
}

func TestAPIErrorInsideASuccess(t *testing.T) {
	for body, want := range map[string]struct {
		kind    error
		retried bool
		message string
	}{
		`{"meta":{"status":503},"items":[],"message":"down"}`:                  {insights.ErrServer, true, "down"},
		`{"items":[{"id":"a"}],"meta":{"status":"503"},"error":"down"}`:        {insights.ErrServer, true, "down"},
		`{"meta":{"status":429}}`:                                              {insights.ErrRateLimited, true, `{"meta":{"status":429}}`},
		`{"meta":{"status":400},"items":null,"error":{"message":"no period"}}`: {insights.ErrInvalidRequest, false, "no period"},
		`{"meta":{"status":401},"items":[]}`:                                   {insights.ErrUnauthorized, false, `{"meta":{"status":401}}`},
		`{"meta":{"status":403},"detail":"not yours"}`:                         {insights.ErrForbidden, false, "not yours"},
		`{"message":"try later","status":503}`:                                 {insights.ErrServer, true, "try later"},
		`{"meta":{"status":200},"items":null,"error":"boom"}`:                  {insights.ErrBadResponse, false, "boom"},
		`{"message":"boom"}`:                                                   {insights.ErrBadResponse, false, "boom"},
	} {
		t.Run(body, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := &replies200{texts: []string{body}}
				var info insights.ResponseInfo
				var events []insights.Attempt
				c := service.client(t, insights.WithOnAttempt(func(_ context.Context, a insights.Attempt) { events = append(events, a) }))
				_, err := c.Tests(t.Context(), insights.TestsOptions{Period: insights.Last(time.Hour)}, insights.CaptureResponse(&info))
				assert.ErrorIs(t, err, want.kind)
				apiErr, ok := errors.AsType[*insights.APIError](err)
				require.True(t, ok)
				assert.Equal(t, want.message, apiErr.Message)
				assert.Equal(t, 1, strings.Count(err.Error(), want.message), err.Error())
				assert.Equal(t, 200, apiErr.StatusCode, "what HTTP said")
				assert.Equal(t, 200, info.StatusCode)
				assert.Equal(t, map[bool]int{false: 1, true: 4}[want.retried], service.requests)
				require.Len(t, events, service.requests)
				assert.ErrorIs(t, events[0].Err, want.kind)
				assert.Equal(t, want.retried, events[0].Wait > 0)
			})
			synctest.Test(t, func(t *testing.T) {
				service := &replies200{texts: []string{body, `{"items":[{"id":"b"}]}`}}
				list, err := service.client(t).Tests(t.Context(), insights.TestsOptions{Period: insights.Last(time.Hour)})
				require.Equal(t, want.retried, err == nil, "%v", err)
				if want.retried {
					assert.Equal(t, []insights.Test{{ID: "b"}}, list.Items)
					assert.Zero(t, list.Meta, "nothing is left of the attempt before")
				}
			})
		})
	}
	t.Run("of every call", func(t *testing.T) {
		for _, body := range []string{`{"meta":{"status":403}}`, `{"error":"boom","items":null,"aggs":null,"buckets":null,"metrics":null,"builds":null}`, `{"error":"boom","items":[],"aggs":{},"buckets":[],"metrics":{},"builds":{}}`} {
			c := (&replies200{texts: []string{body}}).client(t)
			for _, call := range everyCall {
				_, err := call.do(t.Context(), c)
				assert.Error(t, err, "%s: %s", call.name, body)
			}
		}
	})
	t.Run("a word beside data, or no data without a word, is a success", func(t *testing.T) {
		for _, body := range []string{`{"items":[{"id":"a"}],"error":"partly"}`, `{"items":[],"message":"OK"}`, `{"items":[],"error":null}`, `{"items":[],"error":false}`, `{"items":[]}`, `{}`, `{"meta":{"status":"complete"},"items":[]}`, `{"meta":{"status":302},"items":[]}`} {
			assert.NoError(t, testsOf(t.Context(), (&replies200{texts: []string{body}}).client(t)), body)
		}
	})
	t.Run("shows no credential", func(t *testing.T) {
		service := &replies200{texts: []string{`{"meta":{"status":400},"message":"a-key-of-\u0074ests-0123","errors":[{"loc":["a-key-of-tests-0123"],"msg":"a-key-of-tests-0123"}]}`}}
		err := testsOf(t.Context(), service.client(t))
		require.Error(t, err)
		assert.NotContains(t, fmt.Sprintf("%v %+v", err, errors.Unwrap(err)), "key-of-tests")
		apiErr, _ := errors.AsType[*insights.APIError](err)
		assert.NotContains(t, fmt.Sprintf("%+v", apiErr.Fields), "key-of-tests")
	})
}

func TestAllTestsMeetsAnErrorInsideASuccess(t *testing.T) {
	list := fiveHundred()
	collect := func(t *testing.T, transport http.RoundTripper) (n int, failed error) {
		c, err := insights.NewClient("", insights.Credentials{Username: "a-user", AccessKey: "a-key-of-tests-0123"},
			insights.WithBaseURL("https://insights.test"), insights.WithHTTPClient(&http.Client{Transport: transport}), insights.WithoutRateLimit())
		require.NoError(t, err)
		window := insights.Between(list[0].created, list[len(list)-1].created.Add(time.Second))
		for _, err := range c.AllTests(t.Context(), insights.TestsOptions{Period: window, Size: 100}) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	for _, body := range []string{`{"meta":{"status":503},"items":[],"has_more":false}`, `{"meta":{"status":200},"items":null,"error":"boom"}`} {
		synctest.Test(t, func(t *testing.T) {
			n, err := collect(t, &failing{rawList: list, body: body, from: 3, to: 1000})
			iteration, ok := errors.AsType[*insights.IterationError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, n, iteration.Delivered)
			assert.Less(t, n, 500)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		n, err := collect(t, &failing{rawList: list, body: `{"meta":{"status":503},"items":[],"has_more":false}`, from: 3, to: 4})
		require.NoError(t, err)
		assert.Equal(t, 500, n)
	})
}

// failing is a list whose answers are a body from one request to before another.
type failing struct {
	rawList
	body     string
	from, to int64
	requests atomic.Int64
}

func (f *failing) RoundTrip(req *http.Request) (*http.Response, error) {
	if n := f.requests.Add(1); f.from <= n && n < f.to {
		return (&replies200{texts: []string{f.body}}).RoundTrip(req)
	}
	return f.rawList.RoundTrip(req)
}
