package insightstest

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// Option changes how a [Server] works. Options are applied in order; of two
// that set the same, the last counts. The functions that make them panic on a
// value that makes no sense.
//
// Where the real service is not documented, or not the same in every revision
// of its documentation, an option stands for each answer; [Variants] names the
// combinations worth testing under.
type Option func(*settings)

// The account that a [Server] knows unless it is told another. The two have
// nothing in common, nor with the rest of an answer: clients mask what looks
// like a part of a key.
const (
	Username  = "insightstest-user"
	AccessKey = "0pen-Se5ame.n0-w0rth"
)

// settings is what the options of a server say.
type settings struct {
	listener net.Listener
	inMemory bool
	username string
	key      string
	now      func() time.Time
	limit    rates
	latency  time.Duration
	gzip     bool
	arrivals func(request int) []insights.Test

	lateness, lateStatus time.Duration

	onRequest func(Request) // nil: nobody wants to know

	selection
	paging
	dialogue
	form
	departures
}

// defaults returns the service as the API reference describes it, with the
// further fields that today's service sends.
func defaults() settings {
	return settings{
		username:  Username,
		key:       AccessKey,
		now:       time.Now,
		selection: selection{scope: insights.ScopeOrganization},
		paging:    paging{maxPage: 1_000, resultWindow: 10_000, order: insights.OldestFirst},
		dialogue:  dialogue{invalidStatus: 400, unauthorizedStatus: 401},
		form:      form{errored: insights.StatusErrored, status: "200"},
	}
}

// serviceTime returns the time by the service's clock.
func (s *settings) serviceTime() time.Time {
	return s.now().Add(s.skew)
}

func newSettings(opts []Option) settings {
	s := defaults()
	for _, opt := range opts {
		opt(&s)
	}
	return s
}

// must panics where an option was given nonsense: a test that goes on would
// test something else than it says.
func must(ok bool, option, format string, args ...any) {
	if !ok {
		panic("insightstest: " + option + ": " + fmt.Sprintf(format, args...))
	}
}

// WithCredentials sets the account that the server lets in; default [Username]
// and [AccessKey]. Its runs are those that scope "me" selects.
func WithCredentials(username, accessKey string) Option {
	must(username != "" && !strings.Contains(username, ":"), "WithCredentials", "%q can't be a user name", username)
	must(accessKey != "", "WithCredentials", "the key is empty")
	return func(s *settings) { s.username, s.key = username, accessKey }
}

// InMemory opens no port: connections to the server are made in memory, by
// [Server.Client], [Server.HTTPClient] and [Server.Dial]. In a bubble of
// testing/synctest all that takes time ([Slow], [Hang], [StallAt], timeouts,
// waits before a retry) then takes virtual time: an hour passes at once.
func InMemory() Option {
	return func(s *settings) { s.inMemory, s.listener = true, nil }
}

// WithListener serves on l instead of a free loopback port. The server closes
// l in [Server.Close].
func WithListener(l net.Listener) Option {
	must(l != nil, "WithListener", "the listener is nil")
	return func(s *settings) { s.inMemory, s.listener = false, l }
}

// WithClock sets the clock of the service and of the clients that
// [Server.Client] makes; default [time.Now]. The service goes by it in
// time_range, in [WithServerLimit], in [Request.Time], in the Date of answers
// and where runs are added without a creation time. Waits are those of the
// machine. now is called from several goroutines at once.
func WithClock(now func() time.Time) Option {
	must(now != nil, "WithClock", "the clock is nil")
	return func(s *settings) { s.now = now }
}

// WithLatency delays every answer by d, each on its own: requests that come
// together are answered together. The wait is real, not [WithClock]'s.
func WithLatency(d time.Duration) Option {
	must(d >= 0, "WithLatency", "%s is negative", d)
	return func(s *settings) { s.latency = d }
}

// WithGzip compresses answers for clients that accept it, as the real service
// does. Off by default: it costs more than all the rest of an answer.
func WithGzip() Option {
	return func(s *settings) { s.gzip = true }
}

// WithServerLimit answers 429 beyond perSecond requests a second and perHour
// an hour, with Retry-After and X-Ratelimit headers (row 35). Each of the two
// is a bucket that begins full and refills evenly; 0 switches it off. The real
// service allows 10 and 3,500; 1,000,000 are the most. Off by default.
func WithServerLimit(perSecond, perHour int) Option {
	must(min(perSecond, perHour) >= 0, "WithServerLimit", "%d and %d must not be negative", perSecond, perHour)
	must(max(perSecond, perHour) <= maxRate, "WithServerLimit", "%d and %d must not be more than %d", perSecond, perHour, maxRate)
	return func(s *settings) { s.limit = rates{perSecond, perHour} }
}

// maxRate bounds a limit, so that the time to the next request is never nought.
const maxRate = 1_000_000

// WithArrivals calls arrivals before each answer of any of the five calls and
// adds the runs that it returns, so that lists grow while a client pages
// (row 9). A run whose ID is known takes the place of the old one, so a run can
// also finish. request counts the requests that are not refused, from 1.
// arrivals is never called by two requests at once.
func WithArrivals(arrivals func(request int) []insights.Test) Option {
	must(arrivals != nil, "WithArrivals", "the function is nil")
	return func(s *settings) { s.arrivals = arrivals }
}

// WithLateness lets a run appear only when it has ended d ago, by the server's
// clock; one that has not ended, when it was created d ago (row 34). It is for
// runs that are added later, also by [Server.Update]: until the new state is
// due, the old one is shown.
func WithLateness(d time.Duration) Option {
	must(d >= 0, "WithLateness", "%s is negative", d)
	return func(s *settings) { s.lateness = d }
}

// WithLateStatus lets a run be complete, without an error, until it has ended d
// ago, by the server's clock; then it has the status that it was added with
// (row 34).
func WithLateStatus(d time.Duration) Option {
	must(d >= 0, "WithLateStatus", "%s is negative", d)
	return func(s *settings) { s.lateStatus = d }
}

// WithOnRequest calls f with every request once its answer is known, just
// before it is sent; not with one that is dropped without an answer. f is
// called from several goroutines at once.
func WithOnRequest(f func(Request)) Option {
	must(f != nil, "WithOnRequest", "the function is nil")
	return func(s *settings) { s.onRequest = f }
}
