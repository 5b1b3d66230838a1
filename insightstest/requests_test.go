package insightstest_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/insightstest"
)

// TestServerRequestsAreBounded sends 100 MB of headers: the memory of
// requests stays bounded, and holds the last ones.
func TestServerRequestsAreBounded(t *testing.T) {
	srv := insightstest.New(t, insightstest.InMemory())
	long := strings.Repeat("x", 1<<20)
	for i := range 100 {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, insightstest.PathTests+"?n="+strconv.Itoa(i), http.NoBody)
		req.Header.Set("User-Agent", long)
		srv.ServeHTTP(httptest.NewRecorder(), req)
	}
	got := srv.Requests()
	require.Less(t, len(got), 70)
	require.GreaterOrEqual(t, len(got), 31)
	for i, r := range got {
		assert.Equal(t, strconv.Itoa(100-len(got)+i), r.Query.Get("n"))
	}
	all, err := srv.WaitForRequests(t.Context(), 100)
	require.NoError(t, err, "those that were forgotten did arrive")
	assert.Len(t, all, len(got))
}
