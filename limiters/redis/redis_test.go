//go:build unix

package redislimiter

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// redisServer is a real one on a loopback port, in a temporary folder.
type redisServer struct {
	addr string
	cmd  *exec.Cmd
}

// startRedis skips the test if Redis is not installed; in CI that is a failure.
func startRedis(t *testing.T, args ...string) *redisServer {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("redis-server is not installed (Debian: apt-get install redis-server)")
	}
	require.NoError(t, err, "CI needs redis-server")
	port := freePort(t)
	s := &redisServer{addr: "127.0.0.1:" + port}
	base := []string{"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no"}
	s.cmd = exec.Command(program, append(base, args...)...)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(s.stop)
	c := s.client(t)
	require.Eventually(t, func() bool { return answers(c.Ping(t.Context()).Err()) }, 10*time.Second, 10*time.Millisecond)
	return s
}

// answers reports whether the server is there: to be refused is an answer.
func answers(err error) bool {
	return err == nil || strings.HasPrefix(err.Error(), "NOAUTH")
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { assert.NoError(t, l.Close()) }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

func (s *redisServer) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *redisServer) client(t *testing.T) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.addr})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// questions is how often the script was run.
func (s *redisServer) questions(t *testing.T) int {
	t.Helper()
	text, err := s.client(t).Info(t.Context(), "commandstats").Result()
	require.NoError(t, err)
	total := 0
	for line := range strings.Lines(text) {
		var calls int
		if _, err := fmt.Sscanf(line, "cmdstat_evalsha:calls=%d", &calls); err == nil {
			total += calls
		}
	}
	return total
}

func newLimiter(t *testing.T, c redis.Scripter, opts ...Option) *Limiter {
	t.Helper()
	l, err := New(c, "mia/us-west-1", opts...)
	require.NoError(t, err)
	return l
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) option() Option {
	return WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}

// realClock is the part of the script that a test replaces.
const realClock = "redis.call('TIME')"

// desk is the script on a real Redis, with a clock that the test sets.
type desk struct {
	*server
	t     *testing.T
	c     *redis.Client
	clock string // its key
}

func newDesk(t *testing.T, c *redis.Client, name string, l limits) *desk {
	t.Helper()
	require.Equal(t, 1, strings.Count(source, realClock))
	d := &desk{server: newServer(c, name, &config{limits: l, logger: slog.Default}), t: t, c: c, clock: "clock-" + name}
	d.script = redis.NewScript(strings.Replace(source, realClock, "redis.call('HMGET', '"+d.clock+"', 's', 'us')", 1))
	return d
}

// at asks when the server's clock shows now, and returns when the token is due.
func (d *desk) at(now time.Duration, unused, maxWait int64) (due time.Duration, token int64) {
	d.t.Helper()
	err := d.c.HSet(d.t.Context(), d.clock, "s", int64(now/time.Second), "us", int64(now%time.Second/time.Microsecond)).Err()
	require.NoError(d.t, err)
	a := d.ask(unused, maxWait)
	require.NoError(d.t, a.err)
	return now + a.wait, a.token
}
