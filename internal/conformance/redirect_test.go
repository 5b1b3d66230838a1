package conformance_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrRedirect(t *testing.T) {
	t.Run("a redirect to the same origin is followed with the credentials", func(t *testing.T) {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for name, location := range map[string]string{
				"relative":          "/elsewhere?x=1",
				"absolute":          testOrigin + "/elsewhere",
				"the port spelt":    testOrigin + ":443/elsewhere",
				"the host in caps":  "HTTPS://INSIGHTS.TEST/elsewhere",
				"with another user": "https://mallory:secret@insights.test/elsewhere",
			} {
				t.Run(name, func(t *testing.T) {
					var paths []string
					c := clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
						paths = append(paths, request.URL.Path)
						user, key, _ := request.BasicAuth()
						assert.Equal(t, account, insights.Credentials{Username: user, AccessKey: key})
						assert.Equal(t, testOrigin, request.URL.Scheme+"://"+request.URL.Host, "in no other spelling")
						if request.URL.Path != "/elsewhere" {
							return reply(status, "moved", "Location", location), nil
						}
						return reply(200, "{}"), nil
					}))
					var info insights.ResponseInfo
					require.NoError(t, ask(t.Context(), c, insights.CaptureResponse(&info)))
					assert.Equal(t, []string{testsPath, "/elsewhere"}, paths)
					assert.Equal(t, 1, info.Attempts)
				})
			}
		}
	})

	t.Run("a redirect anywhere else ends the call after one request", func(t *testing.T) {
		for name, location := range map[string]string{
			"another host":      "https://insights.test.evil.example/",
			"a subdomain":       "https://sub.insights.test/",
			"the parent domain": "https://test/",
			"another port":      "https://insights.test:8443/",
			"down to http":      "http://insights.test/v1/analytics/tests",
			"the port of https": "http://insights.test:443/",
			"no scheme":         "//other.test/",
			"host as user":      "https://insights.test@evil.example/",
			"another protocol":  "ftp://insights.test/",
			"a file":            "file:///etc/passwd",
			"no host":           "https:///path",
			"opaque":            "javascript:alert(1)",
			"a letter alike":    "https://inſights.test/",
		} {
			t.Run(name, func(t *testing.T) {
				transport, requests := inTurn(replying(302, "moved", "Location", location))
				err := ask(t.Context(), clientOver(t, transport))
				assert.ErrorIs(t, err, insights.ErrRedirect)
				assert.EqualValues(t, 1, requests.Load())
				apiErr := requireAPIError(t, err)
				assert.Equal(t, 302, apiErr.StatusCode)
				assert.Equal(t, location, apiErr.Header.Get("Location"))
				assert.Contains(t, err.Error(), "this one leads ")
			})
		}
	})

	t.Run("a redirect that leads nowhere ends the call", func(t *testing.T) {
		for name, headers := range map[string][]string{
			"none":        nil,
			"empty":       {"Location", ""},
			"no URL":      {"Location", "https://[::1/%zz"},
			"control":     {"Location", "/a\x7fb"},
			"bad port":    {"Location", "https://insights.test:port/"},
			"bad percent": {"Location", "/%"},
		} {
			for _, status := range []int{301, 302, 303, 305, 307, 308, 399} {
				transport, requests := inTurn(replying(status, "", headers...))
				err := ask(t.Context(), clientOver(t, transport))
				assert.ErrorIs(t, err, insights.ErrRedirect, "%s, %d", name, status)
				assert.Contains(t, err.Error(), "leads nowhere", "%s, %d", name, status)
				assert.EqualValues(t, 1, requests.Load(), "%s, %d", name, status)
			}
		}
	})

	t.Run("a redirect loop ends", func(t *testing.T) {
		transport, requests := inTurn(replying(302, "", "Location", "/round"))
		err := ask(t.Context(), clientOver(t, transport))
		assert.ErrorIs(t, err, insights.ErrRedirect)
		assert.Contains(t, err.Error(), "not more than 10 times; this one leads on and on")
		assert.EqualValues(t, 1+10, requests.Load())
	})

	t.Run("an attempts timeout includes its redirects", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			err := ask(t.Context(), clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
				select {
				case <-request.Context().Done():
					return nil, request.Context().Err()
				case <-time.After(4 * time.Second):
					return reply(302, "", "Location", "/on"), nil
				}
			}), insights.WithAttemptTimeout(10*time.Second), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})))
			assert.ErrorIs(t, err, insights.ErrTimeout)
			assert.Equal(t, 10*time.Second, time.Since(began))
		})
	})

	t.Run("the wait before a redirect is no part of the attempts timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			transport, _ := inTurn(replying(302, "", "Location", "/on"), 200)
			require.NoError(t, ask(t.Context(), pacedClient(t, transport, insights.WithRateLimit(0.05, 1), insights.WithAttemptTimeout(time.Second), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))))
		})
	})

	t.Run("a redirect without a place under the limits is rate limited", func(t *testing.T) {
		transport, requests := inTurn(replying(302, "", "Location", "/on"), 200)
		ctx, cancel := contextOf(t, time.Minute)
		defer cancel()
		err := ask(ctx, pacedClient(t, transport, insights.WithHourlyLimit(1)))
		assert.ErrorIs(t, err, insights.ErrRateLimited)
		assert.EqualValues(t, 1, requests.Load())
	})

	// The same over real connections: the other server sees nothing.
	t.Run("no other server sees a request", func(t *testing.T) {
		var elsewhere atomic.Int32
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
		defer other.Close()
		otherTLS := httptest.NewTLSServer(other.Config.Handler)
		defer otherTLS.Close()

		var location string
		var requests atomic.Int32
		service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}))
		defer service.Close()
		c := clientOver(t, nil, insights.WithHTTPClient(service.Client()), insights.WithBaseURL(service.URL))

		own, err := url.Parse(service.URL)
		require.NoError(t, err)
		for _, target := range []string{
			other.URL,
			otherTLS.URL,
			"http://" + own.Host,
			"https://localhost:" + own.Port(),
			"http://" + strings.Replace(own.Host, "127.0.0.1", "127.0.0.2", 1),
		} {
			location = target + "/v1/analytics/tests"
			requests.Store(0)
			assert.ErrorIs(t, ask(t.Context(), c), insights.ErrRedirect, target)
			assert.EqualValues(t, 1, requests.Load(), target)
		}
		assert.Zero(t, elsewhere.Load())
	})
}
