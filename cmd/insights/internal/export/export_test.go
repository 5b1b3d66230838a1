package export

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestSettingsRun(t *testing.T) {
	t.Run("after an outage it goes on where it stopped", func(t *testing.T) {
		t.Parallel()
		for _, format := range formats {
			t.Run(format, func(t *testing.T) {
				t.Parallel()
				srv, runs := serve(t, 400)
				file := in(t, "week."+format)
				stopHalfway(t, srv, file)
				assert.NoFileExists(t, file)
				kept := len(read(t, file+".part", file))
				assert.Greater(t, kept, 100)

				srv.ForgetRequests()
				status, stdout, stderr := start(t, askFor(srv, file))
				assert.Equal(t, complete, status)
				assert.Contains(t, stdout, "400 runs of "+week)
				assert.Empty(t, stderr)
				assert.Equal(t, runs, read(t, file, file))
				assertAlone(t, file)
				assert.Less(t, len(srv.Requests()), (400-kept)/29+8, "it does not ask for the first runs again")
			})
		}
	})

	t.Run("newest first", func(t *testing.T) {
		t.Parallel()
		for _, v := range insightstest.Variants() {
			if !strings.HasPrefix(v.Name, "small-result-window") {
				continue
			}
			t.Run(v.Name, func(t *testing.T) {
				t.Parallel()
				srv, runs := serve(t, 400, v.Options...)
				file := in(t, "week.ndjson")
				stopHalfway(t, srv, file, "--newest-first")
				status, _, _ := start(t, askFor(srv, file, "--newest-first"))
				require.Equal(t, complete, status)
				exported := read(t, file, file)
				assert.ElementsMatch(t, runs, exported)
				assert.True(t, exported[0].CreationTime.After(exported[399].CreationTime))
			})
		}
	})

	t.Run("where the order tells little it goes on too", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]struct {
			odd    insightstest.Option
			status int
		}{
			"the order is ignored":     {insightstest.WithFixedOrder(insights.NewestFirst), complete},
			"there is no order":        {insightstest.WithoutOrder(), complete},
			"some have no time":        {insightstest.WithoutCreationTime(func(run insights.Test) bool { return run.Status == insights.StatusFailed }), differs},
			"none has a creation time": {insightstest.WithoutCreationTime(func(insights.Test) bool { return true }), differs},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv, runs := serve(t, 190, c.odd)
				file := in(t, "week.ndjson")
				for _, requests := range []int{2, 4} {
					srv.Fail(insightstest.Outage(-1).After(requests))
					status, _, _ := start(t, askFor(srv, file))
					require.Equal(t, failed, status)
					srv.Recover()
				}
				status, _, stderr := start(t, askFor(srv, file))
				require.Equal(t, c.status, status, stderr)
				assert.ElementsMatch(t, ids(runs), ids(read(t, file, file)))
			})
		}
	})

	t.Run("the period is that of the first start", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 300)
		file := in(t, "week.ndjson")
		begunIn2021 := state{
			Version:   stateVersion,
			Source:    insightstest.Username + " at " + srv.URL,
			Selection: `--period "7d"`,
			Period:    insights.Between(weekStart, weekEnd),
		}
		require.NoError(t, begunIn2021.save(file+".state"))
		status, stdout, stderr := start(t, []string{"--url", srv.URL, "-o", file, "--period", "7d"})
		require.Equal(t, complete, status, stderr)
		assert.Contains(t, stdout, week)
		assert.Equal(t, runs, read(t, file, file))
	})

	t.Run("a file that is there stays", func(t *testing.T) {
		t.Parallel()
		srv, _ := serve(t, 100)
		file := in(t, "week.csv")
		status, _, _ := start(t, askFor(srv, file))
		require.Equal(t, complete, status)
		before, err := os.ReadFile(file)
		require.NoError(t, err)

		status, _, stderr := start(t, askFor(srv, file, "--status", "failed"))
		assert.Equal(t, failed, status)
		assert.Contains(t, stderr, "--restart")
		assert.Contains(t, stderr, "the --period and the other flags of when it was begun")
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, before, after)
		assertAlone(t, file)
	})

	t.Run("restart replaces a file only by a complete one", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 400)
		file := in(t, "week.csv")
		require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
		stopHalfway(t, srv, file, "--restart")
		old, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, "old", string(old))

		status, stdout, _ := start(t, askFor(srv, file))
		assert.Equal(t, complete, status)
		assert.Contains(t, stdout, "Going on")
		assert.Equal(t, runs, read(t, file, file))
		assertAlone(t, file)
	})

	t.Run("restart begins anew", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 400)
		file := in(t, "week.ndjson.gz")
		stopHalfway(t, srv, file)
		status, stdout, _ := start(t, askFor(srv, file, "--restart", "--status", "failed"))
		assert.Equal(t, complete, status)
		assert.NotContains(t, stdout, "Going on")
		var want []insights.Test
		for _, run := range runs {
			if run.Status == insights.StatusFailed {
				want = append(want, run)
			}
		}
		assert.Equal(t, want, read(t, file, file))
	})

	t.Run("the runs of two exports are not mixed", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 400)
		other, _ := serve(t, 400)
		file := in(t, "week.ndjson")
		stopHalfway(t, srv, file, "--scope", "organization")
		for name, c := range map[string]struct {
			args []string
			says string
		}{
			"another selection": {askFor(srv, file, "--scope", "organization", "--status", "failed"), `not with --period "` + week + `" --scope "organization" --status "failed"`},
			"a flag less":       {askFor(srv, file), `begun with --period "` + week + `" --scope "organization", not`},
			"another order":     {askFor(srv, file, "--scope", "organization", "--newest-first"), "--newest-first"},
			"another period":    {askFor(srv, file, "--scope", "organization", "--period", "7d"), `--period "7d"`},
			"another service":   {askFor(other, file, "--scope", "organization"), other.URL},
		} {
			t.Run(name, func(t *testing.T) {
				status, _, stderr := start(t, c.args)
				assert.Equal(t, failed, status)
				assert.Contains(t, stderr, c.says)
				assert.Contains(t, stderr, "--restart")
			})
		}
		status, _, _ := start(t, askFor(srv, file, "--scope", "organization"))
		assert.Equal(t, complete, status)
		assert.Equal(t, runs, read(t, file, file))
	})

	t.Run("how fast to ask may change", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 400)
		file := in(t, "week.csv")
		stopHalfway(t, srv, file)
		status, _, _ := start(t, askFor(srv, file, "--page", "77", "--concurrency", "5", "--quiet"))
		assert.Equal(t, complete, status)
		assert.Equal(t, runs, read(t, file, file))
	})

	t.Run("no runs are a file too", func(t *testing.T) {
		t.Parallel()
		srv, _ := serve(t, 0)
		for _, format := range formats {
			file := in(t, "week."+format)
			status, stdout, _ := start(t, askFor(srv, file))
			assert.Equal(t, complete, status)
			assert.Contains(t, stdout, "0 runs")
			assert.Empty(t, read(t, file, file))
			assertAlone(t, file)
		}
	})

	t.Run("an export without runs leaves nothing", func(t *testing.T) {
		t.Parallel()
		srv, _ := serve(t, 100)
		srv.Fail(insightstest.Outage(-1))
		file := in(t, "week.csv.gz")
		status, _, stderr := start(t, askFor(srv, file))
		assert.Equal(t, failed, status)
		assert.Contains(t, stderr, "no run was written")
		assert.Empty(t, names(t, file))
	})

	t.Run("quiet prints errors only", func(t *testing.T) {
		t.Parallel()
		srv, _ := serve(t, 100)
		file := in(t, "week.csv")
		_, stdout, stderr := start(t, askFor(srv, file, "--quiet"))
		assert.Empty(t, stdout+stderr)
		_, stdout, stderr = start(t, askFor(srv, file, "--quiet"))
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "is there")
	})

	t.Run("a demo asks a fake service", func(t *testing.T) {
		t.Setenv("SAUCE_USERNAME", "")
		t.Setenv("SAUCE_ACCESS_KEY", "")
		file := in(t, "demo.ndjson")
		args := []string{"--demo", "-o", file, "--runs", "150", "--period", week}
		status, stdout, stderr := start(t, args)
		require.Equal(t, complete, status, stderr)
		assert.Contains(t, stdout, "fake service with 150 runs")
		first := read(t, file, file)
		assert.Len(t, first, 150)

		status, _, _ = start(t, append(args, "--restart"))
		require.Equal(t, complete, status)
		assert.Equal(t, first, read(t, file, file), "the runs are the same each time, so that an export of them can go on too")
	})

	t.Run("half the credentials are an error", func(t *testing.T) {
		t.Setenv("SAUCE_ACCESS_KEY", "")
		file := in(t, "week.ndjson")
		status, stdout, stderr := start(t, []string{"-o", file})
		assert.Equal(t, failed, status)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "SAUCE_ACCESS_KEY")
		assert.Empty(t, names(t, file))
	})

	t.Run("a rejected key is not shown", func(t *testing.T) {
		t.Setenv("SAUCE_ACCESS_KEY", "no-such-quartz-jumble")
		srv, _ := serve(t, 10)
		file := in(t, "week.ndjson")
		status, stdout, stderr := start(t, askFor(srv, file))
		assert.Equal(t, failed, status)
		assert.Contains(t, stderr, "401")
		assert.NotContains(t, stdout+stderr, "quartz")
		assert.Empty(t, names(t, file))
	})

	t.Run("a folder that is none", func(t *testing.T) {
		t.Parallel()
		srv, _ := serve(t, 1)
		file := in(t, "plain")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		for folder, want := range map[string]string{
			file + ".missing": "export: --output: there is no folder " + file + ".missing; make it first\n",
			file:              "export: --output: " + file + " is not a folder\n",
		} {
			status, _, stderr := start(t, askFor(srv, folder+"/week.csv"))
			assert.Equal(t, failed, status)
			assert.Equal(t, want, stderr)
		}
	})
}

func ids(runs []insights.Test) (ids []string) {
	for _, run := range runs {
		ids = append(ids, run.ID)
	}
	return ids
}

// TestCSVInAnotherLanguage reads an export as a spreadsheet's importer would.
func TestCSVInAnotherLanguage(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	srv, runs := serve(t, 300)
	file := in(t, "week.csv.gz")
	stopHalfway(t, srv, file)
	status, _, _ := start(t, askFor(srv, file))
	require.Equal(t, complete, status)

	const script = "import csv, gzip, json, sys; json.dump([[r['id'], r['error']] for r in csv.DictReader(gzip.open(sys.argv[1], 'rt', encoding='utf-8', newline=''), strict=True)], sys.stdout)"
	text, err := exec.CommandContext(t.Context(), python, "-c", script, file).Output()
	require.NoError(t, err)
	var rows [][]string
	require.NoError(t, json.NewDecoder(bytes.NewReader(text)).Decode(&rows))
	var want [][]string
	for _, run := range runs {
		want = append(want, []string{run.ID, run.Error})
	}
	assert.Equal(t, want, rows)
}
