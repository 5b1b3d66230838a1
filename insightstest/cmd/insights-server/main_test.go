package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sauceinsights/insights/insightstest"
)

// asCommand makes the test program the command itself.
const asCommand = "INSIGHTS_SERVER_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// command is the command as a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "GORACE=atexit_sleep_ms=0")
	return cmd
}

func TestServerExitStatus(t *testing.T) {
	t.Run("0 after a signal", func(t *testing.T) {
		for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			cmd := command(t, "-addr", "127.0.0.1:0", "-runs", "1")
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewScanner(stdout)
			require.True(t, lines.Scan(), "it says where it is")
			require.NoError(t, cmd.Process.Signal(signal))
			for lines.Scan() {
				continue // to the end of its output
			}
			require.NoError(t, cmd.Wait(), signal)
		}
	})
	t.Run("0 at once after a signal while it is filled", func(t *testing.T) {
		addr := freeAddress(t)
		cmd := command(t, "-addr", addr, "-runs", "3000000")
		var stdout bytes.Buffer
		cmd.Stdout = &stdout
		require.NoError(t, cmd.Start())
		time.Sleep(200 * time.Millisecond) // it takes seconds to make the runs; before, it may not listen for signals yet
		_, err := net.Dial("tcp", addr)
		require.ErrorContains(t, err, "refused", "there is no port before there are runs")
		begun := time.Now()
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		require.NoError(t, cmd.Wait())
		assert.Less(t, time.Since(begun), time.Second)
		assert.Empty(t, stdout.String())
	})
	t.Run("1 after a mistake, in one line", func(t *testing.T) {
		cmd := command(t, "-nope")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		require.Error(t, cmd.Run())
		assert.Equal(t, 1, cmd.ProcessState.ExitCode())
		assert.Equal(t, "insights-server: flag provided but not defined: -nope\n", stderr.String())
	})
}

// output is text that a running server writes and a test reads.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written chan struct{} // gets a value at each write
}

func newOutput() *output {
	return &output{written: make(chan struct{}, 100)}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer func() { o.written <- struct{}{} }()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// server is a run of the command, and its address.
type server struct {
	url            string
	stdout, stderr *output
	stop           func() error
}

var address = regexp.MustCompile(`https?://[^/'" \n]+`)

// serve starts the command on a free port and waits until it says where.
func serve(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{stdout: newOutput(), stderr: newOutput()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		defer close(done) // whoever asks after the first finds it ended
		done <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), strings.NewReader(""), s.stdout, s.stderr)
	}()
	s.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = s.stop() })
	select {
	case <-s.stdout.written:
	case err := <-done:
		require.Failf(t, "the server ended", "%v", err)
	}
	s.url = address.FindString(s.stdout.String())
	return s
}

func (s *server) get(t *testing.T, username, key, query string) (int, string) {
	t.Helper()
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+insightstest.PathTests+"?"+query, http.NoBody)
	require.NoError(t, err)
	req.SetBasicAuth(username, key)
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestServerServesGeneratedRuns(t *testing.T) {
	s := serve(t, "-runs", "30", "-last", "24h")
	assert.Contains(t, s.stdout.String(), "30 runs, created from ")
	assert.Contains(t, s.stdout.String(), "curl -u 'insightstest-user:")
	assert.Contains(t, s.stdout.String(), `insights.WithBaseURL("`+s.url+`")`)
	status, body := s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d&size=100")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, 30, strings.Count(body, `"id"`))
	assert.Empty(t, s.stderr.String())

	require.NoError(t, s.stop(), "an interrupt is a clean end")
	_, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.Error(t, err, "the port is closed")
}

func TestServerRepeatableRuns(t *testing.T) {
	var bodies []string
	for range 2 {
		s := serve(t, "-runs", "50", "-seed", "7", "-end", "2026-03-02T12:00:00Z", "-last", "24h")
		assert.Contains(t, s.stdout.String(), "start=2026-03-01T")
		status, body := s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d&size=100")
		assert.Equal(t, http.StatusOK, status)
		bodies = append(bodies, body)
	}
	assert.Equal(t, bodies[0], bodies[1])
	assert.Equal(t, 50, strings.Count(bodies[0], `"id"`), "the clock begins at -end")
}

func TestServerServesAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "runs.ndjson")
	lines := `{"id":"a","name":"first","creation_time":"2026-03-02T12:00:00+00:00","start_time":null,"status":"error","duration":1.0}

{"id":"b","name":"second","creation_time":"2026-03-02T11:00:00Z","status":"passed","unknown":[1]}
`
	require.NoError(t, os.WriteFile(name, []byte(lines), 0o600))
	s := serve(t, "-data", name)
	assert.Contains(t, s.stdout.String(), "2 runs, created from 2026-03-02T11:00:00Z to 2026-03-02T12:00:00Z,")
	_, body := s.get(t, insightstest.Username, insightstest.AccessKey, "start=2026-03-02T00:00:00Z&end=2026-03-03T00:00:00Z")
	assert.Regexp(t, `"id":"b".*"id":"a"`, body)
}

// freeAddress returns one that nobody takes before the server does: on Linux all
// of 127.0.0.0/8 is this machine, and nobody else uses this part of it.
func freeAddress(t *testing.T) string {
	host := "127.0.0.1"
	if runtime.GOOS == "linux" {
		host = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), rand.IntN(250), 1+rand.IntN(250))
	}
	l, err := net.Listen("tcp", host+":0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// TestReady asks from the start: the first answer has all the runs.
func TestServerReady(t *testing.T) {
	addr := freeAddress(t)
	cmd := command(t, "-addr", addr, "-runs", "100000", "-last", "24h")
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	s := &server{url: "http://" + addr}
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, time.Minute, time.Millisecond)
	_, body := s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d&from=9990")
	assert.Equal(t, 10, strings.Count(body, `"id"`))
	resp, err := http.Get(s.url + "/healthz") //nolint:noctx // one request, of this machine
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.JSONEq(t, `{"status":"ok"}`, string(text))
	http.DefaultClient.CloseIdleConnections()
}

func TestServerFlags(t *testing.T) {
	t.Run("-log writes requests without credentials", func(t *testing.T) {
		s := serve(t, "-log", "-runs", "0")
		assert.Contains(t, s.stdout.String(), "0 runs at ")
		s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d")
		<-s.stderr.written
		assert.Regexp(t, `^\d\d:\d\d:\d\d GET /v1/analytics/tests\?time_range=2d 200 51\n$`, s.stderr.String())
	})
	t.Run("-user and -key", func(t *testing.T) {
		s := serve(t, "-user", "ann", "-key", "s3cret", "-runs", "0")
		status, _ := s.get(t, "ann", "s3cret", "time_range=2d")
		assert.Equal(t, http.StatusOK, status)
		status, _ = s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d")
		assert.Equal(t, http.StatusUnauthorized, status)
	})
	t.Run("-variant", func(t *testing.T) {
		s := serve(t, "-variant", "status-in-words,nulls", "-runs", "0")
		_, body := s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d")
		assert.Equal(t, `{"meta":{"status":"complete"},"items":null,"has_more":false}`, body)
	})
	t.Run("-limit", func(t *testing.T) {
		s := serve(t, "-limit", "-runs", "0")
		status, n := http.StatusOK, 0
		for ; status == http.StatusOK && n < 1_000; n++ {
			status, _ = s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d")
		}
		assert.Equal(t, http.StatusTooManyRequests, status)
		assert.Greater(t, n, 10)
	})
	t.Run("-public", func(t *testing.T) {
		s := serve(t, "-addr", "0.0.0.0:0", "-public", "-runs", "0")
		status, _ := s.get(t, insightstest.Username, insightstest.AccessKey, "time_range=2d")
		assert.Equal(t, http.StatusOK, status, "the address that it prints is one that works")
		if !strings.HasPrefix(s.url, "http://127.") {
			assert.NotContains(t, s.stdout.String(), "WithBaseURL", "the SDK would refuse it")
		}
	})
	t.Run("-last and -latency take days, and what Go takes", func(t *testing.T) {
		for text, want := range map[string]time.Duration{"7d": 7 * 24 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute} {
			c, err := parseFlags([]string{"-last", text, "-latency", text}, io.Discard)
			require.NoError(t, err)
			assert.Equal(t, want, c.last)
			assert.Equal(t, want, c.latency)
		}
		c, err := parseFlags(nil, io.Discard)
		require.NoError(t, err)
		assert.Equal(t, 30*24*time.Hour, c.last)
		assert.Equal(t, 10_000, c.runs)
		assert.EqualValues(t, 1, c.seed)
	})
	t.Run("-h explains every flag", func(t *testing.T) {
		stderr := newOutput()
		require.NoError(t, run(t.Context(), []string{"-h"}, nil, io.Discard, stderr))
		for _, name := range []string{"addr", "public", "tls", "runs", "seed", "last", "end", "data", "shift", "user", "key", "variant", "latency", "limit", "log"} {
			assert.Contains(t, stderr.String(), "  -"+name)
		}
		for line := range strings.Lines(strings.ReplaceAll(stderr.String(), "\t", "    ")) {
			assert.LessOrEqual(t, len(line), 81, line)
		}
		for _, name := range variantNames() {
			assert.Contains(t, stderr.String(), name)
		}
	})
}

// TestMistakes checks that each is one line that names what is wrong.
func TestServerMistakes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	bad := filepath.Join(t.TempDir(), "bad.ndjson")
	require.NoError(t, os.WriteFile(bad, []byte("{}\n{\"id\":\n"), 0o600))
	tests := map[string]struct {
		args []string
		want string
	}{
		"an unknown flag":            {[]string{"-nope"}, "-nope"},
		"no number":                  {[]string{"-runs", "many"}, `invalid value "many" for flag -runs: want a whole number`},
		"a part of a run":            {[]string{"-runs", "1.5"}, `invalid value "1.5" for flag -runs: want a whole number`},
		"nothing for a number":       {[]string{"-runs", "null"}, `invalid value "null" for flag -runs: want a whole number`},
		"a negative seed":            {[]string{"-seed", "-1"}, `invalid value "-1" for flag -seed: want a whole number`},
		"no length":                  {[]string{"-last", "week"}, `"week" is not a length of time with its unit, such as 7d, 12h or 90m`},
		"a length without a unit":    {[]string{"-latency", "5"}, `"5" is not a length of time with its unit`},
		"an argument":                {[]string{"8080"}, `unexpected argument "8080"`},
		"negative runs":              {[]string{"-runs", "-1"}, "-runs -1 is negative"},
		"no time":                    {[]string{"-last", "0s"}, "-last 0s is less than a second"},
		"absurd runs":                {[]string{"-runs", "2000000000"}, "-runs 2000000000 is more than 5000000"},
		"a taken port and many runs": {[]string{"-addr", taken.Addr().String(), "-runs", "5000000"}, "address already in use"},
		"negative latency":           {[]string{"-latency", "-1s"}, "-latency -1s is negative"},
		"a user with a colon":        {[]string{"-user", "a:b"}, `-user "a:b"`},
		"no key":                     {[]string{"-key", ""}, "-key is empty"},
		"an unknown variant":         {[]string{"-variant", "best"}, `-variant: no variant is named "best": take one of default, `},
		"all addresses":              {[]string{"-addr", ":8080"}, "use 127.0.0.1:8080"},
		"another machine's":          {[]string{"-addr", "192.0.2.1:8080"}, "say -public"},
		"no address":                 {[]string{"-addr", "nowhere"}, "-addr nowhere: "},
		"a port that is taken":       {[]string{"-addr", taken.Addr().String()}, "address already in use"},
		"standard input":             {[]string{"-data", "-"}, "-data: -:1: it is not a run, which is an object"},
		"-shift alone":               {[]string{"-shift"}, "-shift is for -data"},
		"-runs of data":              {[]string{"-data", bad, "-runs", "10000"}, "-runs is for generated runs, not for -data"},
		"-seed of data":              {[]string{"-data", bad, "-seed", "2"}, "-seed is for generated runs, not for -data"},
		"-last of data":              {[]string{"-data", bad, "-last", "7d"}, "-last is for generated runs, not for -data"},
		"-end of data":               {[]string{"-data", bad, "-end", "2026-03-02T12:00:00Z"}, "-end is for generated runs"},
		"an end that is no time":     {[]string{"-end", "today"}, "it must be a time as 2006-01-02T15:04:05Z"},
		"a certificate nowhere":      {[]string{"-addr", "127.0.0.1:0", "-tls", "/no/such/folder/c.pem"}, "-tls: open /no/such/folder/c.pem"},
		"a file that is missing":     {[]string{"-data", "/no/such/file"}, "-data: open /no/such/file"},
		"a line that is no run":      {[]string{"-data", bad}, "bad.ndjson:1: it is not a run: it has none of the members of one"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			stdout := newOutput()
			args := append([]string{"-addr", "127.0.0.1:0"}, test.args...) // the default port may be taken
			err := run(t.Context(), args, strings.NewReader("[1]"), stdout, io.Discard)
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "\n")
			assert.Empty(t, stdout.String())
		})
	}
}
