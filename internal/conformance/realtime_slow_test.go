//go:build realtime

package conformance_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/sauceinsights/insights"
)

func TestRealtimeWithRateLimitOfCrowds(t *testing.T) {
	for name, c := range map[string]crowd{
		"50 goroutines with one deadline":    {goroutines: 50, deadline: 3 * time.Second},
		"200 goroutines with one deadline":   {goroutines: 200, deadline: 3 * time.Second},
		"1,000 goroutines with one deadline": {goroutines: 1000, deadline: 3 * time.Second},
		"10 clones":                          {goroutines: 200, deadline: 3 * time.Second, clones: 10},
		"a limit of 50 and 5":                {goroutines: 1000, deadline: 3 * time.Second, perSecond: 50, burst: 5, inASecond: 65},
	} {
		t.Run(name, c.check)
	}
	t.Run("200 goroutines that ask again at once when they are refused", func(t *testing.T) {
		a := newArrivals(t)
		c := a.client(t)
		until := time.Now().Add(4 * time.Second)
		together(200, func(int) {
			for time.Now().Before(until) {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				if askTests(ctx, c) != nil {
					time.Sleep(time.Millisecond)
				}
				cancel()
			}
		})
		when := a.all()
		assert.LessOrEqual(t, maxIn(time.Second, when), 10)
		assert.LessOrEqual(t, len(when), 8*7+1, "4 s, and 3 s of those who waited at their end")
		assert.GreaterOrEqual(t, len(when), 8*5)
	})
	t.Run("62 callers who give up hold nobody behind them", func(t *testing.T) {
		a := newArrivals(t)
		c := a.client(t)
		impatient, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all sync.WaitGroup
		for range 62 {
			all.Go(func() { _ = askTests(impatient, c) })
		}
		time.Sleep(200 * time.Millisecond)
		began := time.Now()
		var last atomic.Int64
		for range 20 {
			all.Go(func() {
				assert.NoError(t, askTests(t.Context(), c))
				last.Store(max(last.Load(), int64(time.Since(began))))
			})
		}
		time.Sleep(300 * time.Millisecond)
		cancel()
		newcomer := time.Now()
		require.NoError(t, askTests(t.Context(), c))
		assert.Greater(t, time.Since(newcomer), 2*time.Second, "the newcomer overtakes nobody")
		all.Wait()
		assert.Less(t, time.Duration(last.Load()), 3500*time.Millisecond, "20 requests at 8 a second")
		assert.LessOrEqual(t, maxIn(time.Second, a.all()), 10)
	})
	t.Run("60 callers behind a shared limiter that was closed for 5 s", func(t *testing.T) {
		a := newArrivals(t)
		shared := rate.NewLimiter(rate.Every(time.Millisecond), 1000)
		opens := time.Now().Add(5 * time.Second)
		c := a.client(t, insights.WithLimiter(limiter(func(ctx context.Context) error {
			time.Sleep(time.Until(opens))
			return shared.Wait(ctx)
		})))
		together(60, func(int) { assert.NoError(t, askTests(t.Context(), c)) })
		assert.LessOrEqual(t, maxIn(time.Second, a.all()), 10)
	})
	t.Run("a pause that the service asks for ends in no rush", func(t *testing.T) {
		a := newArrivals(t)
		answer := a.server.Config.Handler
		var requests atomic.Int32
		a.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if requests.Add(1) == 3 {
				a.note()
				w.Header().Set("Retry-After", "2")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			answer.ServeHTTP(w, r)
		})
		c := a.client(t)
		together(60, func(int) { assert.NoError(t, askTests(t.Context(), c)) })
		when := a.all()
		assert.LessOrEqual(t, maxIn(time.Second, when), 10)
		assert.GreaterOrEqual(t, when[4]-when[2], 1900*time.Millisecond, "one may be on its way when it is asked for")
	})
}

func TestRealtimeRetryAfter(t *testing.T) {
	for _, status := range []int{500, 502, 503, 504} {
		t.Run(http.StatusText(status), func(t *testing.T) { checkRetryAfter(t, status) })
	}
}

type limiter func(context.Context) error

func (l limiter) Wait(ctx context.Context) error { return l(ctx) }

// The environment of a test that is run again, as a process of its own.
const stoppedProcess = "INSIGHTS_TEST_STOPPED_PROCESS"

func TestRealtimeStoppedProcess(t *testing.T) {
	if address := os.Getenv(stoppedProcess); address != "" {
		callFromStoppedProcess(t, address)
		return
	}
	a := newArrivals(t)
	child := exec.Command(os.Args[0], "-test.run", "^TestRealtimeStoppedProcess$", "-test.timeout", "1m")
	child.Env = append(os.Environ(), stoppedProcess+"="+a.server.URL)
	require.NoError(t, child.Start())
	require.Eventually(t, func() bool { return len(a.all()) >= 8 }, 10*time.Second, time.Millisecond)
	require.NoError(t, child.Process.Signal(syscall.SIGSTOP))
	time.Sleep(5 * time.Second)
	before := len(a.all())
	require.NoError(t, child.Process.Signal(syscall.SIGCONT))
	require.NoError(t, child.Wait())
	when := a.all()
	assert.Len(t, when, 60)
	assert.LessOrEqual(t, maxIn(time.Second, when), 10)
	assert.LessOrEqual(t, maxIn(200*time.Millisecond, when[before:]), 4, "no rush after it has gone on")
}

func callFromStoppedProcess(t *testing.T, address string) {
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	defer transport.CloseIdleConnections()
	c, err := insights.NewClient("", insights.Credentials{Username: "a-user", AccessKey: "a-key"},
		insights.WithBaseURL(address), insights.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	together(60, func(int) {
		if err := askTests(t.Context(), c); err != nil && !errors.Is(err, insights.ErrTransport) {
			t.Error(err)
		}
	})
}
