package store

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// engine is a PostgreSQL of its own in a temporary folder, started for the first
// test that wants one.
var engine struct {
	once    sync.Once
	folder  string
	missing string // why there is none
	number  atomic.Int32
}

func TestMain(m *testing.M) {
	status := m.Run()
	stopEngine()
	os.Exit(status)
}

// newDatabase returns the address of a new database. Without PostgreSQL the test is
// skipped, in CI it fails.
func newDatabase(t *testing.T) string {
	t.Helper()
	engine.once.Do(func() { startEngine(t) })
	if engine.missing != "" && os.Getenv("CI") != "" && runtime.GOOS == "linux" { // .ci/engines installs it there
		t.Fatal(engine.missing)
	}
	if engine.missing != "" {
		t.Skip(engine.missing)
	}
	name := fmt.Sprintf("test%d", engine.number.Add(1))
	admin, err := sql.Open("pgx", addressOf("postgres"))
	require.NoError(t, err)
	_, err = admin.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	require.NoError(t, admin.Close())
	return addressOf(name)
}

// addressOf goes through a socket in the folder: no port can be taken.
func addressOf(database string) string {
	return "postgres:///" + database + "?user=insights&host=" + engine.folder
}

func startEngine(t *testing.T) {
	t.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(programs) == 0 {
		engine.missing = "no PostgreSQL here (Debian's package postgresql): its half of the tests is not run"
		return
	}
	bin := programs[len(programs)-1]
	folder, err := os.MkdirTemp("/tmp", "insights-pg") //nolint:usetesting // a socket's name must be short, and the engine outlives this test
	require.NoError(t, err)
	engine.folder = folder
	if os.Geteuid() == 0 { // PostgreSQL refuses to be root
		require.NoError(t, exec.Command("chown", "nobody", folder).Run())
	}
	data := filepath.Join(folder, "data")
	run(t, filepath.Join(bin, "initdb"), "-D", data, "-U", "insights", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	run(t, filepath.Join(bin, "pg_ctl"), "-D", data, "-w", "-l", filepath.Join(folder, "log"), "-o", "-c listen_addresses='' -c fsync=off -k "+folder, "start")
}

// run runs a program, as nobody if this is root.
func run(t *testing.T, program string, args ...string) {
	t.Helper()
	out, err := asNobody(program, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func asNobody(program string, args ...string) *exec.Cmd {
	if os.Geteuid() == 0 {
		args = append([]string{"--reuid=nobody", "--regid=nogroup", "--clear-groups", program}, args...)
		program = "setpriv"
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = engine.folder
	return cmd
}

func stopEngine() {
	if engine.folder == "" {
		return
	}
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	_ = asNobody(filepath.Join(programs[len(programs)-1], "pg_ctl"), "-D", filepath.Join(engine.folder, "data"), "-m", "immediate", "stop").Run()
	_ = os.RemoveAll(engine.folder)
}
