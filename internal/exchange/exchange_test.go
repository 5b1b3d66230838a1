package exchange

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/ratelimit"
)

func TestClientDo(t *testing.T) {
	t.Run("sends one authenticated GET", func(t *testing.T) {
		var got *http.Request
		result := get(t.Context(), t, over(inMemory(func(request *http.Request) (*http.Response, error) {
			got = request
			return reply(200, `{"a":1}`, "X-Request-Id", "7"), nil
		})))
		assert.Equal(t, Result{Status: 200, Header: http.Header{"X-Request-Id": {"7"}}, Attempts: 1}, result)
		user, key, _ := got.BasicAuth()
		assert.Equal(t, []string{"a-user", secret}, []string{user, key})
		assert.Equal(t, "GET https://insights.test/v1/tests?query=private", got.Method+" "+got.URL.String())
		assert.Equal(t, []string{"application/json", "a-test"}, []string{got.Header.Get("Accept"), got.UserAgent()})
	})
	t.Run("retries what may pass, and nothing else", func(t *testing.T) {
		for attempts, statuses := range map[int][]int{
			1: {101, 204 + 2, 300, 304, 400, 401, 403, 404, 405, 407, 409, 410, 422, 431, 501, 505, 519, 525, 526, 527, 528, 531, 599},
			4: {408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530},
		} {
			for _, status := range statuses {
				synctest.Test(t, func(t *testing.T) {
					result := get(t.Context(), t, over(inTurn(replying(status, "why"))))
					assert.True(t, result.Failed, "%d", status)
					assert.Equal(t, attempts, result.Attempts, "%d", status)
					assert.Equal(t, status, result.Status)
					if status != 101 {
						assert.Equal(t, "why", string(result.Body))
						assert.NoError(t, result.Err, "the status tells all")
						assert.True(t, result.Refused)
					}
				})
			}
		}
	})
	t.Run("retries failed connections that may pass", func(t *testing.T) {
		for attempts, errs := range map[int][]error{
			4: {errReset, io.ErrUnexpectedEOF, &net.DNSError{IsTemporary: true}, alert("tls: bad record MAC"), alert("tls: internal error"), errors.New("Bad Gateway"), errors.New("Service Unavailable")},
			1: {
				&net.DNSError{IsNotFound: true}, &net.AddrError{},
				tls.RecordHeaderError{},
				&tls.CertificateVerificationError{Err: errReset}, alert("tls: certificate required"),
				http.ErrSchemeMismatch, errors.New(`unsupported protocol scheme "ftp"`), errors.New("Proxy Authentication Required"), errors.New("Forbidden"),
			},
		} {
			for _, err := range errs {
				synctest.Test(t, func(t *testing.T) {
					result := get(t.Context(), t, over(inTurn(err)))
					assert.Equal(t, attempts, result.Attempts, "%v", err)
					assert.ErrorIs(t, result.Err, fault.Transport)
					assert.Zero(t, result.Status)
				})
			}
		}
	})
	t.Run("succeeds where a retry does", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := over(inTurn(503, errReset, 200))
			began := time.Now()
			result := get(t.Context(), t, c)
			assert.False(t, result.Failed)
			assert.Equal(t, 3, result.Attempts)
			assert.Less(t, time.Since(began), 1500*time.Millisecond)
			assert.Equal(t, 49, c.Budget.Left(), "two were taken, and one was given back")
		})
	})
	t.Run("decodes a success, once", func(t *testing.T) {
		for name, test := range map[string]struct {
			err      error
			kind     error
			attempts int
		}{
			"no object":   {errors.New("it is no JSON object " + secret), fault.BadResponse, 1},
			"broken off":  {fmt.Errorf("it ends: %w", io.ErrUnexpectedEOF), fault.BadResponse, 2},
			"of its kind": {&fault.Error{Kind: fault.ResponseTooLarge}, fault.ResponseTooLarge, 1},
			"passes":      {&fault.Error{Kind: fault.Server, Passes: true}, fault.Server, 2},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := over(inTurn(replying(200, "body "+secret)))
					c.Retry.MaxAttempts = 2
					result := c.Do(t.Context(), Call{URL: new(url.URL), Decode: func([]byte) error { return test.err }})
					assert.ErrorIs(t, result.Err, test.kind)
					assert.Equal(t, test.attempts, result.Attempts)
					assert.NotContains(t, result.Err.Error()+string(result.Body), secret[:12])
				})
			})
		}
	})
}

func alert(text string) error {
	return &net.OpError{Op: "remote error", Err: errors.New(text)}
}

func TestClientDoWaits(t *testing.T) {
	t.Run("as long as the service asks for, and a random time longer", func(t *testing.T) {
		for _, status := range []int{429, 503} {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				assert.False(t, get(t.Context(), t, over(inTurn(replying(status, "", "Retry-After", "7"), 200))).Failed)
				assert.GreaterOrEqual(t, time.Since(began), 7*time.Second)
				assert.Less(t, time.Since(began), 12*time.Second)
			})
		}
	})
	t.Run("no longer than the deadline allows", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for range 50 {
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
				began := time.Now()
				assert.False(t, get(ctx, t, over(inTurn(replying(429, "", "Retry-After", "7"), 200))).Failed)
				assert.LessOrEqual(t, time.Since(began), 7500*time.Millisecond)
				cancel()
			}
		})
	})
	for name, test := range map[string]struct {
		header string
		budget int64
		want   error
		text   string
	}{
		"not beyond the longest wait": {"31", 50, nil, "not tried again: the service asks for a wait of 31s, and the longest allowed is 30s"},
		"not beyond the deadline":     {"8", 50, context.DeadlineExceeded, "not tried again: a wait of 8s does not fit the deadline"},
		"not without a budget":        {"", 0, nil, "not tried again: the client's retry budget is used up"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := over(inTurn(replying(503, "", "Retry-After", test.header)))
				c.Budget.left.Store(test.budget)
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
				defer cancel()
				began := time.Now()
				result := get(ctx, t, c)
				assert.Zero(t, time.Since(began))
				assert.Equal(t, 1, result.Attempts)
				assert.EqualError(t, result.Err, test.text)
				if test.want != nil {
					assert.ErrorIs(t, result.Err, test.want)
				}
				assert.EqualValues(t, test.budget, c.Budget.Left())
			})
		})
	}
	t.Run("not beyond the deadline of its own accord", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := over(inTurn(503))
			c.Retry.BaseWait, c.Retry.MaxWait = 1000*time.Hour, 1000*time.Hour
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			result := get(ctx, t, c)
			assert.Equal(t, 1, result.Attempts)
			assert.ErrorContains(t, result.Err, "does not fit the deadline")
		})
	})
	t.Run("not where it is called off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			c := over(inTurn(replying(429, "slow down", "Retry-After", "10")))
			began := time.Now()
			result := get(ctx, t, c)
			assert.Equal(t, 3*time.Second, time.Since(began))
			assert.ErrorIs(t, result.Err, context.Canceled)
			assert.Equal(t, "slow down", string(result.Body))
			assert.Equal(t, 50, c.Budget.Left(), "the retry was not made")
		})
	})
	t.Run("for the limits, and keeps what came before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := over(inTurn(replying(503, "maintenance")))
			c.Limits = ratelimit.New(nil, ratelimit.NewHour(1))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			result := get(ctx, t, c)
			assert.Equal(t, 503, result.Status)
			assert.Equal(t, 1, result.Attempts)
			assert.Equal(t, "maintenance", string(result.Body))
			assert.ErrorIs(t, result.Err, fault.RateLimited)
			assert.Equal(t, 50, c.Budget.Left())
			assert.Zero(t, c.Limits.Server.InFlight())
		})
	})
	t.Run("and pauses the client with a 429", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := over(inTurn(replying(429, "", "Retry-After", "20"), 200))
			c.Retry.MaxAttempts = 1
			assert.True(t, get(t.Context(), t, c).Failed)
			began := time.Now()
			assert.False(t, get(t.Context(), t, c).Failed)
			assert.GreaterOrEqual(t, time.Since(began), 20*time.Second)
			assert.Less(t, time.Since(began), 25*time.Second)
		})
	})
}

func TestClientDoTimesOut(t *testing.T) {
	t.Run("each attempt for itself", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := over(inMemory(hang))
			c.Retry.MaxAttempts = 2
			began := time.Now()
			result := get(t.Context(), t, c)
			assert.ErrorIs(t, result.Err, fault.Timeout)
			assert.ErrorIs(t, result.Err, fault.Transport)
			assert.NotErrorIs(t, result.Err, context.DeadlineExceeded)
			assert.EqualError(t, result.Err, "timed out: the attempt took longer than 10s")
			assert.Equal(t, "a hint", fault.HintOf(result.Err))
			assert.GreaterOrEqual(t, time.Since(began), 20*time.Second)
			assert.Less(t, time.Since(began), 20500*time.Millisecond)
		})
	})
	t.Run("with its context, which has ended then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			result := get(ctx, t, over(inMemory(hang)))
			assert.ErrorIs(t, result.Err, context.DeadlineExceeded)
			assert.Error(t, ctx.Err())
			assert.Equal(t, 1, result.Attempts)
		})
	})
	t.Run("and keeps what an attempt before it said", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			n := 0
			result := get(ctx, t, over(inMemory(func(request *http.Request) (*http.Response, error) {
				if n++; n == 1 {
					return reply(503, "maintenance"), nil
				}
				return hang(request)
			})))
			assert.Equal(t, 503, result.Status)
			assert.Equal(t, "maintenance", string(result.Body))
			assert.ErrorIs(t, result.Err, context.DeadlineExceeded)
			assert.Equal(t, 2, result.Attempts)
		})
	})
	t.Run("and trusts no idle connection afterwards", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport := &idleCounter{inMemory: hang}
			c := over(transport)
			c.Retry.MaxAttempts = 2
			_ = get(t.Context(), t, c)
			assert.Equal(t, 1, transport.closed, "before the second attempt")
			_ = get(t.Context(), t, c)
			assert.Equal(t, 3, transport.closed)
			transport.inMemory = inTurn(200)
			for range 3 {
				require.False(t, get(t.Context(), t, c).Failed)
			}
			assert.Equal(t, 4, transport.closed, "those that are new are trusted again")
		})
	})
}

type idleCounter struct {
	inMemory
	closed int
}

func (c *idleCounter) CloseIdleConnections() { c.closed++ }

func TestClientDoRefusesAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer func() *http.Response
		kind   error
		text   string
	}{
		"HTML":             {replying(200, "<html>", "Content-Type", "text/html"), fault.BadResponse, `its content type is "text/html"`},
		"brotli":           {replying(200, "x", "Content-Encoding", "br"), fault.BadResponse, `its content encoding is "br", which was not asked for`},
		"another protocol": {replying(101, ""), fault.BadResponse, "it switches to another protocol"},
		"too large":        {replying(200, strings.Repeat(" ", 1<<20+1)), fault.ResponseTooLarge, "more than 1048576 bytes"},
		"no length":        {func() *http.Response { r := reply(200, strings.Repeat(" ", 1<<20+1)); r.ContentLength = -1; return r }, fault.ResponseTooLarge, "more than 1048576 bytes"},
		"large headers":    {replying(200, "", "X-A", strings.Repeat("x", 1<<20)), fault.ResponseTooLarge, "its headers go beyond their bound"},
		"no status":        {replying(0, ""), fault.Transport, "it has no status"},
	} {
		t.Run(name, func(t *testing.T) {
			c := over(inTurn(test.answer))
			c.Retry.MaxAttempts = 1
			result := get(t.Context(), t, c)
			assert.ErrorIs(t, result.Err, test.kind)
			assert.ErrorContains(t, result.Err, test.text)
		})
	}
	for contentType, ok := range map[string]bool{
		"": true, "application/json": true, "Application/JSON ; charset=latin1": true, "application/json charset=utf-8": true, "text/json": true,
		"application/json, charset=utf-8": true, "application/json; charset=utf-8; charset=utf-8": true, "application/problem+json": true,
		"text/plain": false, "application/jsonp": false, "json": false, ";": false,
	} {
		assert.Equal(t, ok, isJSON(contentType), "%q", contentType)
	}
}

func TestClientDoOverHTTP(t *testing.T) {
	packed := func(body string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, body)
		_ = w.Close()
		return b.Bytes()
	}
	whole := packed(`{"items":[` + strings.Repeat(`"a",`, 5000) + `"a"]}`)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-5] ^= 0xff
	for name, test := range map[string]struct {
		body     []byte
		kind     error
		attempts int
	}{
		"whole":                {whole, nil, 1},
		"a line end behind it": {append(bytes.Clone(whole), '\n'), nil, 1},
		"much behind it":       {append(bytes.Clone(whole), "garbage behind it"...), nil, 1},
		"half":                 {whole[:len(whole)/2], fault.Transport, 2},
		"a wrong checksum":     {damaged, fault.BadResponse, 1},
		"no gzip":              {[]byte(`{"items":[]} a long text`), fault.BadResponse, 1},
	} {
		t.Run("gzip: "+name, func(t *testing.T) {
			transport, base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(test.body)
			})
			c := over(transport)
			c.Retry = Policy{MaxAttempts: 2, BaseWait: 1, MaxWait: 1}
			result := getAt(t.Context(), t, c, base)
			assert.ErrorIs(t, result.Err, test.kind)
			assert.Equal(t, test.attempts, result.Attempts)
		})
	}
	t.Run("a long refusal keeps its connection", func(t *testing.T) {
		connections := map[string]bool{}
		transport, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			connections[r.RemoteAddr] = true
			w.WriteHeader(400)
			_, _ = w.Write(bytes.Repeat([]byte("x"), 500_000))
		})
		c := over(transport)
		for range 3 {
			assert.Len(t, getAt(t.Context(), t, c, base).Body, 64<<10)
		}
		assert.Len(t, connections, 1)
	})
	t.Run("an answer without TLS is named", func(t *testing.T) {
		transport, base := serve(t, func(http.ResponseWriter, *http.Request) {})
		result := getAt(t.Context(), t, over(transport), "https"+strings.TrimPrefix(base, "http"))
		assert.EqualError(t, result.Err, "no complete answer: http: server gave HTTP response to HTTPS client")
		assert.Equal(t, 1, result.Attempts)
	})
	t.Run("a proxy that refuses is named", func(t *testing.T) {
		for status, attempts := range map[int]int{403: 1, 407: 1, 502: 2} {
			_, base := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
			proxy, err := url.Parse(base)
			require.NoError(t, err)
			for _, hook := range []bool{false, true} {
				transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
				if hook {
					transport.OnProxyConnectResponse = nameRefusal
				}
				c := over(transport)
				c.Retry = Policy{MaxAttempts: 2, BaseWait: 1, MaxWait: 1}
				result := get(t.Context(), t, c)
				assert.EqualError(t, result.Err, fmt.Sprintf("no complete answer: the proxy refused to connect: %d %s", status, http.StatusText(status)))
				assert.Equal(t, attempts, result.Attempts)
				assert.Equal(t, status == 407, fault.HintOf(result.Err) == HintProxy)
				assert.NotEmpty(t, fault.HintOf(result.Err))
			}
		}
	})
}

func TestClientDoFollowsRedirects(t *testing.T) {
	t.Run("to the same origin, with the credentials and the cookies", func(t *testing.T) {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		var seen []string
		c := over(inMemory(func(request *http.Request) (*http.Response, error) {
			_, key, _ := request.BasicAuth()
			seen = append(seen, request.URL.String()+" "+key+" "+request.Header.Get("Cookie"))
			if request.URL.Path != "/on" {
				return reply(302, "", "Location", "HTTPS://INSIGHTS.TEST:443/on", "Set-Cookie", "a=b; Path=/"), nil
			}
			return reply(200, ""), nil
		}))
		c.Jar = jar
		result := get(t.Context(), t, c)
		assert.False(t, result.Failed)
		assert.Equal(t, 1, result.Attempts)
		assert.Equal(t, []string{origin + "/v1/tests?query=private " + secret + " ", origin + "/on " + secret + " a=b"}, seen)
	})
	for name, location := range map[string]string{"another host": "https://evil.test/", "http": "http://insights.test/", "none": "", "no URL": "https://[::1/%zz"} {
		t.Run("not to "+name, func(t *testing.T) {
			result := get(t.Context(), t, over(inTurn(replying(302, "moved", "Location", location), 200)))
			assert.Equal(t, 302, result.Status)
			assert.True(t, result.Failed)
			assert.Equal(t, 1, result.Attempts)
		})
	}
	t.Run("of five statuses, and says where it comes from", func(t *testing.T) {
		for status, followed := range map[int]bool{300: false, 301: true, 302: true, 303: true, 304: false, 305: false, 307: true, 308: true} {
			var seen []string
			result := get(t.Context(), t, over(inMemory(func(request *http.Request) (*http.Response, error) {
				seen = append(seen, request.Method+" "+request.URL.String()+" "+request.Referer())
				switch len(seen) {
				case 1:
					return reply(status, "", "Location", "https://somebody:else@insights.test/on?a=b"), nil
				case 2:
					return reply(status, "", "Location", "../further"), nil
				}
				return reply(200, ""), nil
			})))
			asked := []string{"GET https://insights.test/v1/tests?query=private "}
			if followed {
				asked = append(asked, "GET https://insights.test/on?a=b https://insights.test/v1/tests?query=private", "GET https://insights.test/further https://insights.test/on?a=b")
			}
			assert.Equal(t, asked, seen, "%d", status)
			assert.Equal(t, !followed, result.Failed, "%d", status)
		}
	})
	t.Run("ten times", func(t *testing.T) {
		requests := 0
		result := get(t.Context(), t, over(inMemory(func(*http.Request) (*http.Response, error) {
			requests++
			return reply(302, "", "Location", "/round"), nil
		})))
		assert.Equal(t, 302, result.Status)
		assert.Equal(t, 11, requests)
	})
	t.Run("within the limits, whose waits are no part of the attempt's time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := over(inTurn(replying(302, "", "Location", "/on"), 200))
			c.Limits = ratelimit.New(ratelimit.NewSecond(0.05, 1), nil)
			began := time.Now()
			assert.False(t, get(t.Context(), t, c).Failed)
			assert.Equal(t, 20*time.Second, time.Since(began))
			assert.Zero(t, c.Limits.Server.InFlight())
		})
	})
	t.Run("within the attempt's timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := over(inMemory(func(request *http.Request) (*http.Response, error) {
				select {
				case <-request.Context().Done():
					return nil, request.Context().Err()
				case <-time.After(4 * time.Second):
					return reply(302, "", "Location", "/on"), nil
				}
			}))
			c.Retry.MaxAttempts = 1
			began := time.Now()
			assert.ErrorIs(t, get(t.Context(), t, c).Err, fault.Timeout)
			assert.Equal(t, 10*time.Second, time.Since(began))
		})
	})
}

func TestClientDoTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		var events []Attempt
		c := over(inTurn(errReset, replying(429, "slow", "Retry-After", "3"), 200))
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.OnAttempt = func(_ context.Context, a Attempt) { events = append(events, a) }
		c.Limits = ratelimit.New(ratelimit.NewSecond(0.05, 1), nil)
		require.False(t, get(t.Context(), t, c).Failed)
		require.Len(t, events, 3)
		for i, event := range events {
			assert.Equal(t, i+1, event.Number)
			assert.Equal(t, "GET /v1/tests", event.Method+" "+event.Path)
		}
		assert.ErrorIs(t, events[0].Err, fault.Transport)
		assert.Positive(t, events[0].Wait)
		assert.False(t, events[0].ServerOrdered)
		assert.NoError(t, events[1].Err)
		assert.Equal(t, 429, events[1].StatusCode)
		assert.EqualValues(t, 4, events[1].Bytes)
		assert.True(t, events[1].ServerOrdered)
		assert.GreaterOrEqual(t, events[1].Wait, 3*time.Second)
		assert.Zero(t, events[2].Wait)
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		require.Len(t, lines, 7, "three attempts, two waits to try again, two for the limit")
		assert.Contains(t, lines[0], "level=DEBUG msg=\"insights: attempt\"")
		assert.Contains(t, lines[0], "attempt.error=\"no complete answer: connection reset by peer\" attempt.wait=")
		assert.Contains(t, lines[1], "level=WARN msg=\"insights: waiting to try again\"")
		assert.Contains(t, lines[2], "level=WARN msg=\"insights: waiting for the rate limit\" path=/v1/tests wait=")
		assert.NotContains(t, log.String(), "private")
	})
	t.Run("a log alone, and events alone", func(t *testing.T) {
		var log strings.Builder
		logging, listening := over(inTurn(200)), over(inTurn(200))
		logging.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		events := 0
		listening.OnAttempt = func(context.Context, Attempt) { events++ }
		get(t.Context(), t, logging)
		get(t.Context(), t, listening)
		assert.Equal(t, 1, strings.Count(log.String(), "insights: attempt"))
		assert.NotContains(t, log.String(), "attempt.wait", "there was none")
		assert.Equal(t, 1, events)
	})
	t.Run("nothing of a short wait for a limit", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log strings.Builder
			c := over(inTurn(200))
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c.Limits = ratelimit.New(ratelimit.NewSecond(8, 1), nil)
			for range 3 {
				get(t.Context(), t, c)
			}
			assert.Empty(t, log.String())
		})
	})
}

func TestAttemptRedacted(t *testing.T) {
	t.Run("shows no part of the key", func(t *testing.T) {
		cause := &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
		shown := func(err error) error {
			c := over(inTurn(err))
			c.Retry.MaxAttempts = 1
			return get(t.Context(), t, c).Err
		}
		t.Run("keeps what is behind, without the URL", func(t *testing.T) {
			err := shown(fmt.Errorf("my proxy: %w", &url.Error{Op: "Get", URL: origin + "/v1/tests?query=private", Err: cause}))
			operation, ok := errors.AsType[*net.OpError](err)
			require.True(t, ok)
			assert.Equal(t, "dial", operation.Op)
			assert.NotContains(t, err.Error(), "private")
			_, ok = errors.AsType[*url.Error](err)
			assert.False(t, ok)
		})
		t.Run("is one line without the key", func(t *testing.T) {
			err := shown(errors.New("a\nb " + secret))
			assert.EqualError(t, err, "no complete answer: a b "+strings.Repeat("*", len(secret)))
		})
		t.Run("does not speak of the caller's context", func(t *testing.T) {
			for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
				assert.NotErrorIs(t, shown(ended), ended)
			}
		})
		t.Run("holds for a shared limiter", func(t *testing.T) {
			assert.Nil(t, Limiter(nil, nil))
			l := Limiter(failing{errReset}, over(nil).Mask)
			assert.ErrorIs(t, l.Wait(t.Context()), errReset)
			assert.NoError(t, Limiter(failing{}, over(nil).Mask).Wait(t.Context()))
		})
	})
}

type failing struct{ err error }

func (f failing) Wait(context.Context) error { return f.err }

func TestOwn(t *testing.T) {
	transport := &idleCounter{}
	c := &Client{Transport: Own(transport)}
	c.CloseIdleConnections()
	assert.Equal(t, 1, transport.closed)
	hc := new(http.Client)
	of := Of(hc)
	assert.Equal(t, http.DefaultTransport, of())
	hc.Transport = transport
	assert.Equal(t, transport, of())
}

func TestClientDoPanicsAsTheCallback(t *testing.T) {
	c := over(inTurn(503))
	c.OnAttempt = func(context.Context, Attempt) { panic("mine") }
	assert.PanicsWithValue(t, "mine", func() { get(t.Context(), t, c) })
	assert.Equal(t, 50, c.Budget.Left())
	assert.Zero(t, c.Limits.Server.InFlight())
}
