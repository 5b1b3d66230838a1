package insightstest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// The tests of services that depart from what a client may assume look at the
// wire: what a client makes of it is the client's to promise.

// page returns what /tests answers for the day around noon.
func page(t *testing.T, srv *insightstest.Server, pairs ...string) map[string]any {
	t.Helper()
	resp, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, around(pairs...)))
	assert.Equal(t, 200, resp.StatusCode, body)
	return value(t, []byte(body))
}

// idsOf are the IDs of a page.
func idsOf(page map[string]any) []string {
	list := []string{}
	for _, item := range page["items"].([]any) {
		list = append(list, item.(map[string]any)["id"].(string))
	}
	return list
}

func TestWithHasMoreMissing(t *testing.T) {
	t.Run("absent", func(t *testing.T) {
		srv := insightstest.New(t, insightstest.WithHasMore(insightstest.HasMoreAbsent), insightstest.WithLargestPage(2))
		srv.Add(numbered(3)...)
		for _, from := range []string{"0", "2"} {
			assert.NotContains(t, page(t, srv, "from", from, "size", "100"), "has_more")
		}
	})
	t.Run("null", func(t *testing.T) {
		got := page(t, insightstest.New(t, insightstest.WithHasMore(insightstest.HasMoreNull)))
		assert.Contains(t, got, "has_more")
		assert.Nil(t, got["has_more"])
	})
}

func TestLoseMember(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithGzip())
	srv.Add(numbered(3)...)
	want := page(t, srv)
	srv.Fail(insightstest.LoseMember(1, "has_more").After(1))
	assert.Equal(t, want, page(t, srv))
	got := page(t, srv)
	assert.NotContains(t, got, "has_more")
	got["has_more"] = false
	assert.Equal(t, want, got, "nothing else is lost")
	assert.Equal(t, want, page(t, srv))
	srv.Fail(insightstest.LoseMember(1, "has_more"), insightstest.Fault{Count: 1, Status: 500, Body: []byte("[no object"), Rewrite: insightstest.LoseMember(1, "x").Rewrite})
	req := request(t, srv, insightstest.PathTests, around())
	req.Header.Set("Accept-Encoding", "gzip")
	_, body := ask(t, plain(t), req)
	assert.NotContains(t, unzip(t, body), "has_more", "it is lost before the answer is compressed")
	_, body = ask(t, plain(t), request(t, srv, insightstest.PathTests, around()))
	assert.Equal(t, "[no object", body)
}

func TestWithListLimit(t *testing.T) {
	const refusedPage = "refused"
	tests := map[string]struct {
		beyond insightstest.Beyond
		want   []string // the first run, the length and has_more of the pages of 4 from 0, 4, 8, 10 and 12 of 20 runs; the limit is 10
	}{
		"refused":  {insightstest.BeyondRefused, []string{"0 4 true", "4 4 true", refusedPage, refusedPage, refusedPage}},
		"empty":    {insightstest.BeyondEmpty, []string{"0 4 true", "4 4 true", "0 true", "0 true", "0 true"}},
		"cut":      {insightstest.BeyondCut, []string{"0 4 true", "4 4 true", "8 2 true", "0 true", "0 true"}},
		"ended":    {insightstest.BeyondEnded, []string{"0 4 true", "4 4 true", "8 2 false", "0 false", "0 false"}},
		"repeated": {insightstest.BeyondRepeated, []string{"0 4 true", "4 4 true", "6 4 true", "6 4 true", "6 4 true"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := insightstest.New(t, insightstest.WithListLimit(10, test.beyond))
			srv.Add(numbered(20)...)
			for i, from := range []string{"0", "4", "8", "10", "12"} {
				if test.want[i] == refusedPage {
					refused(t, srv, insightstest.PathTests, 400, "[10]", around("from", from, "size", "4"))
					continue
				}
				got := page(t, srv, "from", from, "size", "4")
				list := idsOf(got)
				words := fmt.Sprint(len(list), " ", got["has_more"])
				if len(list) > 0 {
					words = list[0] + " " + words
				}
				assert.Equal(t, test.want[i], words, "from %s", from)
			}
		})
	}
	t.Run("a page that ends at the limit", func(t *testing.T) {
		for beyond, want := range map[insightstest.Beyond]bool{
			insightstest.BeyondRefused: true, insightstest.BeyondEmpty: true, insightstest.BeyondCut: true, insightstest.BeyondEnded: false, insightstest.BeyondRepeated: true,
		} {
			srv := insightstest.New(t, insightstest.WithListLimit(10, beyond))
			srv.Add(numbered(20)...)
			got := page(t, srv, "from", "5", "size", "5")
			assert.Equal(t, []string{"5", "6", "7", "8", "9"}, idsOf(got))
			assert.Equal(t, want, got["has_more"], beyond)
		}
	})
	t.Run("shorter lists are as they were", func(t *testing.T) {
		for beyond := insightstest.BeyondRefused; beyond <= insightstest.BeyondRepeated; beyond++ {
			srv := insightstest.New(t, insightstest.WithListLimit(10, beyond))
			srv.Add(numbered(5)...)
			got := page(t, srv, "from", "3", "size", "4")
			assert.Equal(t, []string{"3", "4"}, idsOf(got))
			assert.Equal(t, false, got["has_more"])
		}
	})
	t.Run("a page larger than the list", func(t *testing.T) {
		srv := insightstest.New(t, insightstest.WithListLimit(10, insightstest.BeyondRepeated))
		srv.Add(numbered(20)...)
		assert.Len(t, idsOf(page(t, srv, "size", "50")), 10)
	})
	t.Run("the client is not told", func(t *testing.T) {
		srv := insightstest.New(t, insightstest.WithListLimit(10, insightstest.BeyondRefused))
		_, err := srv.Client().Tests(t.Context(), insights.TestsOptions{Period: insights.Last(time.Hour), From: 8, Size: 5})
		assert.ErrorIs(t, err, insights.ErrInvalidRequest)
	})
}

func TestEmptyList(t *testing.T) {
	srv := insightstest.New(t)
	srv.Add(numbered(30)...)
	srv.Fail(insightstest.EmptyList(2).After(1))
	var got []string
	for range 4 {
		p := page(t, srv)
		got = append(got, fmt.Sprint(len(idsOf(p)), " ", p["has_more"]))
	}
	assert.Equal(t, []string{"10 true", "0 false", "0 false", "10 true"}, got)
	srv.Fail(insightstest.EmptyList(1))
	_, body := ask(t, plain(t), request(t, srv, insightstest.PathBuildsTests, around()))
	assert.Contains(t, body, `"has_more":true`, "only lists of /tests")
	page(t, srv)
}

const insideError = `{"meta":{"status":503},"error":"Service Unavailable","items":null}`

func TestErrorInside(t *testing.T) {
	srv := insightstest.New(t)
	srv.Fail(insightstest.ErrorInside(1, 503))
	resp, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, around()))
	assert.Equal(t, 200, resp.StatusCode)
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	assert.Equal(t, insideError, body)
}

func TestWithErrorsInside(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithErrorsInside(3))
	hc := plain(t)
	var got []bool
	for i := range 7 {
		path := allPaths[i%len(allPaths)]
		resp, body := ask(t, hc, request(t, srv, path, everything(path)))
		assert.Equal(t, 200, resp.StatusCode)
		got = append(got, body == insideError)
		refused(t, srv, path, 400, "", query())
	}
	assert.Equal(t, []bool{false, false, true, false, false, true, false}, got)
}

func TestWithReplicas(t *testing.T) {
	runs := []insights.Test{
		{ID: "a", CreationTime: noon},
		{ID: "b", CreationTime: noon.Add(300 * time.Millisecond)},
		{ID: "c", CreationTime: noon.Add(999 * time.Millisecond)},
		{ID: "d", CreationTime: noon.Add(time.Second)},
		{ID: "e", CreationTime: noon.Add(2 * time.Second)},
		{ID: "f", CreationTime: noon.Add(2 * time.Second)},
	}
	twice := func(t *testing.T, srv *insightstest.Server, pairs ...string) string {
		get[wireAny](t, plain(t), srv, insightstest.PathBuildsTests, around()) // other calls take no turn
		return strings.Join(idsOf(page(t, srv, pairs...)), "") + " " + strings.Join(idsOf(page(t, srv, pairs...)), "")
	}
	srv := insightstest.New(t, insightstest.WithReplicas())
	srv.Add(runs...)
	assert.Equal(t, "abcdef cbadfe", twice(t, srv))
	assert.Equal(t, "fedcba efdabc", twice(t, srv, "desc", "true"))
	assert.Equal(t, "bcd bad", twice(t, srv, "from", "1", "size", "3"))
	srv = insightstest.New(t, insightstest.WithReplicas(), insightstest.WithTimes(insightstest.TimesInMilliseconds))
	srv.Add(runs...)
	assert.Equal(t, "abcdef abcdfe", twice(t, srv), "times that are seen to differ are no ties")
}

func TestWithShownZone(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithShownZone(2*time.Hour))
	srv.Add(insights.Test{ID: "a", Build: "b", CreationTime: noon, Duration: 60})
	q := query("start", "2026-03-02T12:00:00Z", "end", "2026-03-02T12:00:01Z")
	_, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, q))
	assert.Contains(t, body, `"creation_time":"2026-03-02T14:00:00Z","start_time":"2026-03-02T14:00:00Z","end_time":"2026-03-02T14:01:00Z"`)
	_, body = ask(t, plain(t), request(t, srv, insightstest.PathBuildsTests, q))
	assert.Contains(t, body, `"start_time":"2026-03-02T14:00:00Z"`)
}

func TestWithStartRoundedUp(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithStartRoundedUp(time.Minute))
	srv.Add(numbered(121)...)
	for start, want := range map[string]string{"12:00:00": "0", "12:00:01": "60", "12:00:59": "60", "12:01:00": "60", "12:01:01": "120"} {
		q := query("start", "2026-03-02T"+start+"Z", "end", "2026-03-02T13:00:00Z", "size", "1")
		got := get[wireGroup](t, plain(t), srv, insightstest.PathTests, q)
		assert.Equal(t, want, got.Items[0].ID, start)
	}
	got := get[wireGroup](t, plain(t), srv, insightstest.PathTests, query("start", "2026-03-02T12:00:01Z", "end", "2026-03-02T12:00:30Z"))
	assert.Empty(t, got.Items, "the start is after the end then")
}

func TestWithSecondCreation(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithSecondCreation(func(run insights.Test) time.Duration {
		if run.ID == "1" {
			return 90 * time.Minute
		}
		return 0
	}))
	srv.Add(numbered(3)...)
	assert.Equal(t, []string{"0", "1", "2", "1"}, idsOf(page(t, srv)))
	items := page(t, srv)["items"].([]any)
	assert.Equal(t, "2026-03-02T12:00:01Z", items[1].(map[string]any)["creation_time"])
	assert.Equal(t, "2026-03-02T13:30:01Z", items[3].(map[string]any)["creation_time"])
	srv.Update("1", func(run *insights.Test) { run.Name = "new" })
	items = page(t, srv)["items"].([]any)
	require.Len(t, items, 4)
	assert.Equal(t, "new", items[3].(map[string]any)["name"], "both change")
	srv.Remove("1")
	assert.Equal(t, []string{"0", "2"}, idsOf(page(t, srv)))
}

func TestWithoutCreationTime(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithoutCreationTime(func(run insights.Test) bool { return run.ID == "1" || run.ID == "2" }))
	srv.Add(numbered(5)...)
	assert.Equal(t, []string{"0", "3", "4", "1", "2"}, idsOf(page(t, srv)))
	assert.Equal(t, []string{"4", "3", "0", "2", "1"}, idsOf(page(t, srv, "desc", "true")))
	got := page(t, srv, "from", "2", "size", "2")
	assert.Equal(t, []string{"4", "1"}, idsOf(got))
	assert.Equal(t, true, got["has_more"])
	item := got["items"].([]any)[1].(map[string]any)
	assert.Contains(t, item, "creation_time")
	assert.Nil(t, item["creation_time"])
	assert.Equal(t, "2026-03-02T12:00:01Z", item["start_time"])
	only := get[wireGroup](t, plain(t), srv, insightstest.PathTests, query("start", "2026-03-02T12:00:02Z", "end", "2026-03-02T12:00:03Z"))
	assert.Equal(t, []string{"3", "2"}, wireIDs(only.Items), "they lie in a period as ever")
}

func TestWithoutOrder(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithoutOrder(), insightstest.WithLargestPage(1))
	srv.Add(numbered(20)...)
	var got, newest []string
	for from := range 20 {
		got = append(got, idsOf(page(t, srv, "from", strconv.Itoa(from)))...)
		newest = append(newest, idsOf(page(t, srv, "from", strconv.Itoa(from), "desc", "true"))...)
	}
	assert.ElementsMatch(t, ids(numbered(20)), got)
	assert.Equal(t, got, newest, "always the same")
	rising := 0
	for i := 1; i < len(got); i++ {
		if one, _ := strconv.Atoi(got[i-1]); one < first(strconv.Atoi(got[i])) {
			rising++
		}
	}
	assert.Greater(t, rising, 3)
	assert.Less(t, rising, 16)
}

func first(n int, _ error) int { return n }

func TestWithLargerPagesStatus(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithLargestPage(7), insightstest.WithLargerPagesStatus(413))
	page(t, srv, "size", "7")
	refused(t, srv, insightstest.PathTests, 413, "size must not be greater than 7", around("size", "8"))
	refused(t, srv, insightstest.PathTests, 400, "size must be", around("size", "0"))
}

func TestWithOddScalars(t *testing.T) {
	srv := insightstest.New(t, insightstest.WithOddScalars())
	srv.Add(insights.Test{ID: "7", Name: "007", Build: "42", CreationTime: noon, EndTime: noon.Add(time.Minute), Status: insights.StatusErrored},
		insights.Test{ID: "x1", Name: "n", Build: "-3", CreationTime: noon, Duration: 2.5, Error: "12345678901234567890", Status: insights.StatusFailed})
	answer := page(t, srv)
	assert.Equal(t, map[string]any{"status": "200"}, answer["meta"])
	items := answer["items"].([]any)
	one, other := items[0].(map[string]any), items[1].(map[string]any)
	for key, want := range map[string]any{
		"id": json.Number("7"), "name": "007", "build": json.Number("42"), "error": false, "duration": "0", "start_time": "", "end_time": "2026-03-02T12:01:00Z", "os": "",
	} {
		assert.Equal(t, want, one[key], key)
	}
	assert.Equal(t, json.Number("-3"), other["build"])
	assert.Equal(t, "2.5", other["duration"])
	assert.Equal(t, "12345678901234567890", other["error"], "a number beyond what is exact stays a text")
	assert.Equal(t, false, answer["has_more"])
	metrics := get[map[string]any](t, plain(t), srv, insightstest.PathTestMetrics, around("query", "n"))
	assert.Equal(t, "1", metrics["aggs"].(map[string]any)["count"])
}

func TestWithClockSkew(t *testing.T) {
	for _, ahead := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		srv := insightstest.New(t, insightstest.WithClock(func() time.Time { return noon }), insightstest.WithClockSkew(ahead))
		service := noon.Add(ahead)
		srv.Add(insights.Test{ID: "now"}, insights.Test{ID: "before", CreationTime: service.Add(-time.Minute)}, insights.Test{ID: "too old", CreationTime: service.Add(-2 * time.Minute)})
		resp, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, query("time_range", "1m")))
		assert.Equal(t, service.Format(http.TimeFormat), resp.Header.Get("Date"))
		assert.Equal(t, []string{"before", "now"}, idsOf(value(t, []byte(body))), ahead)
		assert.Equal(t, service, srv.Requests()[0].Time)
		run, _ := srv.Test("now")
		assert.Equal(t, service, run.CreationTime)
	}
}

// TestDepartures looks at one sign of each on the wire.
func TestDepartures(t *testing.T) {
	start, end := noon, noon.Add(3*time.Hour)
	runs := insightstest.Generate(5, 400, start, end)
	from := func(from string, pairs ...string) url.Values { return around(append(pairs, "from", from)...) }
	signs := map[string]struct {
		query  url.Values
		status int
		text   string // a regular expression
	}{
		"has-more-absent":     {from("0"), 200, `\}\]\}$`},
		"has-more-null":       {from("0"), 200, `"has_more":null\}$`},
		"lists-cut":           {from("200"), 200, `"items":\[\],"has_more":true`},
		"lists-end":           {from("190", "size", "50"), 200, `"has_more":false`},
		"lists-repeat":        {from("400"), 200, `"items":\[\{.*"has_more":true`},
		"lists-empty":         {from("195"), 200, `"items":\[\],"has_more":true`},
		"lists-refused":       {from("195"), 400, "too large"},
		"lists-refused-422":   {from("195"), 422, "too large"},
		"large-pages-refused": {from("0", "size", "51"), 400, "size must not"},
		"large-pages-413":     {from("0", "size", "51"), 413, "size must not"},
		"period-of-29-days":   {query("time_range", "30d"), 400, "longer than 696h"},
		"odd-scalars":         {from("0"), 200, `"duration":"`},
		"shown-zone":          {query("start", "2026-03-02T12:00:00Z", "end", "2026-03-02T12:59:59Z"), 200, `"creation_time":"2026-03-02T14:`},
		"start-rounded-up":    {query("start", "2026-03-02T14:58:01Z", "end", "2026-03-02T14:58:59Z"), 200, `"items":\[\],"has_more":false`},
		"no-creation-time":    {around("size", "1000"), 200, `"creation_time":null`},
		"no-order":            {from("0", "size", "100"), 200, `^[^}]*\},"items":\[[^}]*\}\],`},
		"newest-first-always": {from("0", "size", "1", "desc", "false"), 200, runs[399].ID},
	}
	tested := 0
	for _, v := range insightstest.Departures() {
		sign, known := signs[v.Name]
		if !known {
			continue // two-replicas, errors-inside, second-creation and the clocks need more than one look; their options have tests
		}
		tested++
		t.Run(v.Name, func(t *testing.T) {
			srv := insightstest.New(t, v.Options...)
			srv.Add(runs...)
			resp, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, sign.query))
			assert.Equal(t, sign.status, resp.StatusCode, body)
			assert.Regexp(t, sign.text, body)
		})
	}
	assert.Equal(t, len(signs), tested)
}

// TestWithMembershipWhileRunsFinish shows how runs that finish during a loop
// leave the place that their creation gave them.
func TestWithMembershipWhileRunsFinish(t *testing.T) {
	finish := map[int][]insights.Test{2: {{ID: "1", CreationTime: noon.Add(time.Second), EndTime: noon.Add(time.Hour), Status: insights.StatusPassed}}}
	srv := insightstest.New(t, insightstest.WithMembership(insightstest.ByEnd), insightstest.WithArrivals(func(n int) []insights.Test { return finish[n] }))
	for i := range 3 {
		srv.Add(insights.Test{ID: strconv.Itoa(i), CreationTime: noon.Add(time.Duration(i) * time.Second), Status: insightstest.StatusInProgress})
	}
	minute := query("start", "2026-03-02T12:00:00Z", "end", "2026-03-02T12:01:00Z")
	assert.Equal(t, []string{"0", "1", "2"}, wireIDs(get[wireGroup](t, plain(t), srv, insightstest.PathTests, minute).Items))
	assert.Equal(t, []string{"0", "2"}, wireIDs(get[wireGroup](t, plain(t), srv, insightstest.PathTests, minute).Items))
}
