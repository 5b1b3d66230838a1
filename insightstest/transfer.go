package insightstest

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// spoiled returns the answer that a request gets under a fault. truth makes the
// answer that it would have got, where the fault wants it.
func (s *Server) spoiled(f *Fault, truth func() *response) *response {
	a := s.base(f, truth)
	maps.Copy(a.header, f.Header)
	if f.Rewrite != nil {
		a.body = f.Rewrite(a.body)
	}
	if (f.Gzip || a.gzip) && f.Ending != Endless {
		a.compress()
	}
	if f.Half {
		a.body = a.body[:len(a.body)/2]
	}
	return a
}

func (s *Server) base(f *Fault, truth func() *response) *response {
	switch {
	case f.Body != nil:
		return newResponse(orDefault(f.Status, http.StatusOK), contentType(f.Body), f.Body)
	case f.Status >= http.StatusBadRequest:
		return s.refuse(&refusal{status: f.Status, message: http.StatusText(f.Status)})
	case f.Status != 0:
		return newResponse(f.Status, typeText, nil)
	}
	return truth()
}

func orDefault(status, byDefault int) int {
	if status == 0 {
		return byDefault
	}
	return status
}

func contentType(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("{")), bytes.HasPrefix(body, []byte("[")):
		return typeJSON
	case bytes.HasPrefix(body, []byte("<")):
		return typeHTML
	}
	return typeText
}

// compress turns the body into gzip, unless it is that already.
func (a *response) compress() {
	if a.header.Get("Content-Encoding") != "" {
		return
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is a valid one
	_, _ = z.Write(a.body)                          // a bytes.Buffer takes everything
	_ = z.Close()
	a.body = b.Bytes()
	a.header.Set("Content-Encoding", "gzip")
}

// transfer is one answer on its way.
type transfer struct {
	server   *Server
	w        http.ResponseWriter
	r        *http.Request
	response *response
	fault    *Fault
}

// send sends the answer to the end that the fault gives it.
func (t *transfer) send() {
	maps.Copy(t.w.Header(), t.response.header)
	switch t.fault.Ending {
	case Cut:
		t.sendPart()
		abort()
	case Stall:
		t.sendPart()
		t.server.pause(t.r, forever)
		abort()
	case Endless:
		t.sendForever()
	default:
		t.begin()
		_, _ = t.w.Write(t.response.body) // a client that went away needs nothing
	}
}

// abort ends a request without a proper end of its answer.
func abort() {
	panic(http.ErrAbortHandler)
}

// begin sends status and headers, with the length of the whole body.
func (t *transfer) begin() {
	t.w.Header().Set("Content-Length", strconv.Itoa(len(t.response.body)))
	t.w.WriteHeader(t.response.status)
}

func (t *transfer) sendPart() {
	body, n := t.response.body, t.fault.Bytes
	if n < 0 {
		n = len(body) / 2
	}
	t.begin()
	_, _ = t.w.Write(body[:min(n, len(body))])
	_ = http.NewResponseController(t.w).Flush()
}

// sendForever ends when the connection does.
func (t *transfer) sendForever() {
	var out io.Writer = t.w
	if t.fault.Gzip {
		t.w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(t.w, gzip.BestSpeed) // the level is a valid one
		out = z
	}
	t.w.WriteHeader(t.response.status)
	piece := slices.Concat(t.response.body, []byte(" "))
	piece = bytes.Repeat(piece, 1+4096/len(piece))
	for t.r.Context().Err() == nil && t.server.closing.Err() == nil {
		if _, err := out.Write(piece); err != nil {
			break
		}
	}
	abort()
}
