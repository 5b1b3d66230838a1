package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
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

// control sends a request to the control, without credentials.
func (s *server) control(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	return s.controlAs(t, nil, method, path, body)
}

func (s *server) controlAs(t *testing.T, creds *insights.Credentials, method, path, body string) (int, string) {
	t.Helper()
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+controlPrefix+path, strings.NewReader(body))
	require.NoError(t, err)
	if creds != nil {
		req.SetBasicAuth(creds.Username, creds.AccessKey)
	}
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, strings.TrimSpace(string(text))
}

// runs are the IDs of the runs of two days.
func (s *server) runs(t *testing.T) string {
	t.Helper()
	status, body := s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d&size=100")
	require.Equal(t, http.StatusOK, status, body)
	var list insights.TestList
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	return idsOf(list.Items)
}

func TestServerControlFaults(t *testing.T) {
	s := serve(t, "-runs", "0")
	status, body := s.control(t, "POST", "faults", `[{"status":503,"count":2,"path":"/v1/analytics/tests","header":{"retry-after":["0"]},"body":"later"},{"ending":"drop","skip":1},{"hang":true,"count":-1},{"lose":"has_more"},{"delay":"1ms","half":true,"gzip":true,"bytes":3}]`)
	require.Equal(t, 200, status, body)
	assert.JSONEq(t, `[{"status":503,"count":2,"path":"/v1/analytics/tests","header":{"Retry-After":["0"]},"body":"later"},{"count":1,"ending":"drop","skip":1},{"count":-1,"hang":true},{"count":1},{"count":1,"delay":"1ms","half":true,"gzip":true,"bytes":3}]`, body)
	status, text := s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d")
	assert.Equal(t, 503, status)
	assert.Equal(t, "later", text)
	_, body = s.control(t, "GET", "faults", "")
	assert.Contains(t, body, `"count":1,"status":503`)
	_, body = s.control(t, "DELETE", "faults", "")
	assert.Equal(t, "[]", body)
	_, body = s.control(t, "POST", "faults", `{"lose":"has_more"}`)
	assert.JSONEq(t, `[{"count":1}]`, body)
	_, text = s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d")
	assert.NotContains(t, text, "has_more")
}

func TestServerControlMistakes(t *testing.T) {
	s := serve(t, "-runs", "0")
	s.control(t, "POST", "runs", `{"id":"a"}`)
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"an unknown member":        {"POST", "faults", `{"statsu":503}`, 400, "statsu"},
		"a fault that can't be":    {"POST", "faults", `[{"status":503},{"status":99}]`, 400, "the status 99"},
		"an unknown ending":        {"POST", "faults", `{"ending":"bang"}`, 400, "drop, cut, stall and endless"},
		"a delay without unit":     {"POST", "faults", `{"delay":"1"}`, 400, "with its unit"},
		"no fault":                 {"POST", "faults", `[]`, 400, "there is no fault"},
		"no body of a fault":       {"POST", "faults", "", 400, "the body: it is empty"},
		"a blank body of a fault":  {"POST", "faults", " \n", 400, "the body: it is empty"},
		"no body of a change":      {"PATCH", "runs/a", "", 400, "the body: it is empty"},
		"no body of a clock":       {"POST", "clock", "", 400, "the body: it is empty"},
		"no run":                   {"POST", "runs", "{\"id\":\"b\"}\n{}", 400, "line 2: it is not a run"},
		"a run that is not":        {"GET", "runs/b", "", 404, "no run with that ID"},
		"a run to change":          {"PATCH", "runs/b", "{}", 404, "no run with that ID"},
		"a run to remove":          {"DELETE", "runs/b", "", 404, "no run with that ID"},
		"another ID":               {"PATCH", "runs/a", `{"id":"b"}`, 400, "can't be changed"},
		"a member that no run has": {"PATCH", "runs/a", `{"colour":1}`, 400, "colour is not a member"},
		"no JSON":                  {"PATCH", "runs/a", `colour`, 400, "the body: "},
		"no number of runs":        {"POST", "seed", `{"seed":3}`, 400, "runs must be 1 to 5000000"},
		"a clock of words":         {"POST", "clock", `{"now":"noon"}`, 400, "the body: "},
		"an unknown path":          {"GET", "nothing", "", 404, "not found"},
		"a method that is not":     {"PUT", "clock", "", 405, "Not Allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := s.control(t, test.method, test.path, test.body)
			assert.Equal(t, test.status, status, body)
			assert.Contains(t, body, test.want)
		})
	}
	_, body := s.control(t, "GET", "faults", "")
	assert.Equal(t, "[]", body, "of a list with a mistake, none counts")
}

// TestControlRoutes compares the answer with the table of README.md.
func TestServerControlRoutes(t *testing.T) {
	s := serve(t, "-runs", "0")
	status, body := s.control(t, "GET", "", "")
	require.Equal(t, http.StatusOK, status)
	var answer struct{ Routes []string }
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	want := []string{"GET " + controlPrefix}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z]+) ([a-z]+)(/ID)?` ").FindAllStringSubmatch(string(readme), -1) {
		want = append(want, row[1]+" "+controlPrefix+row[2]+strings.ReplaceAll(row[3], "ID", "{id}"))
	}
	assert.Len(t, answer.Routes, 14)
	assert.ElementsMatch(t, want, answer.Routes)
}

func TestServerControlRuns(t *testing.T) {
	s := serve(t, "-runs", "0")
	now := time.Now().UTC().Format(time.RFC3339)
	_, body := s.control(t, "POST", "runs", `[{"id":"a","status":"in progress","creation_time":"`+now+`","colour":1},{"id":"b"}]`)
	assert.JSONEq(t, `{"added":2,"ignored":{"colour":1}}`, body)
	assert.Equal(t, "a b", s.runs(t))
	_, body = s.control(t, "PATCH", "runs/a", `{"status":"failed","error":"no"}`)
	assert.Contains(t, body, `"status":"failed"`)
	assert.Contains(t, body, `"end_time":"`)
	status, body := s.control(t, "GET", "runs/a", "")
	assert.Equal(t, 200, status)
	assert.Contains(t, body, `"error":"no"`)
	_, _ = s.control(t, "DELETE", "runs/a", "")
	assert.Equal(t, "b", s.runs(t))
	_, body = s.control(t, "POST", "seed", `{"seed":3,"runs":7,"last":"1h"}`)
	assert.JSONEq(t, `{"added":7}`, body)
	first := s.runs(t)
	assert.Equal(t, 8, len(strings.Fields(first)))
	_, body = s.control(t, "GET", "requests", "")
	var requests []request
	require.NoError(t, json.Unmarshal([]byte(body), &requests))
	require.Len(t, requests, 3, "the control's own are not among them")
	assert.Equal(t, []string{"100"}, requests[0].Query["size"])
	_, body = s.control(t, "DELETE", "requests", "")
	assert.Equal(t, "[]", body)
	s.control(t, "POST", "reset", "")
	assert.Empty(t, s.runs(t))
}

func TestServerControlClock(t *testing.T) {
	s := serve(t, "-runs", "0", "-end", "2026-03-02T12:00:00Z")
	read := func(body string) moment {
		var m moment
		require.NoError(t, json.Unmarshal([]byte(body), &m), body)
		return m
	}
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	_, body := s.control(t, "GET", "clock", "")
	assert.WithinDuration(t, noon, read(body).Now, time.Minute)
	_, body = s.control(t, "POST", "clock", `{"now":"2030-01-01T00:00:00Z","frozen":true}`)
	assert.Equal(t, moment{time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), true}, read(body))
	_, body = s.control(t, "POST", "clock", `{"advance":"90m"}`)
	assert.Equal(t, moment{time.Date(2030, 1, 1, 1, 30, 0, 0, time.UTC), true}, read(body))
	_, body = s.control(t, "POST", "clock", `{"advance":-1800}`)
	assert.Equal(t, moment{time.Date(2030, 1, 1, 1, 0, 0, 0, time.UTC), true}, read(body))
	s.control(t, "POST", "runs", `{"id":"a"}`)
	_, body = s.control(t, "GET", "runs/a", "")
	assert.Contains(t, body, "2030-01-01T01:00:00Z", "the service goes by it")
	_, body = s.control(t, "POST", "clock", `{"frozen":false}`)
	assert.False(t, read(body).Frozen)
	assert.WithinDuration(t, time.Date(2030, 1, 1, 1, 0, 0, 0, time.UTC), read(body).Now, time.Minute)
	_, body = s.control(t, "POST", "reset", "")
	assert.WithinDuration(t, noon, read(body).Now, time.Minute)
}

func TestServerControlIsProtected(t *testing.T) {
	s := serve(t, "-runs", "0", "-public", "-key", "s3cret")
	status, body := s.control(t, "GET", "faults", "")
	assert.Equal(t, 401, status)
	assert.Contains(t, body, "needs those of the API")
	status, _ = s.controlAs(t, &insights.Credentials{Username: insightstest.Username, AccessKey: "wrong"}, "POST", "reset", "")
	assert.Equal(t, 401, status)
	status, _ = s.controlAs(t, &insights.Credentials{Username: insightstest.Username, AccessKey: "s3cret"}, "POST", "reset", "")
	assert.Equal(t, 200, status)
}

func TestServerTLS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "insights.pem")
	s := serve(t, "-runs", "3", "-tls", file)
	require.True(t, strings.HasPrefix(s.url, "https://127.0.0.1:"), s.url)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "PRIVATE")
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	hc := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}}
	defer hc.CloseIdleConnections()
	c, err := insights.NewClient("", insights.Credentials{Username: insightstest.Username, AccessKey: insightstest.AccessKey}, insights.WithBaseURL(s.url), insights.WithHTTPClient(hc))
	require.NoError(t, err)
	defer c.CloseIdleConnections()
	list, err := c.Tests(t.Context(), insights.TestsOptions{Period: insights.Last(60 * 24 * time.Hour)})
	require.NoError(t, err)
	assert.Len(t, list.Items, 3)
	assert.Contains(t, s.stdout.String(), "--cacert '"+file+"'")
}

// TestREADME runs the examples of README.md in other languages. They stand
// there as they are run here.
func TestServerREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, language := range []struct{ name, program, file string }{
		{"sh", "sh", "example.sh"}, {"python", "python3", "example.py"}, {"js", "node", "example.mjs"},
	} {
		t.Run(language.name, func(t *testing.T) {
			requireProgram(t, language.program)
			if language.name == "sh" {
				requireProgram(t, "curl")
			}
			file := filepath.Join(t.TempDir(), language.file)
			cert := filepath.Join(t.TempDir(), "insights.pem")
			require.NoError(t, os.WriteFile(file, []byte(snippet(t, string(readme), language.name)), 0o600))
			s := serve(t, "-runs", "0", "-tls", cert)
			cmd := exec.CommandContext(t.Context(), language.program, file)
			cmd.Env = append(os.Environ(), "INSIGHTS_URL="+s.url, "INSIGHTS_CERT="+cert, "NODE_EXTRA_CA_CERTS="+cert)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			assert.Equal(t, "503 429 200: 1 run, failed\n", string(out))
		})
	}
}

// requireProgram skips where a program is missing, but not in CI.
func requireProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			require.NoError(t, err)
		}
		t.Skip(err)
	}
}

// snippet is the only code of a language.
func snippet(t *testing.T, text, language string) string {
	t.Helper()
	var lines []string
	inside := false
	for scanner := bufio.NewScanner(strings.NewReader(text)); scanner.Scan(); {
		switch line := scanner.Text(); {
		case line == "```"+language && len(lines) == 0:
			inside = true
		case line == "```":
			inside = false
		case inside:
			lines = append(lines, line)
		}
	}
	require.NotEmpty(t, lines)
	return strings.Join(lines, "\n") + "\n"
}
