package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const importing = `package main

import (
	"fmt"

	"github.com/sauceinsights/insights"
)

func main() { fmt.Println(insights.USWest1.BaseURL()) }
`

// The first block of shell in the README, in an empty module beside a clone,
// makes a program that imports the SDK work; so do a workspace and a copy in
// vendor.
func TestInstall(t *testing.T) {
	if os.Getenv("CI") == "" || runtime.GOOS == "windows" {
		t.Skip("may download modules, and needs symbolic links: runs where CI is set, and not on Windows")
	}
	var install string
	for _, b := range blocksOf(t, "../README.md") {
		if b.is("sh") {
			install = b.text
			break
		}
	}
	require.Contains(t, install, "go get github.com/sauceinsights/insights")
	for name, commands := range map[string]string{
		"replace":   install,
		"vendor":    install + "go mod vendor\nrm ../insights\n",
		"workspace": "go work init . ../insights\n",
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, "https://api.us-west-1.saucelabs.com\n", installed(t, commands))
		})
	}
}

// installed is what a program says in a new module after some commands.
func installed(t *testing.T, commands string) string {
	clone, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine")
	require.NoError(t, os.Mkdir(mine, 0o700))
	require.NoError(t, os.Symlink(clone, filepath.Join(dir, "insights")))
	require.NoError(t, os.WriteFile(filepath.Join(mine, "main.go"), []byte(importing), 0o600))

	shell := exec.CommandContext(t.Context(), "sh", "-ec", "go mod init example.com/mine\n"+commands+"go run .\n")
	shell.Dir = mine
	shell.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=")
	var stderr strings.Builder
	shell.Stderr = &stderr
	out, err := shell.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}
