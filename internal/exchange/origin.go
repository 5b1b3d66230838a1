package exchange

import (
	"net"
	"net/url"
	"strings"
)

// An origin is a scheme, host and port. Credentials go to that of the base URL
// alone, and without encryption they do not leave the machine.

// IsLoopback reports whether a host is this machine.
func IsLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// SameOrigin reports whether two addresses have one scheme, host and port.
func SameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && LowerHost(a.Hostname()) == LowerHost(b.Hostname()) && portOf(a) == portOf(b)
}

// LowerHost folds the case of ASCII alone, as DNS does: hosts that only Unicode
// takes for the same, as ß and ẞ or ς and σ, belong to different people. And of
// localhost net/http knows this spelling only, where it leaves out a proxy.
func LowerHost(host string) string {
	if strings.Contains(host, "%") {
		return host // the zone of an IPv6 address has a case of its own
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, host)
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
