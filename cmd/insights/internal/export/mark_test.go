package export

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// serveUntilNow starts a service with runs of the last day, every second one in
// the same second as that before.
func serveUntilNow(t *testing.T, n int) (*insightstest.Server, time.Time) {
	srv := insightstest.NewServer()
	t.Cleanup(srv.Close)
	now := time.Now().UTC().Truncate(time.Second)
	for i := range n {
		at := now.Add(-24*time.Hour + time.Duration(i/2)*time.Minute + time.Duration(i%2)*time.Millisecond)
		srv.Add(insights.Test{ID: fmt.Sprintf("%032x", i), Name: "Log in", CreationTime: at, StartTime: at, EndTime: at})
	}
	return srv, now
}

func addRun(srv *insightstest.Server, id int, at time.Time) {
	srv.Add(insights.Test{ID: fmt.Sprintf("%032x", id), Name: "Log in", CreationTime: at, StartTime: at, EndTime: at})
}

func TestSinceLast(t *testing.T) {
	t.Parallel()
	export := func(t *testing.T, srv *insightstest.Server, dir, name string, more ...string) (int, string, string) {
		return start(t, append([]string{"--url", srv.URL, "-o", filepath.Join(dir, name), "--period", "2d", "--since-last", filepath.Join(dir, "mark.json")}, more...))
	}
	t.Run("several exports have every run once", func(t *testing.T) {
		t.Parallel()
		srv, now := serveUntilNow(t, 101)
		dir := t.TempDir()
		status, stdout, stderr := export(t, srv, dir, "a.ndjson")
		require.Equal(t, complete, status, stderr)
		assert.Contains(t, stdout, "101 of 101 runs that the service counts")

		last := now.Add(-24*time.Hour + 50*time.Minute)
		addRun(srv, 200, last.Add(time.Millisecond)) // in the second of the last one
		addRun(srv, 201, now.Add(-time.Hour))
		addRun(srv, 202, now.Add(-time.Minute)) // which others may come before
		status, stdout, stderr = export(t, srv, dir, "b.ndjson")
		require.Equal(t, complete, status, stderr)
		assert.Contains(t, stdout, "2 of 2 runs that the service counts")
		second := read(t, filepath.Join(dir, "b.ndjson"), "b.ndjson")
		assert.Equal(t, []string{fmt.Sprintf("%032x", 200), fmt.Sprintf("%032x", 201)}, ids(second))

		status, stdout, stderr = export(t, srv, dir, "c.ndjson")
		require.Equal(t, complete, status, stderr)
		assert.Contains(t, stdout, "0 of 0 runs that the service counts")
	})
	t.Run("to standard output too", func(t *testing.T) {
		t.Parallel()
		srv, now := serveUntilNow(t, 10)
		dir := t.TempDir()
		args := []string{"--url", srv.URL, "-o", "-", "--period", "2d", "--since-last", filepath.Join(dir, "mark.json")}
		status, stdout, stderr := start(t, args)
		require.Equal(t, complete, status, stderr)
		assert.Len(t, readNDJSON(t, []byte(stdout)), 10)
		addRun(srv, 200, now.Add(-time.Hour))
		status, stdout, stderr = start(t, args)
		require.Equal(t, complete, status, stderr)
		assert.Len(t, readNDJSON(t, []byte(stdout)), 1)
	})
	t.Run("an export that was stopped moves nothing", func(t *testing.T) {
		t.Parallel()
		srv, _ := serveUntilNow(t, 100)
		dir := t.TempDir()
		srv.Fail(insightstest.Outage(-1).After(2))
		status, _, _ := export(t, srv, dir, "a.ndjson", "--page", "10")
		require.Equal(t, failed, status)
		assert.NoFileExists(t, filepath.Join(dir, "mark.json"))
		srv.Recover()
		status, _, stderr := export(t, srv, dir, "a.ndjson", "--page", "10")
		require.Equal(t, complete, status, stderr)
		assert.Len(t, read(t, filepath.Join(dir, "a.ndjson"), "a.ndjson"), 100)
		assert.FileExists(t, filepath.Join(dir, "mark.json"))
	})
	t.Run("refuses a mark of other runs, and one that can't be read", func(t *testing.T) {
		t.Parallel()
		srv, _ := serveUntilNow(t, 10)
		dir := t.TempDir()
		status, _, stderr := export(t, srv, dir, "a.ndjson")
		require.Equal(t, complete, status, stderr)
		status, _, stderr = export(t, srv, dir, "b.ndjson", "--build", "web-7")
		assert.Equal(t, failed, status)
		assert.Contains(t, stderr, `mark.json is of an export with the flags "", not "--build \"web-7\""`)

		require.NoError(t, os.WriteFile(filepath.Join(dir, "mark.json"), []byte("{"), 0o600))
		status, _, stderr = export(t, srv, dir, "c.ndjson")
		assert.Equal(t, failed, status)
		assert.Contains(t, stderr, "does not say where the last export ended")
		assert.Contains(t, stderr, "remove it")
	})
}
