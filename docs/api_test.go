package docs_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// published are the packages whose exported names are a promise, by the folder
// that they are in, as seen from the top of the repository.
func published(t *testing.T) []string {
	folders := []string{".", "insightstest", "report"}
	for _, pattern := range []string{"report/*", "limiters/*"} {
		found, err := filepath.Glob("../" + pattern)
		require.NoError(t, err)
		for _, path := range found {
			if isPackage(path) {
				folders = append(folders, filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator))))
			}
		}
	}
	return folders
}

func isPackage(folder string) bool {
	sources, _ := filepath.Glob(folder + "/*.go")
	return slices.ContainsFunc(sources, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
}

// A change of what the packages export shows in review, in the files of
// docs/api.
func TestExportedAPI(t *testing.T) {
	for _, folder := range published(t) {
		t.Run(folder, func(t *testing.T) {
			file := filepath.Join("api", apiFile(folder))
			exported := exportedBy(t, filepath.Join("..", folder))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(strings.Join(exported, "\n")+"\n"), 0o600))
			}
			recorded := strings.Split(strings.TrimSpace(string(read(t, file))), "\n")
			assert.Empty(t, without(recorded, exported), "no longer exported, and in docs/%s; if that is meant: make api", file)
			assert.Empty(t, without(exported, recorded), "exported, and not in docs/%s; if that is meant: make api", file)
		})
	}
}

// apiFile names the list of a package: report/teardown is in report-teardown.txt.
func apiFile(folder string) string {
	if folder == "." {
		return "insights.txt"
	}
	return strings.ReplaceAll(folder, "/", "-") + ".txt"
}

// without returns the lines that are not among the others.
func without(lines, others []string) (rest []string) {
	for _, line := range lines {
		if !slices.Contains(others, line) {
			rest = append(rest, line)
		}
	}
	return rest
}

// exportedBy lists the exported declarations of a package, one a line: every
// constant with its value, every field and every method for itself.
func exportedBy(t *testing.T, folder string) []string {
	pkg, err := build.Default.ImportDir(folder, 0)
	require.NoError(t, err)
	list := listing{fset: token.NewFileSet()}
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(list.fset, filepath.Join(folder, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.FileExports(file)
		for _, decl := range file.Decls {
			list.declaration(decl)
		}
	}
	slices.Sort(list.lines)
	return list.lines
}

type listing struct {
	fset  *token.FileSet
	lines []string
}

func (l *listing) add(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// text is a node on one line.
func (l *listing) text(node any) string {
	var out bytes.Buffer
	if err := printer.Fprint(&out, l.fset, node); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func (l *listing) declaration(decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		l.function(decl)
	case *ast.GenDecl:
		var last ast.ValueSpec
		for i, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				l.typeSpec(spec)
			case *ast.ValueSpec:
				if decl.Tok == token.CONST && spec.Type == nil && spec.Values == nil {
					spec.Type, spec.Values = last.Type, last.Values
				}
				last = *spec
				l.values(decl.Tok, spec, i)
			}
		}
	}
}

// function lists a function, or a method whose receiver has an exported type.
func (l *listing) function(decl *ast.FuncDecl) {
	decl.Body, decl.Doc = nil, nil
	if decl.Recv == nil {
		l.add("%s", l.text(decl))
		return
	}
	receiver := decl.Recv.List[0]
	receiver.Names = nil
	if ast.IsExported(strings.TrimPrefix(l.text(receiver.Type), "*")) {
		l.add("%s", l.text(decl))
	}
}

// values lists the names of one line of constants or variables, the i-th of
// its group.
func (l *listing) values(kind token.Token, spec *ast.ValueSpec, i int) {
	for n, name := range spec.Names {
		line := kind.String() + " " + name.Name
		if spec.Type != nil {
			line += " " + l.text(spec.Type)
		}
		if n < len(spec.Values) {
			line += " = " + strings.ReplaceAll(l.text(spec.Values[n]), "iota", strconv.Itoa(i))
		}
		l.add("%s", line)
	}
}

func (l *listing) typeSpec(spec *ast.TypeSpec) {
	spec.Doc, spec.Comment = nil, nil
	head, members := "type "+spec.Name.Name, (*ast.FieldList)(nil)
	switch t := spec.Type.(type) {
	case *ast.StructType:
		head, members = head+" struct", t.Fields
	case *ast.InterfaceType:
		head, members = head+" interface", t.Methods
	default:
		head = "type " + l.text(spec)
	}
	l.add("%s", head)
	if members != nil {
		l.members(head, members)
	}
}

func (l *listing) members(head string, members *ast.FieldList) {
	for _, field := range members.List {
		field.Doc, field.Comment = nil, nil
		rest := " " + l.text(field.Type)
		if _, isMethod := field.Type.(*ast.FuncType); isMethod && strings.HasSuffix(head, " interface") {
			rest = strings.TrimPrefix(rest, " func")
		}
		if field.Tag != nil {
			rest += " " + field.Tag.Value
		}
		for _, name := range field.Names {
			l.add("%s, %s%s", head, name.Name, rest)
		}
		if len(field.Names) == 0 {
			l.add("%s,%s", head, rest)
		}
	}
}
