package conformance_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// cases says how many random loops TestAllTestsAgainstTheTruth makes; the
// first of them has the number firstCase.
var (
	cases     = flag.Uint64("cases", 0, "random AllTests loops to compare with the truth; by default 300, with -short 12, under the race detector 4")
	firstCase = flag.Uint64("first-case", 0, "number of the first of them")
)

// scenario is a service, the runs that it holds, and a loop over them.
type scenario struct {
	variant  insightstest.Variant
	runs     []insights.Test
	arrivals []insights.Test
	options  insights.TestsOptions
	window   int // result window
	width    int // concurrency
	failing  int // one in so many requests fails, up to a few; 0: none
	killed   bool
}

func (s scenario) String() string {
	return fmt.Sprintf("%s; %d runs, %d arriving; order %q, from %d, size %d; result window %d, concurrency %d; failing 1/%d, killed %t",
		s.variant.Name, len(s.runs), len(s.arrivals), s.options.Order, s.options.From, s.options.Size, s.window, s.width, s.failing, s.killed)
}

func randomScenario(number uint64) scenario {
	random := rand.New(rand.NewPCG(number, 1))
	variants := insightstest.Variants()
	s := scenario{
		variant: variants[number%uint64(len(variants))],
		runs:    randomRuns(random, "run", random.IntN(220)),
		width:   1 + random.IntN(6),
		options: insights.TestsOptions{
			Period: insights.Between(dawn, dusk),
			Order:  []insights.Order{"", insights.OldestFirst, insights.NewestFirst}[random.IntN(3)],
			Size:   1 + random.IntN(25),
		},
	}
	switch random.IntN(5) {
	case 0:
		s.arrivals = randomRuns(random, "late", 60)
	case 1:
		s.failing = 2 + random.IntN(10)
	case 2:
		s.options.From = random.IntN(len(s.runs) + 2)
	case 3:
		s.killed = true
	}
	s.window = densest(slices.Concat(s.runs, s.arrivals)) + 10 + random.IntN(80)
	return s
}

// randomRuns are spread, or crowded into a few seconds; some never started,
// and some outlast the period.
func randomRuns(random *rand.Rand, name string, n int) []insights.Test {
	seconds := []int{300, 300, 60, 8}[random.IntN(4)]
	longest := []int{1, 90, 290}[random.IntN(3)]
	runs := make([]insights.Test, n)
	for i := range runs {
		created := dawn.Add(time.Duration(random.IntN(seconds*10)) * 100 * time.Millisecond).Add(-time.Duration(random.IntN(20)) * time.Second)
		runs[i] = insights.Test{
			ID: fmt.Sprintf("%s-%03d", name, i), Name: "n", Owner: insightstest.Username,
			Status: insights.StatusPassed, CreationTime: created,
		}
		if random.IntN(8) > 0 {
			runs[i].StartTime = created.Add(time.Duration(random.IntN(5)) * time.Second)
			runs[i].EndTime = runs[i].StartTime.Add(time.Duration(random.IntN(longest)) * time.Second)
		}
	}
	return runs
}

// densest is how many runs are under way, or about to be, in the fullest three
// seconds: a result window must hold these, or there is no way on.
func densest(runs []insights.Test) int {
	most := 0
	for at := dawn.Add(-30 * time.Second); at.Before(dusk.Add(30 * time.Second)); at = at.Add(time.Second) {
		n := 0
		for _, run := range runs {
			end := run.CreationTime
			if run.EndTime.After(end) {
				end = run.EndTime
			}
			if run.CreationTime.Before(at.Add(4*time.Second)) && !end.Before(at.Add(-time.Second)) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// service answers requests in memory after a random time, and fails some.
type service struct {
	server  *insightstest.Server
	latency time.Duration // beside the random time
	random  func(int) int
	failing int

	mu             sync.Mutex // guards server and what follows
	inFlight, most int
	failures       int
}

func (s *service) RoundTrip(request *http.Request) (*http.Response, error) {
	s.enter()
	defer s.leave()
	before := s.latency + time.Duration(s.random(20))*time.Millisecond
	if err := pause(request, before); err != nil {
		return nil, err
	}
	if s.fails() {
		return nil, errors.New("connection reset by the test")
	}
	recorder := httptest.NewRecorder()
	s.serving().ServeHTTP(recorder, request)
	return recorder.Result(), pause(request, time.Duration(s.random(20))*time.Millisecond)
}

func (s *service) serving() *insightstest.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server
}

// serve puts another server in the place of the one before.
func (s *service) serve(server *insightstest.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server = server
}

// fails is true for few requests in all, so that every loop comes to an end.
func (s *service) fails() bool {
	if s.failing == 0 || s.random(s.failing) > 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures++
	return s.failures < 8
}

func (s *service) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	s.most = max(s.most, s.inFlight)
}

func (s *service) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}

// pause waits. Of no time it makes no timer: in a bubble that crashes the race
// detector of Go 1.26.
func pause(request *http.Request, d time.Duration) error {
	if d <= 0 {
		return request.Context().Err()
	}
	select {
	case <-request.Context().Done():
		return request.Context().Err()
	case <-time.After(d):
		return nil
	}
}

// TestAllTestsAgainstTheTruth compares loops over random runs, of random
// services and with random interruptions, with what the same service gives in
// a single page: every run once, in order.
func TestAllTestsAgainstTheTruth(t *testing.T) {
	t.Parallel()
	for number := *firstCase; number < *firstCase+wantedCases(); number++ {
		s := randomScenario(number)
		want := truth(t, s.runs, s.variant.Options)
		srv := insightstest.NewServer(s.serverOptions()...)
		srv.Add(s.runs...)
		synctest.Test(t, func(t *testing.T) { s.check(t, srv, number, want) })
		srv.Close()
	}
}

func wantedCases() uint64 {
	switch {
	case *cases > 0:
		return *cases
	case testing.Short():
		return min(defaultCases(), 12)
	}
	return defaultCases()
}

func (s scenario) serverOptions() []insightstest.Option {
	opts := append(slices.Clone(s.variant.Options), insightstest.WithResultWindow(s.window))
	if len(s.arrivals) > 0 {
		opts = append(opts, insightstest.WithArrivals(func(request int) []insights.Test {
			return s.arrivals[min(request, len(s.arrivals)):min(request+1, len(s.arrivals))]
		}))
	}
	return opts
}

func (s scenario) check(t *testing.T, srv *insightstest.Server, number uint64, want []string) {
	defer func() {
		if t.Failed() {
			t.Logf("case %d: %s", number, s)
		}
	}()
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(number, 2))
	transport := &service{server: srv, failing: s.failing, random: func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}}
	client := srv.Client(insights.WithHTTPClient(&http.Client{Transport: transport}),
		insights.WithConcurrency(s.width), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
	got := s.deliver(t, client, transport.random)
	ids := idsOf(got)
	assert.LessOrEqual(t, transport.most, s.width, "requests in flight")
	assertOrdered(t, got, s.options.Order, "in order")
	switch {
	case len(s.arrivals) > 0:
		assert.Subset(t, ids, want, "what was there")
	case s.options.From > 0:
		assert.Subset(t, want, ids)
		assert.Len(t, ids, max(0, len(want)-s.options.From))
	default:
		assert.ElementsMatch(t, want, ids)
	}
	slices.Sort(ids)
	assert.Len(t, slices.Compact(ids), len(got), "none twice")
}

// deliver ranges over the runs, and goes on where that ends: after a failure
// with Rest, after a kill with the cursor of what was kept.
func (s scenario) deliver(t *testing.T, client *insights.Client, random func(int) int) (got []insights.Test) {
	opts := s.options
	for range 1000 {
		kill := -1
		if s.killed {
			kill = 1 + random(100)
		}
		part, err := collectUntil(t.Context(), client, opts, kill)
		got = append(got, part...)
		switch {
		case err == nil && len(part) == kill:
			opts.After = keptCursor(got)
		case err == nil:
			return got
		default:
			failed, ok := errors.AsType[*insights.IterationError](err)
			require.True(t, ok && s.failing > 0, "%v", err)
			assert.Equal(t, len(part), failed.Delivered)
			opts = throughText(t, failed.Rest)
		}
	}
	t.Error("it does not come to an end")
	return got
}

func throughText(t *testing.T, opts insights.TestsOptions) insights.TestsOptions {
	cursor, err := opts.After.MarshalText()
	require.NoError(t, err)
	require.NoError(t, opts.After.UnmarshalText(cursor))
	period, err := opts.Period.MarshalText()
	require.NoError(t, err)
	require.NoError(t, opts.Period.UnmarshalText(period))
	return opts
}

// keptCursor is what a program can tell of the runs that it kept.
func keptCursor(kept []insights.Test) insights.Cursor {
	last := kept[len(kept)-1].CreationTime
	var ids []string
	for _, run := range kept {
		if run.CreationTime.Equal(last) {
			ids = append(ids, run.ID)
		}
	}
	return insights.CursorAfter(last, ids...)
}
