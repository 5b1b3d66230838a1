package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAShortSoakIsLevel(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{"-for", "200ms", "-goroutines", "4"}, &out), "%s", &out)
	assert.NotContains(t, out.String(), "other:", "every error has a kind")
	for _, figure := range []string{"requests", "goroutines", "heap, MiB", "open files"} {
		assert.Contains(t, out.String(), figure)
	}
}

func TestWhatGrewIsTold(t *testing.T) {
	start := level{goroutines: 10, heap: 10 << 20, files: 10}
	assert.NoError(t, level{goroutines: 12, heap: 12 << 20, files: 12}.grownFrom(start))
	err := level{goroutines: 20, heap: 30 << 20, files: 20}.grownFrom(start)
	assert.EqualError(t, err, "10 goroutines more\n10 open files more\n20.0 MiB more on the heap")
}

func TestBadFlagsAreRefused(t *testing.T) {
	assert.Error(t, run(t.Context(), []string{"-for", "long"}, new(strings.Builder)))
}
