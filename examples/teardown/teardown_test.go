package teardown

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// hook is made before the tests begin, and so knows when they did. Tests that
// open a session call hook.Began.
var hook = New()

func TestMain(m *testing.M) {
	os.Exit(hook.Main(m))
}

// The tests below are those of the hook itself.

// testRun is a run of tests with this exit code.
type testRun int

func (r testRun) Run() int { return int(r) }

// service answers with what it finds at the time.
type service func(ctx context.Context, opts insights.TestsOptions) ([]insights.Test, error)

func (s service) AllTests(ctx context.Context, opts insights.TestsOptions, _ ...insights.CallOption) iter.Seq2[insights.Test, error] {
	return func(yield func(insights.Test, error) bool) {
		report.Replay(s(ctx, opts))(yield)
	}
}

// newHook is one that is asked to report on build 7, by this client.
func newHook(t *testing.T, client report.Lister) (h *Hook, out *bytes.Buffer) {
	setEnv(t, map[string]string{
		"INSIGHTS_TEARDOWN": "1", "INSIGHTS_BUILD": "7", "SAUCE_USERNAME": "someone", "SAUCE_ACCESS_KEY": "no-such-quartz-jumble",
	})
	out = new(bytes.Buffer)
	connect := func(settings) (report.Lister, func(), error) { return client, func() {}, nil }
	return &Hook{began: time.Now(), out: out, connect: connect}, out
}

// setEnv leaves nothing that the tests themselves were started with.
func setEnv(t *testing.T, env map[string]string) {
	for _, name := range []string{
		"INSIGHTS_TEARDOWN", "INSIGHTS_BUILD", "INSIGHTS_TEARDOWN_BUDGET", "SAUCE_USERNAME", "SAUCE_ACCESS_KEY", "SAUCE_REGION",
	} {
		t.Setenv(name, env[name])
	}
}

func runsOf(statuses ...insights.Status) []insights.Test {
	var runs []insights.Test
	for _, status := range statuses {
		runs = append(runs, insights.Test{Name: "login", Build: "7", Status: status, CreationTime: time.Now()})
	}
	return runs
}

func TestNobodyIsAskedUnlessItIsWanted(t *testing.T) {
	for _, wish := range []string{"", "0", "false"} {
		h, out := newHook(t, service(func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
			panic("it was asked")
		}))
		t.Setenv("INSIGHTS_TEARDOWN", wish)
		assert.Equal(t, 3, h.Main(testRun(3)))
		assert.Empty(t, out.String())
	}
}

// transport is a service without a network, for virtual time.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(request *http.Request) (*http.Response, error) { return t(request) }

func clientOf(t *testing.T, tr transport) *insights.Client {
	creds := insights.Credentials{Username: "someone", AccessKey: "no-such-quartz-jumble"}
	client, err := insights.NewClient(insights.USWest1, creds, insights.WithHTTPClient(&http.Client{Transport: tr}))
	require.NoError(t, err)
	return client
}

func TestTheVerdictOfTheTestsStands(t *testing.T) {
	services := map[string]struct {
		transport transport
		service   service
		says      string
	}{
		"down": {transport: func(*http.Request) (*http.Response, error) {
			return nil, errors.New("connection refused")
		}, says: "connection refused"},
		"slow": {transport: func(request *http.Request) (*http.Response, error) {
			<-request.Context().Done()
			return nil, request.Context().Err()
		}, says: "context deadline exceeded"},
		"rejected": {transport: func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusUnauthorized, Body: http.NoBody}, nil
		}, says: "401 Unauthorized"},
		"panics": {service: func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
			panic("of two\nlines")
		}, says: "panic: of two lines"},
		"no run": {service: func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
			return nil, nil
		}, says: "build 7: not complete: 0 runs there, at least 1 expected"},
		"fails": {service: func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
			return nil, errors.New("insights: something\nelse")
		}, says: "no report: something else"},
	}
	for name, tt := range services {
		for _, code := range []int{0, 1, 2} {
			t.Run(fmt.Sprintf("%s, exit code %d", name, code), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var client report.Lister = tt.service
					if tt.transport != nil {
						client = clientOf(t, tt.transport)
					}
					h, out := newHook(t, client)
					assert.Equal(t, code, h.Main(testRun(code)))
					assert.LessOrEqual(t, time.Since(h.began), 5*time.Second)
					assert.Contains(t, out.String(), tt.says)
					assert.True(t, strings.HasPrefix(out.String(), "insights: no report: "), out.String())
					assert.Equal(t, 1, strings.Count(out.String(), "\n"), out.String())
					assert.NotContains(t, out.String(), "quartz")
				})
			})
		}
	}
}

func TestTheBudgetHoldsWhateverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		defer close(stuck)
		h, out := newHook(t, service(func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
			<-stuck // deaf to its context
			return nil, nil
		}))
		t.Setenv("INSIGHTS_TEARDOWN_BUDGET", "3s")
		assert.Equal(t, 1, h.Main(testRun(1)))
		assert.Equal(t, 3*time.Second, time.Since(h.began))
		assert.Equal(t, "insights: no report: it was not done within 3s\n", out.String())
	})
}

func TestTheBudgetIsFiveSecondsByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newHook(t, service(func(ctx context.Context, _ insights.TestsOptions) ([]insights.Test, error) {
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.LessOrEqual(t, time.Until(deadline), 5*time.Second)
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		h.Main(testRun(0))
		assert.LessOrEqual(t, time.Since(h.began), 5*time.Second)
	})
}

func TestItWaitsForTheRunsOfTheSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		h, out := newHook(t, service(func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
			if time.Since(began) < 2*time.Second {
				return runsOf(insights.StatusPassed, "in progress"), nil
			}
			return runsOf(insights.StatusPassed, insights.StatusFailed, insights.StatusPassed), nil
		}))
		for range 3 {
			h.Began()
		}
		assert.Zero(t, h.Main(testRun(0)))
		assert.Contains(t, out.String(), "Build 7: 66.7% passed\n3 runs of 1 test")
		assert.NotContains(t, out.String(), "not complete")
	})
}

func TestItReportsOnThoseThatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, out := newHook(t, service(func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
			return runsOf(insights.StatusPassed, "in progress"), nil
		}))
		for range 3 {
			h.Began()
		}
		h.Main(testRun(0))
		assert.True(t, strings.HasPrefix(out.String(), "insights: not complete: 2 runs there, at least 3 expected, 1 still running, after 2."), out.String())
		assert.Contains(t, out.String(), "Build 7: 100% passed\n2 runs of 1 test")
		assert.LessOrEqual(t, time.Since(h.began), 5*time.Second)
	})
}

func TestAListThatBreaksOffIsSaidToBeIncomplete(t *testing.T) {
	polls := 0
	h, out := newHook(t, service(func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
		if polls++; polls > 1 {
			return runsOf(insights.StatusPassed), errors.New("the service went away")
		}
		return runsOf(insights.StatusPassed, insights.StatusPassed), nil
	}))
	assert.Zero(t, h.Main(testRun(0)))
	assert.Contains(t, out.String(), "WARNING: Not complete: the service went away\n1 run of 1 test")
}

func TestItAsksForTheRunsThatTheTestsCaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []insights.TestsOptions
		h, _ := newHook(t, service(func(_ context.Context, opts insights.TestsOptions) ([]insights.Test, error) {
			asked = append(asked, opts)
			return runsOf(insights.StatusPassed), nil
		}))
		time.Sleep(time.Minute) // the tests; no real time passes
		want := insights.TestsOptions{
			Period: insights.Between(h.began.Add(-5*time.Second), time.Now()), Scope: insights.ScopeMe, Build: "7",
		}
		h.Main(testRun(0))
		assert.Equal(t, []insights.TestsOptions{want, want}, asked, "once to see that all are there, once for the report")
	})
}

func TestAMistakeInTheEnvironmentIsOneLine(t *testing.T) {
	for name, tt := range map[string]struct{ value, says string }{
		"INSIGHTS_TEARDOWN":        {"perhaps", `INSIGHTS_TEARDOWN is "perhaps"`},
		"INSIGHTS_TEARDOWN_BUDGET": {"-1s", `INSIGHTS_TEARDOWN_BUDGET is "-1s"`},
		"INSIGHTS_BUILD":           {"", "INSIGHTS_BUILD is not set"},
		"SAUCE_USERNAME":           {"", "SAUCE_USERNAME"},
		"SAUCE_ACCESS_KEY":         {"", "SAUCE_ACCESS_KEY"},
		"SAUCE_REGION":             {"mars", "mars"},
	} {
		t.Run(name, func(t *testing.T) {
			h, out := newHook(t, nil)
			h.connect = connect
			t.Setenv(name, tt.value)
			assert.Equal(t, 1, h.Main(testRun(1)))
			assert.Contains(t, out.String(), "insights: no report: ")
			assert.Contains(t, out.String(), tt.says)
			assert.Equal(t, 1, strings.Count(out.String(), "\n"))
			assert.NotContains(t, out.String(), "quartz")
		})
	}
}

func TestWithoutCredentialsItReportsOnGeneratedRuns(t *testing.T) {
	defer goleak.VerifyNone(t)
	setEnv(t, map[string]string{"INSIGHTS_TEARDOWN": "1"})
	var out bytes.Buffer
	h := New()
	h.out = &out
	assert.Zero(t, h.Main(testRun(0)))
	assert.True(t, strings.HasPrefix(out.String(), "insights: SAUCE_USERNAME and SAUCE_ACCESS_KEY are not set: generated runs"), out.String())
	assert.Contains(t, out.String(), "Build demo: ")
	assert.Contains(t, out.String(), "\n40 runs of ")
}

// blocked is a pipe that nobody reads.
type blocked struct{ until chan struct{} }

func (b blocked) Write(p []byte) (int, error) {
	<-b.until
	return len(p), nil
}

func TestNobodyReadingHoldsNoTests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newHook(t, service(func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
			return runsOf("passed"), nil
		}))
		out := blocked{make(chan struct{})}
		defer close(out.until)
		h.out = out
		assert.Equal(t, 0, h.Main(testRun(0)))
		assert.LessOrEqual(t, time.Since(h.began), 5*time.Second+leastToPrint)
	})
}

func TestAKeyInTheWrongVariableIsNotPrinted(t *testing.T) {
	for _, name := range []string{"INSIGHTS_TEARDOWN", "INSIGHTS_TEARDOWN_BUDGET"} {
		h, out := newHook(t, nil)
		t.Setenv(name, os.Getenv("SAUCE_ACCESS_KEY"))
		assert.Equal(t, 2, h.Main(testRun(2)))
		assert.Contains(t, out.String(), name)
		assert.NotContains(t, out.String(), "quartz")
	}
}
