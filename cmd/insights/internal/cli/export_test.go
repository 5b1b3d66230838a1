package cli

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/insightstest"
)

// terminal returns a terminal to write to, and what was drawn on it.
func terminal(t *testing.T) (tty io.Writer, drawn func() string) {
	t.Helper()
	screen, slave, err := pty.Open()
	if err != nil {
		t.Skip("no terminal to be had here: ", err)
	}
	require.NoError(t, pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: 100}))
	var all bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&all, screen) // it ends with an error when the terminal is closed
	}()
	return slave, func() string {
		_ = slave.Close()
		<-read
		_ = screen.Close()
		return all.String()
	}
}

func TestExportProgress(t *testing.T) {
	srv := insightstest.New(t)
	srv.Add(insightstest.Generate(1, 300, time.Now().Add(-24*time.Hour), time.Now())...)
	tty, drawn := terminal(t)
	var out bytes.Buffer
	status := Run(context.Background(), Process{
		Args:    []string{"export", "--url", srv.URL, "--period", "2d", "-o", filepath.Join(t.TempDir(), "runs.ndjson")},
		Environ: []string{"SAUCE_USERNAME=" + insightstest.Username, "SAUCE_ACCESS_KEY=" + insightstest.AccessKey},
		Stdout:  &out, Stderr: tty, Now: time.Now,
	})
	text := drawn()
	require.Equal(t, done, status, text)
	assert.Contains(t, text, "300 runs", "with credentials too")
	assert.Contains(t, out.String(), "300 of 300 runs that the service counts")
}
