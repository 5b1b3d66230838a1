//go:build !race

package wire

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What bodies cost in memory, of which the race detector takes its own.

func TestParseErrorBodyMemory(t *testing.T) {
	// A refusal costs what it holds, however it is nested.
	t.Run("no nesting makes a refusal expensive", func(t *testing.T) {
		const n = 2700
		for name, body := range map[string]string{
			"fields far down":  strings.Repeat(`{"message":`, n) + "[" + strings.Repeat(`{"loc":[]},`, n) + "1]" + strings.Repeat("}", n),
			"a text per level": strings.Repeat(`["some text",`, n) + "1" + strings.Repeat("]", n),
		} {
			require.Less(t, len(body), 64<<10, name)
			assert.Less(t, allocatedBy(func() { ParseErrorBody([]byte(body)) }), uint64(8<<20), name)
		}
	})
}

// allocatedBy is how many bytes f allocates, kept or not.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
