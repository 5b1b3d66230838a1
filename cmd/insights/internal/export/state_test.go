package export

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestSettingsRunAfterACrash(t *testing.T) {
	t.Run("what a crash leaves is gone on from", func(t *testing.T) {
		t.Parallel()
		for name, crash := range map[string]func(t *testing.T, f files){
			"in a batch": func(t *testing.T, f files) {
				appendTo(t, f.part, `{"id":"half a ru`)
			},
			"before the first batch was saved": func(t *testing.T, f files) {
				edit(t, f.state, func(st *state) { st.Bytes, st.Runs, st.Cursor = 0, 0, insights.Cursor{} })
			},
			"before the part file was there": func(t *testing.T, f files) {
				edit(t, f.state, func(st *state) { st.Bytes, st.Runs, st.Cursor = 0, 0, insights.Cursor{} })
				require.NoError(t, os.Remove(f.part))
			},
			"while a state was written": func(t *testing.T, f files) {
				appendTo(t, f.state+".new", `{"version":`)
			},
			"with the lock": func(t *testing.T, f files) {
				appendTo(t, f.lock, "")
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv, runs := serve(t, 300)
				file := in(t, "week.ndjson")
				stopHalfway(t, srv, file)
				crash(t, filesOf(file))
				status, _, stderr := start(t, askFor(srv, file))
				require.Equal(t, complete, status, stderr)
				assert.Equal(t, runs, read(t, file, file))
				assertAlone(t, file)
			})
		}
	})

	t.Run("what a crash leaves at the very end", func(t *testing.T) {
		t.Parallel()
		for name, crash := range map[string]func(t *testing.T, f files){
			"before the file had its name": func(t *testing.T, f files) {
				require.NoError(t, os.Rename(f.final, f.part))
			},
			"before the state was gone": func(*testing.T, files) {},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv, runs := serve(t, 100)
				file := in(t, "week.csv")
				st := completeState(t, srv, file)
				crash(t, filesOf(file))
				require.NoError(t, st.save(file+".state"))

				srv.ForgetRequests()
				status, stdout, stderr := start(t, askFor(srv, file))
				require.Equal(t, complete, status, stderr)
				assert.Contains(t, stdout, "100 runs")
				assert.Len(t, srv.Requests(), 1, "there is nothing left to ask for but how many runs there are")
				assert.Equal(t, runs, read(t, file, file))
				assertAlone(t, file)
			})
		}
	})

	t.Run("damage is said", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]struct {
			damage func(t *testing.T, f files)
			says   string
		}{
			"a damaged state":            {func(t *testing.T, f files) { require.NoError(t, os.Truncate(f.state, 40)) }, "is damaged"},
			"a state of another version": {func(t *testing.T, f files) { edit(t, f.state, func(st *state) { st.Version = 7 }) }, "version 7"},
			"a part that is too short":   {func(t *testing.T, f files) { require.NoError(t, os.Truncate(f.part, 40)) }, "40 bytes"},
			"a part that is gone":        {func(t *testing.T, f files) { require.NoError(t, os.Remove(f.part)) }, "week.ndjson.part"},
			"a state that is gone":       {func(t *testing.T, f files) { require.NoError(t, os.Remove(f.state)) }, "without"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv, runs := serve(t, 300)
				file := in(t, "week.ndjson")
				stopHalfway(t, srv, file)
				c.damage(t, filesOf(file))
				left := names(t, file)

				status, _, stderr := start(t, askFor(srv, file))
				assert.Equal(t, failed, status)
				assert.Contains(t, stderr, c.says)
				assert.Contains(t, stderr, "--restart")
				assert.Equal(t, left, names(t, file))

				status, _, stderr = start(t, askFor(srv, file, "--restart"))
				require.Equal(t, complete, status, stderr)
				assert.Equal(t, runs, read(t, file, file))
				assertAlone(t, file)
			})
		}
	})
}

// completeState makes an export, and the state that it has removed.
func completeState(t *testing.T, srv *insightstest.Server, file string) state {
	status, _, _ := start(t, askFor(srv, file))
	require.Equal(t, complete, status)
	info, err := os.Stat(file)
	require.NoError(t, err)
	s, _, err := parse(askFor(srv, file))
	require.NoError(t, err)
	return state{
		Version: stateVersion, Source: insightstest.Username + " at " + srv.URL, Selection: s.selection,
		Period: s.tests.Period, Runs: 100, Bytes: info.Size(), Complete: true,
	}
}

func edit(t *testing.T, file string, change func(*state)) {
	t.Helper()
	st, found, err := loadState(file)
	require.NoError(t, err)
	require.True(t, found)
	change(&st)
	require.NoError(t, st.save(file))
}

func appendTo(t *testing.T, file, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
