package paging

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/internal/fault"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

// compare compares a text with that of a file, or writes it.
func compare(t *testing.T, file, text string) {
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, strings.Split(string(want), "\n"), strings.Split(text, "\n"))
}

// end says how a loop ended.
func end(err error) string {
	if err == nil {
		return "complete"
	}
	why := strings.TrimPrefix(err.Error(), fault.ResultWindow.Error()+": ")
	if errors.Is(err, fault.ResultWindow) {
		why, _, _ = strings.Cut(why, ": narrow")
	}
	return why
}
