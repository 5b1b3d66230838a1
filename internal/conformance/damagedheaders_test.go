package conformance_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// clientOfAnswer is a client of a server that gives every request this answer.
func clientOfAnswer(t *testing.T, body []byte, headers ...string) *insights.Client {
	t.Helper()
	return clientOfRefusal(t, http.StatusOK, body, headers...)
}

func clientOfRefusal(t *testing.T, status int, body []byte, headers ...string) *insights.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header()[headers[i]] = []string{headers[i+1]}
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	c, err := insights.NewClient("", insights.Credentials{Username: "a-user", AccessKey: "a-key-of-tests-0123"},
		insights.WithBaseURL(server.URL), insights.WithHTTPClient(server.Client()), insights.WithoutRateLimit(), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	return c
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.Bytes()
}

func TestTestsWithDamagedHeaders(t *testing.T) {
	const body = `{"items":[{"id":"a"}]}`
	t.Run("a type of JSON, whatever follows it", func(t *testing.T) {
		for _, contentType := range []string{
			"application/json charset=utf-8", "application/json, charset=utf-8", "application/json; charset=utf-8; charset=utf-8", "application/json; charset=utf-8, application/json; charset=utf-8",
			"application/json,application/json", "Application/JSON;charset", " application/problem+json ;;", "text/json;charset=\"utf-8", "",
		} {
			assert.NoError(t, testsOf(t.Context(), clientOfAnswer(t, []byte(body), "Content-Type", contentType)), contentType)
		}
		for _, contentType := range []string{"text/html, application/json", "text/plain application/json", "application/jsonp", "application/x-json", ";", "json"} {
			assert.ErrorIs(t, testsOf(t.Context(), clientOfAnswer(t, []byte(body), "Content-Type", contentType)), insights.ErrBadResponse, contentType)
		}
	})
	t.Run("an encoding that was not asked for is named", func(t *testing.T) {
		for _, encoding := range []string{"br", "zstd", "deflate", "gzip, br"} {
			err := testsOf(t.Context(), clientOfAnswer(t, []byte("\x1b\x00"), "Content-Encoding", encoding))
			assert.ErrorIs(t, err, insights.ErrBadResponse)
			assert.ErrorContains(t, err, `its content encoding is "`+encoding+`", which was not asked for`)
		}
		assert.NoError(t, testsOf(t.Context(), clientOfAnswer(t, []byte(body), "Content-Encoding", "Identity")))
	})
	t.Run("an encoding of a refusal that was not asked for is named beside its status", func(t *testing.T) {
		for _, encoding := range []string{"br", "zstd"} {
			for status, kind := range map[int]error{http.StatusBadGateway: insights.ErrServer, http.StatusForbidden: insights.ErrForbidden} {
				err := testsOf(t.Context(), clientOfRefusal(t, status, []byte("\x1b\x00\xff\xfe"), "Content-Encoding", encoding))
				assert.ErrorIs(t, err, kind)
				assert.ErrorContains(t, err, `the body can't be read: its content encoding is "`+encoding+`", which was not asked for`)
				assert.NotContains(t, err.Error(), "\xff")
			}
		}
	})
	t.Run("bytes behind the end of gzip are no part of the answer", func(t *testing.T) {
		for _, trailing := range []string{"", "\n", "\x00\x00\x00\x00", strings.Repeat("\x00", 512), "trailing bytes", "\x1f\x8b"} {
			assert.NoError(t, testsOf(t.Context(), clientOfAnswer(t, append(gzipped(t, body), trailing...), "Content-Encoding", "gzip")), "%q", trailing)
		}
	})
	t.Run("gzip that is damaged or cut off is no success", func(t *testing.T) {
		packed := gzipped(t, `{"items":[{"id":"a"},{"id":"bcdefghijklmnopqrstuvwxyz"},{"id":"0123456789"}]}`) // whole at its very end only
		for _, damaged := range [][]byte{packed[:len(packed)-24], packed[:20], packed[:5], []byte("no gzip at all"), append(bytes.Clone(packed[:len(packed)-8]), make([]byte, 8)...)} {
			assert.Error(t, testsOf(t.Context(), clientOfAnswer(t, damaged, "Content-Encoding", "gzip")), "%q", damaged)
		}
	})
	t.Run("a byte order mark", func(t *testing.T) {
		assert.NoError(t, testsOf(t.Context(), clientOfAnswer(t, []byte("\uFEFF"+body))))
	})
}
