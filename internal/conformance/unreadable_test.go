package conformance_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// rawRun is a run as it goes over the wire, and the time that it is listed by.
type rawRun struct {
	created time.Time
	json    string
}

// rawList is a service that lists runs, oldest first, as they stand there.
type rawList []rawRun

func (l rawList) RoundTrip(req *http.Request) (*http.Response, error) {
	query := req.URL.Query()
	start, _ := time.Parse(time.RFC3339, query.Get("start"))
	end, _ := time.Parse(time.RFC3339, query.Get("end"))
	selected := slices.DeleteFunc(slices.Clone(l), func(r rawRun) bool { return r.created.Before(start) || r.created.After(end) })
	from, _ := strconv.Atoi(query.Get("from"))
	size, _ := strconv.Atoi(query.Get("size"))
	from = min(from, len(selected))
	until := min(from+size, len(selected))
	var items []string
	for _, run := range selected[from:until] {
		items = append(items, run.json)
	}
	body := fmt.Sprintf(`{"meta":{"status":200},"items":[%s],"has_more":%t}`, strings.Join(items, ","), until < len(selected))
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

// fiveHundred are runs of which every tenth has an ID that can't be read. Five
// of them have each time of creation.
func fiveHundred() (list rawList) {
	odd := []string{`{"$oid":"a"}`, `["a"]`, `true`, `{}`}
	for i := range 500 {
		created := time.Date(2026, 1, 31, 12, 0, i/5, 0, time.UTC)
		id := fmt.Sprintf(`"run-%d"`, i)
		if i%10 == 3 {
			id = odd[i/10%len(odd)]
		}
		list = append(list, rawRun{created, fmt.Sprintf(`{"id":%s,"name":"test %d","creation_time":%q,"status":"passed"}`, id, i, created.Format(time.RFC3339))})
	}
	return list
}

func clientOfList(t *testing.T, list rawList, opts ...insights.Option) *insights.Client {
	t.Helper()
	first := []insights.Option{insights.WithBaseURL("https://insights.test"), insights.WithHTTPClient(&http.Client{Transport: list}), insights.WithoutRateLimit()}
	c, err := insights.NewClient("", insights.Credentials{Username: "a-user", AccessKey: "a-key-of-tests-0123"}, append(first, opts...)...)
	require.NoError(t, err)
	return c
}

func TestResponseInfoUnreadable(t *testing.T) {
	window := insights.Between(time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
	t.Run("counts what a page holds, which is delivered whole", func(t *testing.T) {
		var log bytes.Buffer
		var info insights.ResponseInfo
		c := clientOfList(t, fiveHundred(), insights.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		list, err := c.Tests(t.Context(), insights.TestsOptions{Period: window, Size: 500}, insights.CaptureResponse(&info))
		require.NoError(t, err)
		assert.Len(t, list.Items, 500)
		assert.Equal(t, 50, info.Unreadable)
		assert.Contains(t, fmt.Sprint(slog.AnyValue(info).Resolve()), "unreadable=50")
		assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"))
		assert.Contains(t, log.String(), "count=50 first=items[3].id")
	})
	t.Run("is 0, and nothing is logged, where all can be read", func(t *testing.T) {
		var log bytes.Buffer
		info := insights.ResponseInfo{Unreadable: 7}
		c := clientOfList(t, fiveHundred()[:3], insights.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		_, err := c.Tests(t.Context(), insights.TestsOptions{Period: window, Size: 500}, insights.CaptureResponse(&info))
		require.NoError(t, err)
		assert.Zero(t, info.Unreadable)
		assert.NotContains(t, log.String(), "WARN")
	})
	for _, size := range []int{10, 37, 100, 500, 1000} {
		t.Run(fmt.Sprintf("AllTests loses and repeats no run without an ID, by pages of %d", size), func(t *testing.T) {
			var info insights.ResponseInfo
			delivered, unreadable := make(map[string]int), 0
			for run, err := range clientOfList(t, fiveHundred()).AllTests(t.Context(), insights.TestsOptions{Period: window, Size: size}, insights.CaptureResponse(&info)) {
				require.NoError(t, err)
				delivered[run.Name]++
				unreadable += info.Unreadable
				info.Unreadable = 0
			}
			assert.Len(t, delivered, 500)
			for name, times := range delivered {
				assert.Equal(t, 1, times, name)
			}
			assert.GreaterOrEqual(t, unreadable, 50, "of each page, also of the runs that it shares with the one before")
			if size >= 500 {
				assert.Equal(t, 50, unreadable)
			}
		})
	}
}
