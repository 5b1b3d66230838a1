package insightstest

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sauceinsights/insights"
)

// Client returns a client of the server: with its credentials, its clock
// ([WithClock]) and its network ([InMemory]), and with what [WithDialect] and
// [WithResultWindow] say. It does what a client does in production, with two
// exceptions that make tests fast: it has no rate limits of its own, and if
// the service doesn't say how long to wait before a retry, it waits for some
// milliseconds instead of up to some seconds. A Retry-After is waited for, up
// to the 30 s that are the default, and makes the call fail beyond. opts come
// after all that and so count; insights.WithRetry(insights.RetryPolicy{}) gives
// back the waits of production. Options that are refused are a mistake; see
// [Server].
func (s *Server) Client(opts ...insights.Option) *insights.Client {
	own := []insights.Option{
		insights.WithBaseURL(s.URL),
		insights.WithClock(s.settings.now),
		insights.WithoutRateLimit(),
		insights.WithRetry(insights.RetryPolicy{BaseWait: time.Millisecond}),
		insights.WithResultWindow(s.settings.resultWindow),
	}
	if s.network != nil {
		own = append(own, insights.WithHTTPClient(s.HTTPClient()))
	}
	if s.settings.dialect != nil {
		own = append(own, insights.WithDialect(*s.settings.dialect))
	}
	c, err := insights.NewClient("", s.Credentials(), append(own, opts...)...)
	if err != nil {
		s.helper()
		s.mistake("Client", "%v", err)
	}
	s.clients.add(c)
	return c
}

// HTTPClient returns a plain client whose connections reach the server, also in
// memory. It sends no credentials of itself.
func (s *Server) HTTPClient() *http.Client {
	hc := &http.Client{Transport: s.transport()}
	s.clients.add(hc)
	return hc
}

func (s *Server) transport() *http.Transport {
	if s.network == nil {
		return new(http.Transport)
	}
	return &http.Transport{DialContext: s.Dial}
}

// Dial connects to the server, whatever network and address are: it is the
// DialContext of an [http.Transport] that reaches a server [InMemory].
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if s.network != nil {
		return s.network.dial(ctx)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(s.URL, "http://"))
}

// Credentials are those of the account that the server lets in.
func (s *Server) Credentials() insights.Credentials {
	return insights.Credentials{Username: s.settings.username, AccessKey: s.settings.key}
}

// clients are those whose idle connections close with the server. Safe for
// concurrent use.
type clients struct {
	mu   sync.Mutex
	list []idleCloser
}

type idleCloser interface{ CloseIdleConnections() }

func (c *clients) add(client idleCloser) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, client)
}

func (c *clients) closeIdleConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, client := range c.list {
		client.CloseIdleConnections()
	}
}
