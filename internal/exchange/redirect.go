package exchange

import (
	"net/http"
	"net/url"
	"time"
)

// MaxRedirects is how often one attempt is sent on.
const MaxRedirects = 10

// redirect follows to the same scheme, host and port, with a request that
// counts against the rate limits. Anywhere else the call ends with the
// redirecting answer, so that no other origin ever sees the credentials: an
// error here would look like a failed connection, and be tried again.
func (s *sender) redirect(next *http.Request, via []*http.Request) error {
	if len(via) > MaxRedirects || !SameOrigin(next.URL, via[0].URL) {
		return http.ErrUseLastResponse
	}
	next.URL.Host = via[0].URL.Host // and not in another spelling, that a proxy or DNS may take for another host
	if err := s.waitBeforeRedirect(); err != nil {
		return err
	}
	s.Authorize(next) // net/http leaves it out where the host is spelt otherwise
	return nil
}

// waitBeforeRedirect is no part of the attempt's time.
func (s *sender) waitBeforeRedirect() error {
	s.timeout.Stop()
	left := time.Until(s.deadline)
	if err := s.takeTurn(s.whole); err != nil {
		return err
	}
	s.Limits.Server.Finish() // an attempt is one request in flight, however often it is sent on
	s.deadline = time.Now().Add(left)
	s.timeout.Reset(left)
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
