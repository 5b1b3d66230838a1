//go:build unix

package export

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/insightstest"
)

// program is the program in a process of its own.
type program struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	ended          context.Context
}

// launch starts the program. It is killed when the test ends.
func launch(t *testing.T, args []string, env ...string) *program {
	t.Helper()
	p := &program{Cmd: exec.CommandContext(t.Context(), os.Args[0], args...)}
	p.Env = append(os.Environ(), append(env, asProgram+"=1", "GORACE=atexit_sleep_ms=0")...)
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	require.NoError(t, p.Start())
	ended, end := context.WithCancel(t.Context())
	p.ended = ended
	go func() {
		defer end()
		_ = p.Wait() // the test looks at the ProcessState
	}()
	return p
}

// signalAfter sends a signal once the service has seen so many requests, and
// waits for the end of the program, which may come before that.
func (p *program) signalAfter(srv *insightstest.Server, requests int, s os.Signal) (status int) {
	if _, err := srv.WaitForRequests(p.ended, requests); err == nil {
		_ = p.Process.Signal(s) // it may have ended
	}
	<-p.ended.Done()
	return p.ProcessState.ExitCode()
}

// limitFiles makes writing fail in a process that was launched so, as on a
// disk that is full.
func limitFiles() {
	if n, err := strconv.ParseUint(os.Getenv(fileLimit), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n})
	}
}

// fileLimit is how many bytes a file may have.
const fileLimit = "EXPORT_TEST_FILE_LIMIT"

func TestSettingsRunKilled(t *testing.T) {
	t.Run("killed at any moment it goes on", func(t *testing.T) {
		for _, format := range formats {
			t.Run(format, func(t *testing.T) {
				t.Parallel()
				srv, runs := serve(t, 600)
				file := in(t, "week."+format)
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				random := rand.New(rand.NewPCG(seed, 0))
				kills := 0
				for {
					srv.ForgetRequests()
					status := launch(t, askFor(srv, file)).signalAfter(srv, 1+random.IntN(12), syscall.SIGKILL)
					if status == complete {
						break
					}
					require.Equal(t, -1, status, "neither complete nor killed")
					kills++
				}
				assert.Positive(t, kills)
				assert.Equal(t, runs, read(t, file, file))
				assertAlone(t, file)
			})
		}
	})

	t.Run("after an interrupt what came is there whole", func(t *testing.T) {
		for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(s.String(), func(t *testing.T) {
				t.Parallel()
				srv, runs := serve(t, 400)
				srv.Fail(insightstest.Hang(-1).After(8))
				file := in(t, "week.csv.gz")
				p := launch(t, askFor(srv, file))
				assert.Equal(t, interrupted, p.signalAfter(srv, 10, s))

				kept := read(t, file+".part", file)
				require.NotEmpty(t, kept)
				assert.Equal(t, runs[:len(kept)], kept)
				assert.Equal(t, fmt.Sprintf("export: interrupted; %s.part has the first %d runs, all of them whole: the same command goes on from there\n", file, len(kept)), p.stderr.String())

				srv.Recover()
				status, stdout, _ := start(t, askFor(srv, file))
				assert.Equal(t, complete, status)
				assert.Contains(t, stdout, fmt.Sprintf("Going on after %d runs", len(kept)))
				assert.Contains(t, stdout, fmt.Sprintf("400 runs of %s", week))
				assert.Contains(t, stdout, fmt.Sprintf("%d of them now", 400-len(kept)))
				assert.Equal(t, runs, read(t, file, file))
				assertAlone(t, file)
			})
		}
	})

	t.Run("a full disk is said and gone on after", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 400)
		for _, format := range []string{"ndjson", "csv.gz"} {
			file := in(t, "week."+format)
			p := launch(t, askFor(srv, file), fileLimit+"=20000")
			<-p.ended.Done()
			assert.Equal(t, failed, p.ProcessState.ExitCode())
			assert.Contains(t, p.stderr.String(), "file too large")
			assert.NoFileExists(t, file)
			if exists(file + ".part") {
				kept := read(t, file+".part", file)
				assert.Equal(t, runs[:len(kept)], kept)
			}
			status, _, _ := start(t, askFor(srv, file))
			assert.Equal(t, complete, status)
			assert.Equal(t, runs, read(t, file, file))
		}
	})
}
