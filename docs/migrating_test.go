package docs_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var curled = regexp.MustCompile(`curl -u \S+ "https://[^/]+(/[^"]*)"`)

// Each snippet of Go that follows a curl line sends the same request.
func TestMigratingFromCurl(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("programs are built in the whole suite")
	}
	blocks := blocksOf(t, "migrating.md")
	var want, snippets []string
	for i, b := range blocks[:len(blocks)-1] {
		if line := curled.FindStringSubmatch(b.text); b.is("sh") && line != nil {
			require.True(t, blocks[i+1].is("go"), "migrating.md:%d: no Go follows", b.line)
			want = append(want, request(t, line[1]))
			snippets = append(snippets, blocks[i+1].text)
		}
	}
	require.NotEmpty(t, want)
	assert.Equal(t, strings.Join(want, "\n")+"\n", runProgram(t, senderOf(t, snippets)))
}

// request is a path and its query in one order.
func request(t *testing.T, target string) string {
	u, err := url.Parse(target)
	require.NoError(t, err)
	return u.Path + "?" + u.Query().Encode()
}

// senderOf is a program that runs the snippets with a fake service, and prints
// what was asked of it.
func senderOf(t *testing.T, snippets []string) string {
	var program strings.Builder
	program.WriteString(`package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func main() {
	srv := insightstest.NewServer()
	defer srv.Close()
	ctx, client := context.Background(), srv.Client()
	_ = time.Hour
	_ = insights.Last
`)
	for _, snippet := range snippets {
		fmt.Fprintf(&program, "{\n%s\n%s}\n", snippet, uses(t, snippet))
	}
	program.WriteString("for _, r := range srv.Requests() {\nfmt.Println(r.Path + \"?\" + r.Query.Encode())\n}\n}\n")
	return program.String()
}

// uses are statements that use every variable that a snippet declares.
func uses(t *testing.T, snippet string) (all string) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+snippet+"\n}", parser.SkipObjectResolution)
	require.NoError(t, err)
	for _, statement := range file.Decls[0].(*ast.FuncDecl).Body.List {
		if assignment, ok := statement.(*ast.AssignStmt); ok && assignment.Tok == token.DEFINE {
			for _, name := range assignment.Lhs {
				all += "_ = " + name.(*ast.Ident).Name + "\n"
			}
		}
	}
	return all
}
