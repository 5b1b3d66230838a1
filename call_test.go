package insights

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkClientTests is one call over loopback, for pages of so many runs.
func BenchmarkClientTests(b *testing.B) {
	for _, runs := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("%d runs", runs), func(b *testing.B) {
			body := pageOf(runs)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(body)
			}))
			defer server.Close()
			c, err := NewClient("", account, WithBaseURL(server.URL), WithHTTPClient(server.Client()), WithoutRateLimit())
			require.NoError(b, err)
			opts := TestsOptions{Period: lastWeek, Size: runs}
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := c.Tests(b.Context(), opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// pageOf is an answer of Tests as the service writes it.
func pageOf(runs int) []byte {
	items := make([]string, runs)
	for i := range items {
		items[i] = fmt.Sprintf(`{"id":"%032x","owner":"ann","ancestor":"org","name":"Login %d","build":"nightly-17",`+
			`"creation_time":"2026-11-20T12:00:%02dZ","start_time":"2026-11-20T12:00:01Z","end_time":"2026-11-20T12:01:00Z","duration":59,`+
			`"status":"passed","error":"","os":"Windows 11","os_normalized":"windows","browser":"chrome 130","browser_normalized":"chrome","details_url":"https://app.saucelabs.com/tests/%032x"}`,
			i, i%7, i%60, i)
	}
	return []byte(`{"meta":{"status":200},"items":[` + strings.Join(items, ",") + `],"has_more":true}`)
}
