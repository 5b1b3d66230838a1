package exchange

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDefaultTransport(t *testing.T) {
	t.Run("is bounded", func(t *testing.T) {
		standard, ok := DefaultTransport(4).(*http.Transport)
		require.True(t, ok)
		assert.EqualValues(t, 1<<20, standard.MaxResponseHeaderBytes)
		assert.Equal(t, 4, standard.MaxIdleConnsPerHost)
		assert.NotSame(t, http.DefaultTransport, standard)

		replaced := inMemory(nil)
		original := http.DefaultTransport
		defer func() { http.DefaultTransport = original }()
		http.DefaultTransport = replaced
		_, changed := DefaultTransport(4).(inMemory)
		assert.True(t, changed, "what a program has set itself is used as it is")
	})

	t.Run("names the refusal of a proxy, unless the program does that", func(t *testing.T) {
		original := http.DefaultTransport
		defer func() { http.DefaultTransport = original }()
		refusal := &http.Response{StatusCode: 403}
		for name, hook := range map[string]func(context.Context, *url.URL, *http.Request, *http.Response) error{
			"nothing set":     nil,
			"the program set": func(context.Context, *url.URL, *http.Request, *http.Response) error { return errReset },
		} {
			http.DefaultTransport = &http.Transport{OnProxyConnectResponse: hook}
			err := DefaultTransport(4).(*http.Transport).OnProxyConnectResponse(t.Context(), nil, nil, refusal)
			assert.Equal(t, hook != nil, err == errReset, name)
		}
	})

	// What the program has set for its own transport stays.
	t.Run("only what is not set is set for HTTP/2", func(t *testing.T) {
		for name, given := range map[string]*http.HTTP2Config{"nothing": nil, "used before": {}, "a ping": {SendPingTimeout: time.Hour, MaxReadFrameSize: 1 << 20}} {
			transport := &http.Transport{HTTP2: given}
			distrustSilence(transport)
			want := http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second, WriteByteTimeout: 5 * time.Second}
			if name == "a ping" {
				want.SendPingTimeout, want.MaxReadFrameSize = time.Hour, 1<<20
			}
			assert.Equal(t, want, *transport.HTTP2, name)
		}
	})
}
