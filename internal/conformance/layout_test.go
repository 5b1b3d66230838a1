package conformance_test

import (
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/sauceinsights/insights"

// mayImport lists, for each package of the library, the packages of this module
// that it may import. Imports run one way: nobody imports the root from below.
var mayImport = map[string][]string{
	"internal/fault":     {},
	"internal/redact":    {"internal/fault"},
	"internal/ratelimit": {"internal/fault"},
	"internal/wire":      {"internal/fault", "internal/redact"},
	"internal/paging":    {"internal/fault"},
	"internal/exchange":  {"internal/fault", "internal/redact", "internal/ratelimit"},
	"":                   {"internal/fault", "internal/redact", "internal/ratelimit", "internal/wire", "internal/paging", "internal/exchange"},
	"insightstest":       {""},
	"report":             {""},
}

// rootFiles are the sources that a newcomer finds in the root.
var rootFiles = []string{
	"apierror.go", "call.go", "client.go", "credentials.go", "decode.go", "doc.go", "errors.go", "events.go",
	"insights.go", "options.go", "pages.go", "period.go", "query.go", "region.go", "runs.go", "types.go",
}

func TestLayout(t *testing.T) {
	for folder, allowed := range mayImport {
		t.Run("imports of "+path.Join(module, folder), func(t *testing.T) {
			for file, imported := range importsOf(t, folder) {
				for _, name := range imported {
					assert.Contains(t, allowed, name, file)
				}
			}
		})
	}
	t.Run("the root has the sources that users read, and no others", func(t *testing.T) {
		assert.Equal(t, rootFiles, sourcesIn(t, ""))
	})
	t.Run("the root has 50 entries at most", func(t *testing.T) {
		entries, err := os.ReadDir("../..")
		require.NoError(t, err)
		var names []string
		for _, entry := range entries {
			if !isOnlyHere(t, entry.Name()) {
				names = append(names, entry.Name())
			}
		}
		assert.LessOrEqual(t, len(names), 50, "%q", names)
	})
	t.Run("every internal package has its rule", func(t *testing.T) {
		folders, err := os.ReadDir("../../internal")
		require.NoError(t, err)
		for _, folder := range folders {
			name := path.Join("internal", folder.Name())
			assert.True(t, mayImport[name] != nil || len(sourcesIn(t, name)) == 0, "%s holds code and has no rule", name)
		}
	})
}

// isOnlyHere reports whether an entry of the root is no part of the repository,
// by the patterns of .gitignore.
func isOnlyHere(t *testing.T, name string) bool {
	t.Helper()
	patterns, err := os.ReadFile("../../.gitignore")
	require.NoError(t, err)
	for pattern := range strings.Lines(string(patterns)) {
		pattern = strings.Trim(strings.TrimSpace(pattern), "/")
		if matched, err := path.Match(pattern, name); err == nil && matched {
			return true
		}
	}
	return name == ".git"
}

// sourcesIn returns the Go files of a folder that are no tests.
func sourcesIn(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		if name := filepath.Base(file); !strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// importsOf returns, by file, the packages of this module that a folder imports.
func importsOf(t *testing.T, folder string) map[string][]string {
	t.Helper()
	imports := make(map[string][]string)
	for _, name := range sourcesIn(t, folder) {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../..", folder, name), nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if own, ok := strings.CutPrefix(imported+"/", module+"/"); ok {
				imports[name] = append(imports[name], strings.TrimSuffix(own, "/"))
			}
		}
	}
	return imports
}
