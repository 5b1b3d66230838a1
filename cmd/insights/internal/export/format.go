package export

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// format is how runs are written: what a file's ending says, and what the flags
// add to it.
type format struct {
	csv, gzip bool
	bom       bool     // a byte order mark first, by which some spreadsheets know UTF-8
	columns   []string // those wanted; none: all
}

// toStdout stands for standard output instead of a file.
const toStdout = "-"

func formatOf(file, ofStdout string) (format, error) {
	name, isGzip := strings.CutSuffix(file, ".gz")
	isCSV := strings.HasSuffix(name, ".csv")
	switch {
	case file == "":
		return format{}, errors.New("--output: the file to write is missing; --help explains")
	case file == toStdout:
		return format{csv: ofStdout == "csv"}, nil
	case ofStdout != "":
		return format{}, errors.New("--format is for --output -: the ending of a file says what its format is")
	case !isCSV && !strings.HasSuffix(name, ".ndjson"):
		return format{}, fmt.Errorf("--output: the ending of %q is none of .ndjson, .csv, .ndjson.gz and .csv.gz", file)
	}
	return format{csv: isCSV, gzip: isGzip}, nil
}

// check reports what does not go together.
func (f format) check() error {
	if f.bom && !f.csv {
		return errors.New("--bom is for CSV only: a byte order mark is no JSON")
	}
	known := report.CSVColumns()
	for _, name := range f.columns {
		if !slices.Contains(known, name) {
			return fmt.Errorf("--columns: there is no column %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// tellsTime reports whether what was written says when its runs were created.
func (f format) tellsTime() bool {
	return len(f.columns) == 0 || slices.Contains(f.columns, creationTime)
}

const (
	creationTime  = "creation_time"
	byteOrderMark = "\uFEFF"
)

// write writes some runs so that the file may end before them or after them:
// gzipped, they are a member of their own.
func (f format) write(w io.Writer, runs []insights.Test, isFirst bool) error {
	if !f.gzip {
		return f.writeText(w, runs, isFirst)
	}
	zip := gzip.NewWriter(w)
	if err := f.writeText(zip, runs, isFirst); err != nil {
		return err
	}
	return zip.Close()
}

func (f format) writeText(w io.Writer, runs []insights.Test, isFirst bool) (err error) {
	if f.bom && isFirst {
		if _, err := io.WriteString(w, byteOrderMark); err != nil {
			return err
		}
	}
	switch {
	case f.csv:
		_, err = report.WriteCSV(w, report.Replay(runs, nil), report.CSVOptions{NoHeader: !isFirst, Columns: f.columns})
	case len(f.columns) > 0:
		err = f.writeChosen(w, runs)
	default:
		_, err = report.WriteNDJSON(w, report.Replay(runs, nil))
	}
	return err
}

// writeChosen writes the wanted members of each run. One that a run lacks is
// null.
func (f format) writeChosen(w io.Writer, runs []insights.Test) error {
	for _, run := range runs {
		line, err := f.chosen(run)
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

func (f format) chosen(run insights.Test) ([]byte, error) {
	var members map[string]json.RawMessage
	text, err := json.Marshal(run)
	if err == nil {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		return nil, err
	}
	var line bytes.Buffer
	separator := "{"
	for _, name := range f.columns {
		_, _ = fmt.Fprintf(&line, "%s%q:%s", separator, name, cmp.Or(string(members[name]), "null"))
		separator = ","
	}
	line.WriteString("}\n")
	return line.Bytes(), nil
}
