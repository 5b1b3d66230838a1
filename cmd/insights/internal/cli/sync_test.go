package cli

import (
	"context"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

func TestSync(t *testing.T) {
	newStore := func(t *testing.T) (*desk, string) {
		d := newDesk(t, insightstest.Generate(1, 1200, time.Now().AddDate(0, 0, -10), time.Now().Add(-2*time.Hour))...)
		return d, filepath.Join(t.TempDir(), "insights.db")
	}
	t.Run("keeps all runs, and says what it did", func(t *testing.T) {
		d, file := newStore(t)
		out := d.run(t, "sync", "--store", file)
		require.Equal(t, done, out.status, out.stderr)
		assert.Contains(t, out.stdout, file+": 1,200 new, 0 changed, 0 unchanged runs of ")
		said := regexp.MustCompile(`, (\d+) requests; 1,200 of 1,200 that the service counts\n$`).FindStringSubmatch(out.stdout)
		require.NotNil(t, said, out.stdout)
		asked, err := strconv.Atoi(said[1])
		require.NoError(t, err)
		assert.InDelta(t, len(d.Requests()), asked, 4, "but for those ahead that were called off on their way")
		assert.Empty(t, out.stderr)

		out = d.run(t, "sync", "--store", file)
		require.Equal(t, done, out.status, out.stderr)
		assert.Contains(t, out.stdout, ": 0 new, 0 changed, ")

		s, err := store.Open(t.Context(), file)
		require.NoError(t, err)
		defer func() { assert.NoError(t, s.Close()) }()
		runs, err := report.Collect(s.Runs(t.Context(), store.Selection{}))
		require.NoError(t, err)
		assert.Len(t, runs, 1200)
	})
	t.Run("reads a period once more", func(t *testing.T) {
		d, file := newStore(t)
		require.Equal(t, done, d.run(t, "sync", "--store", file).status)
		from, to := time.Now().AddDate(0, 0, -5).Format(time.DateOnly), time.Now().AddDate(0, 0, -3).Format(time.DateOnly)
		out := d.run(t, "sync", "--store", file, "--from", from, "--to", to)
		require.Equal(t, done, out.status, out.stderr)
		assert.Contains(t, out.stdout, " unchanged runs of "+from+"T00:00:00Z/"+to+"T00:00:00Z")
	})
	t.Run("takes its store from the environment, and keeps what a demo generates", func(t *testing.T) {
		d, file := newStore(t)
		d.env = environment{"INSIGHTS_STORE": file, "INSIGHTS_DEMO": "true"}
		out := d.run(t, "sync")
		require.Equal(t, done, out.status, out.stderr)
		counted := regexp.MustCompile(`([\d,]+) of ([\d,]+) that the service counts`).FindStringSubmatch(out.stdout)
		require.NotNil(t, counted, out.stdout)
		assert.Equal(t, counted[2], counted[1], "how many are generated within the period depends on the time of day")
		assert.Regexp(t, `^(1,[6-9]\d\d|2,000)$`, counted[1], "most of 30 days' 2,000")
		d, _ = newStore(t)
		out = d.run(t, "sync", "--store", file, "--every", "1h") // which no later sync mends
		assert.Equal(t, couldNot, out.status)
		assert.Contains(t, out.stderr, "has the runs of a fake service, and not of ")
	})
	t.Run("goes on until it is interrupted", func(t *testing.T) {
		d, file := newStore(t)
		require.Equal(t, done, d.run(t, "sync", "--store", file).status)
		d.ForgetRequests()
		ctx, interrupt := context.WithCancel(t.Context())
		ended := make(chan outcome)
		go func() { ended <- d.runUntil(ctx, "sync", "--store", file, "--every", "1s") }()
		_, err := d.WaitForRequests(t.Context(), 5)
		require.NoError(t, err)
		interrupt()
		out := <-ended
		assert.Equal(t, interrupted, out.status)
		assert.GreaterOrEqual(t, strings.Count(out.stdout, " new, "), 2)
	})
	t.Run("says what differs from what the service counts", func(t *testing.T) {
		d, file := newStore(t)
		d.Fail(insightstest.Outage(-1).On(insightstest.PathTestTrends))
		out := d.run(t, "sync", "--store", file)
		assert.Equal(t, done, out.status)
		assert.Contains(t, out.stdout, "; could not tell whether the service counts as many\n")
		assert.Contains(t, out.stderr, "503")
	})
	t.Run("refuses what makes no sense, before anything is done", func(t *testing.T) {
		d, file := newStore(t)
		for args, says := range map[string]string{
			"":                                  "--store: the database to fill is missing",
			"--from 2026-05-01":                 "--from and --to need each other",
			"--from 2026-05-02 --to 2026-05-01": "--from is not before --to",
			"--from 2026-05-01 --to 2026-05-02 --every 5m": "leave --every out",
			"--from May":      "it is neither a day such as 2026-05-01",
			"--since 0":       "it is not a length of time",
			"--retention -1h": "it is not a length of time",
			"--store=":        "it is empty",
		} {
			flags := strings.Fields(args)
			if args != "" && args != "--store=" {
				flags = append(flags, "--store", file)
			}
			out := d.run(t, append([]string{"sync"}, flags...)...)
			assert.Equal(t, misused, out.status, args)
			assert.Contains(t, out.stderr, says)
		}
		assert.NoFileExists(t, file)
		assert.Empty(t, d.Requests())
	})
	t.Run("makes no store without credentials", func(t *testing.T) {
		d, file := newStore(t)
		delete(d.env, "SAUCE_ACCESS_KEY")
		assert.Equal(t, couldNot, d.run(t, "sync", "--store", file).status)
		assert.NoFileExists(t, file)
	})
	t.Run("shows no password of a database", func(t *testing.T) {
		d, _ := newStore(t)
		out := d.run(t, "sync", "--store", "postgres://mia:quartz-jumble@127.0.0.1:1/insights?connect_timeout=1")
		assert.Equal(t, couldNot, out.status)
		assert.Contains(t, out.stderr, "postgres://mia@127.0.0.1:1/insights")
		assert.NotContains(t, out.stdout+out.stderr, "quartz")
	})
}
