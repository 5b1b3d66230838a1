package conformance_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sauceinsights/insights"
)

// What a service does to a request over HTTP/2, which has resets, limits and
// silences of its own.
var faultsOfHTTP2 = map[string]struct {
	handle  http.HandlerFunc
	outcome outcome
}{
	"success":                  {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, nothing) }, succeeds()},
	"a reset before an answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, breaks()},
	"a reset in the body":      {func(w http.ResponseWriter, _ *http.Request) { begin(w, "{"); panic(http.ErrAbortHandler) }, breaks()},
	"a body too short":         {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "100"); begin(w, "{") }, breaks()},
	"silence":                  {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, hangs()},
	"silence in the body":      {func(w http.ResponseWriter, r *http.Request) { begin(w, "{"); <-r.Context().Done() }, hangs()},
	"a body that dribbles":     {dribble, hangs()},
	"a body without an end":    {endless, fails(insights.ErrResponseTooLarge)},
	"a flood of headers":       {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Flood", strings.Repeat("~", 1<<20)) }, fails(insights.ErrResponseTooLarge)},
	"an outage":                {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, fails(insights.ErrServer).repeated()},
	"a refusal that is reset": {func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		begin(w, "no")
		panic(http.ErrAbortHandler)
	}, fails(insights.ErrForbidden)},
	"a goodbye": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, nothing)
	}, succeeds()},
}

func begin(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush()
}

func dribble(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		begin(w, " ")
		time.Sleep(time.Second)
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	for err := error(nil); err == nil; {
		_, err = io.WriteString(w, strings.Repeat(" ", 4096))
	}
}

func TestClientFaultsOverHTTP2(t *testing.T) {
	t.Run("are told and tried again", func(t *testing.T) {
		for name, fault := range faultsOfHTTP2 {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for i, setting := range settings {
					calls := theCalls
					if isAbridged() {
						calls = theCalls[i%len(theCalls):][:1]
					}
					if setting.passes || isAbridged() && i%share() > 0 {
						continue
					}
					synctest.Test(t, func(t *testing.T) { overHTTP2(t, fault.handle, fault.outcome, setting, calls) })
				}
			})
		}
	})
}

func overHTTP2(t *testing.T, handle http.HandlerFunc, want outcome, s setting, calls []apiCall) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	n := newNetwork(pipe)
	server := &http.Server{Protocols: &protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.requests.Add(1)
		w.Header().Set("Content-Type", "application/json")
		handle(w, r)
	})}
	go func() { _ = server.Serve(n) }()
	transport := &http.Transport{DialContext: n.dial, Protocols: &protocols}
	for _, call := range calls {
		cell{want, s, n, clientOf(t, transport, n.address, s), s.name + ", " + call.name}.check(t, call)
	}
	transport.CloseIdleConnections()
	_ = server.Close()
	time.Sleep(time.Second) // virtual: a handler that pauses sees the end
}
