package docs_test

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// block is one fenced block of a Markdown file: ```go before, for example, has
// the words "go" and "before".
type block struct {
	file  string
	line  int // of its first line of text
	words []string
	text  string
}

func (b block) is(words ...string) bool {
	return strings.Join(b.words, " ") == strings.Join(words, " ")
}

// documents are the Markdown files of this module, from the top of the
// repository.
func documents(t *testing.T) []string {
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "insightstest/*.md", "report/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob("../" + pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	require.NotEmpty(t, files)
	return files
}

func read(t *testing.T, file string) []byte {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
}

// blocksOf lists the fenced blocks of a file.
func blocksOf(t *testing.T, file string) (blocks []block) {
	var open *block
	number := 0
	for lines := bufio.NewScanner(bytes.NewReader(read(t, file))); lines.Scan(); {
		number++
		line := lines.Text()
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && open == nil:
			words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "```"))
			open = &block{file: file, line: number + 1, words: words}
		case fence:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	require.Nil(t, open, "%s: a block has no end", file)
	return blocks
}
