//go:build unix

package redislimiter

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slack is how many tokens more a second of 25 can show on a machine with more to
// do than it can: between the return of Wait and the look at the clock, and
// while an answer is on its way, up to 80 ms can pass.
const slack = 2

// jobVariable makes the test binary a process that takes tokens.
const jobVariable = "REDISLIMITER_JOB"

func TestMain(m *testing.M) {
	if job := os.Getenv(jobVariable); job != "" {
		work(job)
		return
	}
	os.Exit(m.Run())
}

// work takes tokens with several goroutines, and writes when.
func work(job string) {
	var addr string
	var perSecond float64
	var callers, each int
	if _, err := fmt.Sscanf(job, "%q %g %d %d", &addr, &perSecond, &callers, &each); err != nil {
		panic(err)
	}
	l, err := New(redis.NewClient(&redis.Options{Addr: addr}), "mia/us-west-1", WithRateLimit(perSecond, 1), WithFailClosed())
	if err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				err := l.Wait(context.Background())
				used := time.Now().UnixNano()
				if err != nil {
					fmt.Println(err)
					os.Exit(1)
				}
				_, _ = os.Stdout.WriteString(strconv.FormatInt(used, 10) + "\n")
			}
		})
	}
	wg.Wait()
}

// process is one that was started.
type process struct {
	*exec.Cmd
	out bytes.Buffer
}

func startFleet(t *testing.T, n int, addr string, perSecond float64, callers, each int) []*process {
	t.Helper()
	var fleet []*process
	for range n {
		p := &process{Cmd: exec.Command(os.Args[0])}
		p.Env = append(os.Environ(), fmt.Sprintf("%s=%q %g %d %d", jobVariable, addr, perSecond, callers, each))
		p.Stdout = &p.out
		p.Stderr = os.Stderr
		require.NoError(t, p.Start())
		t.Cleanup(func() { _ = p.Process.Kill() })
		fleet = append(fleet, p)
	}
	return fleet
}

// usedByFleet waits for all processes, and returns when they took their tokens.
// Output that is no time is why one failed.
func usedByFleet(t *testing.T, fleet []*process) []time.Duration {
	t.Helper()
	var used []time.Duration
	for _, p := range fleet {
		_ = p.Wait() // one that failed says why, and one that was killed has nothing to say
		for line := range strings.Lines(p.out.String()) {
			ns, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
			require.NoError(t, err, "the process says: %s", line)
			used = append(used, time.Duration(ns))
		}
	}
	return used
}

func signalAll(t *testing.T, fleet []*process, s os.Signal) {
	t.Helper()
	for _, p := range fleet {
		require.NoError(t, p.Process.Signal(s))
	}
}

func span(times []time.Duration) time.Duration {
	return slices.Max(times) - slices.Min(times)
}

// assertAtRate allows for a few tokens that came up while their process was kept
// from running.
func assertAtRate(t *testing.T, used []time.Duration, interval time.Duration) {
	t.Helper()
	took := span(used)
	floor := time.Duration(len(used)-1) * interval
	t.Logf("%d tokens in %s, where %s is the floor", len(used), took.Round(time.Millisecond), floor)
	assert.GreaterOrEqual(t, took, floor-interval)
	assert.LessOrEqual(t, took, floor*3/2)
}

func TestLimiterProcesses(t *testing.T) {
	t.Parallel()
	for _, n := range []int{26, 40} {
		t.Run(fmt.Sprintf("%d processes share 25 a second", n), func(t *testing.T) {
			t.Parallel()
			server := startRedis(t)
			used := usedByFleet(t, startFleet(t, n, server.addr, 25, 1, 2))
			require.Len(t, used, 2*n)
			assert.LessOrEqual(t, most(used, time.Second), 25+1+slack)
			assertAtRate(t, used, 40*time.Millisecond)
			assert.Less(t, server.questions(t), 3*n, "about one question a token")
			t.Logf("%d questions", server.questions(t))
		})
	}

	t.Run("10 processes with 200 callers each, who are killed", func(t *testing.T) {
		t.Parallel()
		server := startRedis(t)
		fleet := startFleet(t, 10, server.addr, 100, 200, 1)
		time.Sleep(time.Second)
		signalAll(t, fleet, syscall.SIGKILL)
		used := usedByFleet(t, fleet)
		assert.NotEmpty(t, used)
		assert.LessOrEqual(t, most(used, time.Second), 100+1+4*slack)
		rest := usedByFleet(t, startFleet(t, 1, server.addr, 100, 1, 20))
		require.Len(t, rest, 20)
		assert.Less(t, span(rest), time.Second, "who was killed costs a token at most")
	})

	t.Run("processes that were stopped together do not rush when they go on", func(t *testing.T) {
		t.Parallel()
		fleet := startFleet(t, 20, startRedis(t).addr, 25, 1, 3)
		time.Sleep(700 * time.Millisecond)
		signalAll(t, fleet, syscall.SIGSTOP)
		time.Sleep(1500 * time.Millisecond)
		signalAll(t, fleet, syscall.SIGCONT)
		used := usedByFleet(t, fleet)
		require.Len(t, used, 60)
		assert.LessOrEqual(t, most(used, time.Second), 25+1+slack)
	})
}
