package paging

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNew(t *testing.T) {
	t.Run("a loop begins before its first run", testALoopBeginsBeforeItsFirstRun)
}

// Where a loop begins: a record before From, to share it, or at the first where
// that page would lie at the end of the result window.
func testALoopBeginsBeforeItsFirstRun(t *testing.T) {
	const window, size = 100, 10
	for from, want := range map[int]int{0: 0, 1: 0, 2: 1, 50: 49, window - size: 89, window - size + 1: 90, window - size + 2: 0, window: 0, window + size: 0, window + size + 5: 0} {
		first := -1
		c := serving(500, func(r request) (reply, error) {
			if first < 0 {
				first = r.From
			}
			return onePerSecond(150, r, created), nil
		})
		ids, err := c.ids(t, Options{From: from, Size: size, ResultWindow: window})
		require.NoError(t, err)
		assert.Len(t, ids, 150-from, "from %d", from)
		assert.Equal(t, strconv.Itoa(from), ids[0])
		assert.Equal(t, want, first, "from %d", from)
	}
}
