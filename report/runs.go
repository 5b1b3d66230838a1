package report

import (
	"bufio"
	"errors"
	"iter"

	"github.com/sauceinsights/insights"
)

// writeRuns hands every run to write and flushes at the end, whatever it is.
func writeRuns(out *bufio.Writer, tests iter.Seq2[insights.Test, error], write func(insights.Test) error) (int, error) {
	written := 0
	for run, err := range tests {
		if err != nil {
			return written, joined(err, out.Flush())
		}
		if err := write(run); err != nil {
			return written, err
		}
		written++
	}
	return written, out.Flush()
}

// joined returns both errors, or the one that there is as it is.
func joined(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}
