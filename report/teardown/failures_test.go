package teardown

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

func TestHookMainSaysWhatWasNotWritten(t *testing.T) {
	full := filepath.Join(t.TempDir(), "full.md")
	require.NoError(t, os.WriteFile(full, []byte(strings.Repeat("x", maxJobSummary)), 0o600))
	for name, test := range map[string]struct{ variable, value, want string }{
		"a file in a folder that is missing": {"INSIGHTS_TEARDOWN_FILE", filepath.Join(t.TempDir(), "missing", "report.md"), "the file was not written"},
		"a job summary that is a folder":     {"GITHUB_STEP_SUMMARY", t.TempDir(), "the job summary was not written"},
		"a job summary that is full":         {"GITHUB_STEP_SUMMARY", full, "the job summary was not written: it is full"},
	} {
		t.Run(name, func(t *testing.T) {
			h, out := newHook(t, always(insights.StatusPassed))
			t.Setenv(test.variable, test.value)
			assert.Equal(t, 3, h.Main(testRun(3)))
			assert.Contains(t, out.String(), "100% passed", "the report itself is there")
			assert.Contains(t, out.String(), test.want)
		})
	}
}

// A package that ends while others hold the lock reports by itself.
func TestHookMainWaitsForNoLock(t *testing.T) {
	h, out := newHook(t, always(insights.StatusPassed))
	synctest.Test(t, func(t *testing.T) {
		h.began = time.Now()
		require.Zero(t, h.Main(testRun(0)))
		folders, err := filepath.Glob(filepath.Join(h.temp, "insights-teardown-*"))
		require.NoError(t, err)
		require.Len(t, folders, 1)
		release, err := takeLock(filepath.Join(folders[0], "lock"))
		require.NoError(t, err)
		defer release()

		out.Reset()
		began := time.Now()
		assert.Equal(t, 3, h.Main(testRun(3)))
		assert.Contains(t, out.String(), "100% passed")
		assert.Less(t, time.Since(began), 5*time.Second)
	})
}

func TestNewAsksTheServiceOfTheEnvironment(t *testing.T) {
	setEnv(t, map[string]string{"SAUCE_USERNAME": "someone", "SAUCE_ACCESS_KEY": "no-such-quartz-jumble", "SAUCE_REGION": "eu-central-1"})
	h := New()
	client, done, err := h.connect()
	require.NoError(t, err)
	defer done()
	assert.Contains(t, client.(*insights.Client).LogValue().String(), "https://api.eu-central-1.saucelabs.com")
	assert.False(t, h.testFlag("list"), "go test -list was not asked for")
	assert.False(t, h.testFlag("no-such-flag"))
}
