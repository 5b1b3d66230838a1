package export

import (
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// format is what a file's ending says.
type format struct {
	csv, gzip bool
}

func formatOf(file string) (format, error) {
	name, isGzip := strings.CutSuffix(file, ".gz")
	isCSV := strings.HasSuffix(name, ".csv")
	switch {
	case file == "":
		return format{}, fmt.Errorf("--output: the file to write is missing; -h explains")
	case !isCSV && !strings.HasSuffix(name, ".ndjson"):
		return format{}, fmt.Errorf("--output: the ending of %q is none of .ndjson, .csv, .ndjson.gz and .csv.gz", file)
	}
	return format{csv: isCSV, gzip: isGzip}, nil
}

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
	if f.csv {
		_, err = report.WriteCSV(w, report.Replay(runs, nil), report.CSVOptions{NoHeader: !isFirst})
	} else {
		_, err = report.WriteNDJSON(w, report.Replay(runs, nil))
	}
	return err
}
