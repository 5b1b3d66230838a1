package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/sauceinsights/insights/internal/redact"
)

// errNoStatus is an answer that no HTTP server gives.
var errNoStatus = errors.New("malformed HTTP answer: it has no status")

// response is what came back of an attempt.
type response struct {
	received time.Time   // when the last of it came
	status   int         // 0: there was no answer
	header   http.Header // without credentials; nil: there was no answer
	body     *bodyBuffer // nil: there was no answer
	err      error       // why there was none, or why the rest of the body is missing
}

// send makes one request, follows its redirects, and reads the whole answer,
// within the timeout of an attempt.
func send(ctx context.Context, a *attempt) {
	x := a.of
	defer x.Limits.Server.Finish()
	x.dropStaleConnections()
	began := time.Now()
	s := x.sender(ctx)
	defer s.end(nil)
	a.response = s.follow()
	a.received = time.Now()
	a.duration = a.received.Sub(began)
	x.distrustConnections(s.bounded)
}

// sender sends the requests of one attempt: the first, and those of redirects.
type sender struct {
	*exchange
	transport http.RoundTripper
	whole     context.Context // of the call
	bounded   context.Context // of the attempt
	end       context.CancelCauseFunc
	watch     connectionWatch
	timeout   *time.Timer
	deadline  time.Time
}

// sender begins an attempt, which ends after the timeout, or if net/http sends its
// request again and again.
func (x *exchange) sender(ctx context.Context) *sender {
	s := &sender{exchange: x, transport: x.Transport(), whole: ctx, deadline: time.Now().Add(x.Timeout)}
	bounded, end := context.WithCancelCause(ctx)
	_, isStandard := s.transport.(*http.Transport)
	s.watch = watchConnections(end, isStandard)
	s.bounded, s.end = s.watch.context(bounded), end
	s.timeout = time.AfterFunc(x.Timeout, s.timeOut)
	return s
}

func (s *sender) timeOut() {
	s.end(&attemptTimeout{s.Timeout, s.watch.at()})
}

// ask makes one request, and reads the whole answer. The caller's transport sees no
// more than a request: its idle connections are not closed on a failure.
func (s *sender) ask(at, referer *url.URL) response {
	request := s.request(at, referer)
	if leaksToProxy(s.transport, request) {
		return response{err: errPlainProxy}
	}
	s.watch.begin()
	resp, err := roundTrip(s.transport, request)
	if err != nil {
		err = s.asRefusal(request, asMismatch(err))
		return response{err: withoutURL(s.causeOr(err))}
	}
	resp.Header = s.Mask.Header(resp.Header)
	answer := s.read(&resp)
	s.keepCookies(at, &resp)
	return answer
}

var (
	emptyGet   = &http.Request{Method: http.MethodGet, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	acceptJSON = []string{"application/json"}
)

func (s *sender) request(at, referer *url.URL) *http.Request {
	request := emptyGet.WithContext(s.bounded)
	address := *at // the transport's own, whatever it does with it
	request.URL, request.Host = &address, address.Host
	request.Header = http.Header{"Accept": acceptJSON[:1:1], "User-Agent": {s.UserAgent}}
	s.Authorize(request)
	s.addCookies(request)
	if referer != nil {
		request.Header.Set("Referer", referer.String())
	}
	return request
}

// read reads the body of an answer.
func (s *sender) read(resp *http.Response) response {
	s.watch.enter(inBody)
	if resp.ProtoMajor > 1 {
		defer s.watch.guard(s.bounded)()
	}
	defer func() { _ = resp.Body.Close() }() // what was read is all there is to know
	body := readBody(s.bounded, resp, s.MaxBytes)
	body.err = s.causeOr(body.err)
	if body.err == errBodyTooLarge && resp.StatusCode >= http.StatusBadRequest {
		s.drain(resp.Body)
	}
	return response{status: resp.StatusCode, header: resp.Header, body: body, err: body.err}
}

// The rest of a long refusal is read for the sake of its connection, up to a bound.
const (
	maxDrained = 1 << 20
	drainTime  = time.Second
)

func (s *sender) drain(body io.Reader) {
	defer time.AfterFunc(drainTime, func() { s.end(nil) }).Stop()
	_, _ = io.CopyN(io.Discard, body, maxDrained) // whatever comes of it, the status is known
}

// roundTrip gives a response that is the exchange's own and complete in its form,
// whatever the transport of a caller or of a test left out of it or shares.
func roundTrip(transport http.RoundTripper, request *http.Request) (http.Response, error) {
	given, err := transport.RoundTrip(request)
	if given == nil {
		return http.Response{}, cmp.Or(err, errNoStatus)
	}
	resp := *given
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if err != nil || resp.StatusCode < 100 {
		_ = resp.Body.Close() // not to be read, so there is nothing to know
		return http.Response{}, cmp.Or(err, errNoStatus)
	}
	if resp.Header == nil {
		resp.Header = make(http.Header)
	}
	return resp, nil
}

// attemptTimeout is the end of an attempt that took too long. It is a [net.Error].
type attemptTimeout struct {
	after time.Duration
	at    phase
}

func (e *attemptTimeout) Error() string {
	return redact.Join(", ", fmt.Sprintf("the attempt took longer than %s", e.after), string(e.at))
}

// Timeout implements [net.Error].
func (e *attemptTimeout) Timeout() bool { return true }

// Temporary implements [net.Error].
func (e *attemptTimeout) Temporary() bool { return true }

// causeOr is why the attempt was ended, if it was, and err otherwise.
func (s *sender) causeOr(err error) error {
	if err == nil {
		return nil
	}
	cause := context.Cause(s.bounded)
	if _, ok := cause.(*attemptTimeout); ok || cause == errNoneAnswered {
		return cause
	}
	return err
}

// withoutURL takes off the wrapper of net/http, whose text holds the URL.
func withoutURL(err error) error {
	for {
		wrapper, ok := err.(*url.Error)
		if !ok {
			return err
		}
		err = wrapper.Err
	}
}
