package insightstest

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// response is what a request gets, before a fault spoils it.
type response struct {
	status int
	header http.Header
	body   []byte
	gzip   bool   // body is to be compressed
	pooled []byte // the memory of body that is used again; nil: none
}

func newResponse(status int, contentType string, body []byte) *response {
	return &response{status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
}

// answer returns what the service says to a request.
func (s *Server) answer(r *http.Request) *response {
	limit, refused := s.limiter.take(s.now)
	if refused == nil {
		refused = s.authorize(r)
	}
	var a *response
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

func (s *Server) answerCall(r *http.Request) (*response, *refusal) {
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
	s.arrive(r.Context())
	if every := s.settings.errorsInside; every > 0 && s.asked.Add(1)%int64(every) == 0 {
		return newResponse(http.StatusOK, typeJSON, errorInside(http.StatusServiceUnavailable)), nil
	}
	p.otherReplica = s.settings.replicas && c.path == PathTests && s.lists.Add(1)%2 == 0
	w := &writer{form: s.settings.form, buf: s.buffers.take()}
	if refused := c.write(newAnswerer(&s.settings, p, s.store.snapshot(s.now().UnixMicro())), w); refused != nil {
		return nil, refused
	}
	a := newResponse(http.StatusOK, typeJSON, w.bytes())
	a.pooled = a.body
	a.gzip = s.settings.gzip && acceptsGzip(r)
	return a, nil
}

// arrive adds the runs that come in while a client pages.
func (s *Server) arrive(ctx context.Context) {
	if s.settings.arrivals == nil {
		return
	}
	s.arriving.Lock()
	defer s.arriving.Unlock()
	s.arrived++
	s.outside(ctx, func() { s.Add(s.settings.arrivals(s.arrived)...) })
}

func (s *Server) refuse(r *refusal) *response {
	contentType, body := r.body(s.settings.shape)
	a := newResponse(r.status, contentType, body)
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

// The paths of the five calls, for [Fault.Path] and [Request.Path].
const (
	PathTests       = "/v1/analytics/tests"
	PathTestMetrics = "/v1/analytics/insights/test-metrics"
	PathTestTrends  = "/v1/analytics/trends/tests"
	PathBuildsTests = "/v1/analytics/trends/builds_tests"
	PathErrorTrends = "/v1/analytics/trends/errors"
)

// call is one of the five.
type call struct {
	path       string
	parameters []string // besides those of all calls and those of a dialect
	read       func(*reader, *params)
	write      func(*answerer, *writer) *refusal
}

var platformParameters = []string{"os", "browser"}

var calls = []*call{
	{PathTests, []string{"build", "error", "from", "size"}, readTests, always((*answerer).writeTests)},
	{PathTestMetrics, append(platformParameters, "query"), readMetrics, always((*answerer).writeMetrics)},
	{PathTestTrends, append(platformParameters, "interval"), readTrends, (*answerer).writeTrends},
	{PathBuildsTests, platformParameters, readPlatforms, always((*answerer).writeBuilds)},
	{PathErrorTrends, platformParameters, readPlatforms, always((*answerer).writeErrors)},
}

// always returns the write of a call that refuses nothing once its parameters
// are read.
func always(write func(*answerer, *writer)) func(*answerer, *writer) *refusal {
	return func(a *answerer, w *writer) *refusal {
		write(a, w)
		return nil
	}
}

// route finds the call of a request, or says why it has none.
func (s *Server) route(r *http.Request) (*call, *refusal) {
	i := slices.IndexFunc(calls, func(c *call) bool { return c.path == r.URL.Path })
	switch {
	case i < 0 || s.settings.noErrorTrends && r.URL.Path == PathErrorTrends:
		return nil, &refusal{status: http.StatusNotFound, message: "Not found."}
	case r.Method != http.MethodGet:
		return nil, &refusal{status: http.StatusMethodNotAllowed, message: "Method not allowed: use GET."}
	}
	return calls[i], nil
}

// bufferPool hands out the memory of answers again.
type bufferPool struct{ pool sync.Pool }

// maxKept is the largest buffer that is used again.
const maxKept = 1 << 20

func (p *bufferPool) take() []byte {
	if buf, ok := p.pool.Get().(*[]byte); ok {
		return (*buf)[:0]
	}
	return make([]byte, 0, 4<<10)
}

func (p *bufferPool) put(buf []byte) {
	if buf != nil && cap(buf) <= maxKept {
		p.pool.Put(&buf)
	}
}
