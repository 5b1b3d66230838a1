package conformance_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// spread are n runs, so many with each time, a tenth of a second apart.
func spread(n, ties int) []insights.Test {
	runs := make([]insights.Test, n)
	for i := range runs {
		at := dawn.Add(time.Duration(i/ties) * 100 * time.Millisecond)
		runs[i] = insights.Test{ID: fmt.Sprintf("run-%05d", i), Name: "n", CreationTime: at, StartTime: at, EndTime: at.Add(time.Second)}
	}
	return runs
}

// TestAllTestsEnd has services that are wrong about the end of a list, about its
// order or its times: a loop delivers all runs or says that it does not, within
// 20 further requests.
func TestAllTestsEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts     []insightstest.Option
		faults   []insightstest.Fault
		n, ties  int
		requests int // at most; 0: any number
	}{
		"no has_more and pages of 50":          {opts: []insightstest.Option{insightstest.WithHasMore(insightstest.HasMoreAbsent), insightstest.WithLargestPage(50)}, n: 1000, ties: 1, requests: 33},
		"has_more is null and pages of 50":     {opts: []insightstest.Option{insightstest.WithHasMore(insightstest.HasMoreNull), insightstest.WithLargestPage(50)}, n: 1000, ties: 1, requests: 33},
		"one page lacks has_more":              {faults: []insightstest.Fault{insightstest.LoseMember(1, "has_more").After(20)}, n: 5000, ties: 1, requests: 56},
		"1,000 of any list, then empty pages":  {opts: []insightstest.Option{insightstest.WithListLimit(1000, insightstest.BeyondCut)}, n: 5000, ties: 1, requests: 102},
		"1,000 of any list, has_more is false": {opts: []insightstest.Option{insightstest.WithListLimit(1000, insightstest.BeyondEnded)}, n: 5000, ties: 1, requests: 75},
		"1,000 of any list, the last again":    {opts: []insightstest.Option{insightstest.WithListLimit(1000, insightstest.BeyondRepeated)}, n: 5000, ties: 1, requests: 102},
		"empty beyond a limit of 1,000":        {opts: []insightstest.Option{insightstest.WithListLimit(1000, insightstest.BeyondEmpty)}, n: 5000, ties: 1, requests: 102},
		"refused beyond a limit of 1,000":      {opts: []insightstest.Option{insightstest.WithListLimit(1000, insightstest.BeyondRefused)}, n: 5000, ties: 1, requests: 75},
		"422 beyond a limit of 1,000":          {opts: []insightstest.Option{insightstest.WithListLimit(1000, insightstest.BeyondRefused), insightstest.WithInvalidStatus(422)}, n: 5000, ties: 1, requests: 75},
		"an index that is rebuilt":             {faults: []insightstest.Fault{insightstest.EmptyList(8).After(5)}, n: 2000, ties: 1},
		"two replicas, ties of 2":              {opts: []insightstest.Option{insightstest.WithReplicas()}, n: 4000, ties: 2, requests: 45},
		"two replicas, ties of 10":             {opts: []insightstest.Option{insightstest.WithReplicas()}, n: 4000, ties: 10, requests: 50},
		"times shown in another zone":          {opts: []insightstest.Option{insightstest.WithShownZone(2 * time.Hour), insightstest.WithListLimit(1000, insightstest.BeyondRefused)}, n: 2000, ties: 1},
		"start rounded up to the minute":       {opts: []insightstest.Option{insightstest.WithStartRoundedUp(time.Minute), insightstest.WithListLimit(1500, insightstest.BeyondRefused)}, n: 5000, ties: 1},
		"an honest service":                    {n: 5000, ties: 1, requests: 53},
	} {
		t.Run(name, func(t *testing.T) {
			srv := insightstest.NewServer(append(test.opts, insightstest.WithTimes(insightstest.TimesInMilliseconds))...)
			defer srv.Close()
			srv.Add(spread(test.n, test.ties)...)
			srv.Fail(test.faults...)
			opts := insights.TestsOptions{Period: insights.Between(dawn, dawn.Add(time.Hour)), Size: 100}
			seen, sinceNew := make(map[string]int), 0
			for run, err := range srv.Client(insights.WithConcurrency(1)).AllTests(t.Context(), opts) {
				if err != nil {
					assert.ErrorIs(t, err, insights.ErrResultWindow)
					assert.LessOrEqual(t, len(srv.Requests())-sinceNew, 20)
					return
				}
				seen[run.ID]++
				sinceNew = len(srv.Requests())
			}
			assert.Len(t, seen, test.n)
			for id, n := range seen {
				require.Equal(t, 1, n, id)
			}
			if test.requests > 0 {
				assert.LessOrEqual(t, len(srv.Requests()), test.requests, "requests")
			}
		})
	}
}

func TestAllTestsGrowsItsPages(t *testing.T) {
	t.Parallel()
	collectSizes := func(t *testing.T, n int, options []insights.Option, opts ...insightstest.Option) (sizes []string, client *insights.Client) {
		srv := insightstest.NewServer(opts...)
		t.Cleanup(srv.Close)
		srv.Add(spread(n, 1)...)
		client = srv.Client(append([]insights.Option{insights.WithConcurrency(1)}, options...)...)
		got, err := collect(t.Context(), client, insights.TestsOptions{Period: insights.Between(dawn, dawn.Add(time.Hour))})
		require.NoError(t, err)
		assert.Len(t, got, n)
		for _, r := range srv.Requests() {
			sizes = append(sizes, r.Query.Get("size"))
		}
		return sizes, client
	}
	t.Run("from 100 to 1,000", func(t *testing.T) {
		sizes, _ := collectSizes(t, 3000, nil)
		assert.Equal(t, "100", sizes[0])
		assert.Equal(t, []string{"1000", "1000"}, sizes[1:3])
		assert.LessOrEqual(t, len(sizes), 6)
	})
	t.Run("and learns a cap", func(t *testing.T) {
		sizes, _ := collectSizes(t, 2000, nil, insightstest.WithLargestPage(250))
		assert.Equal(t, []string{"100", "1000", "250"}, sizes[:3])
		assert.LessOrEqual(t, len(sizes), 12)
	})
	t.Run("and learns a refusal, for all clones", func(t *testing.T) {
		srv := insightstest.NewServer(insightstest.WithLargestPage(100), insightstest.WithLargerPagesRefused())
		defer srv.Close()
		srv.Add(spread(500, 1)...)
		client := srv.Client(insights.WithConcurrency(1))
		clone, err := client.Clone()
		require.NoError(t, err)
		refused := 0
		for _, c := range []*insights.Client{client, clone} {
			got, err := collect(t.Context(), c, insights.TestsOptions{Period: insights.Between(dawn, dawn.Add(time.Hour))})
			require.NoError(t, err)
			assert.Len(t, got, 500)
		}
		for _, r := range srv.Requests() {
			if r.Query.Get("size") == "1000" {
				refused++
			}
		}
		assert.Equal(t, 1, refused)
	})
	t.Run("and goes back where a page is too large", func(t *testing.T) {
		srv := insightstest.NewServer()
		defer srv.Close()
		runs := spread(5000, 1)
		for i := range runs {
			runs[i].Error = strings.Repeat("x", 20_000)
		}
		srv.Add(runs...)
		got, err := collect(t.Context(), srv.Client(), insights.TestsOptions{Period: insights.Between(dawn, dawn.Add(time.Hour))})
		require.NoError(t, err)
		assert.Len(t, got, 5000)
	})
	t.Run("at most twice for one full page", func(t *testing.T) {
		sizes, _ := collectSizes(t, 100, nil)
		assert.LessOrEqual(t, len(sizes), 2)
	})
	t.Run("not at all if the caller chose a size", func(t *testing.T) {
		srv := insightstest.NewServer()
		defer srv.Close()
		srv.Add(spread(1500, 1)...)
		_, err := collect(t.Context(), srv.Client(), insights.TestsOptions{Period: insights.Between(dawn, dawn.Add(time.Hour)), Size: 200})
		require.NoError(t, err)
		for _, r := range srv.Requests() {
			assert.Equal(t, "200", r.Query.Get("size"))
		}
	})
}

func TestCaptureCursor(t *testing.T) {
	t.Parallel()
	t.Run("goes on behind the run in hand, wherever a program is killed", func(t *testing.T) {
		for _, order := range []insights.Order{insights.OldestFirst, insights.NewestFirst} {
			srv := insightstest.NewServer(insightstest.WithResultWindow(60), insightstest.WithMembership(insightstest.ByEnd))
			srv.Add(crowded(11, 150)...)
			client := srv.Client(insights.WithResultWindow(60))
			opts := insights.TestsOptions{Period: insights.Between(dawn, dusk), Order: order, Size: 7}
			all, err := collect(t.Context(), client, opts)
			require.NoError(t, err)
			for kill := 1; kill < len(all); kill += 5 {
				var kept insights.Cursor
				n := 0
				for _, err := range client.AllTests(t.Context(), opts, insights.CaptureCursor(&kept)) {
					require.NoError(t, err)
					if n++; n == kill {
						break
					}
				}
				text, err := kept.MarshalText()
				require.NoError(t, err)
				rest := opts
				require.NoError(t, rest.After.UnmarshalText(text))
				got, err := collect(t.Context(), client, rest)
				require.NoError(t, err)
				assert.ElementsMatch(t, idsOf(all[kill:]), idsOf(got), "killed after %d", kill)
			}
			srv.Close()
		}
	})
	t.Run("stays as it was when the loop goes on", func(t *testing.T) {
		srv := insightstest.NewServer()
		defer srv.Close()
		srv.Add(spread(300, 3)...)
		var c insights.Cursor
		var kept []insights.Cursor
		var texts []string
		for _, err := range srv.Client().AllTests(t.Context(), insights.TestsOptions{Period: insights.Between(dawn, dawn.Add(time.Hour))}, insights.CaptureCursor(&c)) {
			require.NoError(t, err)
			text, _ := c.MarshalText()
			kept, texts = append(kept, c), append(texts, string(text))
		}
		for i, k := range kept {
			text, _ := k.MarshalText()
			require.Equal(t, texts[i], string(text))
		}
	})
	t.Run("is refused by other calls, and without a cursor", func(t *testing.T) {
		srv := insightstest.NewServer()
		defer srv.Close()
		_, err := srv.Client().Tests(t.Context(), insights.TestsOptions{Period: insights.Last(time.Hour)}, insights.CaptureCursor(new(insights.Cursor)))
		assert.ErrorIs(t, err, insights.ErrInvalidOptions)
		assert.ErrorContains(t, err, "CaptureCursor")
		for _, err := range srv.Client().AllTests(t.Context(), insights.TestsOptions{Period: insights.Last(time.Hour)}, insights.CaptureCursor(nil)) {
			assert.ErrorIs(t, err, insights.ErrInvalidOptions)
		}
	})
}

func TestLastInAllTestsGoesByTheServicesClock(t *testing.T) {
	for name, test := range map[string]struct {
		ahead    time.Duration
		requests int
	}{
		"the clocks agree":           {0, 1},
		"4 s are no matter":          {4 * time.Second, 1},
		"the client's is behind":     {10 * time.Minute, 2},
		"the client's is far behind": {30 * 24 * time.Hour, 2},
		"the client's is ahead":      {-10 * time.Minute, 2},
	} {
		t.Run(name, func(t *testing.T) {
			srv := insightstest.NewServer(insightstest.WithClockSkew(test.ahead))
			defer srv.Close()
			now := time.Now().Add(test.ahead)
			for i := range 9 {
				srv.Add(insights.Test{ID: fmt.Sprint(i), CreationTime: now.Add(-time.Minute - time.Duration(i)*time.Second)})
			}
			got, err := collect(t.Context(), srv.Client(insights.WithClock(time.Now)), insights.TestsOptions{Period: insights.Last(time.Hour)})
			require.NoError(t, err)
			assert.Len(t, got, 9)
			assert.Len(t, srv.Requests(), test.requests)
		})
	}
}

// Whatever happens during a pause, it ends with the context.
func TestAllTestsWaitsForNoIndexBeyondItsContext(t *testing.T) {
	srv := insightstest.NewServer()
	defer srv.Close()
	srv.Add(spread(500, 1)...)
	srv.Fail(insightstest.EmptyList(1000).After(2))
	synctest.Test(t, func(t *testing.T) {
		none := func(int) int { return 0 }
		client := srv.Client(insights.WithHTTPClient(&http.Client{Transport: &service{server: srv, random: none}}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := collect(ctx, client, insights.TestsOptions{Period: insights.Between(dawn, dawn.Add(time.Hour)), Size: 100})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
	srv.Recover()
}

func TestWithLongestPeriod(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, order := range []insights.Order{insights.OldestFirst, insights.NewestFirst} {
		for name, membership := range map[string]insightstest.Membership{"creation": insightstest.ByCreation, "end": insightstest.ByEnd} {
			t.Run(string(order)+", by "+name, func(t *testing.T) {
				srv := insightstest.NewServer(insightstest.WithLongestPeriod(29*day), insightstest.WithMembership(membership))
				defer srv.Close()
				for i := range 900 {
					at := dawn.Add(time.Duration(i) * 2 * time.Hour)
					srv.Add(insights.Test{ID: fmt.Sprintf("%03d", i), CreationTime: at, StartTime: at, EndTime: at.Add(time.Duration(i%7) * time.Hour)})
				}
				opts := insights.TestsOptions{Period: insights.Between(dawn, dawn.Add(90*day)), Order: order}
				_, err := collect(t.Context(), srv.Client(), opts)
				require.ErrorIs(t, err, insights.ErrInvalidRequest, "the service refuses it whole")
				srv.ForgetRequests()
				got, err := collect(t.Context(), srv.Client(insights.WithLongestPeriod(29*day)), opts)
				require.NoError(t, err)
				assert.Len(t, got, 900)
				assertOrdered(t, got, order, "in order")
				assert.LessOrEqual(t, len(srv.Requests()), 40)
			})
		}
	}
	_, err := insights.NewClient(insights.USWest1, insights.Credentials{Username: "u", AccessKey: "key-of-nobody"}, insights.WithLongestPeriod(time.Minute))
	assert.ErrorIs(t, err, insights.ErrInvalidOptions)
}
