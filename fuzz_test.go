package insights

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The answers: what was decoded encodes back to the same, under both encoders.

func FuzzTestList(f *testing.F)    { fuzzAnswer[TestList](f) }
func FuzzTestMetrics(f *testing.F) { fuzzAnswer[TestMetrics](f) }
func FuzzTestTrends(f *testing.F)  { fuzzAnswer[TestTrends](f) }
func FuzzBuildsTests(f *testing.F) { fuzzAnswer[BuildsTests](f) }
func FuzzErrorTrends(f *testing.F) { fuzzAnswer[ErrorTrends](f) }

func fuzzAnswer[T any](f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(f, err)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { backAndForth[T](t, body) })
}

// What is asked of the summaries arrives as it was given. FuzzQuery does the
// same for the lists of runs.
func FuzzSummaryQuery(f *testing.F) {
	for _, value := range nasty {
		f.Add(value, value, value, value, value, int64(3600))
	}
	f.Fuzz(func(t *testing.T, owner, status, text, system, browser string, seconds int64) {
		period, interval := Last(time.Hour), time.Duration(seconds)*time.Second
		owners, systems, browsers := []string{owner, owner}, []string{system, "a,b"}, []string{browser}
		for _, opts := range []options{
			TestMetricsOptions{Period: period, Owner: owners, Status: Status(status), Query: text, OS: systems, Browser: browsers},
			TestTrendsOptions{Period: period, Interval: interval, Owner: owners, Status: Status(status), OS: systems, Browser: browsers},
			BuildsTestsOptions{Period: period, Owner: owners, Status: Status(status), OS: systems, Browser: browsers},
			ErrorTrendsOptions{Period: period, Owner: owners, Status: Status(status), OS: systems, Browser: browsers},
		} {
			if opts.Validate() != nil {
				continue
			}
			want := url.Values{"time_range": {"1h"}, "owner": owners, "os": systems, "browser": browsers}
			switch opts := opts.(type) {
			case TestMetricsOptions:
				want.Set("query", text)
			case TestTrendsOptions:
				want.Set("interval", Last(opts.Interval).String())
			}
			if status != "" {
				want.Set("status", status)
			}
			got, err := url.ParseQuery(queryOf(t, opts, DialectReference))
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}
