package filelimiter

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slack is how many tokens more a second of 25 can show on a machine with more to
// do than it can: between the return of Wait and the look at the clock, up to
// 80 ms can pass.
const slack = 2

// jobVariable makes the test binary a process that takes tokens.
const jobVariable = "FILELIMITER_JOB"

func TestMain(m *testing.M) {
	if job := os.Getenv(jobVariable); job != "" {
		work(job)
		return
	}
	os.Exit(m.Run())
}

// work takes tokens with several goroutines, and writes when.
func work(job string) {
	var path string
	var perSecond float64
	var callers, each int
	if _, err := fmt.Sscanf(job, "%q %g %d %d", &path, &perSecond, &callers, &each); err != nil {
		panic(err)
	}
	l, err := New(path, WithRateLimit(perSecond, 1), WithFailClosed())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				err := l.Wait(context.Background())
				used := readClock().up
				if err != nil {
					fmt.Println(err)
					os.Exit(1)
				}
				_, _ = os.Stdout.WriteString(strconv.FormatInt(int64(used), 10) + "\n")
			}
		})
	}
	wg.Wait()
}

func jobFor(path string, perSecond float64, callers, each int) string {
	return fmt.Sprintf("%s=%q %g %d %d", jobVariable, path, perSecond, callers, each)
}

// process is one that was started.
type process struct {
	*exec.Cmd
	out bytes.Buffer
}

func startProcess(t *testing.T, path string, perSecond float64, callers, each int) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0])}
	p.Env = append(os.Environ(), jobFor(path, perSecond, callers, each))
	p.Stdout = &p.out
	p.Stderr = os.Stderr
	require.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

// used is when the process took its tokens. Output that is no time is why it
// failed.
func (p *process) used(t *testing.T) []time.Duration {
	t.Helper()
	var used []time.Duration
	for line := range strings.Lines(p.out.String()) {
		ns, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		require.NoError(t, err, "the process says: %s", line)
		used = append(used, time.Duration(ns))
	}
	return used
}

func startFleet(t *testing.T, n int, path string, perSecond float64, callers, each int) []*process {
	t.Helper()
	var fleet []*process
	for range n {
		fleet = append(fleet, startProcess(t, path, perSecond, callers, each))
	}
	return fleet
}

// usedByFleet waits for all processes.
func usedByFleet(t *testing.T, fleet []*process) []time.Duration {
	t.Helper()
	var used []time.Duration
	for _, p := range fleet {
		_ = p.Wait() // one that failed says why, and one that was killed has nothing to say
		used = append(used, p.used(t)...)
	}
	return used
}

func TestLimiterProcesses(t *testing.T) {
	t.Parallel()
	for _, n := range []int{26, 40} {
		t.Run(fmt.Sprintf("%d processes share 25 a second", n), func(t *testing.T) {
			t.Parallel()
			path := stateName(t)
			used := usedByFleet(t, startFleet(t, n, path, 25, 1, 2))
			require.Len(t, used, 2*n)
			assert.LessOrEqual(t, most(used, time.Second), 25+1+slack)
			assertAtRate(t, used, 40*time.Millisecond)
		})
	}

	t.Run("10 processes with 20 callers each, at the highest rate", func(t *testing.T) {
		t.Parallel()
		used := usedByFleet(t, startFleet(t, 10, stateName(t), 100, 20, 1))
		require.Len(t, used, 200)
		assert.LessOrEqual(t, most(used, time.Second), 100+1+4*slack)
	})
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
