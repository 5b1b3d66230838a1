package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What is built is not committed: a clone would keep it for ever. If this
// fails, take the file out of the commit that brought it, not out of the next.
func TestRepositoryHoldsNoPrograms(t *testing.T) {
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Skip("this is no checkout of git")
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		info, err := os.Stat(filepath.Join("..", name))
		if err == nil {
			assert.LessOrEqual(t, info.Size(), int64(1<<20), "%s is in the repository", name)
		}
	}
}
