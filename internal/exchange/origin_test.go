package exchange

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSameOrigin(t *testing.T) {
	t.Run("is scheme, host and port", func(t *testing.T) {
		for pair, same := range map[[2]string]bool{
			{"http://h/a", "http://h:80/b"}:                   true,
			{"https://h/a", "https://H:443/b"}:                true,
			{"http://[::1]:8080/", "http://[::1]:8080/x?y#z"}: true,
			{"http://h:443/", "https://h:443/"}:               false,
			{"http://h/", "http://h:443/"}:                    false,
			{"https://h/", "https://h:80/"}:                   false,
			{"https://h/", "https://h./"}:                     false,
			{"https://az.test/", "https://AZ.test/"}:          true,
			{"https://Straße.test/", "https://sTRAßE.test/"}:  true,
			{"https://straße.test/", "https://straẞe.test/"}:  false, // which are strasse and xn--strae-oqa
			{"https://βόλος.test/", "https://βόλοσ.test/"}:    false,
			{"https://ks.test/", "https://\u212as.test/"}:     false, // the sign for kelvin
		} {
			a, err := url.Parse(pair[0])
			require.NoError(t, err)
			b, err := url.Parse(pair[1])
			require.NoError(t, err)
			assert.Equal(t, same, SameOrigin(a, b), "%s", pair)
			assert.Equal(t, same, SameOrigin(b, a), "%s", pair)
		}
	})

	t.Run("the zone of an address keeps its case", func(t *testing.T) {
		assert.Equal(t, "[fe80::1%Eth0]:443", LowerHost("[fe80::1%Eth0]:443"))
	})
}

func TestIsLoopback(t *testing.T) {
	// A proxy reads what is sent through it in clear, also what is for loopback.
	t.Run("plain HTTPS on the machine", func(t *testing.T) {
		proxied := func(proxy string) *http.Transport {
			return &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: proxy})}
		}
		for base, exposed := range map[string]bool{"http://localhost:9": true, "http://[::1]:9": true, "https://insights.test": false} {
			request, err := http.NewRequest(http.MethodGet, base, nil)
			require.NoError(t, err)
			assert.Equal(t, exposed, leaksToProxy(proxied("proxy.test:3128"), request), base)
			assert.False(t, leaksToProxy(proxied("LOCALHOST:3128"), request), base)
			assert.False(t, leaksToProxy(proxied("127.0.0.1:3128"), request), base)
			assert.False(t, leaksToProxy(new(http.Transport), request), base)
		}
	})
}
