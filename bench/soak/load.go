package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// load is a client that many goroutines share, and its service.
type load struct {
	server     *insightstest.Server
	client     *insights.Client
	goroutines int
	period     insights.Period

	calls, attempts atomic.Int64
	mu              sync.Mutex
	errors          map[string]int // by kind
}

const heldRuns = 5_000

func newLoad(goroutines int) *load {
	end := time.Now().Truncate(time.Second)
	start := end.Add(-24 * time.Hour)
	l := &load{goroutines: goroutines, period: insights.Between(start, end), errors: make(map[string]int)}
	l.server = insightstest.NewServer(insightstest.WithResultWindow(1000))
	l.server.Add(insightstest.Generate(1, heldRuns, start, end)...)
	l.client = l.server.Client(
		insights.WithAttemptTimeout(500*time.Millisecond),
		insights.WithMaxResponseBytes(1<<20),
		insights.WithOnAttempt(func(context.Context, insights.Attempt) { l.attempts.Add(1) }))
	return l
}

func (l *load) close() {
	l.server.Close()
}

// warmUp reads every run once, as the service writes each at its first reading
// and keeps it.
func (l *load) warmUp(ctx context.Context) error {
	return l.loop(ctx, heldRuns)
}

// run makes calls from all goroutines for so long.
func (l *load) run(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var all sync.WaitGroup
	for range l.goroutines {
		all.Go(func() {
			for ctx.Err() == nil {
				l.once(ctx)
			}
		})
	}
	all.Wait()
}

// rest lets go of what the next calls would use again.
func (l *load) rest() {
	l.server.Recover()
	l.server.ForgetRequests()
	l.client.CloseIdleConnections()
}

// once makes a call, which in one of four cases is to meet a fault.
func (l *load) once(ctx context.Context) {
	if rand.IntN(4) == 0 {
		l.server.Fail(faults[rand.IntN(len(faults))]())
	}
	if l.calls.Add(1)%1000 == 0 {
		l.server.ForgetRequests()
	}
	if err := calls[rand.IntN(len(calls))](ctx, l); err != nil {
		l.count(err)
	}
}

// faults are all that a service can do wrong and that comes to an end soon.
var faults = []func() insightstest.Fault{
	func() insightstest.Fault { return insightstest.Throttle(1, 0) },
	func() insightstest.Fault { return insightstest.Outage(1 + rand.IntN(5)) },
	func() insightstest.Fault { return insightstest.BadGateway(1) },
	func() insightstest.Fault { return insightstest.Reply(1, 401, `{"message":"no"}`) },
	func() insightstest.Fault { return insightstest.HTML(1) },
	func() insightstest.Fault { return insightstest.WrongType(1, "text/plain") },
	func() insightstest.Fault { return insightstest.Slow(1, 600*time.Millisecond) },
	func() insightstest.Fault { return insightstest.DropConnection(1) },
	func() insightstest.Fault { return insightstest.CutAt(1, rand.IntN(5000)) },
	func() insightstest.Fault { return insightstest.Truncate(1) },
	func() insightstest.Fault { return insightstest.HalfJSON(1) },
	func() insightstest.Fault { return insightstest.StallAt(1, rand.IntN(500)) },
	func() insightstest.Fault { return insightstest.EndlessBody(1) },
	func() insightstest.Fault { return insightstest.GzipBomb(1) },
	func() insightstest.Fault { return insightstest.BadGzip(1) },
	func() insightstest.Fault { return insightstest.ShortGzip(1) },
	func() insightstest.Fault { return insightstest.Redirect(1, "https://elsewhere.example/") },
}

// calls are the five, and loops that go to their end, are left, or time out.
var calls = []func(context.Context, *load) error{
	func(ctx context.Context, l *load) error {
		_, err := l.client.Tests(ctx, insights.TestsOptions{Period: l.period, Size: 100})
		return err
	},
	func(ctx context.Context, l *load) error {
		_, err := l.client.TestMetrics(ctx, insights.TestMetricsOptions{Period: l.period, Query: "Login opens within its budget"})
		return err
	},
	func(ctx context.Context, l *load) error {
		_, err := l.client.TestTrends(ctx, insights.TestTrendsOptions{Period: l.period, Interval: time.Hour})
		return err
	},
	func(ctx context.Context, l *load) error {
		_, err := l.client.BuildsTests(ctx, insights.BuildsTestsOptions{Period: l.period})
		return err
	},
	func(ctx context.Context, l *load) error {
		_, err := l.client.ErrorTrends(ctx, insights.ErrorTrendsOptions{Period: l.period})
		return err
	},
	func(ctx context.Context, l *load) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(300))*time.Millisecond)
		defer cancel()
		return l.loop(ctx, heldRuns)
	},
	func(ctx context.Context, l *load) error { return l.loop(ctx, rand.IntN(2000)) },
}

// loop ranges over that many runs.
func (l *load) loop(ctx context.Context, most int) error {
	n := 0
	for _, err := range l.client.AllTests(ctx, insights.TestsOptions{Period: l.period}) {
		if err != nil {
			return err
		}
		if n++; n >= most {
			break
		}
	}
	return nil
}

// kinds are told apart in this order: a call that ran out of time may have
// another kind as well.
var kinds = []error{
	context.DeadlineExceeded, context.Canceled,
	insights.ErrUnauthorized, insights.ErrRateLimited, insights.ErrServer, insights.ErrTimeout, insights.ErrResponseTooLarge,
	insights.ErrRedirect, insights.ErrBadResponse, insights.ErrTransport,
}

func (l *load) count(err error) {
	kind := "other: " + err.Error()
	for _, k := range kinds {
		if errors.Is(err, k) {
			kind = k.Error()
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errors[kind]++
}
