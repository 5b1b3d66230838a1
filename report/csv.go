package report

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sauceinsights/insights"
)

// CSVOptions are the choices of [WriteCSV].
type CSVOptions struct {
	NoHeader bool     // leave out the line of column names, to go on with a file that has it
	Columns  []string // the columns wanted, in this order; none: all of [CSVColumns]
}

// csvColumn is a column of a run.
type csvColumn struct {
	name string
	of   func(insights.Test) string
}

var csvColumns = []csvColumn{
	{"id", func(run insights.Test) string { return defused(run.ID) }},
	{"name", func(run insights.Test) string { return defused(run.Name) }},
	{"build", func(run insights.Test) string { return defused(run.Build) }},
	{"owner", func(run insights.Test) string { return defused(run.Owner) }},
	{"ancestor", func(run insights.Test) string { return defused(run.Ancestor) }},
	{"status", func(run insights.Test) string { return defused(string(run.Status)) }},
	{"error", func(run insights.Test) string { return defused(run.Error) }},
	{"creation_time", func(run insights.Test) string { return csvTime(run.CreationTime) }},
	{"start_time", func(run insights.Test) string { return csvTime(run.StartTime) }},
	{"end_time", func(run insights.Test) string { return csvTime(run.EndTime) }},
	{"duration", func(run insights.Test) string { return strconv.FormatFloat(float64(run.Duration), 'f', -1, 64) }},
	{"os", func(run insights.Test) string { return defused(run.OS) }},
	{"os_normalized", func(run insights.Test) string { return defused(run.OSNormalized) }},
	{"browser", func(run insights.Test) string { return defused(run.Browser) }},
	{"browser_normalized", func(run insights.Test) string { return defused(run.BrowserNormalized) }},
	{"details_url", func(run insights.Test) string { return defused(run.DetailsURL) }},
}

// CSVColumns returns the names of the columns that [WriteCSV] can write, in its
// order.
func CSVColumns() []string {
	names := make([]string, len(csvColumns))
	for i, column := range csvColumns {
		names[i] = column.name
	}
	return names
}

// chosen are the columns that are wanted.
func (o CSVOptions) chosen() ([]csvColumn, error) {
	if len(o.Columns) == 0 {
		return csvColumns, nil
	}
	var chosen []csvColumn
	for _, name := range o.Columns {
		i := slices.IndexFunc(csvColumns, func(column csvColumn) bool { return column.name == name })
		if i < 0 {
			return nil, fmt.Errorf("report: there is no column %q; there are %s", name, strings.Join(CSVColumns(), ", "))
		}
		chosen = append(chosen, csvColumns[i])
	}
	return chosen, nil
}

// WriteCSV writes a line per run as it comes, by RFC 4180: in UTF-8, ended by
// CRLF, values as they are, quoted if they have to be. The columns, if
// [CSVOptions.Columns] does not choose among them, are id, name, build, owner, ancestor, status,
// error, creation_time, start_time, end_time, duration (seconds), os,
// os_normalized, browser, browser_normalized and details_url. Times are RFC
// 3339 in UTC; a zero time is empty.
//
// A text that begins with =, +, -, @, also in full width, or with a tab or a
// line break gets an apostrophe in front, so that no spreadsheet takes it for a
// formula.
// [WriteNDJSON] keeps every text as it is.
//
// It returns the number of runs written. When the sequence fails, the lines
// before are written out and the sequence's error is returned.
func WriteCSV(w io.Writer, tests iter.Seq2[insights.Test, error], opts CSVOptions) (int, error) {
	columns, err := opts.chosen()
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(w)
	line := make([]string, len(columns))
	if !opts.NoHeader {
		for i, column := range columns {
			line[i] = column.name
		}
		if err := writeCSVLine(out, line); err != nil {
			return 0, err
		}
	}
	return writeRuns(out, tests, func(run insights.Test) error {
		for i, column := range columns {
			line[i] = column.of(run)
		}
		return writeCSVLine(out, line)
	})
}

// writeCSVLine quotes by itself, as encoding/csv changes the line breaks in
// values when it ends lines by CRLF.
func writeCSVLine(out *bufio.Writer, values []string) error {
	for i, value := range values {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		_, _ = out.WriteString(csvQuoted(value))
	}
	_, err := out.WriteString("\r\n") // a bufio.Writer keeps its first error
	return err
}

func csvQuoted(value string) string {
	if !strings.ContainsAny(value, ",\"\r\n") && strings.TrimSpace(value) == value {
		return value
	}
	return `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
}

// defused keeps a text from being a formula in a spreadsheet.
func defused(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
