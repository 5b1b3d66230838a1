package conformance_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// steady is a service that takes as long for every request, in memory.
type steady struct {
	service
	asked atomic.Int64
}

func (s *steady) RoundTrip(request *http.Request) (*http.Response, error) {
	s.asked.Add(1)
	resp, err := s.service.RoundTrip(request)
	if err == nil {
		resp.Header.Set("X-Request-Id", "from="+request.URL.Query().Get("from"))
	}
	return resp, err
}

// inBubble runs a test in virtual time with a service of so many runs, one a
// second, and the options of a loop over them.
func inBubble(t *testing.T, n int, latency time.Duration, test func(*testing.T, *steady, insights.TestsOptions), opts ...insightstest.Option) {
	t.Helper()
	srv := insightstest.NewServer(opts...)
	defer srv.Close()
	for i := range n {
		srv.Add(insights.Test{ID: fmt.Sprint(i), CreationTime: dawn.Add(time.Duration(i) * time.Second)})
	}
	period := insights.Between(dawn.Add(-time.Minute), dawn.Add(time.Duration(n)*time.Second))
	synctest.Test(t, func(t *testing.T) {
		none := func(int) int { return 0 }
		test(t, &steady{service: service{server: srv, random: none, latency: latency}}, insights.TestsOptions{Period: period, Size: 10})
	})
}

func (s *steady) client(opts ...insights.Option) *insights.Client {
	return s.server.Client(append([]insights.Option{insights.WithHTTPClient(&http.Client{Transport: s})}, opts...)...)
}

func TestWithConcurrency(t *testing.T) {
	t.Run("the latency is shared by the requests in flight", func(t *testing.T) {
		t.Parallel()
		for _, order := range []insights.Order{insights.OldestFirst, insights.NewestFirst} {
			inBubble(t, 1200, 100*time.Millisecond, func(t *testing.T, s *steady, opts insights.TestsOptions) {
				opts.Order = order
				start := time.Now()
				got, err := collect(t.Context(), s.client(insights.WithConcurrency(8)), opts)
				require.NoError(t, err)
				assert.Len(t, got, 1200)
				pages := 1200 / 9
				limit := time.Duration(pages) * s.latency / 8
				const startUp = 600 * time.Millisecond // of the loop, and a round trip where a moved list is asked for late
				assert.LessOrEqual(t, time.Since(start), limit*105/100+startUp, "the moved windows cost next to nothing")
				assert.LessOrEqual(t, s.most, 8)
				assert.LessOrEqual(t, int(s.asked.Load()), pages*106/100+28, "and few requests")
			}, insightstest.WithResultWindow(400))
		}
	})

	t.Run("a loop stays within the rate limit", func(t *testing.T) {
		t.Parallel()
		inBubble(t, 1200, 300*time.Millisecond, func(t *testing.T, s *steady, opts insights.TestsOptions) {
			start := time.Now()
			refused := 0
			client := s.client(insights.WithRateLimit(8, 2), insights.WithOnAttempt(func(_ context.Context, a insights.Attempt) {
				if a.StatusCode == http.StatusTooManyRequests {
					refused++
				}
			}))
			got, err := collect(t.Context(), client, opts)
			require.NoError(t, err)
			assert.Len(t, got, 1200)
			assert.Zero(t, refused, "answers of 429")
			limit := 1200 / 9 * time.Second / 8
			assert.LessOrEqual(t, time.Since(start), limit*105/100+2*time.Second)
		}, insightstest.WithServerLimit(10, 3500))
	})

	t.Run("a slow consumer holds the loop back", func(t *testing.T) {
		t.Parallel()
		for _, width := range []int{1, 3} {
			inBubble(t, 300, 10*time.Millisecond, func(t *testing.T, s *steady, opts insights.TestsOptions) {
				n, ahead := 0, 0
				for _, err := range s.client(insights.WithConcurrency(width)).AllTests(t.Context(), opts) {
					require.NoError(t, err)
					if n++; n > 150 {
						time.Sleep(time.Second) // a slow consumer, in virtual time
					}
					ahead = max(ahead, int(s.asked.Load())-n/9)
				}
				assert.LessOrEqual(t, ahead, 2*width+1, "pages held, with the one in use")
			})
		}
	})

	t.Run("a loop starts with one page and then widens", func(t *testing.T) {
		inBubble(t, 300, 10*time.Millisecond, func(t *testing.T, s *steady, opts insights.TestsOptions) {
			n := 0
			for range s.client().AllTests(t.Context(), opts) {
				if n++; n > 19 {
					continue // hurry, so that the loop has to wait
				}
				synctest.Wait()
				most := int64(1)
				if n > 10 {
					most = 5
				}
				require.LessOrEqual(t, s.asked.Load(), most, "at run %d", n)
			}
			assert.Equal(t, 4, s.most)
		})
	})
}

func TestAllTestsLeft(t *testing.T) {
	t.Run("however a loop is left nothing stays", func(t *testing.T) {
		ways := map[string]func(*insights.Client, insights.TestsOptions){
			"break": func(c *insights.Client, opts insights.TestsOptions) {
				_, _ = collectUntil(context.Background(), c, opts, 100)
			},
			"panic": func(c *insights.Client, opts insights.TestsOptions) {
				defer func() { _ = recover() }()
				n := 0
				for range c.AllTests(context.Background(), opts) {
					if n++; n == 100 {
						panic("in the body of the loop")
					}
				}
			},
			"cancel": func(c *insights.Client, opts insights.TestsOptions) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				for range c.AllTests(ctx, opts) {
					cancel()
				}
			},
		}
		for name, leave := range ways {
			t.Run(name, func(t *testing.T) {
				inBubble(t, 500, 10*time.Millisecond, func(t *testing.T, s *steady, opts insights.TestsOptions) {
					leave(s.client(), opts)
					assert.Zero(t, s.inFlight, "requests in flight")
					asked := s.asked.Load()
					time.Sleep(time.Minute) // virtual; the bubble also fails if a goroutine stays
					assert.Equal(t, asked, s.asked.Load())
				})
			})
		}
	})

	t.Run("a panic of a callback comes up in the loop", func(t *testing.T) {
		inBubble(t, 500, 10*time.Millisecond, func(t *testing.T, s *steady, opts insights.TestsOptions) {
			var attempts atomic.Int64
			client := s.client(insights.WithOnAttempt(func(context.Context, insights.Attempt) {
				if attempts.Add(1) == 5 {
					panic("in a callback")
				}
			}))
			assert.PanicsWithValue(t, "in a callback", func() { _, _ = collect(t.Context(), client, opts) })
		})
	})

	// As a test does that fails in a callback.
	t.Run("an exit in a callback ends the loop", func(t *testing.T) {
		inBubble(t, 500, 10*time.Millisecond, func(t *testing.T, s *steady, opts insights.TestsOptions) {
			client := s.client(insights.WithOnAttempt(func(context.Context, insights.Attempt) { runtime.Goexit() }))
			ended := make(chan bool)
			go func() {
				defer close(ended)
				_, _ = collect(t.Context(), client, opts)
				ended <- true // not reached
			}()
			assert.False(t, <-ended, "its goroutine exits, too")
		})
	})
}

func TestAllTestsPages(t *testing.T) {
	t.Run("every page fills the response info before its first run", func(t *testing.T) {
		inBubble(t, 95, 10*time.Millisecond, func(t *testing.T, s *steady, opts insights.TestsOptions) {
			var info insights.ResponseInfo
			n := 0
			for _, err := range s.client().AllTests(t.Context(), opts, insights.CaptureResponse(&info)) {
				require.NoError(t, err)
				want := "from=" // of the first page
				if page := max(0, n-1) / 9; page > 0 {
					want = fmt.Sprintf("from=%d", 9*page)
				}
				require.Equal(t, want, info.RequestID, "run %d", n)
				n++
			}
			assert.Equal(t, 95, n)
		})
	})

	// Runs that the service forgets in front of a page pull the others forward.
	t.Run("runs that vanish take no others with them", func(t *testing.T) {
		t.Parallel()
		for _, gone := range []int{5, 15, 60} {
			fewer := insightstest.NewServer()
			for i := gone; i < 200; i++ {
				fewer.Add(insights.Test{ID: fmt.Sprint(i), CreationTime: dawn.Add(time.Duration(i) * time.Second)})
			}
			inBubble(t, 200, 10*time.Millisecond, func(t *testing.T, s *steady, opts insights.TestsOptions) {
				n := 0
				for run, err := range s.client().AllTests(t.Context(), opts) {
					require.NoError(t, err)
					require.Equal(t, fmt.Sprint(n), run.ID)
					if n++; n == 80 {
						s.serve(fewer)
					}
				}
				assert.Equal(t, 200, n)
				assert.Less(t, s.asked.Load(), int64(60), "requests: it goes back no further than it must")
			})
			fewer.Close()
		}
	})
}
