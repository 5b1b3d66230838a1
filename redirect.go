package insights

import (
	"net/http"
	"net/url"
	"time"
)

// maxRedirects is how often one attempt is sent on.
const maxRedirects = 10

// redirect follows to the same scheme, host and port, with a request that
// counts against the rate limits. Anywhere else the call ends with the
// redirecting answer, so that no other origin ever sees the credentials: an
// error here would look like a failed connection, and be tried again.
func (x *exchange) redirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || !sameOrigin(next.URL, via[0].URL) {
		return http.ErrUseLastResponse
	}
	next.URL.Host = via[0].URL.Host // and not in another spelling, that a proxy or DNS may take for another host
	began := time.Now()
	if err := x.takePlace(next.Context()); err != nil {
		return err
	}
	x.config.limits.Server.Finish() // an attempt is one request under way, however often it is sent on
	x.deadline = x.deadline.Add(time.Since(began))
	x.authorize(next) // net/http leaves it out where the host is spelt otherwise
	return nil
}

// dropBadLocation removes a Location that is no URL: net/http would take the
// answer for a failed connection.
func dropBadLocation(resp *http.Response) {
	if location := resp.Header.Get("Location"); location != "" {
		if _, err := url.Parse(location); err != nil {
			resp.Header = resp.Header.Clone() // the transport may keep the original
			resp.Header.Del("Location")
		}
	}
}
