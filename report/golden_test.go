package report_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/report"
)

func TestWriteTextMarkdownAndJSON(t *testing.T) {
	t.Run("match the golden files", func(t *testing.T) {
		writers := map[string]func(io.Writer, *report.Summary, report.WriteOptions) error{
			"txt": report.WriteText, "md": report.WriteMarkdown, "json": report.WriteJSON,
		}
		gate := &report.Gate{MinPassRate: 0.95, MaxBroken: new(0)}
		before := summarize(t, report.Options{}, randomRuns(3, 10)...)
		full := summarize(t, report.Options{}, week()...)
		comparison, err := report.Compare(before, full, report.CompareOptions{})
		require.NoError(t, err)
		partial, err := report.Summarize(report.Replay(week()[:9], errCutOff), report.Options{CompleteAs: report.CompleteFailed, PerPlatform: true})
		require.ErrorIs(t, err, errCutOff)

		cases := map[string]struct {
			summary *report.Summary
			opts    report.WriteOptions
		}{
			"week":    {full, report.WriteOptions{Title: "Nightly", Gate: gate, Comparison: comparison}},
			"partial": {partial, report.WriteOptions{Gate: gate, Top: 2}},
			"empty":   {summarize(t, report.Options{}), report.WriteOptions{Gate: gate}},
			"passed":  {summarize(t, report.Options{}, history("login", "PPP")...), report.WriteOptions{Gate: gate}},
		}
		for name, c := range cases {
			for ending, write := range writers {
				t.Run(name+"."+ending, func(t *testing.T) {
					var out bytes.Buffer
					require.NoError(t, write(&out, c.summary, c.opts))
					golden(t, name+"."+ending, out.Bytes())
				})
			}
		}
	})
}

func TestWriteCSVAndOtherFormats(t *testing.T) {
	t.Run("match the golden files", func(t *testing.T) {
		var csv, ndjson, junit, half bytes.Buffer
		n, err := report.WriteCSV(&csv, report.Replay(week(), nil), report.CSVOptions{})
		require.NoError(t, err)
		require.Equal(t, len(week()), n)
		n, err = report.WriteNDJSON(&ndjson, report.Replay(week(), nil))
		require.NoError(t, err)
		require.Equal(t, len(week()), n)
		require.NoError(t, report.WriteJUnit(&junit, report.Replay(withReruns(), nil), report.JUnitOptions{Name: "Nightly"}))
		require.ErrorIs(t, report.WriteJUnit(&half, report.Replay(week()[:2], errCutOff), report.JUnitOptions{}), errCutOff)

		golden(t, "week.csv", csv.Bytes())
		golden(t, "week.ndjson", ndjson.Bytes())
		golden(t, "reruns.xml", junit.Bytes())
		golden(t, "partial.xml", half.Bytes())
	})
}
