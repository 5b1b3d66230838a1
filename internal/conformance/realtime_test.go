package conformance_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// Promises about time on real clocks and real sockets: what virtual time can't
// show, such as goroutines that reach a lock in another order than they read the
// clock. All of this file takes less than 2 s; the rest is under the build tag
// realtime.

// arrivals is a service that notes when requests reach it.
type arrivals struct {
	server *httptest.Server
	began  time.Time

	mu   sync.Mutex
	when []time.Duration
}

func newArrivals(t *testing.T) *arrivals {
	a := &arrivals{began: time.Now()}
	a.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.note()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, nothing)
	}))
	t.Cleanup(a.server.Close)
	return a
}

func (a *arrivals) note() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.when = append(a.when, time.Since(a.began))
}

func (a *arrivals) all() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(slices.Values(a.when))
}

func (a *arrivals) client(t *testing.T, opts ...insights.Option) *insights.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	first := []insights.Option{insights.WithBaseURL(a.server.URL), insights.WithHTTPClient(&http.Client{Transport: transport})}
	c, err := insights.NewClient("", insights.Credentials{Username: "a-user", AccessKey: "a-key"}, append(first, opts...)...)
	require.NoError(t, err)
	return c
}

// maxIn is the largest number of arrivals in any span of that length.
func maxIn(span time.Duration, when []time.Duration) int {
	most := 0
	for i := range when {
		until, _ := slices.BinarySearch(when, when[i]+span)
		most = max(most, until-i)
	}
	return most
}

// askTests is a call that sends one request.
func askTests(ctx context.Context, c *insights.Client) error {
	_, err := c.Tests(ctx, insights.TestsOptions{Period: insights.Last(time.Hour)})
	return err
}

// together makes n calls at once, and waits for them.
func together(n int, call func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { call(i) })
	}
	all.Wait()
}

// crowd is many goroutines with one deadline.
type crowd struct {
	goroutines int
	deadline   time.Duration
	perSecond  float64 // 0: the default limit
	burst      int
	clones     int // 0: none
	inASecond  int // the most that may arrive in any second; 0: the documented 10
}

// check makes the calls of the crowd and looks at what arrived. Of the requests
// that fit the deadline a busy machine may lose some, and gains none.
func (c crowd) check(t *testing.T) {
	a := newArrivals(t)
	clients := []*insights.Client{a.client(t)}
	rate, burst := 8.0, 1
	if c.perSecond > 0 {
		rate, burst = c.perSecond, c.burst
		clients[0] = a.client(t, insights.WithRateLimit(rate, burst))
	}
	for range c.clones {
		clone, err := clients[0].Clone()
		require.NoError(t, err)
		clients = append(clients, clone)
	}
	ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
	defer cancel()
	var answered atomic.Int32
	together(c.goroutines, func(i int) {
		if askTests(ctx, clients[i%len(clients)]) == nil {
			answered.Add(1)
		}
	})
	allowed := int(rate*c.deadline.Seconds()) + burst
	when := a.all()
	assert.LessOrEqual(t, len(when), allowed)
	assert.GreaterOrEqual(t, len(when), allowed/2, "and what is allowed is used")
	assert.LessOrEqual(t, maxIn(time.Second, when), cmp.Or(c.inASecond, 10))
	assert.GreaterOrEqual(t, int(answered.Load()), len(when)-2, "who was sent had time for an answer")
}

func TestRealtimeWithRateLimit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]crowd{
		"50 goroutines and clones with one deadline": {goroutines: 50, deadline: 800 * time.Millisecond, clones: 4},
		"a limit of 50 and 5":                        {goroutines: 200, deadline: 500 * time.Millisecond, perSecond: 50, burst: 5, inASecond: 65},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
	t.Run("an hourly limit refuses at once what does not fit", func(t *testing.T) {
		t.Parallel()
		a := newArrivals(t)
		c := a.client(t, insights.WithRateLimit(1000, 100), insights.WithHourlyLimit(20))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var refused atomic.Int32
		began := time.Now()
		together(50, func(int) {
			if askTests(ctx, c) != nil {
				refused.Add(1)
			}
		})
		assert.Less(t, time.Since(began), time.Second)
		assert.Len(t, a.all(), 20)
		assert.EqualValues(t, 30, refused.Load())
	})
	t.Run("whoever gives up costs those behind nothing", func(t *testing.T) {
		t.Parallel()
		a := newArrivals(t)
		c := a.client(t, insights.WithRateLimit(20, 1))
		impatient, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all sync.WaitGroup
		for range 62 {
			all.Go(func() { _ = askTests(impatient, c) })
		}
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		for range 10 {
			all.Go(func() { assert.NoError(t, askTests(t.Context(), c)) })
		}
		time.Sleep(100 * time.Millisecond)
		cancel()
		all.Wait()
		assert.Less(t, time.Since(began), 2*time.Second, "10 requests at 20 a second, and not 72")
	})
}

// answersInTurn gives each request to the handler of its turn, and to the last one
// from then on.
func answersInTurn(t *testing.T, turns ...http.HandlerFunc) (*insights.Client, *arrivals) {
	a := newArrivals(t)
	var requests atomic.Int32
	a.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.note()
		w.Header().Set("Content-Type", "application/json")
		turns[min(int(requests.Add(1)), len(turns))-1](w, r)
	})
	return a.client(t, insights.WithoutRateLimit(), insights.WithAttemptTimeout(300*time.Millisecond),
		insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: time.Millisecond})), a
}

func succeed(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, nothing) }

func stall(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func stallInTheBody(w http.ResponseWriter, r *http.Request) {
	begin(w, "{")
	<-r.Context().Done()
}

func askToWait(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(status)
	}
}

func checkRetryAfter(t *testing.T, status int) {
	c, a := answersInTurn(t, askToWait(status), succeed)
	require.NoError(t, askTests(t.Context(), c))
	when := a.all()
	require.Len(t, when, 2)
	assert.GreaterOrEqual(t, when[1]-when[0], time.Second)
	assert.Less(t, when[1]-when[0], 3*time.Second)
}

func TestRealtimeWithAttemptTimeout(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]http.HandlerFunc{"a silent service": stall, "a body that stalls": stallInTheBody} {
		t.Run(name+" ends the attempt with its timeout", func(t *testing.T) {
			t.Parallel()
			c, a := answersInTurn(t, hang, succeed)
			began := time.Now()
			require.NoError(t, askTests(t.Context(), c))
			assert.Len(t, a.all(), 2)
			assert.GreaterOrEqual(t, time.Since(began), 300*time.Millisecond)
			assert.Less(t, time.Since(began), 2*time.Second)
		})
		t.Run(name+" ends the call with its deadline", func(t *testing.T) {
			t.Parallel()
			c, _ := answersInTurn(t, hang)
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			defer cancel()
			err := askTests(ctx, c)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Error(t, ctx.Err(), "the error comes after the end that it names")
			assert.GreaterOrEqual(t, time.Since(began), 150*time.Millisecond)
			assert.Less(t, time.Since(began), 2*time.Second)
		})
	}
	t.Run("a Retry-After of 1 s is kept", func(t *testing.T) {
		t.Parallel()
		checkRetryAfter(t, http.StatusTooManyRequests)
	})
	t.Run("a wait that does not fit the deadline ends the call at once", func(t *testing.T) {
		t.Parallel()
		c, a := answersInTurn(t, askToWait(http.StatusServiceUnavailable))
		ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
		defer cancel()
		began := time.Now()
		assert.ErrorIs(t, askTests(ctx, c), insights.ErrServer)
		assert.Less(t, time.Since(began), 900*time.Millisecond)
		assert.Len(t, a.all(), 1)
	})
	t.Run("a cancelled wait ends at once", func(t *testing.T) {
		t.Parallel()
		c, _ := answersInTurn(t, askToWait(http.StatusTooManyRequests))
		ctx, cancel := context.WithCancel(t.Context())
		c, err := c.Clone(insights.WithOnAttempt(func(context.Context, insights.Attempt) { time.AfterFunc(100*time.Millisecond, cancel) }))
		require.NoError(t, err)
		began := time.Now()
		err = askTests(ctx, c)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, insights.ErrRateLimited)
		assert.Less(t, time.Since(began), 2*time.Second)
	})
}

// inFlight is a transport that notes how many requests wait for their response at once.
type inFlight struct {
	next         http.RoundTripper
	now, highest atomic.Int64
}

func (f *inFlight) RoundTrip(r *http.Request) (*http.Response, error) {
	now := f.now.Add(1)
	defer f.now.Add(-1)
	for highest := f.highest.Load(); now > highest && !f.highest.CompareAndSwap(highest, now); highest = f.highest.Load() {
	}
	return f.next.RoundTrip(r)
}

func TestRealtimeAllTests(t *testing.T) {
	t.Parallel()
	end := time.Now().Truncate(time.Second)
	runs := insightstest.Generate(1, 2000, end.Add(-time.Hour), end)
	const latency = 50 * time.Millisecond
	deliver := func(t *testing.T, concurrency int) (highest int64, took time.Duration) {
		fake := insightstest.New(t, insightstest.InMemory())
		fake.Add(runs...)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(latency)
			fake.ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		sockets := new(http.Transport)
		t.Cleanup(sockets.CloseIdleConnections)
		transport := &inFlight{next: sockets}
		c, err := insights.NewClient("", fake.Credentials(), insights.WithBaseURL(server.URL), insights.WithHTTPClient(&http.Client{Transport: transport}),
			insights.WithoutRateLimit(), insights.WithConcurrency(concurrency))
		require.NoError(t, err)
		began, delivered := time.Now(), 0
		for _, err := range c.AllTests(t.Context(), insights.TestsOptions{Period: insights.Between(end.Add(-2*time.Hour), end), Scope: insights.ScopeOrganization, Size: 100}) {
			require.NoError(t, err)
			delivered++
		}
		assert.Equal(t, 2000, delivered)
		return transport.highest.Load(), time.Since(began)
	}
	t.Run("one request in flight waits for each page in turn", func(t *testing.T) {
		highest, took := deliver(t, 1)
		assert.EqualValues(t, 1, highest)
		assert.GreaterOrEqual(t, took, 20*latency)
	})
	t.Run("four in flight share the latency, and no fifth is sent", func(t *testing.T) {
		highest, took := deliver(t, 4)
		assert.EqualValues(t, 4, highest)
		assert.Less(t, took, 20*latency)
	})
}
