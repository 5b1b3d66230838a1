package export

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/insightstest"
)

func TestExportToStandardOutput(t *testing.T) {
	t.Parallel()
	t.Run("writes the runs there, and what it comes to on standard error", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 250)
		status, stdout, stderr := start(t, askFor(srv, "-"))
		require.Equal(t, complete, status, stderr)
		assert.Equal(t, runs, readNDJSON(t, []byte(stdout)))
		assert.Equal(t, "250 runs of "+week+"\n250 of 250 runs that the service counts\n", stderr)
	})
	t.Run("as CSV if asked for", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 120)
		status, stdout, stderr := start(t, askFor(srv, "-", "--format", "csv", "--quiet"))
		require.Equal(t, complete, status)
		assert.Empty(t, stderr)
		assert.Equal(t, runs, readCSV(t, []byte(stdout)))
	})
	t.Run("says how many runs there are when it breaks off", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 250)
		srv.Fail(insightstest.Outage(-1).After(5))
		status, stdout, stderr := start(t, askFor(srv, "-"))
		assert.Equal(t, failed, status)
		written := readNDJSON(t, []byte(stdout))
		require.NotEmpty(t, written)
		assert.Equal(t, runs[:len(written)], written)
		assert.Regexp(t, `503 .*; standard output has the first \d+ runs only\n$`, stderr)
	})
	t.Run("ends when nobody reads", func(t *testing.T) {
		t.Parallel()
		srv, _ := serve(t, 250)
		var errs bytes.Buffer
		status := run(context.Background(), askFor(srv, "-"), closedPipe{}, &errs, hurried...)
		assert.Equal(t, failed, status)
		assert.Contains(t, errs.String(), "nobody reads")
	})
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, errors.New("nobody reads") }
