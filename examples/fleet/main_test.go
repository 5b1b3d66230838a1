package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(jobVariable); text != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// lines takes what several processes write at once.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// fleet runs the program, and returns what it printed.
func fleet(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out bytes.Buffer
	var errs lines
	status = run(t.Context(), args, &out, &errs)
	t.Log("\n" + out.String())
	return status, out.String(), errs.String()
}

func TestFleetSharesTheLimit(t *testing.T) {
	t.Parallel()
	t.Run("through a file", func(t *testing.T) {
		t.Parallel()
		assertNoneRefused(t, "8", "3")
	})

	t.Run("through Redis", func(t *testing.T) {
		t.Parallel()
		assertNoneRefused(t, "8", "3", "-redis", startRedis(t))
	})

	t.Run("through a file that has a name, with a service that has an address", func(t *testing.T) {
		t.Parallel()
		srv := insightstest.NewServer(insightstest.WithServerLimit(10, 3_500))
		t.Cleanup(srv.Close)
		file := filepath.Join(t.TempDir(), "account.limit")
		assertNoneRefused(t, "4", "2", "-file", file, "-url", srv.URL)
		assert.Len(t, srv.Requests(), 8)
		assert.FileExists(t, file)
	})
}

// assertNoneRefused runs the fleet: all calls succeed, and none comes too soon.
func assertNoneRefused(t *testing.T, processes, calls string, args ...string) {
	t.Helper()
	began := time.Now()
	status, stdout, stderr := fleet(t, append([]string{"-processes", processes, "-calls", calls}, args...)...)
	total := number(t, processes) * number(t, calls)
	assert.Equal(t, 0, status, stderr)
	assert.Contains(t, stdout, "0 of "+strconv.Itoa(total)+" calls failed; 0 answers were 429.\n")
	assert.GreaterOrEqual(t, time.Since(began), time.Duration(total-1)*time.Second/perSecond-50*time.Millisecond)
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

func TestFleetAloneIsRefused(t *testing.T) {
	t.Parallel()
	_, stdout, _ := fleet(t, "-processes", "40", "-calls", "1", "-alone")
	assert.Contains(t, stdout, "40 processes make 1 calls each, and share nothing.\n")
	assert.NotContains(t, stdout, " 0 answers were 429")
}

func TestFleetFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-processes 0":     "fleet: -processes must be 1 to 200, and -calls at least 1\n",
		"-calls 0":         "fleet: -processes must be 1 to 200, and -calls at least 1\n",
		"-alone -file x":   "fleet: -alone, -file and -redis exclude each other\n",
		"-redis x -file y": "fleet: -alone, -file and -redis exclude each other\n",
		"now":              "fleet: unexpected argument \"now\"; -h explains\n",
	} {
		status, _, stderr := fleet(t, strings.Fields(args)...)
		assert.Equal(t, 1, status, args)
		assert.Contains(t, stderr, want, args)
	}
	for args, want := range map[string]string{
		"-file /no/such/dir/f":   "open /no/such/dir/f: no such file or directory: the directory has to be made first\n",
		"-url http://example.co": "WithBaseURL: is plain http to another machine",
	} {
		status, stdout, _ := fleet(t, append(strings.Fields(args), "-processes=2", "-calls=3")...)
		assert.Equal(t, 1, status, args)
		assert.Contains(t, stdout, "6 of 6 calls failed; 0 answers were 429.\nThe first error: ", args)
		assert.Contains(t, stdout, want, args)
	}
	status, stdout, _ := fleet(t, "-h")
	assert.Equal(t, 0, status)
	assert.Contains(t, stdout, "-redis address")
}

// Two modules share no code, so that each can be installed alone: what they
// have in common is the same text.
func TestLimiterIsAlikeInBothModules(t *testing.T) {
	for _, name := range []string{"wait.go", "options.go"} {
		file, err := os.ReadFile("../../limiters/file/" + name)
		require.NoError(t, err)
		redis, err := os.ReadFile("../../limiters/redis/" + name)
		require.NoError(t, err)
		assert.Equal(t, strings.Replace(string(file), "package filelimiter", "package redislimiter", 1), string(redis), name)
	}
}

// The examples of the two READMEs are whole programs.
func TestLimitersREADME(t *testing.T) {
	for _, module := range []string{"file", "redis"} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("../../limiters/" + module + "/README.md")
			require.NoError(t, err)
			_, program, found := strings.Cut(string(text), "```go\n")
			require.True(t, found)
			program, _, _ = strings.Cut(program, "```")
			require.NoError(t, os.MkdirAll("testdata", 0o700))
			dir, err := os.MkdirTemp("testdata", module) //nolint:usetesting // it must be in the module
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
			require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600))
			out, err := exec.Command("go", "vet", "./"+dir).CombinedOutput()
			assert.NoError(t, err, string(out))
		})
	}
}

// startRedis starts a real one on a loopback port, in a temporary folder. It
// skips the test if Redis is not installed; in CI that is a failure.
func startRedis(t *testing.T) (addr string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("redis-server is not installed (Debian: apt-get install redis-server)")
	}
	require.NoError(t, err, "CI needs redis-server")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr = l.Addr().String()
	require.NoError(t, l.Close())
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	cmd := exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	c := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	require.Eventually(t, func() bool { return c.Ping(t.Context()).Err() == nil }, 10*time.Second, 10*time.Millisecond)
	return addr
}
