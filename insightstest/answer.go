package insightstest

import (
	"net/http"
	"net/url"
	"strings"
)

// answer is what a request gets, before a fault spoils it.
type answer struct {
	status int
	header http.Header
	body   []byte
	pooled []byte // the memory of body that is used again; nil: none
}

func newAnswer(status int, contentType string, body []byte) *answer {
	return &answer{status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
}

// answer is what the service says to a request.
func (s *Server) answer(r *http.Request) *answer {
	limit, refused := s.limiter.take(s.settings.now())
	if refused == nil {
		refused = s.authorize(r)
	}
	var a *answer
	if refused == nil {
		a, refused = s.answerCall(r)
	}
	if refused != nil {
		a = s.refuse(refused)
	}
	limit.describe(a.header, s.settings.retryAfterDate)
	return a
}

func (s *Server) authorize(r *http.Request) *refusal {
	username, key, _ := r.BasicAuth()
	if username == s.settings.username && key == s.settings.key {
		return nil
	}
	return &refusal{status: s.settings.unauthorizedStatus, message: "Not authorized: wrong user name or access key."}
}

func (s *Server) answerCall(r *http.Request) (*answer, *refusal) {
	c, refused := s.route(r)
	if refused != nil {
		return nil, refused
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &refusal{status: s.settings.invalidStatus, message: "the query string can't be read."}
	}
	p, refused := readParams(&s.settings, c, values)
	if refused != nil {
		return nil, refused
	}
	if c.path == PathTests {
		s.arrive()
	}
	w := &writer{form: s.settings.form, buf: s.buffers.take()}
	if refused := c.write(newAnswerer(&s.settings, p, s.store.snapshot()), w); refused != nil {
		return nil, refused
	}
	a := newAnswer(http.StatusOK, typeJSON, w.bytes())
	a.pooled = a.body
	if s.settings.gzip && acceptsGzip(r) {
		a.compress()
	}
	return a, nil
}

// arrive adds the runs that come in while a client pages.
func (s *Server) arrive() {
	if s.settings.arrivals == nil {
		return
	}
	s.arriving.Lock()
	defer s.arriving.Unlock()
	s.arrived++
	s.Add(s.settings.arrivals(s.arrived)...)
}

func (s *Server) refuse(r *refusal) *answer {
	contentType, body := r.body(s.settings.shape)
	a := newAnswer(r.status, contentType, body)
	switch r.status {
	case http.StatusUnauthorized:
		a.header.Set("WWW-Authenticate", `Basic realm="insightstest"`)
	case http.StatusMethodNotAllowed:
		a.header.Set("Allow", http.MethodGet)
	}
	return a
}

func acceptsGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}
