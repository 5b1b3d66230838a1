package teardown

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(packageRole); role != "" {
		os.Exit(beOnePackage(role, m))
	}
	goleak.VerifyTestMain(m)
}

// testRun is a run of tests with this exit code.
type testRun int

func (r testRun) Run() int { return int(r) }

// service answers with what it finds at the time. It has no counts.
type service func(ctx context.Context, opts insights.TestsOptions) ([]insights.Test, error)

func (s service) AllTests(ctx context.Context, opts insights.TestsOptions, _ ...insights.CallOption) iter.Seq2[insights.Test, error] {
	return func(yield func(insights.Test, error) bool) {
		report.Replay(s(ctx, opts))(yield)
	}
}

func (s service) BuildsTests(context.Context, insights.BuildsTestsOptions, ...insights.CallOption) (*insights.BuildsTests, error) {
	return nil, insights.ErrNotFound
}

// newHook returns one that is asked to report on build 7, by this client.
func newHook(t *testing.T, client report.Poller) (h *Hook, out *bytes.Buffer) {
	t.Helper()
	setEnv(t, map[string]string{
		"INSIGHTS_TEARDOWN": "1", "INSIGHTS_BUILD": "7", "SAUCE_USERNAME": "someone", "SAUCE_ACCESS_KEY": "no-such-quartz-jumble",
	})
	h = New(WithClient(client))
	out = new(bytes.Buffer)
	h.out, h.temp = out, t.TempDir()
	h.testFlag = func(string) bool { return false }
	return h, out
}

// setEnv leaves nothing that the tests themselves were started with.
func setEnv(t *testing.T, env map[string]string) {
	t.Helper()
	for _, name := range []string{
		"INSIGHTS_TEARDOWN", "INSIGHTS_BUILD", "INSIGHTS_TEARDOWN_BUDGET", "INSIGHTS_TEARDOWN_FILE", "GITHUB_STEP_SUMMARY",
		"SAUCE_USERNAME", "SAUCE_ACCESS_KEY", "SAUCE_REGION",
	} {
		t.Setenv(name, env[name])
	}
}

func runsOf(statuses ...insights.Status) []insights.Test {
	var runs []insights.Test
	for i, status := range statuses {
		runs = append(runs, insights.Test{Name: fmt.Sprint("test ", i), Build: "7", Status: status, CreationTime: time.Now()})
	}
	return runs
}

// always answers the same.
func always(statuses ...insights.Status) service {
	return func(context.Context, insights.TestsOptions) ([]insights.Test, error) { return runsOf(statuses...), nil }
}

func never(context.Context, insights.TestsOptions) ([]insights.Test, error) { panic("it was asked") }

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(content)
}

func TestHookMainAsksNobody(t *testing.T) {
	for _, wish := range []string{"", "0", "false"} {
		t.Run("unless INSIGHTS_TEARDOWN is 1: "+wish, func(t *testing.T) {
			h, out := newHook(t, service(never))
			t.Setenv("INSIGHTS_TEARDOWN", wish)
			assert.Equal(t, 3, h.Main(testRun(3)))
			assert.Empty(t, out.String())
		})
	}
	for _, name := range []string{"list", "run", "bench", "fuzz"} {
		t.Run("with -"+name+" if no session was started", func(t *testing.T) {
			h, out := newHook(t, service(never))
			h.testFlag = func(f string) bool { return f == name }
			assert.Zero(t, h.Main(testRun(0)))
			assert.Empty(t, out.String())
		})
	}
	t.Run("but reports on the sessions of the tests that -run chose", func(t *testing.T) {
		h, out := newHook(t, always("passed"))
		t.Setenv("INSIGHTS_TEARDOWN_BUDGET", "500ms")
		h.testFlag = func(f string) bool { return f == "run" }
		h.SessionStarted()
		h.Main(testRun(0))
		assert.Contains(t, out.String(), "Build 7: 100% passed")
	})
}

// transport is a service without a network, for virtual time.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(request *http.Request) (*http.Response, error) { return t(request) }

func clientOf(t *testing.T, tr transport) *insights.Client {
	t.Helper()
	creds := insights.Credentials{Username: "someone", AccessKey: "no-such-quartz-jumble"}
	client, err := insights.NewClient(insights.USWest1, creds, insights.WithHTTPClient(&http.Client{Transport: tr}))
	require.NoError(t, err)
	return client
}

func TestHookMainKeepsTheVerdictOfTheTests(t *testing.T) {
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
		}, says: "deadline exceeded"},
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
					var client report.Poller = tt.service
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

func TestHookMainKeepsItsBudget(t *testing.T) {
	t.Run("whatever hangs", func(t *testing.T) {
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
	})
	t.Run("of five seconds by default", func(t *testing.T) {
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
	})
	t.Run("and there is a report at every latency", func(t *testing.T) {
		for lag := time.Duration(0); lag <= time.Second; lag += 100 * time.Millisecond {
			synctest.Test(t, func(t *testing.T) {
				h, out := newHook(t, service(func(ctx context.Context, _ insights.TestsOptions) ([]insights.Test, error) {
					select {
					case <-time.After(lag):
						return runsOf("passed", "in progress"), nil
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}))
				h.Main(testRun(0))
				assert.Contains(t, out.String(), "Build 7: 100% passed", lag)
				assert.LessOrEqual(t, time.Since(h.began), 5*time.Second)
			})
		}
	})
	t.Run("and the counts are reported if the list does not come", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, out := newHook(t, countsOnly{})
			h.Main(testRun(0))
			assert.Contains(t, out.String(), "12 runs there, at least 1 expected, 10 decided, 2 still running")
			assert.LessOrEqual(t, time.Since(h.began), 5*time.Second)
		})
	})
	t.Run("if nobody reads", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, _ := newHook(t, always("passed"))
			out := blocked{make(chan struct{})}
			defer close(out.until)
			h.out = out
			assert.Equal(t, 0, h.Main(testRun(0)))
			assert.LessOrEqual(t, time.Since(h.began), 5*time.Second+minToPrint)
		})
	})
}

// countsOnly is a service whose lists never come.
type countsOnly struct{}

func (countsOnly) AllTests(ctx context.Context, _ insights.TestsOptions, _ ...insights.CallOption) iter.Seq2[insights.Test, error] {
	return func(yield func(insights.Test, error) bool) {
		<-ctx.Done()
		yield(insights.Test{}, ctx.Err())
	}
}

func (countsOnly) BuildsTests(context.Context, insights.BuildsTestsOptions, ...insights.CallOption) (*insights.BuildsTests, error) {
	build := insights.Build{Name: "7", TestsCount: 12, Aggs: insights.BuildAggs{Status: []insights.NamedCount{{Name: "passed", Count: 10}, {Name: "in progress", Count: 2}}}}
	return &insights.BuildsTests{Builds: insights.BuildList{Items: []insights.Build{build}}}, nil
}

// blocked is a pipe that nobody reads.
type blocked struct{ until chan struct{} }

func (b blocked) Write(p []byte) (int, error) {
	<-b.until
	return len(p), nil
}

func TestHookSessionStarted(t *testing.T) {
	t.Run("lets it wait for as many runs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			h, out := newHook(t, service(func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
				if time.Since(began) < 2*time.Second {
					return runsOf("passed", "in progress"), nil
				}
				return runsOf("passed", "failed", "passed"), nil
			}))
			for range 3 {
				h.SessionStarted()
			}
			assert.Zero(t, h.Main(testRun(0)))
			assert.Contains(t, out.String(), "Build 7: 66.7% passed\n3 runs of 3 tests")
			assert.NotContains(t, out.String(), "not complete")
		})
	})
	t.Run("and report on those that came", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, out := newHook(t, always("passed", "in progress"))
			for range 3 {
				h.SessionStarted()
			}
			h.Main(testRun(0))
			assert.True(t, strings.HasPrefix(out.String(), "insights: not complete: 2 runs there, at least 3 expected, 1 decided, 1 still running, after "), out.String())
			assert.Contains(t, out.String(), "Build 7: 100% passed\n2 runs of 2 tests")
			assert.LessOrEqual(t, time.Since(h.began), 5*time.Second)
		})
	})
}

func TestHookMainSettings(t *testing.T) {
	for name, tt := range map[string]struct {
		env  map[string]string
		says string
	}{
		"no credentials":       {map[string]string{"INSIGHTS_BUILD": "7"}, "SAUCE_USERNAME"},
		"no build":             {map[string]string{"SAUCE_USERNAME": "someone", "SAUCE_ACCESS_KEY": "no-such-quartz-jumble"}, "INSIGHTS_BUILD is not set"},
		"a budget of nonsense": {map[string]string{"INSIGHTS_BUILD": "7", "INSIGHTS_TEARDOWN_BUDGET": "soon"}, "INSIGHTS_TEARDOWN_BUDGET"},
		"a budget of nothing":  {map[string]string{"INSIGHTS_BUILD": "7", "INSIGHTS_TEARDOWN_BUDGET": "0s"}, "INSIGHTS_TEARDOWN_BUDGET"},
		"a wish of nonsense":   {map[string]string{"INSIGHTS_TEARDOWN": "perhaps"}, "INSIGHTS_TEARDOWN"},
		"an unknown region": {map[string]string{
			"INSIGHTS_BUILD": "7", "SAUCE_USERNAME": "someone", "SAUCE_ACCESS_KEY": "no-such-quartz-jumble", "SAUCE_REGION": "mars",
		}, "mars"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			h := New()
			h.out, h.temp, h.testFlag = &out, t.TempDir(), func(string) bool { return false }
			if tt.env["INSIGHTS_TEARDOWN"] == "" {
				tt.env["INSIGHTS_TEARDOWN"] = "1"
			}
			setEnv(t, tt.env)
			assert.Equal(t, 2, h.Main(testRun(2)))
			assert.Contains(t, out.String(), tt.says)
			assert.Equal(t, 1, strings.Count(out.String(), "\n"), out.String())
			assert.NotContains(t, out.String(), "quartz")
		})
	}
	t.Run("a key in the wrong variable is not printed", func(t *testing.T) {
		for _, name := range []string{"INSIGHTS_TEARDOWN", "INSIGHTS_TEARDOWN_BUDGET"} {
			h, out := newHook(t, nil)
			t.Setenv(name, os.Getenv("SAUCE_ACCESS_KEY"))
			assert.Equal(t, 2, h.Main(testRun(2)))
			assert.Contains(t, out.String(), name)
			assert.NotContains(t, out.String(), "quartz")
		}
	})
}

func TestHookMainWritesAFile(t *testing.T) {
	for ending, wants := range map[string]string{".xml": `<testsuites name="Sauce Labs" tests="2" failures="1"`, ".md": "## Build 7: 50% passed\n", ".txt": "Build 7: 50% passed\n"} {
		t.Run("with the ending "+ending, func(t *testing.T) {
			h, _ := newHook(t, always("passed", "failed"))
			t.Setenv("INSIGHTS_TEARDOWN_BUDGET", "500ms")
			name := filepath.Join(t.TempDir(), "report"+ending)
			t.Setenv("INSIGHTS_TEARDOWN_FILE", name)
			h.Main(testRun(0))
			assert.Contains(t, read(t, name), wants)
		})
	}
	t.Run("that says what is missing", func(t *testing.T) {
		h, _ := newHook(t, always("passed", "in progress"))
		t.Setenv("INSIGHTS_TEARDOWN_BUDGET", "500ms")
		name := filepath.Join(t.TempDir(), "report.xml")
		t.Setenv("INSIGHTS_TEARDOWN_FILE", name)
		h.Main(testRun(0))
		var parsed struct {
			Errors int `xml:"errors,attr"`
		}
		require.NoError(t, xml.Unmarshal([]byte(read(t, name)), &parsed))
		assert.Equal(t, 1, parsed.Errors, "the list of runs is complete")
	})
	t.Run("of which the whole path is given", func(t *testing.T) {
		h, out := newHook(t, always("passed"))
		t.Setenv("INSIGHTS_TEARDOWN_BUDGET", "500ms")
		t.Setenv("INSIGHTS_TEARDOWN_FILE", "report.md")
		assert.Zero(t, h.Main(testRun(0)))
		assert.Contains(t, out.String(), "give the whole path")
		assert.Contains(t, out.String(), "Build 7: 100% passed", "and the report is printed all the same")
	})
}

func TestHookMainWritesAJobSummary(t *testing.T) {
	name := filepath.Join(t.TempDir(), "summary.md")
	require.NoError(t, os.WriteFile(name, []byte("# Of another step\n"), 0o600))
	temp := t.TempDir()
	for i := range 3 {
		h, _ := newHook(t, always("passed", "failed"))
		t.Setenv("INSIGHTS_TEARDOWN_BUDGET", "500ms")
		t.Setenv("GITHUB_STEP_SUMMARY", name)
		h.temp = temp
		h.Main(testRun(0))
		content := read(t, name)
		assert.True(t, strings.HasPrefix(content, "# Of another step\n\n\n<!-- insights "), content)
		assert.Equal(t, 1, strings.Count(content, "## Build 7: 50% passed\n"), "package %d", i)
	}
}

func TestHookMainMakesOneReportForABuild(t *testing.T) {
	t.Run("of which the last package is told all sessions", func(t *testing.T) {
		// Three packages of two sessions each; the service shows what began so far.
		temp, file := t.TempDir(), filepath.Join(t.TempDir(), "report.txt")
		began := time.Now()
		var statuses []insights.Status
		for i := range 3 {
			statuses = append(statuses, "passed", "passed")
			shown := statuses
			var asked insights.Period
			h, _ := newHook(t, service(func(_ context.Context, opts insights.TestsOptions) ([]insights.Test, error) {
				asked = opts.Period
				return runsOf(shown...), nil
			}))
			t.Setenv("INSIGHTS_TEARDOWN_BUDGET", "500ms")
			t.Setenv("INSIGHTS_TEARDOWN_FILE", file)
			h.temp = temp
			h.SessionStarted()
			h.SessionStarted()
			h.Main(testRun(0))
			assert.Contains(t, read(t, file), fmt.Sprintf("%d runs of %d tests", 2*i+2, 2*i+2))
			text, _, _ := strings.Cut(asked.String(), "/")
			start, err := time.Parse(time.RFC3339, text)
			require.NoError(t, err)
			assert.WithinDuration(t, began.Add(-clockSkew), start, 2*time.Second, "the period begins with the first package")
		}
	})
	t.Run("whoever ends last", func(t *testing.T) {
		temp := t.TempDir()
		s := settings{build: "7", began: time.Now(), sessions: 1, to: time.Now()}
		first, second := joinBuild(temp, s), joinBuild(temp, s)
		var written []string
		write := func(name string) func() error {
			return func() error { written = append(written, name); return nil }
		}
		require.NoError(t, second.ifLatest(write("second")))
		require.NoError(t, first.ifLatest(write("first")))
		assert.Equal(t, []string{"second"}, written, "what is older does not replace it")
		assert.Equal(t, 2, second.known.Sessions)
	})
	t.Run("also of packages that end at the same time", func(t *testing.T) {
		temp := t.TempDir()
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { joinBuild(temp, settings{build: "7", began: time.Now(), sessions: 1}) })
		}
		group.Wait()
		assert.Equal(t, 21, joinBuild(temp, settings{build: "7", began: time.Now(), sessions: 1}).known.Sessions)
	})
	t.Run("forgetting an old build of the same name", func(t *testing.T) {
		temp := t.TempDir()
		s := settings{build: "7", began: time.Now(), sessions: 1}
		old := joinBuild(temp, s)
		old.known.Began = time.Now().Add(-8 * time.Hour)
		content := fmt.Sprintf(`{"began": %q, "sessions": 40, "used": %q}`, old.known.Began.Format(time.RFC3339), time.Now().Add(-7*time.Hour).Format(time.RFC3339))
		require.NoError(t, os.WriteFile(filepath.Join(old.folder, "build.json"), []byte(content), 0o600))
		assert.Equal(t, 1, joinBuild(temp, s).known.Sessions)
	})
	t.Run("despite a lock that was left behind", func(t *testing.T) {
		temp := t.TempDir()
		s := settings{build: "7", began: time.Now(), sessions: 1}
		b := joinBuild(temp, s)
		lock := filepath.Join(b.folder, "lock")
		require.NoError(t, os.WriteFile(lock, nil, 0o600))
		require.NoError(t, os.Chtimes(lock, time.Now().Add(-time.Minute), time.Now().Add(-time.Minute)))
		assert.Equal(t, 2, joinBuild(temp, s).known.Sessions)
	})
	t.Run("and by itself where nothing can be shared", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "no folder")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		b := joinBuild(file, settings{build: "7", began: time.Now(), sessions: 3})
		assert.Equal(t, 3, b.known.Sessions)
		written := false
		require.NoError(t, b.ifLatest(func() error { written = true; return nil }))
		assert.True(t, written)
	})
}

func TestHookMainReportsAListThatBreaksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		h, out := newHook(t, service(func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
			polls++
			if polls > 3 {
				return runsOf("passed"), errors.New("gone")
			}
			return runsOf("passed", "in progress"), nil
		}))
		h.Main(testRun(0))
		assert.Contains(t, out.String(), "WARNING: Not complete: gone")
		assert.Contains(t, out.String(), "\n1 run of 1 test")
	})
}
