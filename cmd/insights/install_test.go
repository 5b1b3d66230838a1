//go:build install

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// release is the one that go.mod of the command needs of the library.
const release = "v0.1.0"

// TestInstall installs the command as a user does once it is published, from a proxy
// that has this working tree as a release, with an empty module cache outside of it.
func TestInstall(t *testing.T) {
	proxy, bin := t.TempDir(), t.TempDir()
	publish(t, proxy, "github.com/sauceinsights/insights", "../..")
	publish(t, proxy, "github.com/sauceinsights/insights/cmd/insights", ".")

	install := exec.Command("go", "install", "github.com/sauceinsights/insights/cmd/insights@"+release)
	install.Dir = bin
	install.Env = append(os.Environ(),
		// What others have published comes from the cache that is there, or from where it always does.
		"GOPROXY=file://"+proxy+",file://"+goEnv(t, "GOMODCACHE")+"/cache/download,"+goEnv(t, "GOPROXY"),
		"GOMODCACHE="+t.TempDir(), "GOSUMDB=off", "GOFLAGS=-modcacherw", "GOWORK=off", "GOBIN="+bin)
	out, err := install.CombinedOutput()
	require.NoError(t, err, "%s", out)

	insights := filepath.Join(bin, "insights")
	out, err = exec.Command(insights, "version").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "insights "+release+", go1.")
	out, err = exec.Command(insights, "tests", "--demo", "--size", "2", "-o", "ndjson").Output()
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(out), "\n"), "%s", out)
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// publish puts a module into the folder of a proxy.
func publish(t *testing.T, proxy, path, dir string) {
	t.Helper()
	folder := filepath.Join(proxy, filepath.FromSlash(path), "@v")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	write := func(name string, content []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	write("list", []byte(release+"\n"))
	write(release+".mod", mod)
	write(release+".info", []byte(fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, release)))
	f, err := os.Create(filepath.Join(folder, release+".zip"))
	require.NoError(t, err)
	require.NoError(t, zip.CreateFromDir(f, module.Version{Path: path, Version: release}, dir))
	require.NoError(t, f.Close())
}
