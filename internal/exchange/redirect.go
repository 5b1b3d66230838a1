package exchange

import (
	"net/http"
	"net/url"
	"time"
)

// MaxRedirects is how often one attempt is sent on.
const MaxRedirects = 10

// follow makes the first request of an attempt, and follows its redirects to the same
// scheme, host and port, with requests that count against the rate limits. Anywhere
// else the call ends with the redirecting answer, so that no other origin ever sees
// the credentials: an error here would look like a failed connection, and be tried
// again.
func (s *sender) follow() response {
	defer s.timeout.Stop()
	at := s.call.URL
	answer := s.ask(at, nil)
	for range MaxRedirects {
		next := answer.leadsTo(at)
		if next == nil || !SameOrigin(next, at) {
			break
		}
		answer.release()
		if err := s.waitBeforeRedirect(); err != nil {
			return response{err: err}
		}
		next.User = nil     // the credentials of a client are its own
		next.Host = at.Host // and not in another spelling, that a proxy or DNS may take for another host
		answer = s.ask(next, at)
		at = next
	}
	return answer
}

// leadsTo is where the answer of an address sends its request on to, or nil.
func (r *response) leadsTo(from *url.URL) *url.URL {
	location := r.header.Get("Location")
	if !isRedirect(r.status) || location == "" {
		return nil
	}
	next, err := from.Parse(location)
	if err != nil {
		return nil // to nowhere, which is no failed connection
	}
	return next
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
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
