package gate

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestShareOfAPercentageIsExact(t *testing.T) {
	for text, want := range map[string]float64{"99.9%": 0.999, "57%": 0.57, "100%": 1, "0%": 0, "0.29": 0.29, "1": 1, "29%": 0.29} {
		var rate float64
		require.NoError(t, share(&rate)(text))
		assert.InDelta(t, want, rate, 0, text)
	}
}
