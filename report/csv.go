package report

import (
	"bufio"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sauceinsights/insights"
)

// CSVOptions are the choices of [WriteCSV].
type CSVOptions struct {
	NoHeader bool // leave out the line of column names, to go on with a file that has it
}

var csvHeader = []string{
	"id", "name", "build", "owner", "ancestor", "status", "error",
	"creation_time", "start_time", "end_time", "duration",
	"os", "os_normalized", "browser", "browser_normalized", "details_url",
}

func csvRecord(run insights.Test) []string {
	return []string{
		defused(run.ID), defused(run.Name), defused(run.Build), defused(run.Owner), defused(run.Ancestor),
		defused(string(run.Status)), defused(run.Error),
		csvTime(run.CreationTime), csvTime(run.StartTime), csvTime(run.EndTime),
		strconv.FormatFloat(float64(run.Duration), 'f', -1, 64),
		defused(run.OS), defused(run.OSNormalized), defused(run.Browser), defused(run.BrowserNormalized),
		defused(run.DetailsURL),
	}
}

// WriteCSV writes a line per run as it comes, by RFC 4180: in UTF-8, ended by
// CRLF, values as they are, quoted if they have to be. The columns, always
// the same and in this order, are id, name, build, owner, ancestor, status,
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
	out := bufio.NewWriter(w)
	if !opts.NoHeader {
		if err := writeCSVLine(out, csvHeader); err != nil {
			return 0, err
		}
	}
	return writeRuns(out, tests, func(run insights.Test) error {
		return writeCSVLine(out, csvRecord(run))
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
