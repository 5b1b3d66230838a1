package docs_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// examples are the examples of a package with checked output, by file.
type examples struct {
	files map[string]*ast.File
	all   map[string][]*doc.Example
}

func examplesOf(t *testing.T, folder string) examples {
	found, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
	require.NoError(t, err)
	e := examples{make(map[string]*ast.File), make(map[string][]*doc.Example)}
	for _, name := range found {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		if all := doc.Examples(file); len(all) > 0 {
			e.files[name], e.all[name] = file, all
		}
	}
	return e
}

// exampled are the packages that are explained by examples.
var exampled = []string{".", "insightstest", "report", "limiters/file", "limiters/redis"}

// A documentation page shows the body of an example, or its whole file if that
// has no other example. So each can be read, and copied, as it stands there.
func TestExamplesStandAlone(t *testing.T) {
	for _, folder := range exampled {
		e := examplesOf(t, folder)
		require.NotEmpty(t, e.all, folder)
		for name, all := range e.all {
			for _, example := range all {
				assert.True(t, example.Output != "" || example.EmptyOutput, "%s: Example%s has no checked output", name, example.Name)
				if len(all) > 1 {
					assert.Empty(t, hidden(e.files[name], example.Code), "%s: Example%s uses what its page does not show", name, example.Name)
				}
			}
		}
	}
}

// hidden are the names of a file's own declarations that a piece of code uses.
func hidden(file *ast.File, code ast.Node) (names []string) {
	own := make(map[string]bool)
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			own[decl.Name.Name] = decl.Recv == nil
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				for _, name := range declared(spec) {
					own[name.Name] = true
				}
			}
		}
	}
	ast.Inspect(code, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			names = append(names, hidden(file, selector.X)...)
			return false
		}
		if name, ok := n.(*ast.Ident); ok && own[name.Name] {
			names = append(names, name.Name)
		}
		return true
	})
	return names
}

func declared(spec ast.Spec) []*ast.Ident {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		return spec.Names
	case *ast.TypeSpec:
		return []*ast.Ident{spec.Name}
	}
	return nil
}

// Every way to make a client, every call, every option and every method of a
// value is used by an example.
func TestExamplesShowEveryOption(t *testing.T) {
	used := usedBy(t, ".")
	for _, name := range functions(t, "..") {
		assert.True(t, slices.Contains(used, name), "no example uses %s", name)
	}
}

// usedBy are the names that the examples of a package use.
func usedBy(t *testing.T, folder string) (names []string) {
	for _, all := range examplesOf(t, folder).all {
		for _, example := range all {
			ast.Inspect(example.Code, func(n ast.Node) bool {
				if selector, ok := n.(*ast.SelectorExpr); ok {
					names = append(names, selector.Sel.Name)
				}
				return true
			})
		}
	}
	return names
}

// Whatever a report can do is used by an example.
func TestExamplesShowEveryReport(t *testing.T) {
	used := usedBy(t, "report")
	for _, name := range functions(t, "../report") {
		assert.True(t, slices.Contains(used, name), "no example uses %s", name)
	}
}

// functions are the exported functions and methods of the SDK, but for those that
// other packages call.
func functions(t *testing.T, folder string) (names []string) {
	found, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	for _, name := range found {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Name.IsExported() && !slices.Contains(ofInterfaces, f.Name.Name) {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

// ofInterfaces are methods that fmt, errors, log/slog, encoders and go-querystring
// call.
var ofInterfaces = []string{"Format", "String", "LogValue", "Error", "Is", "Unwrap", "MarshalJSON", "MarshalBinary", "MarshalText", "UnmarshalJSON", "UnmarshalText", "EncodeValues"}
