package conformance_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// SECURITY.md names the test of each promise. A test that was renamed or
// deleted must not stay there.
func TestThePromisesOfSecurityAreTested(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)(?:/([^`]+))?`").FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, named)

	sources := testSources(t)
	for _, name := range named {
		declares := func(source string) bool {
			return strings.Contains(source, "func "+name[1]+"(") && strings.Contains(source, name[2])
		}
		assert.True(t, slices.ContainsFunc(sources, declares), "no test is called %s", name[0])
	}
}

// testSources are the texts of all files of tests.
func testSources(t *testing.T) (sources []string) {
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		sources = append(sources, string(source))
		return err
	})
	require.NoError(t, err)
	return sources
}
