package docs_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// handKept are the lists of all calls that somebody has to keep: a declaration
// in a file of Go, or a whole file of another kind.
var handKept = []struct{ file, declaration string }{
	{"insights_test.go", "methods"},
	{"query_test.go", "everyCall"},
	{"helper_test.go", "theCalls"},
	{"internal/conformance/transport_test.go", "everyCall"},
	{"internal/conformance/alltests_test.go", "TestClient"},
	{"insightstest/response.go", "calls"},
	{"examples/quickstart/printout.go", ""},
	{"bench/contract_test.go", "callAll"},
	{"bench/soak/load.go", "calls"},
	{"bench/openapi.yaml", ""},
	{"docs/migrating.md", ""},
	{"README.md", ""},
}

// Whoever adds a call reads here where it has to be named as well.
func TestClientCallsAreInEveryList(t *testing.T) {
	calls := callsOf(reflect.TypeFor[*insights.Client]())
	require.Contains(t, calls, "Tests")
	require.NotContains(t, calls, "AllTests", "a loop is no call")
	for _, call := range calls {
		assert.Empty(t, strings.Join(missing(t, call, pathOf(t, call)), "\n"), "lists without %s", call)
	}
	t.Run("and the lists without one are named", func(t *testing.T) {
		assert.Len(t, missing(t, "Owners", "/v1/analytics/trends/owners"), len(handKept))
	})
}

// callsOf are the methods of the shape (context, options, ...CallOption).
func callsOf(client reflect.Type) (names []string) {
	for m := range client.Methods() {
		in := m.Type
		if in.NumIn() == 4 && in.IsVariadic() && in.In(2).Name() == m.Name+"Options" && in.In(3).Elem() == reflect.TypeFor[insights.CallOption]() {
			names = append(names, m.Name)
		}
	}
	return names
}

// pathOf is the path of a call, as its method names it.
func pathOf(t *testing.T, call string) string {
	source := string(read(t, "../insights.go"))
	constant := regexp.MustCompile(`\) ` + call + `\(.*\n.*\b(\w+Path)\b`).FindStringSubmatch(source)
	require.NotNil(t, constant, "the method %s names no path", call)
	path := regexp.MustCompile(`\b` + constant[1] + `\s*= "(.*)"`).FindStringSubmatch(source)
	require.NotNil(t, path, "%s is not in insights.go", constant[1])
	return path[1]
}

// missing are the lists that do not name a call, its options or its path.
func missing(t *testing.T, call, path string) (lists []string) {
	named := regexp.MustCompile(fmt.Sprintf(`\.%s\(|\b%sOptions\{|\bPath%s\b|"%s"|(?m)^  %s:$`, call, call, call, call, regexp.QuoteMeta(path)))
	for _, list := range handKept {
		if !named.MatchString(textOf(t, list.file, list.declaration)) {
			lists = append(lists, strings.TrimSpace(list.file+" "+list.declaration))
		}
	}
	return lists
}

// textOf is the text of a file, or of one declaration in it.
func textOf(t *testing.T, name, declaration string) string {
	source := string(read(t, "../"+name))
	if declaration == "" {
		return source
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	require.NoError(t, err)
	for _, decl := range file.Decls {
		for _, d := range partsOf(decl) {
			if d.name == declaration {
				return source[files.Position(d.node.Pos()).Offset:files.Position(d.node.End()).Offset]
			}
		}
	}
	require.Failf(t, "no such list", "%s declares no %s", name, declaration)
	return ""
}

type part struct {
	name string
	node ast.Node
}

// partsOf are the names that a declaration declares.
func partsOf(decl ast.Decl) (parts []part) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		parts = append(parts, part{decl.Name.Name, decl})
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			for _, name := range declared(spec) {
				parts = append(parts, part{name.Name, spec})
			}
		}
	}
	return parts
}
