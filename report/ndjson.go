package report

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"

	"github.com/sauceinsights/insights"
)

// WriteNDJSON writes a run per line as it comes, as a JSON object in the API's
// names. It returns the number of runs written. When the sequence fails, the
// lines before are written out and the sequence's error is returned.
func WriteNDJSON(w io.Writer, tests iter.Seq2[insights.Test, error]) (int, error) {
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return writeRuns(out, tests, func(run insights.Test) error {
		return encoder.Encode(run)
	})
}
