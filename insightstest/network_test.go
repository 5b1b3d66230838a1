package insightstest_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// TestInMemory lets hours of waiting pass in no time.
func TestInMemory(t *testing.T) {
	day := insights.TestsOptions{Period: insights.Last(24 * time.Hour)}
	took := func(t *testing.T, faults []insightstest.Fault, opts ...insights.Option) (time.Duration, error) {
		srv := insightstest.New(t, insightstest.InMemory())
		srv.Fail(faults...)
		begun := time.Now()
		_, err := srv.Client(opts...).Tests(t.Context(), day)
		return time.Since(begun), err
	}
	cases := map[string]struct {
		faults   []insightstest.Fault
		opts     []insights.Option
		min, max time.Duration
		err      error
	}{
		"a slow answer": {[]insightstest.Fault{insightstest.Slow(1, 20*time.Second)}, nil, 20 * time.Second, 20 * time.Second, nil},
		"a Retry-After": {[]insightstest.Fault{insightstest.Throttle(1, 7*time.Second)}, nil, 7 * time.Second, 20 * time.Second, nil},
		"a server that hangs, until the attempt is over": {[]insightstest.Fault{insightstest.Hang(1)}, nil, 30 * time.Second, 31 * time.Second, nil},
		"a body that stalls":                             {[]insightstest.Fault{insightstest.StallAt(1, 7)}, nil, 30 * time.Second, 31 * time.Second, nil},
		"the waits of production":                        {[]insightstest.Fault{insightstest.Outage(3)}, []insights.Option{insights.WithRetry(insights.RetryPolicy{})}, time.Millisecond, 4 * time.Second, nil},
		"a service that never comes back":                {[]insightstest.Fault{insightstest.Hang(-1)}, []insights.Option{insights.WithAttemptTimeout(time.Hour)}, 4 * time.Hour, 4*time.Hour + time.Second, insights.ErrTimeout},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := took(t, c.faults, c.opts...)
				require.ErrorIs(t, err, c.err)
				assert.GreaterOrEqual(t, got, c.min)
				assert.LessOrEqual(t, got, c.max)
			})
		})
	}
	t.Run("AllTests finds what Tests finds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			srv := insightstest.New(t, insightstest.InMemory(), insightstest.WithLatency(time.Second))
			srv.Add(insightstest.Generate(1, 250, time.Now().Add(-time.Hour), time.Now())...)
			assert.Len(t, all(t, srv, insights.Last(2*time.Hour)), 250)
		})
	})
	t.Run("a deadline ends a hanging call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			srv := insightstest.New(t, insightstest.InMemory())
			srv.Fail(insightstest.Hang(1))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := srv.Client(insights.WithAttemptTimeout(time.Hour)).Tests(ctx, day)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
	})
	t.Run("clients of other makes", func(t *testing.T) {
		srv := insightstest.New(t, insightstest.InMemory())
		resp, body := ask(t, srv.HTTPClient(), request(t, srv, insightstest.PathTests, around()))
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		assert.Equal(t, unspoiled, body)
		_, err := http.DefaultClient.Do(request(t, srv, insightstest.PathTests, around()))
		assert.Error(t, err, "a client that does not know of the network reaches nothing")
	})
	t.Run("no connection is made once the caller gave up", func(t *testing.T) {
		srv := insightstest.New(t, insightstest.InMemory(), insightstest.WithListener(listener(t)), insightstest.InMemory())
		assert.Equal(t, "http://127.0.0.1:1", srv.URL)
		srv.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := srv.Dial(ctx, "", "")
		assert.Error(t, err)
	})
}

// all are the runs that AllTests finds.
func all(t *testing.T, srv *insightstest.Server, p insights.Period) []insights.Test {
	t.Helper()
	var list []insights.Test
	for run, err := range srv.Client().AllTests(t.Context(), insights.TestsOptions{Period: p}) {
		require.NoError(t, err)
		list = append(list, run)
	}
	return list
}

func listener(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestServerDial(t *testing.T) {
	srv := start(t)
	conn, err := srv.Dial(t.Context(), "tcp", "insights.example:443")
	require.NoError(t, err)
	defer conn.Close()
	assert.Equal(t, srv.URL, "http://"+conn.RemoteAddr().String())
}

func TestWithClock(t *testing.T) {
	clock := func() time.Time { return noon }
	t.Run("the client has it too", func(t *testing.T) {
		srv := insightstest.New(t, insightstest.WithClock(clock))
		srv.Add(insightstest.Generate(1, 50, noon.Add(-time.Hour), noon)...)
		page, err := srv.Client().Tests(t.Context(), insights.TestsOptions{Period: insights.Last(2 * time.Hour), Size: 100})
		require.NoError(t, err)
		assert.Len(t, page.Items, 50)
		assert.Len(t, all(t, srv, insights.Last(2*time.Hour)), 50)
	})
	t.Run("answers are dated by it", func(t *testing.T) {
		srv := insightstest.New(t, insightstest.WithClock(clock))
		resp, _ := ask(t, plain(t), request(t, srv, insightstest.PathTests, around()))
		assert.Equal(t, []string{"Mon, 02 Mar 2026 12:00:00 GMT"}, resp.Header["Date"])
		srv.Fail(insightstest.Fault{Header: http.Header{"Date": nil}})
		resp, _ = ask(t, plain(t), request(t, srv, insightstest.PathTests, around()))
		assert.Empty(t, resp.Header["Date"], "or not at all")
	})
}
