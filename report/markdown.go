package report

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// defaultMarkdownBytes is what a GitHub job summary holds.
const defaultMarkdownBytes = 1 << 20

// WriteMarkdown writes the summary for a CI job summary or a chat, in GitHub's
// dialect. Names and messages stand in code spans, so that nothing in them is
// taken for markup or pings anybody, and so does a title of more than letters,
// digits, blanks and the signs -_.,()+; a test that failed links its job.
// Beyond WriteOptions.MaxBytes it leaves out whole lines and says so. It fails
// with the writer's error, or with that of [Gate.Validate].
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
	m.write("## " + p.mark() + markdownTitle(p.title) + ": " + p.headline)
	for _, warning := range p.warnings {
		m.write("", "> ⚠️ "+markdownLine(warning))
	}
	m.writeGate(p.gate)
	for i, fact := range p.facts {
		// The first is a paragraph, or the rest would go on the gate's list.
		if i == 0 {
			m.write("", markdownLine(fact), "")
		} else {
			m.write("- " + markdownLine(fact))
		}
	}
}

// markdownTitle leaves out the code span if nothing can be taken for markup,
// a link or somebody's name. A domain would become a link without any markup.
func markdownTitle(title string) string {
	text := unquoted.Replace(title)
	if strings.Trim(text, titleSigns) == "" || strings.Contains(strings.ToLower(text), "www.") || strings.ContainsFunc(text, isMarkup) {
		return markdownLine(title)
	}
	return escapeMarkdown(text)
}

const titleSigns = " -_.,()+"

func isMarkup(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(titleSigns, r)
}

// mark shows the decision at a glance.
func (p page) mark() string {
	if p.gate == nil {
		return ""
	}
	return map[Decision]string{GatePassed: "✅ ", GateFailed: "❌ ", GateUnknown: "❔ "}[p.gate.Decision]
}

func (m *markdownWriter) writeGate(j *judgement) {
	if j == nil {
		return
	}
	m.write("", "**"+j.heading()+"**")
	for i, b := range j.Breaches {
		if i == 0 {
			m.write("")
		}
		m.write("- " + markdownLine(b.line()))
	}
}

// markdownLine has code spans for what is quoted, and escapes the rest.
func markdownLine(text string) string {
	var line strings.Builder
	for part := range strings.SplitSeq(text, quoteEnd) {
		before, quoted, isQuoted := strings.Cut(part, quoteStart)
		line.WriteString(escapeMarkdown(before))
		if isQuoted {
			line.WriteString(codeSpan(quoted))
		}
	}
	return line.String()
}

func (m *markdownWriter) writeTable(t table) {
	rules := make([]string, len(t.columns))
	for i, c := range t.columns {
		rules[i] = "---"
		if c.kind == figure {
			rules[i] = "--:"
		}
	}
	// The head of a table is nothing without a row.
	block := []string{"", "### " + t.title, "", markdownRow(t.header()), markdownRow(rules)}
	shown := t.cells()
	for i, c := range t.columns {
		if c.kind == quoted {
			setColumn(shown, i, c.width)
		}
	}
	for i, row := range t.rows {
		m.write(append(block, markdownRow(markdownCells(t.columns, shown[i], row.link)))...)
		block = nil
	}
	if t.more > 0 {
		m.write("", "and "+number(t.more)+" more")
	}
}

func markdownRow(cells []string) string {
	return "| " + strings.Join(cells, " | ") + " |"
}

// markdownCells quotes what came from a test. The first name leads to the link.
func markdownCells(columns []column, cells []string, link string) []string {
	list := slices.Clone(cells)
	for i, c := range columns {
		if c.kind == quoted || c.kind == note {
			list[i] = codeSpan(list[i])
		}
		if c.kind == quoted && link != "" {
			list[i], link = "["+list[i]+"]("+link+")", ""
		}
	}
	return list
}

// linkTo returns an address that can stand in a link of Markdown; empty: it
// cannot.
func linkTo(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return linkEscapes.Replace(u.String())
}

var linkEscapes = strings.NewReplacer("(", "%28", ")", "%29", "|", "%7C", "<", "%3C", ">", "%3E", " ", "%20", "`", "%60", `\\`, "%5C")

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
