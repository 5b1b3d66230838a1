package syncer

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// asProcess makes the test binary a process that syncs: address and store.
const asProcess = "SYNCER_TEST_AS_PROCESS"

func TestMain(m *testing.M) {
	if job := os.Getenv(asProcess); job != "" {
		os.Exit(syncOnce(job))
	}
	os.Exit(m.Run())
}

func syncOnce(job string) int {
	address, file, _ := strings.Cut(job, " ")
	ctx := context.Background()
	s, err := store.Open(ctx, file)
	if err == nil {
		_, err = clientOf(address).pollLocked(ctx, s)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

type address string

func clientOf(a string) address { return address(a) }

func (a address) pollLocked(ctx context.Context, s *store.Store) (Result, error) {
	unlock, err := s.Lock(ctx)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	c, err := insights.NewClient("", insights.Credentials{Username: insightstest.Username, AccessKey: insightstest.AccessKey}, insights.WithBaseURL(string(a)), insights.WithoutRateLimit())
	if err != nil {
		return Result{}, err
	}
	return Syncer{Client: c, Store: s, Source: "mia", Options: Options{Since: 30 * 24 * time.Hour, Now: time.Now}}.Poll(ctx)
}

func open(t *testing.T, name string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// bench is a service, a store and a clock.
type bench struct {
	*insightstest.Server
	Syncer
	now time.Time
}

func newBench(t *testing.T, opts ...insightstest.Option) *bench {
	b := &bench{now: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return b.now }
	b.Server = insightstest.NewServer(append(opts, insightstest.WithClock(clock))...)
	t.Cleanup(b.Close)
	b.Syncer = Syncer{
		Client: b.Server.Client(), Store: open(t, filepath.Join(t.TempDir(), "x.db")), Source: "mia",
		Options: Options{Since: 30 * 24 * time.Hour, Now: clock},
	}
	return b
}

func (b *bench) kept(t *testing.T) map[string]insights.Status {
	t.Helper()
	runs, err := report.Collect(b.Store.Runs(t.Context(), store.Selection{}))
	require.NoError(t, err)
	statuses := make(map[string]insights.Status)
	for _, run := range runs {
		statuses[run.ID] = run.Status
	}
	require.Len(t, statuses, len(runs), "once each")
	return statuses
}

func TestPoll(t *testing.T) {
	t.Run("keeps all runs of the time before, and then those that are new", func(t *testing.T) {
		b := newBench(t)
		b.Add(insightstest.Generate(1, 2500, b.now.AddDate(0, 0, -20), b.now.Add(-time.Minute))...)
		r, err := b.Poll(t.Context())
		require.NoError(t, err)
		assert.Equal(t, store.Written{New: 2500}, r.Written)
		require.NotNil(t, r.Reconciled, "%v", r.Unreconciled)
		assert.True(t, r.Reconciled.Agrees(), r.Reconciled)

		b.ForgetRequests()
		b.now = b.now.Add(5 * time.Minute)
		b.Add(insights.Test{Name: "new", CreationTime: b.now.Add(-time.Minute)})
		r, err = b.Poll(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, r.New)
		assert.Equal(t, 0, r.Changed)
		assert.LessOrEqual(t, len(b.Requests()), 2, "one page, and the counts")
	})
	t.Run("refuses the runs of another account", func(t *testing.T) {
		b := newBench(t)
		_, err := b.Poll(t.Context())
		require.NoError(t, err)
		b.Source = "ben"
		_, err = b.Poll(t.Context())
		assert.ErrorContains(t, err, "has the runs of mia, and not of ben: name another store")
		assert.ErrorIs(t, err, ErrOtherSource)
	})
	t.Run("goes on where an outage stopped it", func(t *testing.T) {
		b := newBench(t)
		b.Add(insightstest.Generate(1, 6000, b.now.AddDate(0, 0, -20), b.now.Add(-time.Minute))...)
		b.Fail(insightstest.Outage(-1).After(5))
		_, err := b.Poll(t.Context())
		require.ErrorContains(t, err, "503")
		some := len(b.kept(t))
		assert.Positive(t, some)
		b.Recover()
		r, err := b.Poll(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 6000-some, r.New)
		assert.Len(t, b.kept(t), 6000)
	})
	t.Run("keeps no errors if it is not to", func(t *testing.T) {
		b := newBench(t)
		b.WithoutErrors = true
		b.Add(insights.Test{Name: "a", Status: "failed", Error: "secret of a customer", CreationTime: b.now.Add(-time.Hour)})
		_, err := b.Poll(t.Context())
		require.NoError(t, err)
		for run, err := range b.Store.Runs(t.Context(), store.Selection{}) {
			require.NoError(t, err)
			assert.Empty(t, run.Error)
			assert.Equal(t, insights.StatusFailed, run.Status)
		}
	})
	t.Run("keeps no errors that were kept before, once their runs are read again", func(t *testing.T) {
		b := newBench(t)
		b.Add(insights.Test{Name: "a", Status: "failed", Error: "secret of a customer", CreationTime: b.now.Add(-time.Minute)})
		_, err := b.Poll(t.Context())
		require.NoError(t, err)
		b.WithoutErrors = true
		_, err = b.Poll(t.Context())
		require.NoError(t, err)
		db, err := sql.Open("sqlite", b.Store.Name())
		require.NoError(t, err)
		defer func() { assert.NoError(t, db.Close()) }()
		var left int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM cause").Scan(&left))
		assert.Zero(t, left)
	})
	t.Run("deletes what is older than the retention", func(t *testing.T) {
		b := newBench(t)
		b.Add(insightstest.Generate(1, 500, b.now.AddDate(0, 0, -20), b.now.Add(-time.Minute))...)
		b.Retention = 10 * 24 * time.Hour
		r, err := b.Poll(t.Context())
		require.NoError(t, err)
		assert.Positive(t, r.Deleted)
		assert.Len(t, b.kept(t), 500-int(r.Deleted))
	})
	t.Run("reads once more what differs from what the service counts", func(t *testing.T) {
		b := newBench(t)
		b.Add(insightstest.Generate(1, 50, b.now.AddDate(0, 0, -2), b.now.Add(-time.Hour))...)
		late := insightstest.Fault{Path: insightstest.PathTestTrends, Match: func(insightstest.Request) bool {
			b.Add(insights.Test{ID: "late", Name: "listed after the list was read", CreationTime: b.now.Add(-90 * time.Minute)})
			return false
		}}
		b.Fail(late)
		r, err := b.Poll(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 51, r.New)
		assert.Equal(t, 1, r.ReadAgain)
		assert.True(t, r.Reconciled.Agrees(), r.Reconciled)
		assert.Contains(t, b.kept(t), "late")
	})
	t.Run("keeps what differs still", func(t *testing.T) {
		b := newBench(t)
		b.Add(insights.Test{Name: "a", CreationTime: b.now.Add(-90 * time.Minute)})
		b.Fail(insightstest.Reply(-1, 200, `{"buckets":[{"timestamp":"2026-04-30T22:00:00Z","count":7,"aggs":{}}],"metrics":{}}`).On(insightstest.PathTestTrends))
		r, err := b.Poll(t.Context())
		require.NoError(t, err)
		assert.False(t, r.Reconciled.Agrees())
		found, err := b.Store.Counted(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, found.Unreconciled)
	})
	t.Run("says that it could not tell where there are no counts", func(t *testing.T) {
		b := newBench(t)
		b.Fail(insightstest.Outage(-1).On(insightstest.PathTestTrends))
		r, err := b.Poll(t.Context())
		require.NoError(t, err)
		assert.Nil(t, r.Reconciled)
		assert.ErrorContains(t, r.Unreconciled, "503")
	})
}

func TestRead(t *testing.T) {
	b := newBench(t)
	runs := insightstest.Generate(1, 300, b.now.AddDate(0, 0, -20), b.now.Add(-time.Minute))
	b.Add(runs...)
	_, err := b.Poll(t.Context())
	require.NoError(t, err)
	before, err := b.Store.State(t.Context())
	require.NoError(t, err)

	old := runs[10]
	b.Update(old.ID, func(run *insights.Test) { run.Status = "in progress" })
	r, err := b.Read(t.Context(), old.CreationTime.Add(-time.Hour), old.CreationTime.Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Changed)
	assert.Equal(t, insights.Status("in progress"), b.kept(t)[old.ID])
	after, err := b.Store.State(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before, after, "how far polls have come is what it was")
}

func TestReadAfterStoppedPoll(t *testing.T) {
	b := newBench(t)
	b.Add(insightstest.Generate(1, 6000, b.now.AddDate(0, 0, -20), b.now.Add(-time.Minute))...)
	old := insights.Test{ID: "old", Name: "before the first poll", Status: "passed", CreationTime: b.now.AddDate(0, 0, -60)}
	b.Add(old)
	b.Fail(insightstest.Outage(-1).After(5))
	_, err := b.Poll(t.Context())
	require.ErrorContains(t, err, "503")
	b.Recover()
	r, err := b.Read(t.Context(), old.CreationTime.Add(-time.Hour), old.CreationTime.Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, 6001, len(b.kept(t)), "what was stopped is finished, and what is asked for is read")
	assert.Equal(t, old.CreationTime.Add(-time.Hour), r.Start)
}

// TestPollInTheLongRun has three days of runs that are listed up to 30 minutes late
// and whose statuses change up to a day later, polled every 5 minutes.
func TestPollInTheLongRun(t *testing.T) {
	b := newBench(t)
	random := rand.New(rand.NewPCG(1, 2))
	const days = 3
	start := b.now
	truth := map[string]insights.Status{}
	type change struct {
		at time.Time
		id string
	}
	var changes []change
	for i := range 600 {
		created := start.Add(time.Duration(random.Int64N(int64(days * 24 * time.Hour)))).Truncate(time.Second)
		run := insights.Test{ID: fmt.Sprintf("%032x", i), Name: fmt.Sprint("test ", i%20), Status: insights.StatusComplete, CreationTime: created, StartTime: created, EndTime: created.Add(time.Minute)}
		b.AddAt(created.Add(time.Duration(random.Int64N(int64(30*time.Minute)))), run)
		truth[run.ID] = run.Status
		if i%3 == 0 {
			changes = append(changes, change{created.Add(31*time.Minute + time.Duration(random.Int64N(int64(23*time.Hour)))), run.ID})
		}
	}
	slices.SortFunc(changes, func(x, y change) int { return x.at.Compare(y.at) })
	polls := 0
	for b.now.Before(start.Add((days + 2) * 24 * time.Hour)) {
		b.now = b.now.Add(5 * time.Minute)
		for len(changes) > 0 && !changes[0].at.After(b.now) {
			b.Update(changes[0].id, func(run *insights.Test) { run.Status = insights.StatusPassed })
			truth[changes[0].id], changes = insights.StatusPassed, changes[1:]
		}
		_, err := b.Poll(t.Context())
		require.NoError(t, err)
		polls++
	}
	assert.Equal(t, truth, b.kept(t), "0 lost, 0 stale")
	hours := polls / 12
	assert.LessOrEqual(t, len(b.Requests())/hours, 27, "requests an hour")
}

func TestPollOfProcesses(t *testing.T) {
	start := func(srv *insightstest.Server, file string) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asProcess+"="+srv.URL+" "+file)
		return cmd
	}
	t.Run("that are killed at any moment lose nothing", func(t *testing.T) {
		srv := insightstest.New(t)
		now := time.Now()
		runs := insightstest.Generate(1, 20_000, now.AddDate(0, 0, -20), now.Add(-time.Hour))
		srv.Add(runs...)
		file := filepath.Join(t.TempDir(), "x.db")
		kills := 0
		for range 60 {
			cmd := start(srv, file)
			require.NoError(t, cmd.Start())
			kill := time.AfterFunc(time.Duration(20+rand.IntN(300))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			err := cmd.Wait()
			kill.Stop()
			if err == nil {
				break
			}
			kills++
		}
		t.Logf("%d kills", kills)
		assert.Positive(t, kills)
		out, err := start(srv, file).CombinedOutput()
		require.NoError(t, err, "%s", out)
		kept, err := report.Collect(open(t, file).Runs(t.Context(), store.Selection{}))
		require.NoError(t, err)
		assert.ElementsMatch(t, runs, kept)
	})
	t.Run("do not sync at once", func(t *testing.T) {
		srv := insightstest.New(t)
		file := filepath.Join(t.TempDir(), "x.db")
		unlock, err := open(t, file).Lock(t.Context())
		require.NoError(t, err)
		out, err := start(srv, file).CombinedOutput()
		assert.Error(t, err)
		assert.Contains(t, string(out), "another process syncs this store")
		unlock()
		out, err = start(srv, file).CombinedOutput()
		assert.NoError(t, err, "%s", out)
	})
}
