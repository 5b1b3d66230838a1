//go:build realtime

package filelimiter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLimiterRealtime(t *testing.T) {
	t.Run("26 processes with 5 calls each", func(t *testing.T) {
		used := usedByFleet(t, startFleet(t, 26, stateName(t), 8, 1, 5))
		require.Len(t, used, 130)
		assert.LessOrEqual(t, most(used, time.Second), 9)
		assert.LessOrEqual(t, most(used, 1200*time.Millisecond), 10, "with 200 ms of jitter no second sees more than 10")
		assertAtRate(t, used, 125*time.Millisecond)
	})

	t.Run("10 processes with 200 callers each, at the highest rate", func(t *testing.T) {
		used := usedByFleet(t, startFleet(t, 10, stateName(t), 100, 200, 1))
		require.Len(t, used, 2000)
		assert.LessOrEqual(t, most(used, time.Second), 101)
		assertAtRate(t, used, 10*time.Millisecond)
	})
}
