package metrics

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/insightstest"
)

// TestHandlerUnderPrometheus lets a real Prometheus scrape a server, and asks it.
func TestHandlerUnderPrometheus(t *testing.T) {
	program, err := exec.LookPath("prometheus")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("no prometheus here (Debian's package prometheus)")
	}
	require.NoError(t, err)
	now := time.Now().UTC().Truncate(time.Second)
	db := newStore(t)
	runs := insightstest.Generate(1, 2000, now.AddDate(0, 0, -20), now.AddDate(0, 0, -3))
	write(t, db, now, runs...)
	srv := httptest.NewServer(Handler(t.Context(), db, time.Now))
	defer srv.Close()

	folder, address := t.TempDir(), freeAddress(t)
	config := fmt.Sprintf("global: {scrape_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n  - job_name: insights\n    metrics_path: /\n    static_configs: [{targets: [%q]}]\n", absolute(t, "../../docs/insights.rules.yml"), strings.TrimPrefix(srv.URL, "http://"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "prometheus.yml"), []byte(config), 0o600))
	engine := exec.Command(program, "--config.file="+filepath.Join(folder, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+address)
	var log strings.Builder
	engine.Stderr = &log
	require.NoError(t, engine.Start())
	defer func() {
		_ = engine.Process.Kill()
		_ = engine.Wait()
	}()
	require.Eventually(t, func() bool { return ask(address, "sum(insights_runs_total)") == "2000" }, 30*time.Second, 200*time.Millisecond, "%s", &log)
	assert.Equal(t, "1", ask(address, `up{job="insights"}`))
	assert.Equal(t, "0", ask(address, "sum(insights_runs_unsettled)"))
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	require.NoError(t, err)
	return path
}

// freeAddress returns one that nobody takes before Prometheus does: on Linux all
// of 127.0.0.0/8 is this machine, and nobody else uses this part of it.
func freeAddress(t *testing.T) string {
	t.Helper()
	host := "127.0.0.1"
	if runtime.GOOS == "linux" {
		host = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), rand.IntN(250), 1+rand.IntN(250))
	}
	listener, err := net.Listen("tcp", host+":0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// ask returns the value of a query that has one, or nothing.
func ask(address, query string) string {
	resp, err := http.Get("http://" + address + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Data struct {
			Result []struct{ Value []any }
		}
	}
	if json.NewDecoder(resp.Body).Decode(&answer) != nil || len(answer.Data.Result) != 1 {
		return ""
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1])
}
