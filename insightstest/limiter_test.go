package insightstest_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights/insightstest"
)

// TestWithServerLimitOnARealClock asks from many goroutines, which get to the
// limit in another order than they read a clock in.
func TestWithServerLimitOnARealClock(t *testing.T) {
	srv := start(t, insightstest.WithServerLimit(40, 0))
	begun := time.Now()
	var answered atomic.Int64
	var askers sync.WaitGroup
	for range 200 {
		askers.Go(func() {
			for time.Since(begun) < 500*time.Millisecond {
				w := httptest.NewRecorder()
				srv.ServeHTTP(w, request(t, srv, insightstest.PathTests, around()))
				if w.Code == http.StatusOK {
					answered.Add(1)
				}
			}
		})
	}
	askers.Wait()
	allowed := 40 + 40*time.Since(begun).Seconds()
	assert.LessOrEqual(t, float64(answered.Load()), allowed)
	assert.Greater(t, answered.Load(), int64(40), "the bucket refills")
}
