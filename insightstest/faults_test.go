package insightstest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

const unspoiled = `{"meta":{"status":200},"items":[],"has_more":false}`

// TestFaultArrivesWhole shows what a client without any cleverness gets.
func TestFaultArrivesWhole(t *testing.T) {
	tests := map[string]struct {
		fault  insightstest.Fault
		status int
		header http.Header
		body   string // how it begins
	}{
		"the zero fault":    {insightstest.Fault{}, 200, http.Header{"Content-Type": {"application/json"}}, unspoiled},
		"throttle":          {insightstest.Throttle(1, 1500*time.Millisecond), 429, http.Header{"Retry-After": {"2"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"2"}, "Content-Type": {"application/json"}}, `{"message":"Too Many Requests"`},
		"throttle, no hint": {insightstest.Throttle(1, 0), 429, http.Header{"Retry-After": nil, "X-Ratelimit-Reset": nil}, `{"message":`},
		"throttle, date":    {insightstest.ThrottleUntil(1, noon.Add(1)), 429, http.Header{"Retry-After": {"Mon, 02 Mar 2026 12:00:01 GMT"}}, `{"message":`},
		"outage":            {insightstest.Outage(1), 503, http.Header{"Content-Type": {"application/json"}}, `{"message":"Service Unavailable","meta":{"status":503}}`},
		"bad gateway":       {insightstest.BadGateway(1), 502, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, "<!DOCTYPE html>"},
		"reply, JSON":       {insightstest.Reply(1, 418, `["x"]`), 418, http.Header{"Content-Type": {"application/json"}}, `["x"]`},
		"reply, text":       {insightstest.Reply(1, 400, "no"), 400, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, "no"},
		"reply, nothing":    {insightstest.Reply(1, 500, ""), 500, http.Header{"Content-Length": {"0"}}, ""},
		"html":              {insightstest.HTML(1), 200, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, "<!DOCTYPE html>"},
		"wrong type":        {insightstest.WrongType(1, "text/csv"), 200, http.Header{"Content-Type": {"text/csv"}}, unspoiled},
		"no type":           {insightstest.WrongType(1, ""), 200, http.Header{"Content-Type": nil}, unspoiled},
		"slow":              {insightstest.Slow(1, time.Nanosecond), 200, nil, unspoiled},
		"half":              {insightstest.HalfJSON(1), 200, http.Header{"Content-Length": {"25"}}, unspoiled[:25]},
		"redirect":          {insightstest.Redirect(1, "/elsewhere"), 302, http.Header{"Location": {"/elsewhere"}}, ""},
		"bad gzip":          {insightstest.BadGzip(1), 200, http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"application/json"}}, "this was never"},
		"composed":          {insightstest.Fault{Delay: 1, Status: 504, Header: http.Header{"X-Request-Id": {"r1"}}, Body: []byte("<p>"), Half: true}, 504, http.Header{"X-Request-Id": {"r1"}, "Content-Type": {"text/html; charset=utf-8"}}, "<"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv, hc := start(t), plain(t)
			srv.Fail(test.fault)
			resp, body := ask(t, hc, request(t, srv, insightstest.PathTests, around()))
			assert.Equal(t, test.status, resp.StatusCode)
			for header, want := range test.header {
				assert.Equal(t, want, resp.Header[header], header)
			}
			assert.True(t, strings.HasPrefix(body, test.body), body)
			assert.Equal(t, test.body == "", body == "")
			assert.Equal(t, test.status, srv.Requests()[0].Status)

			_, body = ask(t, hc, request(t, srv, insightstest.PathTests, around()))
			assert.Equal(t, unspoiled, body, "the fault was for one request")
		})
	}
}

func TestFaultBreaksOff(t *testing.T) {
	tests := map[string]struct {
		fault insightstest.Fault
		got   string
	}{
		"truncated":      {insightstest.Truncate(1), unspoiled[:25]},
		"cut at a byte":  {insightstest.CutAt(1, 3), unspoiled[:3]},
		"cut at once":    {insightstest.CutAt(1, 0), ""},
		"cut at the end": {insightstest.CutAt(1, 1000), unspoiled},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := start(t)
			srv.Fail(test.fault)
			resp, err := plain(t).Do(request(t, srv, insightstest.PathTests, around()))
			require.NoError(t, err)
			defer func() { _ = resp.Body.Close() }()
			assert.Equal(t, int64(len(unspoiled)), resp.ContentLength, "the whole length is announced")
			body, err := io.ReadAll(resp.Body)
			assert.Equal(t, test.got, string(body))
			if len(test.got) < len(unspoiled) {
				assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			}
		})
	}
	t.Run("dropped", func(t *testing.T) {
		srv := start(t)
		srv.Fail(insightstest.DropConnection(1))
		_, err := plain(t).Do(request(t, srv, insightstest.PathTests, around()))
		var failed *url.Error
		require.ErrorAs(t, err, &failed)
		assert.Zero(t, srv.Requests()[0].Status)
	})
	t.Run("short gzip", func(t *testing.T) {
		srv := start(t)
		srv.Fail(insightstest.ShortGzip(1))
		transport := &http.Transport{} // it accepts gzip, and unpacks it
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Do(request(t, srv, insightstest.PathTests, around()))
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		_, err = io.ReadAll(resp.Body)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}

// TestFaultWithoutEnd shows that they last until the client goes away.
func TestFaultWithoutEnd(t *testing.T) {
	begin := func(t *testing.T, fault insightstest.Fault, accept string) (*http.Response, context.CancelFunc) {
		srv := start(t)
		srv.Fail(fault)
		ctx, cancel := context.WithCancel(t.Context())
		req := request(t, srv, insightstest.PathTests, around()).WithContext(ctx)
		req.Header.Set("Accept-Encoding", accept)
		resp, err := plain(t).Do(req)
		require.NoError(t, err)
		t.Cleanup(func() { cancel(); _ = resp.Body.Close() })
		return resp, cancel
	}
	t.Run("endless", func(t *testing.T) {
		resp, _ := begin(t, insightstest.EndlessBody(1), "identity")
		n, err := io.CopyN(io.Discard, resp.Body, 2<<20)
		require.NoError(t, err)
		assert.Equal(t, int64(2<<20), n)
		assert.Equal(t, int64(-1), resp.ContentLength)
	})
	t.Run("gzip bomb", func(t *testing.T) {
		resp, _ := begin(t, insightstest.GzipBomb(1), "gzip")
		assert.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
		compressed := &counter{r: resp.Body}
		_, err := io.CopyN(io.Discard, unzipping(t, compressed), 2<<20)
		require.NoError(t, err)
		assert.Less(t, compressed.n, 1<<18)
	})
	t.Run("stall", func(t *testing.T) {
		resp, cancel := begin(t, insightstest.StallAt(1, 7), "identity")
		first := make([]byte, 7)
		_, err := io.ReadFull(resp.Body, first)
		require.NoError(t, err)
		assert.Equal(t, unspoiled[:7], string(first))
		cancel()
		_, err = resp.Body.Read(first)
		assert.ErrorIs(t, err, context.Canceled)
	})
}

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestServerFail(t *testing.T) {
	const (
		tests  = insightstest.PathTests
		builds = insightstest.PathBuildsTests
	)
	cases := map[string]struct {
		faults []insightstest.Fault
		paths  []string
		want   []int
	}{
		"one by default":         {[]insightstest.Fault{insightstest.Outage(0)}, []string{tests, tests}, []int{503, 200}},
		"the next n":             {[]insightstest.Fault{insightstest.Outage(2)}, []string{tests, builds, tests}, []int{503, 503, 200}},
		"of one path":            {[]insightstest.Fault{insightstest.Outage(1).On(builds)}, []string{tests, builds, builds}, []int{200, 503, 200}},
		"after some":             {[]insightstest.Fault{insightstest.Outage(1).On(tests).After(1)}, []string{tests, builds, tests, tests}, []int{200, 200, 503, 200}},
		"all":                    {[]insightstest.Fault{insightstest.Outage(-1)}, []string{tests, tests, tests}, []int{503, 503, 503}},
		"one after the other":    {[]insightstest.Fault{insightstest.Outage(1), insightstest.Throttle(1, 0)}, []string{tests, tests, tests}, []int{503, 429, 200}},
		"the first that matches": {[]insightstest.Fault{insightstest.Outage(1).On(builds), insightstest.Throttle(2, 0)}, []string{tests, builds, tests}, []int{429, 503, 429}},
		"by its parameters": {
			[]insightstest.Fault{{Status: 500, Match: func(r insightstest.Request) bool { return r.Query.Get("n") == "1" }}},
			[]string{tests, tests, tests},
			[]int{200, 500, 200},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			srv, hc := start(t), plain(t)
			srv.Fail(c.faults...)
			var got []int
			for i, path := range c.paths {
				resp, _ := ask(t, hc, request(t, srv, path, around("n", strings.Repeat("1", i))))
				got = append(got, resp.StatusCode)
			}
			assert.Equal(t, c.want, got)
		})
	}
	t.Run("none after Recover", func(t *testing.T) {
		srv := start(t)
		srv.Fail(insightstest.Outage(-1))
		srv.Recover()
		resp, _ := ask(t, plain(t), request(t, srv, tests, around()))
		assert.Equal(t, 200, resp.StatusCode)
	})
	t.Run("whoever asks", func(t *testing.T) {
		srv := start(t)
		srv.Fail(insightstest.Outage(1))
		req := request(t, srv, "/nowhere", nil)
		req.Header.Del("Authorization")
		resp, _ := ask(t, plain(t), req)
		assert.Equal(t, 503, resp.StatusCode)
	})
}

func TestServerClose(t *testing.T) {
	for name, fault := range map[string]insightstest.Fault{
		"a hanging request": insightstest.Hang(1),
		"a slow one":        insightstest.Slow(1, time.Hour),
		"a stalled body":    insightstest.StallAt(1, 5),
		"an endless body":   insightstest.EndlessBody(1),
	} {
		t.Run(name, func(t *testing.T) {
			srv, hc := insightstest.NewServer(), plain(t)
			srv.Fail(fault)
			req := request(t, srv, insightstest.PathTests, around())
			failed := make(chan error, 1)
			go func() {
				resp, err := hc.Do(req)
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
				failed <- err
			}()
			_, err := srv.WaitForRequests(t.Context(), 1)
			require.NoError(t, err)
			srv.Close()
			require.Error(t, <-failed)
			_, err = net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
			require.Error(t, err, "the port is closed")
			srv.Close() // does nothing
		})
	}
}

// TestServerCloseFromACallback shows that a function of the user may close the
// server in the middle of an answer.
func TestServerCloseFromACallback(t *testing.T) {
	var srv *insightstest.Server
	closing := func() { srv.Close() }
	for name, begin := range map[string]func(){
		"WithOnRequest": func() {
			srv = insightstest.New(t, insightstest.WithOnRequest(func(insightstest.Request) { closing() }))
		},
		"WithArrivals": func() {
			srv = insightstest.New(t, insightstest.WithArrivals(func(int) []insights.Test { closing(); return nil }))
		},
		"Match": func() {
			srv = insightstest.New(t)
			srv.Fail(insightstest.Fault{Match: func(insightstest.Request) bool { closing(); return true }})
		},
	} {
		t.Run(name, func(t *testing.T) {
			begin()
			resp, err := plain(t).Do(request(t, srv, insightstest.PathTests, around()))
			if err == nil {
				_ = resp.Body.Close() // the answer may have been under way
			}
			srv.Close()
		})
	}
}

func TestWithLatency(t *testing.T) {
	const latency = 50 * time.Millisecond
	srv, hc := start(t, insightstest.WithLatency(latency)), plain(t)
	begun := time.Now()
	failed := make(chan error)
	for range 20 {
		req := request(t, srv, insightstest.PathTests, around())
		go func() {
			resp, err := hc.Do(req)
			failed <- errors.Join(err, resp.Body.Close())
		}()
	}
	for range 20 {
		require.NoError(t, <-failed)
	}
	took := time.Since(begun)
	assert.GreaterOrEqual(t, took, latency)
	assert.Less(t, took, 20*latency)
}
