package report

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// WriteText writes the summary for a terminal. Control characters in names and
// messages are replaced. It fails with the writer's error, or with that of
// [Gate.Validate].
func WriteText(w io.Writer, s *Summary, opts WriteOptions) error {
	p, err := newPage(s, opts)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	writeTextHead(out, p)
	for _, t := range p.tables {
		writeTextTable(out, t)
	}
	return out.Flush()
}

// writeTextHead leaves errors to Flush, which returns the first.
func writeTextHead(out *bufio.Writer, p page) {
	writeLine(out, p.title, ": ", p.headline)
	for _, warning := range p.warnings {
		writeLine(out, "WARNING: ", warning)
	}
	for _, fact := range p.facts {
		writeLine(out, fact)
	}
	if p.verdict == nil {
		return
	}
	if p.verdict.Passed {
		writeLine(out, "\nGate passed")
		return
	}
	writeLine(out, "\nGate failed")
	for _, b := range p.verdict.Breaches {
		writeLine(out, "  - ", b.String())
	}
}

func writeTextTable(out *bufio.Writer, t table) {
	writeLine(out, "\n", t.title)
	header := make([]string, len(t.columns))
	for i, c := range t.columns {
		header[i] = c.name
	}
	rows := [][]string{header}
	for _, row := range t.rows {
		rows = append(rows, textCells(t.columns, row))
	}
	widths := columnWidths(rows)
	for _, row := range rows {
		writeLine(out, "  ", strings.TrimRight(aligned(t.columns, widths, row), " "))
	}
	if t.more > 0 {
		writeLine(out, "  and ", number(t.more), " more")
	}
}

func textCells(columns []column, row []string) []string {
	cells := make([]string, len(row))
	for i, cell := range row {
		cells[i] = columns[i].shortened(cell)
	}
	return cells
}

func (c column) shortened(cell string) string {
	if c.width == 0 {
		return plain(cell)
	}
	return shortened(cell, c.width)
}

func columnWidths(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

func aligned(columns []column, widths []int, cells []string) string {
	var line strings.Builder
	for i, cell := range cells {
		padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if columns[i].kind == figure {
			line.WriteString(padding + cell + "  ")
		} else {
			line.WriteString(cell + padding + "  ")
		}
	}
	return line.String()
}

func writeLine(out *bufio.Writer, parts ...string) {
	for _, part := range parts {
		_, _ = out.WriteString(part)
	}
	_ = out.WriteByte('\n')
}
