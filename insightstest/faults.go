package insightstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault spoils answers; see [Server.Fail]. Its fields work together: a 503 that
// comes late, with an HTML body that breaks off, is one Fault. The zero Fault matches one request and leaves its answer as it
// is.
//
// The functions below make the common ones, each for the next n requests: n 0
// means one, and below zero all. [Fault.On] and [Fault.After] narrow them.
type Fault struct {
	Path  string             // the path of the requests that it meets; empty: any
	Match func(Request) bool // which of those it meets; nil: all. It must not use the server
	Skip  int                // how many of those it lets pass first
	Count int                // how many it then meets; 0: one; below zero: all

	Delay  time.Duration // before anything is sent; it ends when the client goes or the server closes
	Status int           // 0: the status of the true answer, or 200 with a Body
	Header http.Header   // replaces headers of the answer; one with a nil list is left out
	Body   []byte        // nil: the true answer, or, with a Status, what the server says with it
	Gzip   bool          // compresses the body

	// Rewrite returns what is sent instead of the body, before it is compressed
	// and halved; nil: the body. It must not change its argument.
	Rewrite func(body []byte) []byte
	Half    bool // sends the first half of the body only, as if it were all

	Ending Ending // how the transfer ends
	Bytes  int    // how much of the body comes before a Cut or Stall; below zero: half
}

// Ending is how the transfer of an answer ends.
type Ending int

// The endings of a transfer. Cut and Stall announce the length of the whole
// body.
const (
	Complete Ending = iota // the body arrives
	Drop                   // the connection is closed before the answer begins
	Cut                    // the connection is closed after Bytes bytes of the body
	Stall                  // after Bytes bytes of the body nothing comes, until the client goes or the server closes
	Endless                // the body is repeated until the client goes or the server closes
)

// On returns f for the requests of one path only.
func (f Fault) On(path string) Fault {
	f.Path = path
	return f
}

// After returns f for the requests after the first skip that it would meet.
func (f Fault) After(skip int) Fault {
	f.Skip = skip
	return f
}

// Validate returns an error that says what can't be, nil if there is nothing:
// a path that is none of the five calls, negative numbers, a status that is no
// final answer of HTTP, names and values that are not allowed in a header, a
// body with a status that has none.
func (f Fault) Validate() error {
	switch {
	case f.Path != "" && !slices.ContainsFunc(calls, func(c *call) bool { return c.path == f.Path }):
		return fmt.Errorf("the path %q is none of the five calls", f.Path)
	case f.Skip < 0:
		return fmt.Errorf("it skips %d requests", f.Skip)
	case f.Delay < 0:
		return fmt.Errorf("the delay %s is negative", f.Delay)
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("the status %d is none that ends an exchange: use 200 to 599", f.Status)
	case len(f.Body) > 0 && (f.Status == http.StatusNoContent || f.Status == http.StatusNotModified):
		return fmt.Errorf("an answer with status %d has no body", f.Status)
	case f.Ending < Complete || f.Ending > Endless:
		return fmt.Errorf("the ending %d is unknown", f.Ending)
	}
	return validateHeader(f.Header)
}

func validateHeader(h http.Header) error {
	for name, values := range h {
		if !headerName.MatchString(name) {
			return fmt.Errorf("%q is not the name of a header", name)
		}
		if strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
			return fmt.Errorf("the value of %s has a line break or a NUL", name)
		}
	}
	return nil
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// String describes the fault on one line, for messages.
func (f Fault) String() string {
	text := "the true answer"
	if f.Status != 0 {
		text = fmt.Sprint("status ", f.Status)
	}
	if f.Delay == forever {
		text = "no answer"
	}
	text += endings[f.Ending]
	if f.Path != "" {
		text += " on " + f.Path
	}
	if f.Skip > 0 {
		text += fmt.Sprint(" after ", f.Skip)
	}
	return text
}

var endings = [...]string{Complete: "", Drop: ", dropped", Cut: ", cut off", Stall: ", stalled", Endless: ", endless"}

// Throttle answers 429. after is rounded up to seconds for Retry-After; 0
// leaves the header out.
func Throttle(n int, after time.Duration) Fault {
	header := http.Header{"X-Ratelimit-Limit": {"10"}, "X-Ratelimit-Remaining": {"0"}}
	if after > 0 {
		seconds := strconv.Itoa(wholeSeconds(after))
		header["X-Ratelimit-Reset"] = []string{seconds}
		header["Retry-After"] = []string{seconds}
	}
	return Fault{Count: n, Status: http.StatusTooManyRequests, Header: header}
}

// ThrottleUntil answers 429 with a date in Retry-After, rounded up to a second.
func ThrottleUntil(n int, t time.Time) Fault {
	return Fault{Count: n, Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {httpDate(t)}}}
}

// Outage answers 503.
func Outage(n int) Fault {
	return Fault{Count: n, Status: http.StatusServiceUnavailable}
}

// BadGateway answers 502 with the page of a proxy.
func BadGateway(n int) Fault {
	return Reply(n, http.StatusBadGateway, string(htmlPage(http.StatusBadGateway, "The upstream server did not answer.")))
}

// Reply answers with a status and a body, which may be empty. Its content type
// is that of JSON, HTML or text, by what it begins with.
func Reply(n, status int, body string) Fault {
	return Fault{Count: n, Status: status, Body: []byte(body)}
}

// HTML answers 200 with a page, as the login page of a proxy would.
func HTML(n int) Fault {
	return Reply(n, http.StatusOK, string(htmlPage(http.StatusOK, "Please log in to the network.")))
}

// WrongType sends the true answer under another content type; empty: under none.
func WrongType(n int, contentType string) Fault {
	header := http.Header{"Content-Type": nil}
	if contentType != "" {
		header["Content-Type"] = []string{contentType}
	}
	return Fault{Count: n, Header: header}
}

// Slow sends the true answer after d.
func Slow(n int, d time.Duration) Fault {
	return Fault{Count: n, Delay: d}
}

// Hang never answers: the connection stays open until the client goes or the
// server closes.
func Hang(n int) Fault {
	return Fault{Count: n, Delay: forever}
}

// DropConnection closes the connection instead of answering.
func DropConnection(n int) Fault {
	return Fault{Count: n, Ending: Drop}
}

// CutAt closes the connection after that many bytes of the true body.
func CutAt(n, bytes int) Fault {
	return Fault{Count: n, Ending: Cut, Bytes: bytes}
}

// Truncate closes the connection after half of the true body: less comes than
// Content-Length announces.
func Truncate(n int) Fault {
	return CutAt(n, -1)
}

// HalfJSON sends half of the true body as if it were all.
func HalfJSON(n int) Fault {
	return Fault{Count: n, Half: true}
}

// StallAt sends that many bytes of the true body and then nothing more.
func StallAt(n, bytes int) Fault {
	return Fault{Count: n, Ending: Stall, Bytes: bytes}
}

// EndlessBody sends a JSON text that never ends.
func EndlessBody(n int) Fault {
	return Fault{Count: n, Status: http.StatusOK, Body: []byte(`{"items":[{"id":"`), Ending: Endless}
}

// GzipBomb returns [EndlessBody], compressed: a few bytes on the wire are very
// many to the client.
func GzipBomb(n int) Fault {
	f := EndlessBody(n)
	f.Gzip = true
	return f
}

// BadGzip calls something gzip that is not.
func BadGzip(n int) Fault {
	header := http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {typeJSON}}
	return Fault{Count: n, Status: http.StatusOK, Header: header, Body: []byte("this was never compressed")}
}

// ShortGzip sends half of the true body, compressed, as if it were all.
func ShortGzip(n int) Fault {
	return Fault{Count: n, Gzip: true, Half: true}
}

// LoseMember sends the true answer without one of the members of its object, as
// if the service forgot it: has_more, say.
func LoseMember(n int, name string) Fault {
	return Fault{Count: n, Rewrite: func(body []byte) []byte {
		return withMembers(body, func(m map[string]json.RawMessage) { delete(m, name) })
	}}
}

// ErrorInside answers 200 with an error inside:
// {"meta":{"status":503},"error":"…","items":null}.
func ErrorInside(n, status int) Fault {
	return Reply(n, http.StatusOK, string(errorInside(status)))
}

// EmptyList answers /tests with an empty list and no more to come, as a service
// does whose index is being rebuilt.
func EmptyList(n int) Fault {
	return Fault{Path: PathTests, Count: n, Rewrite: func(body []byte) []byte {
		return withMembers(body, func(m map[string]json.RawMessage) {
			m["items"], m["has_more"] = json.RawMessage("[]"), json.RawMessage("false")
		})
	}}
}

// withMembers returns a JSON object with other members; what is no object stays
// as it is.
func withMembers(body []byte, change func(map[string]json.RawMessage)) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return body
	}
	change(members)
	text, err := json.Marshal(members)
	if err != nil {
		return body
	}
	return text
}

// Redirect answers 302 to a location, which may be a path on the same server.
func Redirect(n int, location string) Fault {
	return Fault{Count: n, Status: http.StatusFound, Header: http.Header{"Location": {location}}}
}

// Fail lets the next requests meet these faults, after those of earlier calls
// are used up. Every request meets one at most: the first that matches it. It
// has a fault whatever its credentials and parameters are. A fault that
// [Fault.Validate] refuses is a mistake; see [Server].
func (s *Server) Fail(faults ...Fault) {
	for _, f := range faults {
		if err := f.Validate(); err != nil {
			s.helper()
			s.mistake("Fail", "%v", err)
		}
	}
	s.faults.add(faults)
}

// Pending returns the faults that are not used up, in the order in which they
// will be met, with the Skip and Count that are left.
func (s *Server) Pending() []Fault {
	return s.faults.pending()
}

// Recover removes all faults that are not used up. Requests that a fault holds
// already stay held.
func (s *Server) Recover() {
	s.faults.clear()
}

// fault returns the one that a request meets; the zero Fault: none.
func (s *Server) fault(r *http.Request, entry *Request) (met Fault) {
	if !s.faults.haveMatch() {
		return s.faults.take(entry)
	}
	s.outside(r.Context(), func() { met = s.faults.take(entry) }) // Match is the user's
	return met
}

// requireFaultsMet fails the test if a fault was not met by any request.
func (s *Server) requireFaultsMet() {
	s.t.Helper()
	if s.t.Failed() || s.t.Skipped() {
		return
	}
	for _, f := range s.faults.neverMet() {
		s.t.Errorf("insightstest: no request met the fault %q: what it should show was not tested", f)
	}
}

// helper marks the caller as a helper of the test, if there is one.
func (s *Server) helper() {
	if s.t != nil {
		s.t.Helper()
	}
}

// faultQueue holds the faults that are not used up. Safe for concurrent use.
type faultQueue struct {
	mu     sync.Mutex
	faults []queued
}

// queued is a fault with what is left of its counts.
type queued struct {
	Fault
	wasMet bool
}

func (q *faultQueue) add(faults []Fault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, f := range faults {
		if f.Count == 0 {
			f.Count = 1
		}
		q.faults = append(q.faults, queued{Fault: f})
	}
}

func (q *faultQueue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults = nil
}

func (q *faultQueue) pending() []Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]Fault, len(q.faults))
	for i, f := range q.faults {
		list[i] = f.Fault
	}
	return list
}

func (q *faultQueue) neverMet() []Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	var list []Fault
	for _, f := range q.faults {
		if !f.wasMet {
			list = append(list, f.Fault)
		}
	}
	return list
}

func (q *faultQueue) haveMatch() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.ContainsFunc(q.faults, func(f queued) bool { return f.Match != nil })
}

func (q *faultQueue) take(r *Request) Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.faults {
		f := &q.faults[i]
		if !f.matches(r) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		met := f.Fault
		f.wasMet = true
		if f.Count--; f.Count == 0 {
			q.faults = slices.Delete(q.faults, i, i+1)
		}
		return met
	}
	return Fault{}
}

func (f *Fault) matches(r *Request) bool {
	if f.Path != "" && f.Path != r.Path {
		return false
	}
	return f.Match == nil || f.Match(r.withQuery())
}
