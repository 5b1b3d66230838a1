package output

import (
	"bufio"
	"regexp"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

const (
	maxCell = 48 // cells of a screen that a column takes at most
	gap     = "  "
)

// writeTable needs all rows first, as the widest cell decides on a column. The
// rows before an error are written.
func writeTable[T any](out *bufio.Writer, sheet Sheet[T]) error {
	columns := inTable(sheet.Columns)
	lines := [][]string{heads(columns)}
	var failure error
	for row, err := range sheet.Rows {
		if failure = err; err != nil {
			break
		}
		lines = append(lines, cells(columns, row))
	}
	if len(lines) == 1 {
		if failure == nil {
			_, failure = out.WriteString(sheet.Empty + "\n")
		}
		return failure
	}
	widths := widthsOf(lines)
	for _, line := range lines {
		writeLine(out, columns, widths, line)
	}
	return failure
}

func inTable[T any](columns []Column[T]) []Column[T] {
	var shown []Column[T]
	for _, c := range columns {
		if c.Head != "" {
			shown = append(shown, c)
		}
	}
	return shown
}

func heads[T any](columns []Column[T]) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Head
	}
	return names
}

func cells[T any](columns []Column[T], row T) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = runewidth.Truncate(OneLine(c.Text(row)), maxCell, "…")
	}
	return all
}

func widthsOf(lines [][]string) []int {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	return widths
}

func writeLine[T any](out *bufio.Writer, columns []Column[T], widths []int, line []string) {
	padded := make([]string, len(line))
	for i, cell := range line {
		if columns[i].Right {
			padded[i] = runewidth.FillLeft(cell, widths[i])
		} else {
			padded[i] = runewidth.FillRight(cell, widths[i])
		}
	}
	_, _ = out.WriteString(strings.TrimRight(strings.Join(padded, gap), " ") + "\n") // a bufio.Writer keeps its first error
}

var colour = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")

// OneLine returns text that a terminal only shows: no line breaks, no colours and
// nothing else that it would obey.
func OneLine(text string) string {
	text = colour.ReplaceAllString(text, "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
