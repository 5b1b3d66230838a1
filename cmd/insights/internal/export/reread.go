package export

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// read reads what write wrote. Of each run it gives the creation time at least.
func (f format) read(r io.Reader, each func(insights.Test)) error {
	if f.gzip {
		zip, err := gzip.NewReader(r)
		if err != nil {
			return err
		}
		r = zip
	}
	text := bufio.NewReader(r)
	if f.bom {
		if _, err := text.Discard(len(byteOrderMark)); err != nil {
			return err
		}
	}
	if f.csv {
		return fromCSV(text, each)
	}
	return fromNDJSON(text, each)
}

func fromNDJSON(r io.Reader, each func(insights.Test)) error {
	for lines := json.NewDecoder(r); ; {
		var run insights.Test
		err := lines.Decode(&run)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		each(run)
	}
}

func fromCSV(r io.Reader, each func(insights.Test)) error {
	rows := csv.NewReader(r)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return err
	}
	created := slices.Index(header, creationTime)
	if created < 0 {
		return fmt.Errorf("the first line has no creation_time: %q", header)
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		at, err := timeOf(row[created])
		if err != nil {
			return err
		}
		each(insights.Test{CreationTime: at})
	}
}

// timeOf reads a time that may be missing.
func timeOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, text)
}
