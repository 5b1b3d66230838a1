package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// defaultMarkdownBytes is what a GitHub job summary holds.
const defaultMarkdownBytes = 1 << 20

// WriteMarkdown writes the summary for a CI job summary or a chat, in GitHub's
// dialect. Names and messages stand in code spans, so that nothing in them is
// taken for markup. Beyond WriteOptions.MaxBytes it leaves out whole lines and
// says so. It fails with the writer's error, or with that of [Gate.Validate].
func WriteMarkdown(w io.Writer, s *Summary, opts WriteOptions) error {
	p, err := newPage(s, opts)
	if err != nil {
		return err
	}
	out := newMarkdownWriter(w, opts.MaxBytes)
	out.writeHead(p)
	for _, t := range p.tables {
		out.writeTable(t)
	}
	return out.close()
}

// markdownWriter writes blocks until one does not fit, and none after it.
type markdownWriter struct {
	w       io.Writer
	limited bool
	room    int    // bytes left, less those of notice
	notice  string // the last line, if something is left out
	cut     bool
	err     error
}

func newMarkdownWriter(w io.Writer, maxBytes int) *markdownWriter {
	limit := cmp.Or(maxBytes, defaultMarkdownBytes)
	notice := fmt.Sprintf("\n_Cut at %s bytes._\n", number(limit))
	return &markdownWriter{w: w, limited: limit > 0, room: limit - len(notice), notice: notice}
}

// write writes lines that belong together, or none of them.
func (m *markdownWriter) write(lines ...string) {
	block := strings.Join(lines, "\n") + "\n"
	if m.limited && len(block) > m.room {
		m.cut = true
	}
	if m.cut || m.err != nil {
		return
	}
	m.room -= len(block)
	_, m.err = io.WriteString(m.w, block)
}

func (m *markdownWriter) close() error {
	// A limit that is too small for the notice leaves nothing to write.
	if m.cut && m.err == nil && m.room >= 0 {
		_, m.err = io.WriteString(m.w, m.notice)
	}
	return m.err
}

func (m *markdownWriter) writeHead(p page) {
	m.write("## " + p.mark() + escapeMarkdown(p.title) + ": " + p.headline)
	for _, warning := range p.warnings {
		m.write("", "> ⚠️ "+escapeMarkdown(warning))
	}
	m.writeVerdict(p.verdict)
	for i, fact := range p.facts {
		// The first is a paragraph, or the rest would go on the verdict's list.
		if i == 0 {
			m.write("", escapeMarkdown(fact), "")
		} else {
			m.write("- " + escapeMarkdown(fact))
		}
	}
}

// mark shows the outcome at a glance.
func (p page) mark() string {
	switch {
	case p.verdict == nil:
		return ""
	case p.verdict.Passed:
		return "✅ "
	}
	return "❌ "
}

func (m *markdownWriter) writeVerdict(v *verdict) {
	if v == nil {
		return
	}
	if v.Passed {
		m.write("", "**Gate passed**")
		return
	}
	m.write("", "**Gate failed**", "")
	for _, b := range v.Breaches {
		m.write("- " + escapeMarkdown(b.String()))
	}
}

func (m *markdownWriter) writeTable(t table) {
	names, rules := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i], rules[i] = c.name, "---"
		if c.kind == figure {
			rules[i] = "--:"
		}
	}
	// The head of a table is nothing without a row.
	block := []string{"", "### " + t.title, "", markdownRow(names), markdownRow(rules)}
	for _, row := range t.rows {
		m.write(append(block, markdownRow(markdownCells(t.columns, row)))...)
		block = nil
	}
	if t.more > 0 {
		m.write("", "and "+number(t.more)+" more")
	}
}

func markdownRow(cells []string) string {
	return "| " + strings.Join(cells, " | ") + " |"
}

func markdownCells(columns []column, row []string) []string {
	cells := make([]string, len(row))
	for i, cell := range row {
		cells[i] = columns[i].shortened(cell)
		if columns[i].kind == quoted {
			cells[i] = codeSpan(cells[i])
		}
	}
	return cells
}

// codeSpan quotes text of one line inside a table. The fence is longer than
// any run of backticks in the text. A table takes \| for a bar even in code,
// and a backslash in front of it would be taken for the bar's.
func codeSpan(text string) string {
	if text == "" {
		return "–"
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	text = strings.ReplaceAll(text, `\|`, `\ |`)
	return fence + strings.ReplaceAll(text, "|", `\|`) + fence
}

var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`,
	`<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`, `|`, `\|`, `~`, `\~`, `#`, `\#`)

// escapeMarkdown makes text of one line stand for itself.
func escapeMarkdown(text string) string {
	return markdownEscapes.Replace(text)
}
