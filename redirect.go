package insights

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxRedirects is how often one attempt is sent on.
const maxRedirects = 10

// redirectPolicy follows a redirect to the same scheme, host and port, as a
// request that counts against the rate limits. Any other ends the call with
// the redirecting answer, so that no other origin ever sees the credentials:
// an error here would look like a failed connection, and be tried again.
func redirectPolicy(l limits, maxWait time.Duration) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || !sameOrigin(next.URL, via[0].URL) {
			return http.ErrUseLastResponse
		}
		err := l.wait(next.Context(), maxWait, func(time.Duration) {})
		if err == nil {
			l.server.finish()
		}
		return err
	}
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// dropBadLocation removes a Location that is no URL: net/http would take the
// answer for a failed connection.
func dropBadLocation(resp *http.Response) {
	if location := resp.Header.Get("Location"); location != "" {
		if _, err := url.Parse(location); err != nil {
			resp.Header.Del("Location")
		}
	}
}
