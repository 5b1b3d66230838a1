package metrics

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/insightstest"
)

func newStore(t *testing.T) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func write(t *testing.T, db *store.Store, watermark time.Time, runs ...insights.Test) {
	t.Helper()
	_, err := db.Write(t.Context(), runs, store.State{Source: "mia", Watermark: watermark})
	require.NoError(t, err)
}

// scrape reads all figures.
func scrape(t *testing.T, db *store.Store) (text string, figures map[string]float64) {
	t.Helper()
	answer := httptest.NewRecorder()
	Handler(t.Context(), db, time.Now).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, answer.Code, answer.Body)
	figures = make(map[string]float64)
	for line := range strings.Lines(answer.Body.String()) {
		at := strings.LastIndex(line, " ")
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		require.NoError(t, err, line)
		figures[line[:at]] = value
	}
	return answer.Body.String(), figures
}

func sumOf(figures map[string]float64, prefix string) (sum float64) {
	for name, value := range figures {
		if strings.HasPrefix(name, prefix) {
			sum += value
		}
	}
	return sum
}

func TestHandler(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	runs := insightstest.Generate(1, 5000, now.AddDate(0, 0, -20), now)
	db := newStore(t)
	write(t, db, now, runs...)
	text, figures := scrape(t, db)
	t.Run("counts the settled runs, as they are", func(t *testing.T) {
		settled, passed, failures, timed := 0, 0, 0, 0.0
		for _, run := range runs {
			if !run.CreationTime.Before(now.Add(-48 * time.Hour)) {
				continue
			}
			settled++
			if run.Status == insights.StatusPassed {
				passed++
			}
			if run.Error != "" {
				failures++
			}
			timed += float64(run.Duration)
		}
		assert.InDelta(t, settled, sumOf(figures, "insights_runs_total{"), 0)
		assert.InDelta(t, failures, sumOf(figures, "insights_run_errors_total{"), 0)
		assert.InDelta(t, timed, figures["insights_run_duration_seconds_sum"], 1e-6)
		assert.InDelta(t, len(runs)-settled, figures["insights_runs_unsettled"], 0)
		passedHere := 0.0
		for name, value := range figures {
			if strings.HasPrefix(name, "insights_runs_total{") && strings.Contains(name, `status="passed"`) {
				passedHere += value
			}
		}
		assert.InDelta(t, passed, passedHere, 0)
		assert.InDelta(t, now.Unix(), figures["insights_last_sync_timestamp_seconds"], 0)
	})
	t.Run("tells of the polls", func(t *testing.T) {
		left := 17
		require.NoError(t, db.AddPolls(t.Context(), store.Polls{Done: 3, Failed: 1, Requests: map[string]int{"/v1/analytics/tests 200": 12, "/v1/analytics/tests 0": 1}}))
		require.NoError(t, db.AddPolls(t.Context(), store.Polls{Done: 1, Requests: map[string]int{"/v1/analytics/tests 200": 1}, Remaining: &left}))
		_, figures := scrape(t, db)
		assert.InDelta(t, 3, figures[`insights_sync_polls_total{result="done"}`], 0)
		assert.InDelta(t, 1, figures[`insights_sync_polls_total{result="failed"}`], 0)
		assert.InDelta(t, 13, figures[`insights_api_requests_total{code="200",path="/v1/analytics/tests"}`], 0)
		assert.InDelta(t, 17, figures["insights_api_rate_limit_remaining"], 0)
	})
	t.Run("is bounded: at most 600 series, and 21 causes", func(t *testing.T) {
		odd := make([]insights.Test, 3000)
		for i := range odd {
			odd[i] = insights.Test{ID: fmt.Sprint("odd", i), OS: fmt.Sprint("os", i), Browser: fmt.Sprint("b", i), Status: insights.Status(fmt.Sprint("s", i)), Error: strings.Repeat(string(rune('a'+i%26)), 1+i), CreationTime: now.AddDate(0, 0, -10)}
		}
		db := newStore(t)
		write(t, db, now, append(odd, runs...)...)
		text, figures := scrape(t, db)
		assert.LessOrEqual(t, len(figures), 600)
		assert.LessOrEqual(t, strings.Count(text, "insights_run_errors_total{"), 21)
	})
	t.Run("passes promtool", func(t *testing.T) {
		promtool(t, text, "check", "metrics")
	})
}

func TestCountersNeverFall(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	db := newStore(t)
	run := func(id int, age time.Duration, status insights.Status) insights.Test {
		return insights.Test{ID: fmt.Sprintf("%032x", id), Name: "t", Status: status, OS: "Linux", Browser: "Chrome", CreationTime: now.Add(-age)}
	}
	c := newCollector(t.Context(), db, time.Now)
	expect := func(want string) {
		t.Helper()
		assert.NoError(t, testutil.CollectAndCompare(c, strings.NewReader("# HELP insights_runs_total Settled runs by status, operating system and browser.\n# TYPE insights_runs_total counter\n"+want), "insights_runs_total"))
	}
	write(t, db, now, run(1, 50*time.Hour, "complete"), run(2, time.Hour, "complete"))
	expect("insights_runs_total{browser=\"Chrome\",os=\"Linux\",status=\"complete\"} 1\n")
	write(t, db, now.Add(time.Hour), run(2, time.Hour, "passed")) // its status changes before it is settled
	expect("insights_runs_total{browser=\"Chrome\",os=\"Linux\",status=\"complete\"} 1\n")
	write(t, db, now.Add(49*time.Hour))
	expect("insights_runs_total{browser=\"Chrome\",os=\"Linux\",status=\"complete\"} 1\ninsights_runs_total{browser=\"Chrome\",os=\"Linux\",status=\"passed\"} 1\n")
}

// promtool gives a text to it. Without it the test is skipped, in CI it fails.
func promtool(t *testing.T, stdin string, args ...string) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("no promtool here (Debian's package prometheus)")
	}
	require.NoError(t, err)
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.NotContains(t, string(out), "should", "%s", out)
}

func TestRules(t *testing.T) {
	promtool(t, "", "check", "rules", "../../docs/insights.rules.yml")
	promtool(t, "", "test", "rules", "testdata/rules_test.yml")
}
