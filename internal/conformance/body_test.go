package conformance_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/internal/redact"
	"github.com/stretchr/testify/assert"
)

func contextOf(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

// closeCounter tells whether a body was read and closed.
type closeCounter struct {
	io.Reader
	reads, closes atomic.Int32
}

func (c *closeCounter) Read(p []byte) (int, error) {
	c.reads.Add(1)
	return c.Reader.Read(p)
}

func (c *closeCounter) Close() error {
	c.closes.Add(1)
	return errors.New("closing failed, which changes nothing")
}

func TestClientBodies(t *testing.T) {
	t.Run("every body is closed once", func(t *testing.T) {
		for name, test := range map[string]struct {
			status int
			body   io.Reader
			length int64
		}{
			"a success":       {200, strings.NewReader("{}"), 2},
			"a refusal":       {404, strings.NewReader("{}"), 2},
			"a long refusal":  {404, zeros{}, -1},
			"too large":       {200, zeros{}, -1},
			"broken":          {200, iotest.ErrReader(errBroken), -1},
			"broken refusal":  {500, iotest.ErrReader(errBroken), -1},
			"announced large": {200, zeros{}, 1 << 40},
			"switches":        {101, zeros{}, -1},
			"a redirect":      {302, zeros{}, -1},
		} {
			t.Run(name, func(t *testing.T) {
				body := &closeCounter{Reader: test.body}
				c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: test.status, Body: body, ContentLength: test.length}, nil
				}), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}), insights.WithMaxResponseBytes(100_000))
				_ = ask(t.Context(), c)
				assert.EqualValues(t, 1, body.closes.Load())
			})
		}
	})

	// What an error or a ResponseInfo holds is not overwritten by the next call.
	t.Run("what a call returned is its own", func(t *testing.T) {
		answers := 0
		c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
			answers++
			return reply(400, fmt.Sprintf(`{"message":"answer %d"}`, answers), "X-Request-Id", fmt.Sprint(answers)), nil
		}))
		var first insights.ResponseInfo
		kept := requireAPIError(t, ask(t.Context(), c, insights.CaptureResponse(&first)))
		for range 20 {
			_ = ask(t.Context(), c)
		}
		assert.Equal(t, `{"message":"answer 1"}`, string(kept.Body))
		assert.Equal(t, "1", kept.Header.Get("X-Request-Id"))
		kept.Header.Set("X-Request-Id", "changed")
		assert.Equal(t, "1", first.Header.Get("X-Request-Id"))
	})

	// Buffers are used again: two hundred goroutines each get their own answer.
	t.Run("answers are not mixed up", func(t *testing.T) {
		t.Parallel()
		c := clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
			name := request.URL.Query().Get("query")
			if len(name)%2 == 0 {
				return reply(404, name), nil
			}
			return reply(200, fmt.Sprintf(`{"items":[{"name":%q}]}`, name)), nil
		}))
		var calls sync.WaitGroup
		for i := range 200 {
			calls.Go(func() {
				name := strings.Repeat("x", i+1)
				list, err := c.Tests(t.Context(), insights.TestsOptions{Period: lastWeek, Query: name})
				if len(name)%2 == 0 {
					assert.Equal(t, name, string(requireAPIError(t, err).Body))
					return
				}
				if assert.NoError(t, err) {
					assert.Equal(t, name, list.Items[0].Name)
				}
			})
		}
		calls.Wait()
	})

	t.Run("truncated compression is tried again and damaged is not", func(t *testing.T) {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = io.WriteString(w, `{"items":[`+strings.Repeat(`{"name":"a test"},`, 500)+`{}]}`)
		_ = w.Close()
		whole := packed.Bytes()
		damaged := bytes.Clone(whole)
		damaged[len(damaged)-5] ^= 0xff // the checksum
		garbled := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, bytes.Repeat([]byte{0xff}, 50)...)

		for name, test := range map[string]struct {
			body     []byte
			kind     error
			attempts int32
		}{
			"whole":             {whole, nil, 1},
			"truncated":         {whole[:len(whole)/2], insights.ErrTransport, 2},
			"without its end":   {whole[:len(whole)-8], nil, 1}, // nothing of the JSON is missing
			"half a header":     {whole[:5], insights.ErrTransport, 2},
			"a wrong checksum":  {damaged, insights.ErrBadResponse, 1},
			"garbled":           {garbled, insights.ErrBadResponse, 1},
			"not gzip at all":   {[]byte(`{"items":[]}  a long text`), insights.ErrBadResponse, 1},
			"garbage behind it": {append(bytes.Clone(whole), "garbage behind it"...), nil, 1},
		} {
			t.Run(name, func(t *testing.T) {
				var requests atomic.Int32
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					requests.Add(1)
					w.Header().Set("Content-Encoding", "gzip")
					_, _ = w.Write(test.body)
				}))
				defer server.Close()
				c := clientOver(t, nil, insights.WithHTTPClient(server.Client()), insights.WithBaseURL(server.URL), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: 1}))
				assert.ErrorIs(t, ask(t.Context(), c), test.kind)
				assert.Equal(t, test.attempts, requests.Load())
			})
		}
	})

	// A body may break the contract of an io.Reader.
	t.Run("a body that is no reader is a failed connection", func(t *testing.T) {
		c := clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(readerFunc(func([]byte) (int, error) { return -1, nil }))}, nil
		}), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
		assert.ErrorIs(t, ask(t.Context(), c), insights.ErrTransport)
	})

	t.Run("a body that dribbles ends with the attempts timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			err := ask(t.Context(), clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
				resp := reply(200, "")
				resp.Body = io.NopCloser(dribbling{strings.NewReader(strings.Repeat(" ", 1000))})
				return resp, nil
			}), insights.WithAttemptTimeout(10*time.Second), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})))
			assert.ErrorIs(t, err, insights.ErrTimeout)
			assert.LessOrEqual(t, time.Since(began), 14*time.Second, "a read is under way, and two more may bring the rest")
		})
	})
}

// zeros is a body without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestWithMaxResponseBytes(t *testing.T) {
	t.Run("a body that announces too much is not read", func(t *testing.T) {
		body := &closeCounter{Reader: zeros{}}
		requests := 0
		err := ask(t.Context(), clientOver(t, inMemory(func(*http.Request) (*http.Response, error) {
			requests++
			return &http.Response{StatusCode: 200, Body: body, ContentLength: 16<<20 + 1}, nil
		})))
		assert.ErrorIs(t, err, insights.ErrResponseTooLarge)
		assert.Contains(t, err.Error(), "more than 16777216 bytes")
		assert.Contains(t, err.Error(), "WithMaxResponseBytes")
		assert.Zero(t, body.reads.Load())
		assert.Equal(t, 1, requests, "it will be as large the next time")
	})

	t.Run("the bound is inclusive", func(t *testing.T) {
		for limit, want := range map[int64]error{13: nil, 12: insights.ErrResponseTooLarge} {
			transport, _ := inTurn(replying(200, `{"meta":null}`))
			assert.ErrorIs(t, ask(t.Context(), clientOver(t, transport, insights.WithMaxResponseBytes(limit))), want)
		}
	})
}

func TestAPIErrorBody(t *testing.T) {
	t.Run("the body of a refusal is cut at 64 KiB", func(t *testing.T) {
		for name, status := range map[string]int{"refused": 400, "failed": 501} {
			transport, _ := inTurn(replying(status, strings.Repeat("no ", 1<<20)))
			var bytesRead int64
			c := clientOver(t, transport, insights.WithOnAttempt(func(_ context.Context, a insights.Attempt) { bytesRead = a.Bytes }))
			err := ask(t.Context(), c)
			apiErr := requireAPIError(t, err)
			assert.Len(t, apiErr.Body, 64<<10, name)
			assert.Len(t, []rune(apiErr.Message), redact.MaxLine, name)
			assert.EqualValues(t, 64<<10, bytesRead, name)
			assert.NotErrorIs(t, err, insights.ErrResponseTooLarge, name)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// dribble is the body of a transport that knows no context: a byte a second.
type dribbling struct{ io.Reader }

func (d dribbling) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return d.Reader.Read(p[:1])
}
