// Package output writes records as a table for people, and as JSON, NDJSON or
// CSV for programs.
package output

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode/utf8"
)

// Format is how records are written.
type Format string

// The formats.
const (
	Table  Format = "table"
	JSON   Format = "json"
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
)

// Formats are all of them.
var Formats = []Format{Table, JSON, NDJSON, CSV}

// Column is one column of a table or of CSV.
type Column[T any] struct {
	Head  string         // over it in a table; empty: not in a table
	Field string         // over it in CSV; empty: not in CSV
	Right bool           // figures stand on the right
	Text  func(T) string // in a table
	Raw   func(T) string // in CSV; nil: as in a table
}

// Sheet is what a call came to.
type Sheet[T any] struct {
	Columns []Column[T]
	Rows    iter.Seq2[T, error]
	Whole   any    // in JSON; nil: an array of the rows
	Empty   string // what a table says that has no row
}

// Write writes the sheet. What came before an error of the rows is written.
func Write[T any](w io.Writer, format Format, sheet Sheet[T]) error {
	out := bufio.NewWriter(w)
	err := write(out, format, sheet)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return err
}

func write[T any](out *bufio.Writer, format Format, sheet Sheet[T]) error {
	switch {
	case format == Table:
		return writeTable(out, sheet)
	case format == CSV:
		return writeCSV(out, sheet)
	case format == JSON && sheet.Whole != nil:
		return writeWhole(out, sheet.Whole)
	case format == JSON:
		return writeArray(out, sheet.Rows)
	case format == NDJSON:
		return writeLines(out, sheet.Rows)
	}
	return fmt.Errorf("the format %q is none of %q", format, Formats)
}

func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

func writeWhole(w io.Writer, whole any) error {
	e := encoder(w)
	e.SetIndent("", "  ")
	return e.Encode(whole)
}

// writeLines writes a row as soon as it is there, for programs that read along.
func writeLines[T any](out *bufio.Writer, rows iter.Seq2[T, error]) error {
	e := encoder(out)
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := cmp.Or(e.Encode(row), out.Flush()); err != nil {
			return err
		}
	}
	return nil
}

// writeArray ends the array only if all rows were there: what broke off can't be
// read as if it were all.
func writeArray[T any](out *bufio.Writer, rows iter.Seq2[T, error]) error {
	separator := "[\n"
	for row, err := range rows {
		if err != nil {
			return err
		}
		_, _ = out.WriteString(separator)
		data, err := json.Marshal(row)
		if err != nil {
			return err
		}
		_, _ = out.Write(data)
		separator = ",\n"
	}
	if separator == "[\n" {
		_, _ = out.WriteString("[")
	}
	_, err := out.WriteString("\n]\n") // a bufio.Writer keeps its first error
	return err
}

func writeCSV[T any](w io.Writer, sheet Sheet[T]) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	defer out.Flush()
	if err := out.Write(fields(sheet.Columns)); err != nil {
		return err
	}
	for row, err := range sheet.Rows {
		if err != nil {
			return err
		}
		if err := out.Write(values(sheet.Columns, row)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func fields[T any](columns []Column[T]) []string {
	var names []string
	for _, c := range columns {
		if c.Field != "" {
			names = append(names, c.Field)
		}
	}
	return names
}

func values[T any](columns []Column[T], row T) []string {
	var all []string
	for _, c := range columns {
		switch {
		case c.Field == "":
		case c.Raw != nil:
			all = append(all, Defused(c.Raw(row)))
		default:
			all = append(all, Defused(c.Text(row)))
		}
	}
	return all
}

// Defused returns text that no spreadsheet takes for a formula: with an
// apostrophe before =, +, -, @, a tab or a line break.
func Defused(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}

// Time returns a time as programs read it, and nothing for a zero time.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
