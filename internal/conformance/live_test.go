//go:build live

package conformance_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// TestClientLive asks the real service and says which rows of docs/unknowns.md it
// settled:
//
//	SAUCE_USERNAME=… SAUCE_ACCESS_KEY=… go test -count=1 -tags live -run 'TestClientLive$' -v ./internal/conformance
//
// SAUCE_REGION says which data center. It sends at most 10 requests, one after
// the other, that only read. What it prints holds counts, types, names of
// members and statuses; nothing of the account's data.
func TestClientLive(t *testing.T) {
	creds, err := insights.CredentialsFromEnv()
	if err != nil {
		t.Skip(err)
	}
	region, err := insights.ParseRegion(liveRegion())
	require.NoError(t, err)
	for _, line := range liveAsk(t, &liveService{url: region.BaseURL(), credentials: creds}) {
		t.Log(line)
	}
}

func liveRegion() string {
	if name := os.Getenv("SAUCE_REGION"); name != "" {
		return name
	}
	return string(insights.USWest1)
}

// TestClientLiveOnTheFake shows that the questions tell services apart, and that no
// answer shows anything of the data.
func TestClientLiveOnTheFake(t *testing.T) {
	tests := map[string][]string{
		"default": {
			"row 1: start belongs to the period, end does", "row 6: no period: status 400", "row 8: size 1000: 300 runs of 300", "row 11: without desc: oldest first",
			"row 12: query filters, name filters", "row 21: timestamp is text", "row 22: times are like 2006-01-02T15:04:05Z", "row 23: meta.status is number", "row 31: trends/errors: status 200",
		},
		"exclusive-end": {"row 1: start belongs to the period, end does not"},
		"as-seen-live":  {"row 11: without desc: newest first", "row 21: timestamp is number", "row 22: times are like 2006-01-02T15:04:05-07:00", "row 24: also: org_id"},
		"as-documented-today": {
			"row 6: no period: status 200", "row 12: query is ignored, name filters", "row 22: times are like 2006-01-02T15:04:05.000Z", "row 31: trends/errors: status 404",
		},
		"small-pages": {"row 8: size 1000: 7 runs of more"},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			opts, err := insightstest.Named(name)
			require.NoError(t, err)
			srv := insightstest.New(t, opts...)
			now := time.Now()
			runs := insightstest.Generate(1, 300, now.AddDate(0, 0, -20), now.AddDate(0, 0, -1))
			srv.Add(runs...)
			lines := liveAsk(t, &liveService{url: srv.URL, credentials: srv.Credentials()})
			for _, line := range want {
				assert.Contains(t, lines, line)
			}
			assert.LessOrEqual(t, len(srv.Requests()), maxLiveRequests)
			liveAssertNothingShown(t, runs, strings.Join(lines, "\n"))
		})
	}
	t.Run("wrong credentials settle one row", func(t *testing.T) {
		srv := insightstest.New(t)
		lines := liveAsk(t, &liveService{url: srv.URL, credentials: insights.Credentials{Username: "nobody", AccessKey: "00000000-0000"}})
		assert.Equal(t, []string{"row 36: the credentials are refused: status 401"}, lines)
	})
	t.Run("an account without runs settles what needs none", func(t *testing.T) {
		lines := liveAsk(t, func() *liveService {
			srv := insightstest.New(t)
			return &liveService{url: srv.URL, credentials: srv.Credentials()}
		}())
		assert.Contains(t, lines, "rows 1, 11, 22, 24: not settled: there are no runs within 30 days")
		assert.Contains(t, lines, "row 6: no period: status 400")
	})
}

func liveAssertNothingShown(t *testing.T, runs []insights.Test, text string) {
	t.Helper()
	for _, run := range runs {
		for _, secret := range []string{run.ID, run.Owner, run.Name, run.Build, run.Error, run.CreationTime.Format(time.RFC3339)} {
			if secret != "" {
				assert.NotContains(t, text, secret)
			}
		}
	}
}

const maxLiveRequests = 10

// service is the one that is asked.
type liveService struct {
	url         string
	credentials insights.Credentials
	sent        int
}

// reply is an answer, as far as it could be read.
type liveReply struct {
	status int
	body   map[string]any
}

func (s *liveService) get(t *testing.T, path string, pairs ...string) liveReply {
	t.Helper()
	require.Less(t, s.sent, maxLiveRequests, "it asks no more")
	s.sent++
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path+"?"+q.Encode(), http.NoBody)
	require.NoError(t, err)
	req.SetBasicAuth(s.credentials.Username, s.credentials.AccessKey)
	hc := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer hc.CloseIdleConnections()
	resp, err := hc.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	require.NoError(t, err)
	r := liveReply{status: resp.StatusCode}
	_ = json.Unmarshal(text, &r.body) // what is no JSON has no members
	return r
}

func (r liveReply) items() []map[string]any {
	list, _ := r.body["items"].([]any)
	var items []map[string]any
	for _, item := range list {
		if run, ok := item.(map[string]any); ok {
			items = append(items, run)
		}
	}
	return items
}

// has reports whether a run is in a list.
func (r liveReply) has(id any) bool {
	return slices.ContainsFunc(r.items(), func(run map[string]any) bool { return run["id"] == id })
}

// ask returns a line for each row that was settled, or why it was not.
func liveAsk(t *testing.T, s *liveService) []string {
	recent := s.get(t, insightstest.PathTests, "time_range", "30d", "size", "100")
	switch recent.status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return []string{fmt.Sprintf("row 36: the credentials are refused: status %d", recent.status)}
	default:
		return []string{fmt.Sprintf("nothing is settled: /tests answers with status %d", recent.status)}
	}
	lines := []string{"row 19: time_range without a sign is accepted"}
	if meta, ok := recent.body["meta"].(map[string]any); ok {
		lines = append(lines, "row 23: meta.status is "+liveKind(meta["status"]))
	}
	if runs := recent.items(); len(runs) == 0 {
		lines = append(lines, "rows 1, 11, 22, 24: not settled: there are no runs within 30 days")
	} else {
		lines = append(lines, liveAskOfRuns(t, s, runs)...)
	}
	return append(lines, liveAskOfParameters(t, s)...)
}

func liveAskOfRuns(t *testing.T, s *liveService, runs []map[string]any) []string {
	lines := []string{
		"row 11: without desc: " + liveOrderOf(runs),
		"row 22: times are like " + liveLayoutOf(fmt.Sprint(runs[0]["creation_time"])),
		"row 24: also: " + strings.Join(liveFurther(runs[0]), ", "),
		"row 25: duration is " + liveKind(runs[0]["duration"]),
	}
	created, err := time.Parse(time.RFC3339, fmt.Sprint(runs[0]["creation_time"]))
	if err != nil {
		return append(lines, "row 1: not settled: the time can't be read")
	}
	second := created.UTC().Truncate(time.Second)
	if created.Nanosecond() > 0 {
		return append(lines, "row 1: not settled: the run was created between two seconds")
	}
	from := s.get(t, insightstest.PathTests, "start", liveRfc(second), "end", liveRfc(second.Add(time.Second)), "size", "100")
	to := s.get(t, insightstest.PathTests, "start", liveRfc(second.Add(-time.Second)), "end", liveRfc(second), "size", "100")
	return append(lines, fmt.Sprintf("row 1: start %s to the period, end %s", liveBelongs(from.has(runs[0]["id"])), liveDoes(to.has(runs[0]["id"]))))
}

func liveAskOfParameters(t *testing.T, s *liveService) []string {
	last := []string{"time_range", "30d"}
	none := s.get(t, insightstest.PathTests)
	large := s.get(t, insightstest.PathTests, append(last, "size", "1000")...)
	deep := s.get(t, insightstest.PathTests, append(last, "from", "9999", "size", "10")...)
	nobody := "no test has this name 7f3a91"
	query := s.get(t, insightstest.PathTests, append(last, "query", nobody)...)
	name := s.get(t, insightstest.PathTests, append(last, "name", nobody)...)
	trends := s.get(t, insightstest.PathTestTrends, append(last, "interval", "1d")...)
	failures := s.get(t, insightstest.PathErrorTrends, last...)
	lines := []string{
		fmt.Sprintf("row 6: no period: status %d", none.status),
		"row 8: size 1000: " + liveSizeOf(large),
		fmt.Sprintf("row 8: from 9999, size 10: status %d", deep.status),
		fmt.Sprintf("row 12: query %s, name %s", liveFilters(query), liveFilters(name)),
		fmt.Sprintf("row 31: trends/errors: status %d", failures.status),
	}
	if buckets, _ := trends.body["buckets"].([]any); len(buckets) > 0 {
		bucket, _ := buckets[0].(map[string]any)
		lines = append(lines, "row 21: timestamp is "+liveKind(bucket["timestamp"]))
	}
	if deep.status >= http.StatusBadRequest {
		lines = append(lines, "row 28: a refusal has the members "+strings.Join(slices.Sorted(maps.Keys(deep.body)), ", "))
	}
	return lines
}

func liveRfc(t time.Time) string { return t.Format(time.RFC3339) }

func liveBelongs(yes bool) string {
	if yes {
		return "belongs"
	}
	return "does not belong"
}

func liveDoes(yes bool) string {
	if yes {
		return "does"
	}
	return "does not"
}

func liveFilters(r liveReply) string {
	switch {
	case r.status != http.StatusOK:
		return fmt.Sprintf("gets status %d", r.status)
	case len(r.items()) == 0:
		return "filters"
	}
	return "is ignored"
}

// sizeOf says how many runs a page has, and whether that is all.
func liveSizeOf(r liveReply) string {
	switch more, told := r.body["has_more"].(bool); {
	case r.status != http.StatusOK:
		return fmt.Sprintf("status %d", r.status)
	case told && !more:
		return fmt.Sprintf("%d runs of %d", len(r.items()), len(r.items()))
	}
	return fmt.Sprintf("%d runs of more", len(r.items()))
}

func liveKind(v any) string {
	switch v.(type) {
	case nil:
		return "absent"
	case string:
		return "text"
	case float64:
		return "number"
	}
	return "something else"
}

// orderOf compares the first run with the last.
func liveOrderOf(runs []map[string]any) string {
	first, last := fmt.Sprint(runs[0]["creation_time"]), fmt.Sprint(runs[len(runs)-1]["creation_time"])
	switch {
	case first < last:
		return "oldest first"
	case first > last:
		return "newest first"
	}
	return "can't be told"
}

func liveLayoutOf(text string) string {
	for _, layout := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05-07:00", "2006-01-02T15:04:05"} {
		if _, err := time.Parse(layout, text); err == nil && len(text) == len(layout) {
			return layout
		}
	}
	return "none that is known"
}

// further are the members of a run that the SDK does not read.
func liveFurther(run map[string]any) []string {
	known := []string{
		"id", "owner", "ancestor", "name", "build", "creation_time", "start_time", "end_time", "duration", "status", "error",
		"os", "os_normalized", "browser", "browser_normalized", "details_url",
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(run)), func(name string) bool { return slices.Contains(known, name) })
}
