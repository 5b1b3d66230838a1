package insightstest_test

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// TestWithExtraFieldsMemory has as many buckets as errors: memory for each of
// both together would be 200 MB.
func TestWithExtraFieldsMemory(t *testing.T) {
	const runs = 5_000
	srv := insightstest.New(t, insightstest.WithExtraFields())
	for i := range runs {
		srv.Add(insights.Test{CreationTime: noon.Add(time.Duration(i) * time.Second), Status: insights.StatusFailed, Error: fmt.Sprint("error ", i)})
	}
	req := request(t, srv, insightstest.PathTestTrends, around("interval", "1s"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, req)
	runtime.ReadMemStats(&after)
	assert.Equal(t, 200, w.Code)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
}
