package conformance_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/jarcoal/httpmock"
	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var quiet = log.New(io.Discard, "", 0)

// countingServer counts the connections that it accepts.
func countingServer(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	connections := new(atomic.Int32)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Config.ErrorLog = quiet
	server.Start()
	t.Cleanup(server.Close)
	return server, connections
}

func answerJSON(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}")
}

// clientThrough asks server through hc.
func clientThrough(t *testing.T, server *httptest.Server, hc *http.Client) *insights.Client {
	t.Helper()
	return clientOver(t, nil, insights.WithHTTPClient(hc), insights.WithBaseURL(server.URL), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: 1}))
}

func TestWithHTTPClientProxy(t *testing.T) {
	t.Run("a proxy is used", func(t *testing.T) {
		proxy, _ := countingServer(t, func(w http.ResponseWriter, request *http.Request) {
			assert.Equal(t, "127.0.0.1:1", request.Host)
			answerJSON(w, request)
		})
		address, err := url.Parse(proxy.URL)
		require.NoError(t, err)
		transport := &http.Transport{Proxy: http.ProxyURL(address)}
		defer transport.CloseIdleConnections()
		c := clientOver(t, transport, insights.WithBaseURL("http://127.0.0.1:1"))
		require.NoError(t, ask(t.Context(), c))
	})

	t.Run("a proxy that refuses to connect is not asked again", func(t *testing.T) {
		own := exchange.DefaultTransport(4).(*http.Transport)
		for refusal, transport := range map[string]*http.Transport{
			"407 Proxy Authentication Required": {},
			"403 Forbidden":                     {},
			"407 Who are you?":                  own.Clone(),
			"403 Not with me":                   own.Clone(),
		} {
			var asked atomic.Int32
			proxy, _ := countingServer(t, func(w http.ResponseWriter, request *http.Request) {
				asked.Add(1)
				assert.Equal(t, http.MethodConnect, request.Method)
				assert.Empty(t, request.Header.Get("Authorization"), "the proxy never sees the credentials")
				conn, _, err := http.NewResponseController(w).Hijack()
				assert.NoError(t, err)
				_, _ = io.WriteString(conn, "HTTP/1.1 "+refusal+"\r\n\r\n")
				_ = conn.Close()
			})
			address, err := url.Parse(proxy.URL)
			require.NoError(t, err)
			transport.Proxy = http.ProxyURL(address)
			err = ask(t.Context(), clientOver(t, transport))
			assert.ErrorIs(t, err, insights.ErrTransport, refusal)
			assert.Equal(t, refusal[:3] == "407", strings.Contains(err.Error(), "a proxy on the way asks for credentials"), refusal)
			assert.EqualValues(t, 1, asked.Load(), refusal)
		}
	})

	// A proxy reads what is sent through it in clear, also what is for loopback.
	t.Run("plain HTTP is not sent through a proxy on another machine", func(t *testing.T) {
		transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test:3128"})}
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			t.Error("it was sent")
			return nil, errBroken
		}
		err := ask(t.Context(), clientOver(t, transport, insights.WithBaseURL("http://localhost:9")))
		assert.ErrorIs(t, err, insights.ErrTransport)
		assert.ErrorContains(t, err, "a proxy on another machine would see the credentials")
		assert.Equal(t, 1, requireAPIError(t, err).Attempts)
	})
}

func TestWithHTTPClientTLS(t *testing.T) {
	t.Run("a custom certificate authority is trusted", func(t *testing.T) {
		server := httptest.NewTLSServer(http.HandlerFunc(answerJSON))
		defer server.Close()
		pool := x509.NewCertPool()
		pool.AddCert(server.Certificate())
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
		defer transport.CloseIdleConnections()
		require.NoError(t, ask(t.Context(), clientThrough(t, server, &http.Client{Transport: transport})))
	})

	t.Run("an unknown certificate authority is not tried again", func(t *testing.T) {
		t.Parallel()
		var handshakes atomic.Int32
		server := httptest.NewUnstartedServer(http.HandlerFunc(answerJSON))
		server.Config.ErrorLog = quiet
		server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			handshakes.Add(1)
			return nil, nil
		}}
		server.StartTLS()
		defer server.Close()
		err := ask(t.Context(), clientThrough(t, server, &http.Client{Transport: &http.Transport{}}))
		assert.ErrorIs(t, err, insights.ErrTransport)
		assert.ErrorAs(t, err, new(x509.UnknownAuthorityError))
		assert.EqualValues(t, 1, handshakes.Load())
	})

	t.Run("a client certificate is presented", func(t *testing.T) {
		certificate, pool := keyPair(t)
		var handshakes atomic.Int32
		server := httptest.NewUnstartedServer(http.HandlerFunc(answerJSON))
		server.Config.ErrorLog = quiet
		server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, VerifyConnection: nil}
		server.TLS.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			handshakes.Add(1)
			return nil, nil
		}
		server.StartTLS()
		defer server.Close()

		trusting := server.Client().Transport.(*http.Transport)
		bearing := trusting.Clone()
		bearing.TLSClientConfig.Certificates = []tls.Certificate{certificate}
		defer bearing.CloseIdleConnections()
		require.NoError(t, ask(t.Context(), clientThrough(t, server, &http.Client{Transport: bearing})))

		handshakes.Store(0)
		err := ask(t.Context(), clientThrough(t, server, &http.Client{Transport: trusting}))
		assert.ErrorIs(t, err, insights.ErrTransport)
		assert.Contains(t, err.Error(), "certificate required")
		assert.EqualValues(t, 1, handshakes.Load(), "without the certificate there is nothing to try again")
	})

	t.Run("an HTTPS behind an HTTPS address is not tried again", func(t *testing.T) {
		server, connections := countingServer(t, answerJSON)
		err := ask(t.Context(), clientOver(t, &http.Transport{}, insights.WithBaseURL("https"+server.URL[len("http"):])))
		assert.ErrorIs(t, err, insights.ErrTransport)
		assert.EqualValues(t, 1, connections.Load())
	})
}

// keyPair is a certificate of its own authority.
func keyPair(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// recorder is what users put around a transport to record what passes.
type recorder struct {
	http.RoundTripper
	passed []string
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(request)
	if err == nil {
		r.passed = append(r.passed, fmt.Sprint(request.Method, " ", request.URL.Path, " ", resp.StatusCode))
	}
	return resp, err
}

func TestWithHTTPClient(t *testing.T) {
	t.Run("a recording transport sees every attempt", func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodGet, `=~/v1/analytics/tests`,
			httpmock.NewStringResponder(502, "down").Then(httpmock.NewStringResponder(200, "{}")))
		tape := &recorder{RoundTripper: mock}
		c := clientOver(t, tape, insights.WithRetry(insights.RetryPolicy{BaseWait: 1, MaxWait: 1}))
		require.NoError(t, ask(t.Context(), c))
		assert.Equal(t, []string{"GET /v1/analytics/tests 502", "GET /v1/analytics/tests 200"}, tape.passed)
	})

	t.Run("the jar is kept", func(t *testing.T) {
		var cookies []string
		server, _ := countingServer(t, func(w http.ResponseWriter, request *http.Request) {
			cookies = append(cookies, request.Header.Get("Cookie"))
			http.SetCookie(w, &http.Cookie{Name: "node", Value: "7"})
			answerJSON(w, request)
		})
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		hc := server.Client()
		hc.Jar = jar
		c := clientThrough(t, server, hc)
		require.NoError(t, ask(t.Context(), c))
		require.NoError(t, ask(t.Context(), c))
		assert.Equal(t, []string{"", "node=7"}, cookies)
	})

	// Of a jar that learns from a failure the next attempt sends what it learnt.
	t.Run("a retry sends no old cookies", func(t *testing.T) {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		var cookies []string
		transport := inMemory(func(request *http.Request) (*http.Response, error) {
			cookies = append(cookies, request.Header.Get("Cookie"))
			return reply([]int{503, 503, 200}[len(cookies)-1], "{}", "Set-Cookie", fmt.Sprintf("node=%d", len(cookies))), nil
		})
		c := clientOver(t, nil, insights.WithHTTPClient(&http.Client{Jar: jar, Transport: transport}), insights.WithRetry(insights.RetryPolicy{BaseWait: 1, MaxWait: 1}))
		require.NoError(t, ask(t.Context(), c))
		assert.Equal(t, []string{"", "node=1", "node=2"}, cookies)
	})

	t.Run("the caller's client stays the same byte for byte", func(t *testing.T) {
		server, _ := countingServer(t, func(w http.ResponseWriter, request *http.Request) {
			http.Redirect(w, request, "http://elsewhere.example/", http.StatusFound)
		})
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		hc := &http.Client{
			Transport:     server.Client().Transport,
			Jar:           jar,
			Timeout:       time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { panic("is not asked") },
		}
		bytesOf := func() [unsafe.Sizeof(*hc)]byte { return *(*[unsafe.Sizeof(*hc)]byte)(unsafe.Pointer(hc)) }
		before := bytesOf()
		c := clientThrough(t, server, hc)
		assert.ErrorIs(t, ask(t.Context(), c), insights.ErrRedirect)
		_, err = c.Clone(insights.WithAttemptTimeout(time.Second), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
		require.NoError(t, err)
		c.CloseIdleConnections()
		assert.Equal(t, before, bytesOf())
	})

	t.Run("a failed call leaves idle connections open", func(t *testing.T) {
		status := http.StatusOK
		server, connections := countingServer(t, func(w http.ResponseWriter, _ *http.Request) {
			if status == 0 {
				panic(http.ErrAbortHandler) // which breaks the connection off
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "{}")
		})
		other, otherConnections := countingServer(t, answerJSON)
		hc := server.Client()
		get := func() {
			resp, err := hc.Get(other.URL)
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, resp.Body)
			require.NoError(t, resp.Body.Close())
		}
		get()
		c := clientThrough(t, server, hc)
		for _, status = range []int{503, 404, 302, 200, 429, 500} {
			_ = ask(t.Context(), c)
		}
		assert.EqualValues(t, 1, connections.Load(), "one for all calls and their retries")
		status = 0
		assert.ErrorIs(t, ask(t.Context(), c), insights.ErrTransport)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		patient, err := c.Clone(insights.WithRetry(insights.RetryPolicy{BaseWait: time.Minute, MaxWait: time.Minute}))
		require.NoError(t, err)
		assert.ErrorIs(t, ask(ctx, patient), context.Canceled)
		get()
		assert.EqualValues(t, 1, otherConnections.Load(), "the caller's own connection")
		c.CloseIdleConnections()
		get()
		assert.EqualValues(t, 2, otherConnections.Load())
	})

	t.Run("a client without a transport uses the default one", func(t *testing.T) {
		var used bool
		original := http.DefaultTransport
		defer func() { http.DefaultTransport = original }()
		http.DefaultTransport = inMemory(func(*http.Request) (*http.Response, error) {
			used = true
			return reply(200, "{}"), nil
		})
		require.NoError(t, ask(t.Context(), clientOver(t, nil, insights.WithHTTPClient(&http.Client{}))))
		assert.True(t, used)
	})

	t.Run("a refused connection is tried again", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		err = ask(t.Context(), clientOver(t, &http.Transport{}, insights.WithBaseURL("http://"+listener.Addr().String()), insights.WithRetry(insights.RetryPolicy{BaseWait: 1, MaxWait: 1})))
		assert.ErrorIs(t, err, insights.ErrTransport)
		assert.Equal(t, 4, requireAPIError(t, err).Attempts)
		assert.ErrorAs(t, err, new(*net.OpError))
		assert.Contains(t, err.Error(), "connection refused (after 4 attempts)")
	})

	t.Run("a name that cannot be found is not looked up again", func(t *testing.T) {
		for name, test := range map[string]struct {
			failure  *net.DNSError
			attempts int
		}{
			"no such host": {&net.DNSError{Err: "no such host", Name: "insights.test", IsNotFound: true}, 1},
			"server down":  {&net.DNSError{Err: "server misbehaving", Name: "insights.test", IsTemporary: true}, 3},
		} {
			transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: test.failure}
			}}
			err := ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 3, BaseWait: 1, MaxWait: 1})))
			assert.ErrorIs(t, err, insights.ErrTransport, name)
			lookup, ok := errors.AsType[*net.DNSError](err)
			require.True(t, ok, name)
			assert.Equal(t, test.failure, lookup)
			assert.Equal(t, test.attempts, requireAPIError(t, err).Attempts, name)
		}
	})
}
