package insights

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/sauceinsights/insights/internal/redact"
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

// Whatever a body is, no part of the key is in it when it was masked, nor in
// any text that it holds; and what was JSON still is.
func FuzzMask(f *testing.F) {
	escaped := `\u0051z7-\u0077Xv!kLm\/pRt&\u0079Ui2hGf`
	for _, body := range []string{
		account.AccessKey, `{"a":"` + account.AccessKey + `"}`, `{"` + escaped + `":["\\",{"b":"x` + escaped + `"}]}`, `"` + escaped, `\"` + escaped + `"`, `"\`, `"\\"`,
		`{"a":"\\u003cnBs"}`,                          // a part of the escaped key begins with the second backslash
		`{"a":"\/pRt&yUi2hGf"}`, `{"a":"wXv!kLm\"x"}`, // behind an escape's backslash, and up to one
		`kLm/pRt\0`, // as encoding/json escapes it, and cut off
	} {
		f.Add([]byte(body))
	}
	mask, secrets := redact.New(account.Username, account.AccessKey), secretsOf(account)
	f.Fuzz(func(t *testing.T, body []byte) {
		wasJSON := json.Unmarshal(body, new(any), lenient) == nil
		body = bytes.Clone(body)
		mask.All(body)
		requireNoSecret(t, secrets, "the body", string(body))
		var value any
		if err := json.Unmarshal(body, &value, lenient); wasJSON {
			require.NoError(t, err)
			requireNoSecret(t, secrets, "its texts", strings.Join(textsOf(value), "\n"))
		}
	})
}

// textsOf are the names and texts in a JSON value.
func textsOf(value any) (texts []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, item := range v {
			texts = slices.Concat(texts, textsOf(item))
		}
	case map[string]any:
		for name, member := range v {
			texts = slices.Concat(texts, []string{name}, textsOf(member))
		}
	}
	return texts
}
