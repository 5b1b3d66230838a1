package docs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// imported are the packages that a snippet may use without saying so.
var imported = []string{
	"context", "crypto/tls", "crypto/x509", "encoding/json", "errors", "flag", "fmt", "io", "log", "log/slog", "maps", "net/http", "net/url", "os", "slices", "strings", "testing", "testing/synctest", "time",
	"github.com/sauceinsights/insights",
	"github.com/sauceinsights/insights/insightstest",
	"github.com/sauceinsights/insights/report",
	"github.com/sauceinsights/insights/report/teardown",
	"github.com/stretchr/testify/assert",
	"github.com/stretchr/testify/require",
}

// given are the variables that a snippet may use without saying so.
const given = `
var (
	ctx    context.Context
	t      *testing.T
	client *insights.Client
	creds  insights.Credentials
	week   insights.TestsOptions
	err    error
	roots  *x509.CertPool
)
`

// Every snippet of Go in a document compiles. "go before" shows what used to
// be: it must not compile any more.
func TestSnippetsCompile(t *testing.T) {
	for _, file := range documents(t) {
		for _, b := range blocksOf(t, file) {
			switch {
			case b.is("go"):
				assert.NoError(t, check(t, b.text), "%s:%d", b.file, b.line)
			case b.is("go", "before"):
				assert.Error(t, check(t, b.text), "%s:%d still compiles", b.file, b.line)
			}
		}
	}
}

// A program in a document prints what the document says below it.
func TestProgramsPrintWhatTheDocumentSays(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("programs are built in the whole suite")
	}
	programs := 0
	for _, file := range documents(t) {
		blocks := blocksOf(t, file)
		for i, b := range blocks {
			if !b.is("go") || !strings.HasPrefix(b.text, "package main\n") {
				continue
			}
			programs++
			require.Greater(t, len(blocks), i+1, "%s:%d: no output follows", b.file, b.line)
			assert.Equal(t, blocks[i+1].text, runProgram(t, b.text), "%s:%d", b.file, b.line)
		}
	}
	assert.NotZero(t, programs)
}

// runProgram runs the source of a program in this module, as somebody without
// an account, and returns what it prints.
func runProgram(t *testing.T, source string) string {
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "go", "run", file)
	run.Dir = ".."
	run.Env = append(os.Environ(), "SAUCE_USERNAME=", "SAUCE_ACCESS_KEY=", "SAUCE_REGION=")
	var stderr bytes.Buffer
	run.Stderr = &stderr
	out, err := run.Output()
	require.NoError(t, err, stderr.String())
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

// check compiles a program, a file without its package and imports, or some
// statements.
func check(t *testing.T, text string) error {
	file, err := parse(text)
	if err != nil {
		return err
	}
	var failures []error
	config := types.Config{
		Importer: packages(t),
		Error: func(err error) {
			if failure := (types.Error{}); errors.As(err, &failure) && !failure.Soft { // soft: something is not used
				failures = append(failures, err)
			}
		},
	}
	_, _ = config.Check("snippet", fset, []*ast.File{file}, nil)
	return errors.Join(failures...)
}

var fset = token.NewFileSet()

func parse(text string) (*ast.File, error) {
	head := "package snippet\n"
	for _, path := range imported {
		head += fmt.Sprintf("import %q\n", path)
	}
	var file *ast.File
	var err error
	for _, source := range []string{
		text,
		head + given + text,
		head + given + "func _() error {\n" + text + "\nreturn nil\n}",
	} {
		if file, err = parser.ParseFile(fset, "snippet.go", source, parser.SkipObjectResolution); err == nil {
			break
		}
	}
	return file, err
}

var imports struct {
	sync.Once
	types.Importer
	err error
}

// packages finds what a snippet imports, as the compiler left it.
func packages(t *testing.T) types.Importer {
	imports.Do(func() {
		list := exec.CommandContext(t.Context(), "go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, imported...)...)
		list.Dir = ".."
		list.Stderr = os.Stderr
		var out []byte
		out, imports.err = list.Output()
		files := make(map[string]string)
		for line := range strings.Lines(string(out)) {
			path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
			files[path] = file
		}
		imports.Importer = importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	})
	require.NoError(t, imports.err)
	return imports.Importer
}
