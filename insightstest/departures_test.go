package insightstest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights/insightstest"
)

// The tests of services that depart from what a client may assume look at the
// wire: what a client makes of it is the client's to promise.

// page is what /tests answers for the day around noon.
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
