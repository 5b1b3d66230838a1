package main

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain makes the test program the processes that the command starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == serveCommand || os.Args[1] == loopCommand) {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestEverySectionIsMeasured runs all sections in small, but for import, which
// builds programs.
func TestEverySectionIsMeasured(t *testing.T) {
	for _, s := range sections {
		t.Run(s.name, func(t *testing.T) {
			switch {
			case s.name == "import":
				t.Skip("it builds programs")
			case s.name == "memory" && runtime.GOOS != "linux":
				t.Skip("only Linux tells a process its peak of memory")
			}
			var stdout, stderr bytes.Buffer
			require.NoError(t, run(t.Context(), []string{"-quick", "-only", s.name}, &stdout, &stderr))
			assert.Equal(t, "measuring: "+s.name+"\n", stderr.String())
			head, rows, _ := strings.Cut(stdout.String(), "--:|\n")
			assert.Contains(t, head, "`cd bench && go run . -quick -only "+s.name+"`: go1.")
			assert.NotEmpty(t, rows)
			for row := range strings.Lines(rows) {
				assert.Equal(t, 7, strings.Count(row, "|"), row)
			}
		})
	}
}

func TestMistakesOfTheCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-only", "nothing"}, {"-nope"}, {"-rounds", "many"}} {
		require.Error(t, run(t.Context(), args, new(bytes.Buffer), new(bytes.Buffer)), args)
	}
}

func TestServerEndsWithItsInput(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	url, stop, err := startServer(ctx, serverConfig{runs: 20})
	require.NoError(t, err)
	require.NoError(t, newPlain(url).readAll(ctx, 20))
	stop()
	require.Error(t, newPlain(url).readAll(ctx, 20))
}

// TestServerLimitRefuses shows that a count of no 429 says something.
func TestServerLimitRefuses(t *testing.T) {
	url, stop, err := startServer(t.Context(), serverConfig{runs: 20, limit: 2})
	require.NoError(t, err)
	defer stop()
	require.ErrorContains(t, newPlain(url).discardAll(t.Context(), 10), "status 429")
}
