package teardown

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// The variables of a process that this binary starts of itself.
const (
	packageRole = "TEARDOWN_TEST_ROLE" // "report", "hold the lock", "write slowly", "run" or "run with a session"
	packageTemp = "TEARDOWN_TEST_TEMP"
	packageRuns = "TEARDOWN_TEST_RUNS" // a folder with one file for each run
	packageName = "TEARDOWN_TEST_NAME"
)

// beOnePackage does what one package of a build does, in a process of its own.
func beOnePackage(role string, m *testing.M) int {
	switch role {
	case "run", "run with a session":
		return askForReal(m, role != "run")
	case "hold the lock":
		return holdTheLock(time.Minute)
	case "write slowly":
		return holdTheLock(3 * time.Second / 2)
	}
	name := filepath.Join(os.Getenv(packageRuns), os.Getenv(packageName))
	h := New(WithClient(service(runsOfFolder)))
	h.temp = os.Getenv(packageTemp)
	h.testFlag = func(string) bool { return false }
	h.SessionStarted()
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return 1
	}
	return h.Main(testRun(0))
}

// askForReal runs the tests that the flags choose. Whoever is asked leaves a file.
func askForReal(m *testing.M, hasSession bool) int {
	h := New(WithClient(service(func(context.Context, insights.TestsOptions) ([]insights.Test, error) {
		return nil, os.WriteFile(filepath.Join(os.Getenv(packageRuns), "asked"), nil, 0o600)
	})))
	h.temp = os.Getenv(packageTemp)
	if hasSession {
		h.SessionStarted()
	}
	return h.Main(m)
}

// holdTheLock has joined the build, and keeps the others from it for so long.
func holdTheLock(d time.Duration) int {
	s, _, _ := New().settings(time.Now())
	_ = joinBuild(os.Getenv(packageTemp), s).locked(func() error {
		fmt.Println("held")
		time.Sleep(d)
		return nil
	})
	return 0
}

// runsOfFolder lists the runs that all processes have started so far.
func runsOfFolder(context.Context, insights.TestsOptions) ([]insights.Test, error) {
	entries, err := os.ReadDir(os.Getenv(packageRuns))
	var runs []insights.Test
	for _, entry := range entries {
		run := insights.Test{Name: entry.Name(), Build: "7", Status: "passed", CreationTime: time.Now()}
		if entry.Name() == "package 1" {
			run.Status = "failed"
		}
		runs = append(runs, run)
	}
	return runs, err
}

// build7 starts processes that share build 7 and a file for its report.
type build7 struct{ temp, runs, file string }

func newBuild7(t *testing.T) build7 {
	return build7{temp: t.TempDir(), runs: t.TempDir(), file: filepath.Join(t.TempDir(), "report.txt")}
}

func (b build7) command(role, name string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), packageRole+"="+role, packageName+"="+name, packageTemp+"="+b.temp, packageRuns+"="+b.runs,
		"INSIGHTS_TEARDOWN=1", "INSIGHTS_BUILD=7", "INSIGHTS_TEARDOWN_BUDGET=5s", "INSIGHTS_TEARDOWN_FILE="+b.file,
		"GITHUB_STEP_SUMMARY=", "SAUCE_USERNAME=someone", "SAUCE_ACCESS_KEY=no-such-quartz-jumble")
	return c
}

// reports runs four packages at the same time, to their end.
func (b build7) reports(t *testing.T) {
	t.Helper()
	var packages []*exec.Cmd
	for i := range 4 {
		c := b.command("report", fmt.Sprint("package ", i+1))
		require.NoError(t, c.Start())
		packages = append(packages, c)
	}
	for _, c := range packages {
		assert.NoError(t, c.Wait())
	}
}

// holder starts a process that has the lock.
func (b build7) holder(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	c := b.command(role, role)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", line)
	return c
}

// sharedBy asserts that no package stayed by itself.
func (b build7) sharedBy(t *testing.T, packages int) {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(b.temp, "insights-teardown-*", "build.json"))
	require.NoError(t, err)
	require.Len(t, folders, 1)
	assert.Contains(t, read(t, folders[0]), fmt.Sprintf(`"sessions":%d,`, packages))
}

func (b build7) isReportedAsAWhole(t *testing.T) {
	t.Helper()
	text := read(t, b.file)
	assert.Contains(t, text, "Build 7: 75% passed\n4 runs of 4 tests")
	assert.Contains(t, text, "package 1", "the test that failed is named")
}

func TestHookMainInSeveralProcesses(t *testing.T) {
	t.Run("makes one report of all packages", func(t *testing.T) {
		b := newBuild7(t)
		b.reports(t)
		b.isReportedAsAWhole(t)
	})
	t.Run("also if one is killed while it holds the lock", func(t *testing.T) {
		b := newBuild7(t)
		killed := b.holder(t, "hold the lock")
		require.NoError(t, killed.Process.Kill())
		assert.Error(t, killed.Wait())
		b.reports(t)
		b.isReportedAsAWhole(t)
		b.sharedBy(t, 4)
	})
	t.Run("and nobody overtakes one that writes for long", func(t *testing.T) {
		b := newBuild7(t)
		slow := b.holder(t, "write slowly")
		began := time.Now()
		b.reports(t)
		assert.Greater(t, time.Since(began), time.Second)
		assert.NoError(t, slow.Wait())
		b.isReportedAsAWhole(t)
		b.sharedBy(t, 4)
	})
}

func TestHookMainUnderFlagsOfGoTest(t *testing.T) {
	for _, test := range []struct {
		what, role string
		flags      []string
		isAsked    bool
	}{
		{"-list asks nothing", "run with a session", []string{"-test.list=."}, false},
		{"-run NONE asks nothing", "run", []string{"-test.run=NONE"}, false},
		{"benchmarks ask nothing", "run", []string{"-test.run=NONE", "-test.bench=NONE"}, false},
		{"a test that opened a session asks", "run with a session", []string{"-test.run=TestNewAsksTheServiceOfTheEnvironment"}, true},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			b := newBuild7(t)
			c := b.command(test.role, test.what)
			c.Args = append(c.Args, test.flags...)
			c.Env = append(c.Env, "INSIGHTS_TEARDOWN_BUDGET=500ms")
			out, err := c.CombinedOutput()
			require.NoError(t, err, string(out))
			if asked := filepath.Join(b.runs, "asked"); test.isAsked {
				assert.FileExists(t, asked)
			} else {
				assert.NoFileExists(t, asked)
			}
		})
	}
}
