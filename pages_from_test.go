package insights

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where a loop begins: a record before From, to share it, or at the first where
// that page would lie at the end of the result window.
func TestALoopBeginsBeforeItsFirstRun(t *testing.T) {
	const window, size = 100, 10
	for from, want := range map[int]int{0: 0, 1: 0, 2: 1, 50: 49, window - size: 89, window - size + 1: 90, window - size + 2: 0, window: 0, window + size: 0, window + size + 5: 0} {
		first := -1
		c, _ := lying(t, 500, func(r listRequest) ([]Test, string, int) {
			if first < 0 {
				first = r.from
			}
			items, more := onePerSecond(150, r, created)
			return items, more, 0
		}, WithResultWindow(window))
		ids, err := allOf(t, c, TestsOptions{From: from, Size: size})
		require.NoError(t, err)
		assert.Len(t, ids, 150-from, "from %d", from)
		assert.Equal(t, strconv.Itoa(from), ids[0])
		assert.Equal(t, want, first, "from %d", from)
	}
}
