package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

var (
	monthStart = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	monthEnd   = monthStart.AddDate(0, 0, 30)
)

// onEveryEngine runs a test on a new store of each engine that is there.
func onEveryEngine(t *testing.T, test func(t *testing.T, name string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "insights.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, newDatabase(t)) })
}

func open(t *testing.T, name string) *Store {
	t.Helper()
	s, err := Open(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func read(t *testing.T, s *Store, sel Selection) []insights.Test {
	t.Helper()
	runs, err := report.Collect(s.Runs(t.Context(), sel))
	require.NoError(t, err)
	return runs
}

// byKey is the order of Runs.
func byKey(runs []insights.Test) []insights.Test {
	sorted := slices.Clone(runs)
	slices.SortFunc(sorted, func(a, b insights.Test) int {
		if c := a.CreationTime.Compare(b.CreationTime); c != 0 {
			return c
		}
		return slices.Compare(keyOf(a), keyOf(b))
	})
	return sorted
}

func TestStoreWrite(t *testing.T) {
	generated := insightstest.Generate(1, 3000, monthStart, monthEnd)
	odd := []insights.Test{
		{ID: "not-hexadecimal", Name: "a 15 byte ID", CreationTime: monthStart, DetailsURL: "https://app.example.com/tests/not-hexadecimal/x"},
		{ID: "0123456789ABCDEF0123456789ABCDEF", Name: "capital digits", CreationTime: monthStart.Add(time.Nanosecond), Ancestor: "parent"},
		{ID: "fourteen bytes", Name: "14", CreationTime: monthStart.Add(2 * time.Nanosecond), Duration: 0.125},
		{Name: "without an ID", Build: "b", CreationTime: monthStart.Add(3 * time.Nanosecond), EndTime: monthStart.Add(-time.Hour)},
		{ID: "x", Name: "without a creation time", StartTime: monthStart},
		{ID: "y", Name: "日本語 \U0001F600 'quoted' \"double\" \\ %s; DROP TABLE run;--", Error: "line\nline\t\x1b[31m", CreationTime: monthStart.Add(5 * time.Nanosecond), Status: "in progress"},
	}
	onEveryEngine(t, func(t *testing.T, name string) {
		s := open(t, name)
		runs := append(slices.Clone(generated), odd...)
		t.Run("keeps every member of every run", func(t *testing.T) {
			w, err := s.Write(t.Context(), runs, State{Source: "mia"})
			require.NoError(t, err)
			assert.Equal(t, Written{New: len(runs)}, w)
			got := read(t, s, Selection{})
			require.Len(t, got, len(runs))
			assert.Equal(t, byKey(runs), got)
		})
		t.Run("does not write what is there", func(t *testing.T) {
			w, err := s.Write(t.Context(), runs, State{Source: "mia"})
			require.NoError(t, err)
			assert.Equal(t, Written{Unchanged: len(runs)}, w)
		})
		t.Run("writes what has changed", func(t *testing.T) {
			changed := slices.Clone(runs)
			for i := range 30 {
				changed[i*100].Status, changed[i*100].Error = insights.StatusFailed, fmt.Sprint("broke ", i)
			}
			w, err := s.Write(t.Context(), changed, State{Source: "mia"})
			require.NoError(t, err)
			assert.Equal(t, Written{Changed: 30, Unchanged: len(runs) - 30}, w)
			assert.Equal(t, byKey(changed), read(t, s, Selection{}))
		})
		t.Run("keeps a run once that comes twice in a page", func(t *testing.T) {
			twice := insights.Test{ID: "twice", Name: "t", CreationTime: monthStart}
			_, err := s.Write(t.Context(), []insights.Test{twice, twice}, State{})
			require.NoError(t, err)
			assert.Len(t, read(t, s, Selection{Test: "t"}), 1)
		})
		t.Run("keeps texts of any length", func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			long := func() string { // no compression makes it fit
				text := make([]byte, 20_000)
				for i := range text {
					text[i] = byte('0' + random.IntN(70))
				}
				return string(text)
			}
			run := insights.Test{ID: "long", Name: long(), Build: long(), Owner: long(), OS: long(), Browser: long(), Error: long(), Status: insights.Status(long()), DetailsURL: long(), CreationTime: monthStart}
			for _, want := range []Written{{New: 1}, {Unchanged: 1}} {
				s.dictionaries = newDictionaries() // as in the next process
				w, err := s.Write(t.Context(), []insights.Test{run}, State{})
				require.NoError(t, err)
				assert.Equal(t, want, w)
			}
			assert.Equal(t, []insights.Test{run}, read(t, s, Selection{Test: run.Name}))
			require.NoError(t, s.WriteFindings(t.Context(), Findings{Flaky: []report.TestStats{{Name: run.Name}}}))
		})
		t.Run("keeps neither runs nor state when it is called off", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := s.Write(ctx, []insights.Test{{ID: "late", Name: "late", CreationTime: monthStart}}, State{Source: "ben"})
			require.ErrorIs(t, err, context.Canceled)
			st, err := s.State(t.Context())
			require.NoError(t, err)
			assert.NotEqual(t, "ben", st.Source)
			assert.Empty(t, read(t, s, Selection{Test: "late"}))
		})
	})
}

func TestStoreRuns(t *testing.T) {
	runs := insightstest.Generate(2, 500, monthStart, monthEnd)
	onEveryEngine(t, func(t *testing.T, name string) {
		s := open(t, name)
		_, err := s.Write(t.Context(), runs, State{})
		require.NoError(t, err)
		want := func(keep func(insights.Test) bool) []insights.Test {
			return byKey(slices.DeleteFunc(slices.Clone(runs), func(r insights.Test) bool { return !keep(r) }))
		}
		from, to := monthStart.AddDate(0, 0, 5), monthStart.AddDate(0, 0, 12)
		assert.Equal(t, want(func(r insights.Test) bool { return !r.CreationTime.Before(from) && r.CreationTime.Before(to) }), read(t, s, Selection{From: from, To: to}))
		build := runs[100].Build
		assert.Equal(t, want(func(r insights.Test) bool { return r.Build == build }), read(t, s, Selection{Build: build}))
		assert.Equal(t, want(func(r insights.Test) bool { return r.Name == runs[7].Name && r.Status == "failed" }), read(t, s, Selection{Test: runs[7].Name, Status: "failed"}))
		assert.Empty(t, read(t, s, Selection{Build: "nobody's"}))
		newest := byKey(runs)
		slices.Reverse(newest)
		assert.Equal(t, newest[:10], read(t, s, Selection{Newest: true, Limit: 10}))
		for run := range s.Runs(t.Context(), Selection{}) {
			assert.NotEmpty(t, run.ID)
			break // which leaves nothing open: the store closes
		}
	})
}

// TestStoreRunsDuringSync reads while another process keeps runs of tests that were
// not there before, and deletes old ones.
func TestStoreRunsDuringSync(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, name string) {
		reader, writer := open(t, name), open(t, name)
		written := make(chan error, 1)
		go func() {
			var err error
			for i := 0; i < 150 && err == nil; i++ {
				run := insights.Test{ID: fmt.Sprintf("%032x", i), Name: fmt.Sprint("test ", i), Build: fmt.Sprint("build ", i), OS: fmt.Sprint("os ", i), Status: "passed", CreationTime: monthStart.Add(time.Duration(i) * time.Hour)}
				if _, err = writer.Write(context.Background(), []insights.Test{run}, State{}); err == nil && i%10 == 9 {
					_, err = writer.DeleteBefore(context.Background(), run.CreationTime)
				}
			}
			written <- err
		}()
		for ended := false; !ended; {
			select {
			case err := <-written:
				require.NoError(t, err)
				ended = true
			default:
			}
			for _, run := range read(t, reader, Selection{}) {
				var i int
				_, err := fmt.Sscanf(run.ID, "%x", &i)
				require.NoError(t, err)
				require.Equal(t, []string{fmt.Sprint("test ", i), fmt.Sprint("build ", i), fmt.Sprint("os ", i)}, []string{run.Name, run.Build, run.OS})
			}
		}
	})
}

func TestStoreState(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, name string) {
		s := open(t, name)
		st, err := s.State(t.Context())
		require.NoError(t, err)
		assert.Equal(t, State{}, st)
		want := State{Source: "mia at https://api", Watermark: monthStart, Reading: &Reading{Poll: monthEnd, Start: monthStart, End: monthEnd, Reach: "hour", Cursor: insights.CursorAfter(monthStart, "a", "b")}}
		_, err = s.Write(t.Context(), nil, want)
		require.NoError(t, err)
		got, err := open(t, name).State(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
}

func TestStoreDeleteBefore(t *testing.T) {
	runs := insightstest.Generate(3, 2000, monthStart, monthEnd)
	onEveryEngine(t, func(t *testing.T, name string) {
		s := open(t, name)
		_, err := s.Write(t.Context(), runs, State{})
		require.NoError(t, err)
		cut := monthStart.AddDate(0, 0, 20)
		differs := &report.Reconciliation{Interval: time.Hour, Differences: []report.Difference{{Start: cut.Add(-time.Hour), Counted: 5}, {Start: cut, Counted: 7}}}
		require.NoError(t, s.WriteReconciliation(t.Context(), monthStart, monthEnd, differs))
		n, err := s.DeleteBefore(t.Context(), cut)
		require.NoError(t, err)
		found, err := s.Counted(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, found.Unreconciled, "what was counted of deleted runs is no longer compared")
		left := read(t, s, Selection{})
		assert.Equal(t, int64(len(runs)-len(left)), n)
		assert.Equal(t, byKey(slices.DeleteFunc(slices.Clone(runs), func(r insights.Test) bool { return r.CreationTime.Before(cut) })), left)
		builds := map[string]bool{}
		for _, r := range left {
			if r.Build != "" {
				builds[r.Build] = true
			}
		}
		var kept int
		require.NoError(t, s.db.QueryRow("SELECT count(*) FROM build").Scan(&kept))
		assert.Equal(t, len(builds), kept, "what only deleted runs had is deleted")
		w, err := s.Write(t.Context(), runs, State{})
		require.NoError(t, err)
		assert.Equal(t, int(n), w.New, "they can come again")
		assert.Equal(t, byKey(runs), read(t, s, Selection{}))
	})
}

func TestStoreDeleteUnusedErrors(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, name string) {
		s := open(t, name)
		runs := []insights.Test{{ID: "a", Name: "a", Error: "secret of a customer", CreationTime: monthStart}, {ID: "b", Name: "b", Error: "still there", CreationTime: monthEnd}}
		_, err := s.Write(t.Context(), runs, State{})
		require.NoError(t, err)
		runs[0].Error = ""
		_, err = s.Write(t.Context(), runs[:1], State{})
		require.NoError(t, err)
		require.NoError(t, s.DeleteUnusedErrors(t.Context()))
		assert.Len(t, rowsOf(t, s, "SELECT error FROM cause"), 1)
		assert.Equal(t, runs, read(t, s, Selection{}))
		runs[0].Error = "secret of a customer"
		_, err = s.Write(t.Context(), runs, State{})
		require.NoError(t, err)
		assert.Equal(t, runs, read(t, s, Selection{}), "it can come again")
	})
}

func TestStoreLock(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, name string) {
		first, second := open(t, name), open(t, name)
		unlock, err := first.Lock(t.Context())
		require.NoError(t, err)
		_, err = second.Lock(t.Context())
		require.ErrorIs(t, err, ErrLocked)
		unlock()
		unlock, err = second.Lock(t.Context())
		require.NoError(t, err)
		unlock()
	})
}

// rawDatabase opens a database without making a store of it.
func rawDatabase(t *testing.T, name string) (*sql.DB, goose.Dialect, string) {
	t.Helper()
	where, err := parseLocation(name)
	require.NoError(t, err)
	driver, at, dialect, folder := "pgx", where.dsn, goose.DialectPostgres, "migrations/postgres"
	if where.file != "" {
		driver, at, dialect, folder = "sqlite", where.file, goose.DialectSQLite3, "migrations/sqlite"
	}
	db, err := sql.Open(driver, at)
	require.NoError(t, err)
	return db, dialect, folder
}

func TestOpen(t *testing.T) {
	t.Run("makes the file its owner's alone", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "insights.db")
		s := open(t, name)
		_, err := s.Write(t.Context(), insightstest.Generate(1, 10, monthStart, monthEnd), State{})
		require.NoError(t, err)
		for _, file := range []string{name, name + "-wal", name + "-shm"} {
			info, err := os.Stat(file)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
		}
	})
	t.Run("refuses a newer schema, and leaves it", func(t *testing.T) {
		onEveryEngine(t, func(t *testing.T, name string) {
			s := open(t, name)
			_, err := s.db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)")
			require.NoError(t, err)
			_, err = Open(t.Context(), name)
			require.ErrorIs(t, err, ErrNewer)
			assert.ErrorContains(t, err, "its schema is 99")
		})
	})
	t.Run("refuses the database of another program, and leaves it", func(t *testing.T) {
		onEveryEngine(t, func(t *testing.T, name string) {
			other, _, _ := rawDatabase(t, name)
			_, err := other.Exec("CREATE TABLE goose_db_version (id INTEGER, version_id INTEGER, is_applied BOOLEAN, tstamp TIMESTAMP)")
			require.NoError(t, err)
			_, err = other.Exec("CREATE TABLE bookmarks (address TEXT)")
			require.NoError(t, err)
			require.NoError(t, other.Close())
			before, _ := os.ReadFile(name) // PostgreSQL has none
			_, err = Open(t.Context(), name)
			require.ErrorIs(t, err, ErrNotOurs)
			assert.ErrorContains(t, err, `such as "bookmarks"`)
			left, _ := os.ReadFile(name)
			assert.Equal(t, before, left)
		})
	})
	t.Run("opens a store that is there, and makes none to read it", func(t *testing.T) {
		onEveryEngine(t, func(t *testing.T, name string) {
			_, err := OpenExisting(t.Context(), name)
			require.ErrorIs(t, err, ErrNone)
			assert.NoFileExists(t, name)
			open(t, name)
			s, err := OpenExisting(t.Context(), name)
			require.NoError(t, err)
			assert.NoError(t, s.Close())
		})
	})
	t.Run("goes on with a store of the first schema", func(t *testing.T) {
		onEveryEngine(t, func(t *testing.T, name string) {
			db, dialect, folder := rawDatabase(t, name)
			files, err := fs.Sub(migrations, folder)
			require.NoError(t, err)
			provider, err := goose.NewProvider(dialect, db, files)
			require.NoError(t, err)
			_, err = provider.UpTo(t.Context(), 1)
			require.NoError(t, err)
			for _, statement := range []string{
				"INSERT INTO test (name) VALUES ('old')", "INSERT INTO status (name) VALUES ('passed')",
				"INSERT INTO platform (os, os_normalized, browser, browser_normalized) VALUES ('Windows 11', 'Windows', '', '')",
			} {
				_, err = db.Exec(statement)
				require.NoError(t, err)
			}
			_, err = db.Exec("INSERT INTO run (created, key, test, status, platform) VALUES (1000000000, $1, 1, 1, 1)", []byte("\x00an old one"))
			require.NoError(t, err)
			require.NoError(t, db.Close())
			want := insights.Test{ID: "an old one", Name: "old", Status: "passed", OS: "Windows 11", OSNormalized: "Windows", CreationTime: time.Unix(1, 0).UTC()}
			assert.Equal(t, []insights.Test{want}, read(t, open(t, name), Selection{}))
		})
	})
	t.Run("names a damaged file, and leaves it", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "damaged.db")
		damaged := []byte("this is no database, whatever its name says, and longer than a header of one hundred bytes would be, I think.")
		require.NoError(t, os.WriteFile(name, damaged, 0o600))
		_, err := Open(t.Context(), name)
		require.ErrorContains(t, err, name)
		assert.ErrorContains(t, err, "it can't be read as SQLite, and was left as it is")
		left, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, damaged, left)
	})
	t.Run("shows no password", func(t *testing.T) {
		t.Chdir(t.TempDir())
		for _, name := range []string{
			"postgres://mia:quartz-jumble@127.0.0.1:1/insights?connect_timeout=1", "postgres://127.0.0.1:1/insights?user=mia&password=quartz-jumble&connect_timeout=1",
			"postgres://mia:quartz-jumble@%zz/", "postgres://mia:quartz-jumble@127.0.0.1:notaport/insights", "mysql://mia:quartz-jumble@host/db",
			"postgres://mia:p@quartz%zz@127.0.0.1:1/insights", "postgres://mia:quartz%zz@127.0.0.1:1/insights", "postgres://mia:12#quartz@127.0.0.1:1/insights",
			"postgres://mia:12/quartz@127.0.0.1:1/insights", "postgres://mia:12?quartz@127.0.0.1:1/insights", "postgres://mia:a quartz@127.0.0.1:1/insights",
			"host=127.0.0.1 user=mia password=quartz-jumble", "PASSWORD = quartz host = x",
		} {
			_, err := Open(t.Context(), name)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "quartz")
			assert.NotContains(t, err.Error(), "mia:12", "nor a part of one that is taken for a port")
			assert.NoFileExists(t, name)
		}
	})
	t.Run("takes a password with what is special in it, and several hosts", func(t *testing.T) {
		for _, name := range []string{"postgres://mia:p%40%2Fss@127.0.0.1:1/d", "postgres://mia@h1:1,h2:2/d?user=m%40x", "postgresql:///d?host=/tmp"} {
			where, err := parseLocation(name)
			assert.NoError(t, err, name)
			assert.Equal(t, name, where.dsn)
		}
	})
	t.Run("needs a name", func(t *testing.T) {
		for _, name := range []string{"", " ", "sqlite:"} {
			_, err := Open(t.Context(), name)
			assert.ErrorContains(t, err, "the store is not named")
		}
		_, err := Open(t.Context(), filepath.Join(t.TempDir(), "no such folder", "x.db"))
		assert.ErrorContains(t, err, "no such file or directory")
	})
}
