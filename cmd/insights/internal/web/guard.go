package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"
)

// guard lets through what may be answered: reading, under a name of this server, by
// somebody who knows the password if there is one.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			s.refuse(w, http.StatusMethodNotAllowed, "Only reading", "This server only shows things.")
		case !s.isOurName(r.Host):
			s.refuse(w, http.StatusMisdirectedRequest, "Another name", "This server does not answer under this name. Start it with --host to let it.")
		case !s.isAllowed(r):
			h.Set("WWW-Authenticate", `Basic realm="insights", charset="UTF-8"`)
			s.refuse(w, http.StatusUnauthorized, "A password is needed", "Any user name, and the password of this server.")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isOurName keeps a page of somebody else, whose name leads here, from reading.
func (s *Server) isOurName(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if ip := net.ParseIP(name); ip != nil && ip.IsLoopback() || name == "localhost" {
		return true
	}
	return slices.Contains(s.Hosts, name)
}

// isAllowed compares in a time that tells nothing.
func (s *Server) isAllowed(r *http.Request) bool {
	if s.Password == "" || r.URL.Path == "/healthz" {
		return true
	}
	_, password, ok := r.BasicAuth()
	given, want := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(s.Password))
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1 && ok
}
