package insightstest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Request is a request that a [Server] received, and what it answered. It
// holds no credentials.
type Request struct {
	Method    string
	Path      string
	Query     url.Values // the parameters; RawQuery is the text as it came
	RawQuery  string
	UserAgent string
	Time      time.Time // when it arrived, by the server's clock
	Status    int       // of the answer; 0: there is none yet, or none at all
	Bytes     int       // length of the answer's body, before a fault cut it off
}

// What a server remembers at most is twice this: it forgets the older half.
const (
	maxRequests     = 100_000
	maxRequestBytes = 32 << 20 // of query strings and user agents
)

// requestLog keeps the requests in the order in which they arrived.
type requestLog struct {
	mu       sync.Mutex
	requests []*Request
	bytes    int           // of requests
	total    int           // arrived since the start or forget
	arrival  chan struct{} // closed at the next arrival; nil: nobody waits
}

// begin notes a request that arrived.
func (l *requestLog) begin(r *http.Request, now time.Time) *Request {
	entry := &Request{
		Method:    r.Method,
		Path:      r.URL.Path,
		RawQuery:  r.URL.RawQuery,
		UserAgent: r.UserAgent(),
		Time:      now,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.requests) == 2*maxRequests || l.bytes+entry.bytes() > 2*maxRequestBytes {
		l.forgetOld()
	}
	l.requests = append(l.requests, entry)
	l.bytes += entry.bytes()
	l.total++
	if l.arrival != nil {
		close(l.arrival)
		l.arrival = nil
	}
	return entry
}

// forgetOld forgets the older half.
func (l *requestLog) forgetOld() {
	l.requests = slices.Clone(l.requests[len(l.requests)/2:])
	l.bytes = 0
	for _, r := range l.requests {
		l.bytes += r.bytes()
	}
}

// bytes returns how much memory a request takes that its sender decides.
func (r *Request) bytes() int {
	return len(r.Path) + len(r.RawQuery) + len(r.UserAgent)
}

// answered notes what a request gets, before it is sent: a client that has its
// answer finds it in the log.
func (l *requestLog) answered(entry *Request, status, bytes int) Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.Status, entry.Bytes = status, bytes
	return entry.withQuery()
}

// withQuery returns a copy with the query string parsed.
func (r *Request) withQuery() Request {
	c := *r
	c.Query, _ = url.ParseQuery(r.RawQuery) // what can't be read is in RawQuery
	return c
}

// list returns a copy of the log.
func (l *requestLog) list() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Request, len(l.requests))
	for i, r := range l.requests {
		list[i] = r.withQuery()
	}
	return list
}

func (l *requestLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests, l.bytes, l.total = nil, 0, 0
}

// untilNext returns nil once n requests have arrived, and before that a channel
// that the next arrival closes.
func (l *requestLog) untilNext(n int) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total >= n {
		return nil
	}
	if l.arrival == nil {
		l.arrival = make(chan struct{})
	}
	return l.arrival
}

// Requests are the requests that the server received, in the order in which
// they arrived, also those that it refused or that met a [Fault]. Of very many
// only the last 100,000 are sure to be there, or those of the last 32 MB of
// query strings.
func (s *Server) Requests() []Request {
	return s.log.list()
}

// ForgetRequests empties what [Server.Requests] returns.
func (s *Server) ForgetRequests() {
	s.log.forget()
}

// WaitForRequests waits until n requests have arrived, whether answered or not,
// and returns them all. It fails when ctx ends or the server is closed before.
func (s *Server) WaitForRequests(ctx context.Context, n int) ([]Request, error) {
	for {
		next := s.log.untilNext(n)
		if next == nil {
			return s.Requests(), nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-s.closing.Done():
			return nil, errors.New("insightstest: the server was closed before the requests came")
		}
	}
}
