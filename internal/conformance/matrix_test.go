package conformance_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// The matrix: every fault, of the network or of the service, on every call,
// under every setting (under the race detector on one call for each setting,
// and what takes long under one setting only).
// For each cell: the kind of error, the attempts that the policy allows and no
// more, the deadline, and whether the connection is used again. That nothing is
// left behind is what ends a bubble of testing/synctest.

// fault is something that goes wrong with every request.
type fault struct {
	name    string
	server  server
	outcome outcome
}

// server serves on a network, with its fault in the first requests; below zero,
// in all. stop waits for its end, once the client has left.
type server interface {
	serve(n *network, first int) (stop func())
}

// outcome is what a call makes of a fault.
type outcome struct {
	kind    error // nil: it succeeds
	retried bool  // as often as the policy allows
	closed  bool  // no connection is used twice
	hangs   bool  // until the attempt's timeout
	unsent  bool  // no request goes out in clear
	perTry  int   // requests of an attempt; 0: one
	lasting bool  // it does not pass
	heavy   bool  // it takes long: each setting is tried on one call
}

func succeeds() outcome        { return outcome{} }
func fails(kind error) outcome { return outcome{kind: kind} }

// breaksOff is half an answer that looks like a whole one.
func breaksOff() outcome { return outcome{kind: insights.ErrBadResponse, retried: true} }

func breaks() outcome { return outcome{kind: insights.ErrTransport, retried: true, closed: true} }

func hangs() outcome {
	return outcome{kind: insights.ErrTimeout, retried: true, closed: true, hangs: true}
}
func (o outcome) repeated() outcome { o.retried = true; return o }
func (o outcome) closing() outcome  { o.closed = true; return o }
func (o outcome) before() outcome   { o.closed, o.unsent = true, true; return o }
func (o outcome) heavily() outcome  { o.heavy = true; return o }
func (o outcome) forever() outcome  { o.lasting = true; return o }
func (o outcome) times(n int) outcome {
	o.perTry = n
	return o
}

// setting is how a client is set up and called.
type setting struct {
	name     string
	attempts int
	deadline time.Duration // 0: none
	passes   bool          // the fault is gone with the second request
}

var settings = []setting{
	{name: "one attempt", attempts: 1},
	{name: "three attempts", attempts: 3},
	{name: "a deadline", attempts: 3, deadline: 2 * time.Second},
	{name: "a fault that passes", attempts: 3, passes: true},
}

// attemptTimeout is the default one.
const attemptTimeout = 30 * time.Second

// fake is an insightstest server with a fault.
type fake insightstest.Fault

func (f fake) serve(n *network, first int) (stop func()) {
	srv := insightstest.NewServer(insightstest.WithListener(n))
	f.Count = first
	srv.Fail(insightstest.Fault(f))
	return srv.Close
}

func answering(body string) fake { return fake(insightstest.Reply(0, http.StatusOK, body)) }

// down is a network on which connections fail.
type down struct{ failure error }

func (d down) serve(n *network, first int) (stop func()) {
	n.failure = d.failure
	n.refuse.Store(int32(first))
	return say(ok(nothing)).serve(n, -1)
}

func lookup(text string, gone bool) down {
	return down{&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: text, Name: "insights.test", IsNotFound: gone, IsTemporary: !gone}}}
}

const (
	head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
	half = head + `{"items":[`
)

// shaking is a server that behaves so in the TLS handshake.
type shaking struct{ behaviour }

func (s shaking) serve(n *network, _ int) (stop func()) {
	n.address = "https://127.0.0.1"
	return n.serve(func(conn *serverEnd) {
		_, _ = conn.Read(make([]byte, 4096)) // the greeting
		s.behaviour(conn)
	})
}

// certified is a server whose certificate no authority has signed.
type certified struct{}

func (certified) serve(n *network, _ int) (stop func()) {
	n.address = "https://127.0.0.1"
	return n.serve(func(conn *serverEnd) {
		_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{selfSigned()}}).Handshake()
	})
}

// proxied is a proxy that answers so when it is asked for a connection.
type proxied struct{ behaviour }

func (p proxied) serve(n *network, first int) (stop func()) {
	n.address = "https://insights.test"
	n.proxy = &url.URL{Scheme: "http", Host: "127.0.0.1"}
	return p.behaviour.serve(n, first)
}

func redirect(location string) fake { return fake(insightstest.Redirect(0, location)) }

func everywhere(value string) string {
	return strings.ReplaceAll(`{"items":[{"duration":N}],"has_more":false,"aggs":{"count":N},"buckets":[{"count":N}],"builds":{"items":[{"tests_count":N}]}}`, "N", value)
}

var faults = []fault{
	{"connection refused", down{errRefused}, breaks().before()},
	{"a name that is not found", lookup("no such host", true), fails(insights.ErrTransport).before()},
	{"a name server that fails", lookup("server misbehaving", false), breaks().before()},
	{"a certificate of nobody's", certified{}, fails(insights.ErrTransport).before().forever()},
	{"a TLS alert", shaking{sayAndClose("\x15\x03\x01\x00\x02\x02\x28")}, fails(insights.ErrTransport).before().forever()},
	{"no TLS", shaking{sayAndClose("HTTP/1.1 400 Bad Request\r\n\r\n")}, fails(insights.ErrTransport).before().forever()},
	{"closed in the TLS handshake", shaking{sayAndClose("\x16\x03")}, breaks().before().forever()},
	{"reset in the TLS handshake", shaking{sayAndReset("")}, breaks().before().forever()},
	{"silence in the TLS handshake", shaking{sayAndHold("")}, hangs().before().forever()},
	{"a proxy that asks for credentials", proxied{say("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")}, fails(insights.ErrTransport).before().forever()},
	{"a proxy that forbids", proxied{say("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")}, fails(insights.ErrTransport).before().forever()},
	{"a proxy that finds nobody", proxied{say("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")}, breaks().before().forever()},
	{"a proxy that is silent", proxied{sayAndHold("")}, hangs().before().forever()},
	{"reset before the headers", sayAndReset(""), breaks()},
	{"closed before the headers", fake(insightstest.DropConnection(0)), breaks()},
	{"reset in the headers", sayAndReset("HTTP/1.1 200 OK\r\nContent-Le"), breaks()},
	{"closed in the headers", sayAndClose("HTTP/1.1 200 OK\r\nContent-Le"), breaks()},
	{"reset after the headers", sayAndReset(head), breaks()},
	{"reset in the body", sayAndReset(half), breaks()},
	{"closed in the body", fake(insightstest.Truncate(0)), breaks()},
	{"closed in a chunk", sayAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"), breaks()},
	{"a broken chunk", sayAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"), breaks()},
	{"closed in a refusal", sayAndClose("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nno"), fails(insights.ErrNotFound).closing()},
	{"closed in an outage", sayAndClose("HTTP/1.1 503 Down\r\nContent-Length: 100\r\n\r\nno"), fails(insights.ErrServer).repeated().closing()},
	{"half-open silence", fake(insightstest.Hang(0)), hangs()},
	{"silence after the headers", fake(insightstest.StallAt(0, 0)), hangs()},
	{"silence in the body", fake(insightstest.StallAt(0, 10)), hangs()},
	{"headers that dribble", sayAndDribble("HTTP/1.1 200 OK\r\nX-Slow: ", "x"), hangs()},
	{"a body that dribbles", sayAndDribble(half, " "), hangs()},
	{"a refusal that dribbles", sayAndDribble("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nno", " "), outcome{kind: insights.ErrForbidden, closed: true, hangs: true}},
	{"an outage that dribbles", sayAndDribble("HTTP/1.1 503 Down\r\nContent-Length: 100\r\n\r\nno", " "), outcome{kind: insights.ErrServer, retried: true, closed: true, hangs: true}},
	{"early hints that dribble", sayAndDribble("", "HTTP/1.1 103 Early Hints\r\n\r\n"), hangs()},

	{"no HTTP", sayAndClose("SSH-2.0-OpenSSH_9.9\r\n"), breaks()},
	{"status 000", say("HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\n{}"), breaks()},
	{"status 99", sayAndClose("HTTP/1.1 99 Odd\r\nContent-Length: 2\r\n\r\n{}"), breaks()},
	{"two lengths", sayAndClose("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), breaks()},
	{"a length too short", sayAndClose("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n" + `{"items":[]}`), breaksOff().closing()},
	{"switching protocols", sayAndDribble("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "x"), fails(insights.ErrBadResponse).closing()},
	{"early hints", say("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + ok(nothing)), succeeds()},
	{"early hints without an end", sayAgain("", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000)), fails(insights.ErrResponseTooLarge).closing().heavily()},
	{"a flood of headers", sayAgain("HTTP/1.1 200 OK\r\n", "X-Flood: "+strings.Repeat("x", 10_000)+"\r\n"), fails(insights.ErrResponseTooLarge).closing()},
	{"a header without an end", sayAgain("HTTP/1.1 200 OK\r\nX-Flood: ", strings.Repeat("x", 10_000)), fails(insights.ErrResponseTooLarge).closing()},
	{"a length too large", sayAndHold("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n{"), fails(insights.ErrResponseTooLarge).closing()},
	{"a body without an end", fake(insightstest.EndlessBody(0)), fails(insights.ErrResponseTooLarge).closing().heavily()},
	{"a gzip bomb", fake(insightstest.GzipBomb(0)), fails(insights.ErrResponseTooLarge).closing().heavily()},
	{"HTTP/1.0 without a length", sayAndClose("HTTP/1.0 200 OK\r\n\r\n" + nothing), succeeds().closing()},

	{"truncated gzip", fake(insightstest.ShortGzip(0)), fails(insights.ErrTransport).repeated()},
	{"an encoding that nobody asked for", fake(insightstest.Fault{Header: http.Header{"Content-Encoding": {"br"}}, Body: []byte("\x0b\x02\x80{}\x03"), Status: http.StatusOK}), fails(insights.ErrBadResponse)},
	{"no gzip", fake(insightstest.BadGzip(0)), fails(insights.ErrBadResponse)},
	{"truncated JSON", fake(insightstest.HalfJSON(0)), breaksOff()},
	{"trailing garbage", answering(nothing + "x"), fails(insights.ErrBadResponse)},
	{"two values", answering(nothing + nothing), fails(insights.ErrBadResponse)},
	{"an array", answering("[" + nothing + "]"), fails(insights.ErrBadResponse)},
	{"null", fake(insightstest.Fault{Body: []byte("null"), Header: http.Header{"Content-Type": {"application/json"}}}), fails(insights.ErrBadResponse)},
	{"an empty body", fake(insightstest.Fault{Body: []byte{}, Header: http.Header{"Content-Type": {"application/json"}}}), fails(insights.ErrBadResponse)},
	{"another object", answering(`{"error":"no"}`), fails(insights.ErrBadResponse)},
	{"too deep", answering(`{"meta":` + strings.Repeat("[", 10_001)), fails(insights.ErrBadResponse).heavily()},
	{"deep, and not asked for", answering(`{"items":[],"aggs":{},"buckets":[],"builds":{},"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}"), succeeds().heavily()},
	{"a name twice", answering(`{"meta":{"status":200,"status":200},"meta":{},"items":[],"items":[],"aggs":{},"buckets":[],"builds":{}}`), succeeds()},
	{"invalid UTF-8", answering("{\"meta\":{\"status\":\"\xff\"},\"items\":[{\"name\":\"\xc3\"}],\"has_more\":false,\"aggs\":{},\"buckets\":[],\"builds\":{}}"), succeeds()},
	{"a number out of range", answering(everywhere("1e999")), succeeds()},
	{"a text for a number", answering(everywhere(`"many"`)), succeeds()},
	{"too many elements", answering(`{"items":[` + strings.Repeat("{},", 100_001) + `{}]}`), fails(insights.ErrResponseTooLarge).heavily()},
	{"a page", fake(insightstest.HTML(0)), fails(insights.ErrBadResponse)},
	{"another type", fake(insightstest.WrongType(0, "text/csv")), fails(insights.ErrBadResponse)},
	{"no type", fake(insightstest.WrongType(0, "")), succeeds()},
	{"204", say("HTTP/1.1 204 No Content\r\n\r\n"), fails(insights.ErrBadResponse)},
	{"205", say("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"), fails(insights.ErrBadResponse)},
	{"206", fake(insightstest.Reply(0, http.StatusPartialContent, nothing)), fails(insights.ErrBadResponse)},

	{"a redirect to the same place", redirect("/v1/analytics/tests"), fails(insights.ErrRedirect).times(11).forever()},
	{"a redirect to another host", redirect("http://other.example/v1/analytics/tests"), fails(insights.ErrRedirect)},
	{"a redirect to another port", redirect("http://127.0.0.1:81/v1/analytics/tests"), fails(insights.ErrRedirect)},
	{"a redirect to another scheme", redirect("https://127.0.0.1/v1/analytics/tests"), fails(insights.ErrRedirect)},
	{"a redirect to nowhere", redirect(""), fails(insights.ErrRedirect)},
	{"304", say("HTTP/1.1 304 Not Modified\r\n\r\n"), fails(insights.ErrBadResponse)},
	{"a proxy's 407", fake(insightstest.Reply(0, http.StatusProxyAuthRequired, "who are you?")), fails(insights.ErrTransport)},
	{"a storm of 429", fake(insightstest.Throttle(0, 0)), fails(insights.ErrRateLimited).repeated()},
	{"a storm of 429 that orders waits", fake(insightstest.Throttle(0, time.Second)), fails(insights.ErrRateLimited).repeated()},
	{"429 for an hour", fake(insightstest.Throttle(0, time.Hour)), fails(insights.ErrRateLimited)},
	{"an outage", fake(insightstest.Outage(0)), fails(insights.ErrServer).repeated()},
	{"a bad gateway", fake(insightstest.BadGateway(0)), fails(insights.ErrServer).repeated()},
	{"a slow answer", fake(insightstest.Slow(0, time.Second)), succeeds()},
}

// resets break off at each kibibyte of a body.
func resets() []fault {
	body := `{"items":[],"x":"` + strings.Repeat("x", 16<<10) + `"}`
	var all []fault
	for length := 0; length < len(body); length += 1 << 10 {
		whole := ok(body)
		cut := sayAndReset(whole[:len(whole)-len(body)+length])
		all = append(all, fault{fmt.Sprintf("reset after %d bytes of the body", length), cut, breaks()})
	}
	return all
}

func TestClientFaults(t *testing.T) {
	t.Run("are told by their kind", func(t *testing.T) {
		for i, fault := range slices.Concat(faults, resets()) {
			t.Run(fault.name, func(t *testing.T) {
				t.Parallel()
				for j, setting := range settings {
					if isAbridged() && ((i+j)%share() > 0 || fault.outcome.heavy && j != i%len(settings)) {
						continue
					}
					calls := theCalls
					if fault.outcome.heavy || isAbridged() {
						calls = theCalls[(i+j)%len(theCalls):][:1]
					}
					synctest.Test(t, func(t *testing.T) { fault.under(t, setting, pipe, calls) })
				}
			})
		}
	})

	// Real connections break off in the same way.
	t.Run("are told by their kind on sockets too", func(t *testing.T) {
		t.Parallel()
		once := setting{name: "one attempt on a socket", attempts: 1}
		for _, fault := range slices.Concat(faults, resets()) {
			if fault.outcome == breaks() {
				fault.under(t, once, sockets, theCalls[:1])
			}
		}
	})
}

func TestAllTestsFaults(t *testing.T) {
	// A loop over all runs keeps its deadline, whatever the fault, and leaves
	// nothing behind.
	t.Run("a loop meets every fault", func(t *testing.T) {
		within := setting{attempts: 3, deadline: 2 * time.Second}
		for _, fault := range faults {
			if fault.outcome.heavy && isAbridged() {
				continue
			}
			t.Run(fault.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { fault.onLoop(t, within) })
			})
		}
	})
}

func (f fault) onLoop(t *testing.T, s setting) {
	n := newNetwork(pipe)
	stop := f.server.serve(n, -1)
	transport := &http.Transport{DialContext: n.dial, Proxy: http.ProxyURL(n.proxy), MaxResponseHeaderBytes: 64 << 10}
	ctx, cancel := context.WithTimeout(t.Context(), s.deadline)
	defer cancel()
	began, ended := time.Now(), error(nil)
	for _, err := range clientOf(t, transport, n.address, s).AllTests(ctx, insights.TestsOptions{Period: lastWeek}) {
		ended = err
	}
	assert.LessOrEqual(t, time.Since(began), s.deadline)
	if f.outcome.kind != nil {
		assert.ErrorAs(t, ended, new(*insights.IterationError))
		assert.ErrorAs(t, ended, new(*insights.APIError))
	} else {
		assert.NoError(t, ended)
	}
	transport.CloseIdleConnections()
	stop()
}

// under makes calls one after the other, and each on a network of its own where
// the fault passes.
func (f fault) under(t *testing.T, s setting, connect connector, calls []apiCall) {
	switch {
	case !s.passes:
		f.meet(t, s, connect, -1, calls)
	case !f.outcome.lasting:
		for i := range calls {
			f.meet(t, s, connect, 1, calls[i:i+1])
		}
	}
}

// meet lets the first requests meet the fault; below zero, all.
func (f fault) meet(t *testing.T, s setting, connect connector, first int, calls []apiCall) {
	n := newNetwork(connect)
	stop := f.server.serve(n, first)
	transport := &http.Transport{DialContext: n.dial, Proxy: http.ProxyURL(n.proxy), MaxResponseHeaderBytes: 64 << 10}
	for _, call := range calls {
		name := fmt.Sprintf("%s, %s, %s", f.name, s.name, call.name)
		cell{f.outcome, s, n, clientOf(t, transport, n.address, s), name}.check(t, call)
	}
	f.outcome.checkConnections(t, n, f.name+", "+s.name)
	transport.CloseIdleConnections()
	stop()
}

func clientOf(t *testing.T, transport http.RoundTripper, baseURL string, s setting, opts ...insights.Option) *insights.Client {
	t.Helper()
	account := insights.Credentials{Username: insightstest.Username, AccessKey: insightstest.AccessKey}
	first := []insights.Option{
		insights.WithBaseURL(baseURL), insights.WithHTTPClient(&http.Client{Transport: transport}), insights.WithoutRateLimit(),
		insights.WithRetry(insights.RetryPolicy{MaxAttempts: s.attempts}), insights.WithMaxResponseBytes(512 << 10),
	}
	c, err := insights.NewClient("", account, append(first, opts...)...)
	require.NoError(t, err)
	return c
}

// cell is one place of the matrix.
type cell struct {
	want    outcome
	setting setting
	network *network
	client  *insights.Client
	name    string
}

func (c cell) check(t *testing.T, call apiCall) {
	ctx := t.Context()
	if c.setting.deadline > 0 {
		bounded, cancel := context.WithTimeout(ctx, c.setting.deadline)
		defer cancel()
		ctx = bounded
	}
	dialed, requests, began := c.network.dialed.Load(), c.network.requests.Load(), time.Now()
	var info insights.ResponseInfo
	answered, err := call.do(ctx, c.client, insights.CaptureResponse(&info))
	took := time.Since(began)

	assert.Equal(t, answered, err == nil, "%s: a value or an error", c.name)
	c.checkAttempts(t, info.Attempts, err)
	c.checkTime(t, took, info.Attempts)
	c.checkError(t, ctx, err, info.Attempts)
	if c.want.unsent {
		assert.EqualValues(t, info.Attempts, c.network.dialed.Load()-dialed, "%s: connections", c.name)
		return
	}
	assert.EqualValues(t, info.Attempts*max(1, c.want.perTry), c.network.requests.Load()-requests, "%s: requests", c.name)
}

// checkAttempts: all that the policy allows, unless a wait does not fit the
// deadline.
func (c cell) checkAttempts(t *testing.T, attempts int, err error) {
	switch {
	case !c.want.retried:
		assert.Equal(t, 1, attempts, c.name)
	case c.setting.passes:
		assert.Equal(t, 2, attempts, c.name)
	case c.setting.deadline == 0 || !errors.Is(err, context.DeadlineExceeded):
		assert.Equal(t, c.setting.attempts, attempts, c.name)
	default:
		assert.LessOrEqual(t, attempts, c.setting.attempts, c.name)
	}
}

// checkTime: the attempts that hang, the waits, and never beyond the deadline.
func (c cell) checkTime(t *testing.T, took time.Duration, attempts int) {
	least, longestWaits := time.Duration(0), 5*time.Second // twice a second that the service asked for, and 1 s and 2 s of jitter
	if c.want.hangs {
		least = time.Duration(attempts) * attemptTimeout
	}
	if c.want.hangs && c.want.retried && c.setting.passes {
		least -= attemptTimeout // of the one that succeeds
	}
	most := least + longestWaits
	if c.setting.deadline > 0 {
		least, most = min(least, c.setting.deadline), c.setting.deadline
	}
	assert.GreaterOrEqual(t, took, least, c.name)
	assert.LessOrEqual(t, took, most, c.name)
}

func (c cell) checkError(t *testing.T, ctx context.Context, err error, attempts int) {
	if c.want.kind == nil || c.setting.passes && c.want.retried {
		assert.NoError(t, err, c.name)
		return
	}
	apiErr, ok := errors.AsType[*insights.APIError](err)
	if !assert.True(t, ok, "%s: %T", c.name, err) {
		return
	}
	if ctx.Err() != nil && c.want.kind == insights.ErrTimeout {
		assert.ErrorIs(t, err, context.DeadlineExceeded, c.name)
	} else {
		assert.ErrorIs(t, err, c.want.kind, c.name)
	}
	assert.Equal(t, attempts, apiErr.Attempts, c.name)
	assert.NotContains(t, err.Error(), "\n", c.name)
}

// checkConnections: one for all requests, or one for each.
func (o outcome) checkConnections(t *testing.T, n *network, name string) {
	want := int32(1)
	if o.closed {
		want = n.requests.Load()
	}
	if !o.unsent {
		assert.Equal(t, want, n.dialed.Load(), "%s: connections", name)
	}
}

// apiCall is one of the calls of the API, and whether it was answered.
type apiCall struct {
	name string
	do   func(context.Context, *insights.Client, ...insights.CallOption) (answered bool, err error)
}

var theCalls = answeredCalls()

func answeredCalls() (calls []apiCall) {
	for _, call := range everyCall {
		calls = append(calls, apiCall{call.name, func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (bool, error) {
			value, err := call.do(ctx, c, opts...)
			return !reflect.ValueOf(value).IsNil(), err
		}})
	}
	return calls
}

var lastWeek = insights.Last(7 * 24 * time.Hour)
