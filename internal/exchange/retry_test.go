package exchange

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPolicy(t *testing.T) {
	t.Run("the wait is anything up to a limit that doubles", func(t *testing.T) {
		policy := Policy{MaxAttempts: 4, BaseWait: 500 * time.Millisecond, MaxWait: 30 * time.Second}
		for attempts, limit := range map[int]time.Duration{
			1:           500 * time.Millisecond,
			2:           time.Second,
			3:           2 * time.Second,
			6:           16 * time.Second,
			7:           30 * time.Second,
			8:           30 * time.Second,
			math.MaxInt: 30 * time.Second,
		} {
			shortest, longest := time.Duration(math.MaxInt64), time.Duration(0)
			for range 2000 {
				wait := policy.jitter(attempts, 0)
				shortest, longest = min(shortest, wait), max(longest, wait)
			}
			assert.Less(t, longest, limit, "after %d attempts", attempts)
			assert.Greater(t, longest, limit*9/10, "after %d attempts", attempts)
			assert.Less(t, shortest, limit/10, "after %d attempts", attempts)
		}
	})

	t.Run("the longest one does not overflow", func(t *testing.T) {
		for _, policy := range []Policy{{4, math.MaxInt64, math.MaxInt64}, {4, time.Second, math.MaxInt64}, {4, 1, 1}} {
			for attempts := range 70 {
				wait := policy.jitter(attempts+1, 0)
				assert.GreaterOrEqual(t, wait, time.Duration(0))
			}
		}
	})
}

// Who was asked to wait waits longer by a random time.
func TestPolicyJitterBesideWhatTheServiceAskedFor(t *testing.T) {
	policy := Policy{MaxAttempts: 4, BaseWait: 500 * time.Millisecond, MaxWait: 30 * time.Second}
	for _, test := range []struct {
		attempts     int
		asked, limit time.Duration
	}{
		{1, time.Millisecond, 500 * time.Millisecond},
		{1, time.Second, time.Second},
		{2, time.Second, 2 * time.Second},
		{3, time.Second, 4 * time.Second},
		{1, 30 * time.Second, 5 * time.Second},
		{3, 30 * time.Second, 20 * time.Second},
		{9, 30 * time.Second, 30 * time.Second},
	} {
		longest := time.Duration(0)
		for range 2000 {
			longest = max(longest, policy.jitter(test.attempts, test.asked))
		}
		assert.Less(t, longest, test.limit, "%v", test)
		assert.Greater(t, longest, test.limit*9/10, "%v", test)
	}
}

func TestBudget(t *testing.T) {
	t.Run("is for 50 retries", func(t *testing.T) {
		budget := NewBudget()
		for i := range 50 {
			require.True(t, budget.take(), "the first %d were given", i)
		}
		assert.False(t, budget.take())
		assert.Zero(t, budget.Left())
		budget.release()
		assert.True(t, budget.take(), "one came back")
	})

	t.Run("is exact under concurrency", func(t *testing.T) {
		budget := NewBudget()
		var taken atomic.Int64
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				for range 200 {
					if budget.take() {
						taken.Add(1)
						budget.release()
					}
				}
			})
		}
		all.Wait()
		assert.Positive(t, taken.Load())
		assert.EqualValues(t, 50, budget.Left())
		budget.release()
		assert.EqualValues(t, 50, budget.Left(), "never more than it began with")
	})
}
