//go:build figures

package store

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

var figureRuns = flag.Int("runs", 1_000_000, "how many runs the figures are of")

// TestFigures prints what docs/store.md says of time and size, beside a wide table
// that a program would write with one INSERT a run, in transactions of the same size.
//
//	go test -tags figures -run TestFigures -v ./internal/store -runs 1000000
func TestFigures(t *testing.T) {
	runs := insightstest.Generate(1, *figureRuns, monthStart.AddDate(-1, 0, 0), monthEnd)
	onEveryEngine(t, func(t *testing.T, name string) {
		runs := runs // the other engine is to begin with the same
		n := len(runs)
		want := map[string]Written{"in": {New: n}, "the same again": {Unchanged: n}, "1 % changed": {Changed: n / 100, Unchanged: n - n/100}}
		s, wide := open(t, name), openWide(t, strings.Replace(name, "insights.db", "wide.db", 1))
		say := func(what string, ours, naive time.Duration) {
			fmt.Printf("| %s | %s | %s | %s | %.2f |\n", t.Name(), what, ours.Round(10*time.Millisecond), naive.Round(10*time.Millisecond), naive.Seconds()/ours.Seconds())
		}
		for _, step := range []string{"in", "the same again", "1 % changed"} {
			if step == "1 % changed" {
				runs = slices.Clone(runs)
				for i := 0; i < len(runs); i += 100 {
					runs[i].Status = "in progress"
				}
			}
			var all Written
			say(step, timed(func() {
				for page := range slices.Chunk(runs, 1000) {
					w, err := s.Write(t.Context(), page, State{})
					require.NoError(t, err)
					all.Add(w)
				}
			}), timed(func() { wide.write(t, runs) }))
			require.Equal(t, want[step], all, step)
		}
		for _, view := range []string{"pass_rate_by_day", "builds", "error_groups", "slowest_tests"} {
			fmt.Printf("| %s | view %s | %s | | |\n", t.Name(), view, timed(func() { rowsOf(t, s, "SELECT * FROM "+view) }).Round(10*time.Millisecond))
		}
		fmt.Printf("| %s | findings | %s | | |\n", t.Name(), timed(func() { _, err := s.Find(t.Context(), monthEnd); require.NoError(t, err) }).Round(10*time.Millisecond))
		fmt.Printf("| %s | 100,000 runs read | %s | | |\n", t.Name(), timed(func() { read(t, s, Selection{Newest: true, Limit: 100_000}) }).Round(10*time.Millisecond))
		fmt.Printf("| %s | bytes a run | %d | %d | |\n", t.Name(), size(t, s.db, name)/int64(len(runs)), size(t, wide.db, strings.Replace(name, "insights.db", "wide.db", 1))/int64(len(runs)))
	})
}

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

func size(t *testing.T, db *sql.DB, name string) (n int64) {
	t.Helper()
	if !strings.HasPrefix(name, "postgres") {
		_, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		require.NoError(t, err)
		info, err := os.Stat(name)
		require.NoError(t, err)
		return info.Size()
	}
	require.NoError(t, db.QueryRow("SELECT pg_database_size(current_database())").Scan(&n))
	return n
}

// wideTable has a column for every member of a run.
type wideTable struct{ db *sql.DB }

func openWide(t *testing.T, name string) wideTable {
	t.Helper()
	driver, dsn := "sqlite", dsnOf(name, "journal_mode(WAL)") // as the store has it
	if strings.HasPrefix(name, "postgres") {
		driver, dsn = "pgx", newDatabase(t)
	} else {
		require.NotEqual(t, "insights.db", filepath.Base(name))
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec("CREATE TABLE run (id TEXT PRIMARY KEY, name TEXT, build TEXT, owner TEXT, ancestor TEXT, status TEXT, error TEXT, created TEXT, started TEXT, ended TEXT, duration REAL, os TEXT, os_normalized TEXT, browser TEXT, browser_normalized TEXT, details_url TEXT)")
	require.NoError(t, err)
	_, err = db.Exec("CREATE INDEX run_created ON run (created)")
	require.NoError(t, err)
	return wideTable{db}
}

func (w wideTable) write(t *testing.T, runs []insights.Test) {
	t.Helper()
	for page := range slices.Chunk(runs, 1000) {
		tx, err := w.db.Begin()
		require.NoError(t, err)
		for _, r := range page {
			_, err := tx.Exec("INSERT INTO run VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO UPDATE SET status = excluded.status, error = excluded.error, ended = excluded.ended, duration = excluded.duration",
				r.ID, r.Name, r.Build, r.Owner, r.Ancestor, string(r.Status), r.Error, r.CreationTime.Format(time.RFC3339Nano), r.StartTime.Format(time.RFC3339Nano), r.EndTime.Format(time.RFC3339Nano),
				float64(r.Duration), r.OS, r.OSNormalized, r.Browser, r.BrowserNormalized, r.DetailsURL)
			require.NoError(t, err)
		}
		require.NoError(t, tx.Commit())
	}
}
