package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// TestOtherClients runs clients in other languages against the stand-alone
// server: what it says agrees with what they compute from its runs.
func TestOtherClients(t *testing.T) {
	server := buildServer(t)
	for _, variant := range []string{"default", "as-seen-live"} {
		url := standAlone(t, server, "-runs", "2000", "-variant", variant)
		for _, command := range [][]string{
			{"node", filepath.Join("otherclients", "client.mjs")},
			{"python3", filepath.Join("otherclients", "client.py")},
		} {
			t.Run(variant+", "+command[0], func(t *testing.T) {
				cmd := exec.CommandContext(t.Context(), installed(t, command[0]), command[1:]...)
				cmd.Env = append(os.Environ(), "INSIGHTS_URL="+url, "SAUCE_USERNAME="+insightstest.Username, "SAUCE_ACCESS_KEY="+insightstest.AccessKey)
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, "%s", out)
				assert.Equal(t, "2000 runs, and everything computed from them agrees\n", string(out))
			})
		}
	}
}

// TestReferenceSamplesWithCurl sends the sample requests of the reference, as
// they stand there, to the stand-alone server.
func TestReferenceSamplesWithCurl(t *testing.T) {
	curl := installed(t, "curl")
	url := standAlone(t, buildServer(t), "-data", writeRuns(t, runsOfTheSamples()))
	doc := describe(t)
	for _, sample := range referenceSamples {
		t.Run(sample.answer, func(t *testing.T) {
			account := insightstest.Username + ":" + insightstest.AccessKey
			body, err := exec.CommandContext(t.Context(), curl, "--silent", "--fail", "-u", account, "--location", "--request", "GET", url+sample.request).Output()
			require.NoError(t, err)
			assert.Contains(t, string(body), sample.holds)
			resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}
			assert.NoError(t, doc.checkAnswer(newRequest(t, url+sample.request, "", ""), resp, body))
		})
	}
}

// runsOfTheSamples are some that each sample request selects.
func runsOfTheSamples() []insights.Test {
	day := time.Date(2021, 5, 1, 12, 0, 0, 0, time.UTC)
	runs := insightstest.Generate(1, 200, day, day.AddDate(0, 0, 1))
	for i := range 25 {
		runs[8*i].Build = "build-123"
	}
	for i := range 3 {
		runs = append(runs, insights.Test{Name: "AnalyticsSeleniumTest on OS X 10.10", CreationTime: time.Unix(1515687172, 0).Add(time.Duration(i) * time.Hour)})
	}
	return runs
}

func writeRuns(t *testing.T, runs []insights.Test) string {
	t.Helper()
	var lines strings.Builder
	for _, run := range runs {
		require.NoError(t, json.NewEncoder(&lines).Encode(run))
	}
	name := filepath.Join(t.TempDir(), "runs.ndjson")
	require.NoError(t, os.WriteFile(name, []byte(lines.String()), 0o600))
	return name
}

// installed finds a program, or skips the test.
func installed(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed: its client was not tried", program)
	}
	return path
}

func buildServer(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "insights-server")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/sauceinsights/insights/insightstest/cmd/insights-server").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

var address = regexp.MustCompile(`http://[0-9.:]+`)

// standAlone starts the server as a process of its own and returns its address.
func standAlone(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan(), "it says where it is")
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(os.Interrupt))
		for lines.Scan() {
			continue // to the end of its output
		}
		assert.NoError(t, cmd.Wait())
	})
	return address.FindString(lines.Text())
}
