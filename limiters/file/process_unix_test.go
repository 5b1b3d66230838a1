//go:build darwin || dragonfly || freebsd || linux || openbsd

package filelimiter

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLimiterProcessesUnderSignals(t *testing.T) {
	t.Parallel()
	t.Run("processes that are killed at any moment cost the others nothing but their own tokens", func(t *testing.T) {
		t.Parallel()
		path := stateName(t)
		survivors := startFleet(t, 3, path, 50, 1, 30)
		var fleet []*process
		for start := time.Now(); time.Since(start) < 2*time.Second; {
			victim := startProcess(t, path, 50, 1, 1000)
			time.Sleep(rand.N(60 * time.Millisecond))
			require.NoError(t, victim.Process.Kill())
			fleet = append(fleet, victim)
		}
		used := usedByFleet(t, survivors)
		require.Len(t, used, 3*30)
		all := append(used, usedByFleet(t, fleet)...)
		t.Logf("%d processes were killed", len(fleet))
		assert.LessOrEqual(t, most(all, time.Second), 50+1+2*slack)
		assert.Less(t, span(used), 8*time.Second)
	})

	t.Run("processes that were stopped together do not rush when they go on", func(t *testing.T) {
		t.Parallel()
		fleet := startFleet(t, 20, stateName(t), 25, 1, 3)
		time.Sleep(700 * time.Millisecond)
		signalAll(t, fleet, syscall.SIGSTOP)
		time.Sleep(1500 * time.Millisecond)
		signalAll(t, fleet, syscall.SIGCONT)
		used := usedByFleet(t, fleet)
		require.Len(t, used, 60)
		assert.LessOrEqual(t, most(used, time.Second), 25+1+slack)
	})

	t.Run("processes that are stopped one by one do not disturb the others", func(t *testing.T) {
		t.Parallel()
		fleet := startFleet(t, 8, stateName(t), 25, 1, 8)
		time.Sleep(200 * time.Millisecond)
		for range 20 {
			p := fleet[rand.IntN(len(fleet))]
			signalAll(t, []*process{p}, syscall.SIGSTOP)
			time.Sleep(rand.N(100 * time.Millisecond))
			signalAll(t, []*process{p}, syscall.SIGCONT)
		}
		used := usedByFleet(t, fleet)
		require.Len(t, used, 64)
		assert.LessOrEqual(t, most(used, time.Second), 25+1+slack)
	})
}

func signalAll(t *testing.T, fleet []*process, s os.Signal) {
	t.Helper()
	for _, p := range fleet {
		require.NoError(t, p.Process.Signal(s))
	}
}

// A second user is told, and does nothing to the file of the first.
func TestNewOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to be two users")
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	require.NoError(t, os.Chmod(dir, 0o777|os.ModeSticky))
	path := filepath.Join(dir, "account.limit")
	newLimiter(t, path)
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	out, err := asNobody(t, path)
	require.Error(t, err)
	assert.Equal(t, "filelimiter: open "+path+": permission denied: each user of the machine needs a file of their own\n", out)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)

	out, err = asNobody(t, path+".nobody")
	require.NoError(t, err, out)
	assert.Len(t, strings.Fields(out), 1)
}

func asNobody(t *testing.T, path string) (out string, err error) {
	t.Helper()
	program := filepath.Join(filepath.Dir(path), "limiter.test")
	binary, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, binary, 0o755))
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), jobFor(path, 8, 1, 1))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	b, err := cmd.Output()
	return string(b), err
}
