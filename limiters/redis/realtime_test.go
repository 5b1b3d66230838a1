//go:build realtime && unix

package redislimiter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLimiterRealtime(t *testing.T) {
	for name, fleet := range map[string]struct{ processes, each int }{
		"26 processes with 5 calls each": {26, 5},
		"40 processes with 3 calls each": {40, 3},
	} {
		t.Run(name, func(t *testing.T) {
			server := startRedis(t)
			used := usedByFleet(t, startFleet(t, fleet.processes, server.addr, 8, 1, fleet.each))
			require.Len(t, used, fleet.processes*fleet.each)
			assert.LessOrEqual(t, most(used, time.Second), 9)
			assert.LessOrEqual(t, most(used, 1200*time.Millisecond), 10, "with 200 ms of jitter no second sees more than 10")
			assertAtRate(t, used, 125*time.Millisecond)
			t.Logf("%d questions", server.questions(t))
		})
	}
}
