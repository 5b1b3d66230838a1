package report

import (
	"bufio"
	"io"
	"math"
	"slices"
	"strings"
)

// defaultColumns is as wide as a terminal is by default.
const defaultColumns = 80

// minNameWidth is what is left of a name at least, however narrow the text.
const minNameWidth = 12

// WriteText writes the summary for a terminal, in lines of at most
// WriteOptions.Columns: wide characters count as two. Control characters in
// names and messages are replaced, colour codes removed, and what the log of a
// CI service would take for a command is defused. It fails with the writer's
// error, or with that of [Gate.Validate].
func WriteText(w io.Writer, s *Summary, opts WriteOptions) error {
	p, err := newPage(s, opts)
	if err != nil {
		return err
	}
	t := textWriter{out: bufio.NewWriter(w), columns: opts.columns()}
	t.writeHead(p)
	for _, table := range p.tables {
		t.writeTable(table)
	}
	return t.out.Flush()
}

func (o WriteOptions) columns() int {
	switch {
	case o.Columns < 0:
		return math.MaxInt
	case o.Columns == 0:
		return defaultColumns
	}
	return o.Columns
}

// textWriter leaves errors to Flush, which returns the first.
type textWriter struct {
	out     *bufio.Writer
	columns int
}

func (t textWriter) writeHead(p page) {
	t.wrap("", "  ", p.title+": "+p.headline)
	for _, warning := range p.warnings {
		t.wrap("", "  ", "WARNING: "+warning)
	}
	for _, fact := range p.facts {
		t.wrap("", "  ", fact)
	}
	if p.gate == nil {
		return
	}
	t.line("")
	t.line(p.gate.heading())
	for _, b := range p.gate.Breaches {
		t.wrap("  - ", "    ", b.line())
	}
}

// wrap writes a text in as many lines as it takes.
func (t textWriter) wrap(first, next, text string) {
	for i, line := range wrapped(unquoted.Replace(text), next, t.columns-len(first)) {
		if i == 0 {
			line = first + line
		}
		t.line(line)
	}
}

func (t textWriter) writeTable(tab table) {
	t.line("")
	t.line(tab.title)
	widths := t.widths(tab)
	t.line(tab.textLine(tab.header(), widths))
	shown, apart := tab.fitted(widths)
	for i, row := range tab.rows {
		t.line(tab.textLine(shown[i], widths))
		for _, text := range apart[i] {
			t.wrap("      ", "      ", text)
		}
		t.writeNotes(tab, row)
	}
	if tab.more > 0 {
		t.line("  and " + number(tab.more) + " more")
	}
}

// fitted are the rows as wide as their columns. What is kept of a name has a
// line of its own if it leaves too little to the name.
func (t table) fitted(widths []int) (rows, apart [][]string) {
	rows, apart = t.cells(), make([][]string, len(t.rows))
	for i, c := range t.columns {
		if c.kind != quoted {
			continue
		}
		for n, row := range rows {
			name, kept := cutKept(row[i])
			if kept != "" && cells(name+kept) > widths[i] && cells(kept) > widths[i]-minNameWidth {
				row[i], apart[n] = name, append(apart[n], strings.TrimPrefix(kept, " · "))
			}
		}
		setColumn(rows, i, widths[i])
	}
	return rows, apart
}

// cells are the rows, of which the quoted columns are still to be cut.
func (t table) cells() [][]string {
	rows := make([][]string, len(t.rows))
	for i, row := range t.rows {
		rows[i] = slices.Clone(row.cells)
		for n, c := range t.columns {
			if c.kind != quoted {
				rows[i][n] = c.text(row.cells[n])
			}
		}
	}
	return rows
}

// setColumn cuts the cells of a column.
func setColumn(rows [][]string, column, width int) {
	texts := make([]string, len(rows))
	for i, row := range rows {
		texts[i] = row[column]
	}
	for i, text := range abridgedAll(texts, width) {
		rows[i][column] = text
	}
}

// writeNotes gives what has a line of its own.
func (t textWriter) writeNotes(tab table, row tableRow) {
	for i, c := range tab.columns {
		if text := plain(row.cells[i]); c.kind == note && text != "" {
			t.line(fitted("      "+text, t.columns))
		}
	}
}

func (t table) header() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// widths are those of the columns, in cells. Names give way until the line fits.
func (t textWriter) widths(tab table) []int {
	widths := make([]int, len(tab.columns))
	for _, row := range append([]tableRow{{cells: tab.header()}}, tab.rows...) {
		for i, c := range tab.columns {
			if c.kind != note {
				widths[i] = max(widths[i], cells(c.text(row.cells[i])))
			}
		}
	}
	for i, c := range tab.columns {
		if over := lineWidth(tab.columns, widths) - t.columns; c.kind == quoted && over > 0 {
			widths[i] = max(minNameWidth, widths[i]-over)
		}
	}
	return widths
}

// lineWidth has two blanks before every column.
func lineWidth(columns []column, widths []int) int {
	sum := 0
	for i, c := range columns {
		if c.kind != note {
			sum += 2 + widths[i]
		}
	}
	return sum
}

func (c column) text(cell string) string {
	switch {
	case c.kind == quoted:
		return abridged(cell, c.width)
	case c.width == 0:
		return plain(cell)
	}
	return shortened(cell, c.width)
}

func (t table) textLine(row []string, widths []int) string {
	var line strings.Builder
	for i, c := range t.columns {
		if c.kind == note {
			continue
		}
		cell := row[i]
		padding := strings.Repeat(" ", max(0, widths[i]-cells(cell)))
		if c.kind == figure {
			line.WriteString("  " + padding + cell)
		} else {
			line.WriteString("  " + cell + padding)
		}
	}
	return strings.TrimRight(line.String(), " ")
}

func (t textWriter) line(text string) {
	_, _ = t.out.WriteString(text)
	_ = t.out.WriteByte('\n')
}
