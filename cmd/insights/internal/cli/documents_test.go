package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// linesOf are the command lines of a text: those that begin with insights.
func linesOf(text string) (found []string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
		line, _, _ = strings.Cut(line, " | ")
		line, _, _ = strings.Cut(line, " > ")
		if strings.HasPrefix(line, "insights ") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// TestRunTakesWhatDocumentsSay parses every command line of the documents and of the
// help: with --help behind it nothing is done, but an unknown flag or value fails.
func TestRunTakesWhatDocumentsSay(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	texts := map[string]string{}
	for _, name := range append(documents, "../../README.md", "../../../../README.md") {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		texts[name] = string(content)
	}
	d := newDesk(t)
	for _, name := range subcommands {
		texts["insights "+name+" --help"] = d.run(t, name, "--help").stdout
	}
	count := 0
	for name, text := range texts {
		for _, line := range linesOf(text) {
			if strings.HasSuffix(line, "[flags]") || strings.Contains(line, ": ") {
				continue // how it is used, and what it answered
			}
			count++
			args := strings.Fields(strings.ReplaceAll(line, `"`, ""))[1:]
			out := d.run(t, append(args, "--help")...)
			assert.Equal(t, done, out.status, "%s: %s: %s", name, line, out.stderr)
		}
	}
	assert.Greater(t, count, 30)
	assert.Empty(t, d.Requests())
}
