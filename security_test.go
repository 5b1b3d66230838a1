//go:build !race

package insights

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// SECURITY.md names the test of each promise. A test that was renamed or
// deleted must not stay there.
func TestThePromisesOfSecurityAreTested(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(text, -1)
	require.NotEmpty(t, named)

	tests := testsIn(t, "*_test.go", "internal/soak/*_test.go")
	for _, name := range named {
		assert.Contains(t, tests, string(name[1]))
	}
}

// testsIn are the names of the tests and fuzz targets in the files.
func testsIn(t *testing.T, patterns ...string) (names []string) {
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, match := range function.FindAllSubmatch(source, -1) {
				names = append(names, string(match[1]))
			}
		}
	}
	return names
}
