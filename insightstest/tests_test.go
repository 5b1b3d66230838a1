package insightstest_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestPathTests(t *testing.T) {
	srv, hc := start(t), plain(t)
	runs := numbered(30)
	for i := range runs {
		runs[i].CreationTime = noon // equal times keep the order in which the runs were added
	}
	srv.Add(runs...)
	for _, from := range []int{0, 1, 7, 29, 30, 31} {
		for _, size := range []int{1, 10, 30, 100} {
			page := func(desc string) []string {
				q := around("from", strconv.Itoa(from), "size", strconv.Itoa(size), "desc", desc)
				got := get[wireGroup](t, hc, srv, insightstest.PathTests, q)
				assert.Equal(t, from+size < 30, got.HasMore, "from %d, size %d", from, size)
				return wireIDs(got.Items)
			}
			first, end := min(from, 30), min(from+size, 30)
			oldest, newest := []string{}, []string{}
			for i := first; i < end; i++ {
				oldest, newest = append(oldest, strconv.Itoa(i)), append(newest, strconv.Itoa(29-i))
			}
			assert.Equal(t, oldest, page("false"), "from %d, size %d", from, size)
			assert.Equal(t, newest, page("true"), "from %d, size %d, newest first", from, size)
		}
	}
}

func TestWithLargestPage(t *testing.T) {
	length := func(t *testing.T, srv *insightstest.Server, pairs ...string) int {
		return len(get[wireGroup](t, plain(t), srv, insightstest.PathTests, around(pairs...)).Items)
	}
	t.Run("a page has 10 runs by default", func(t *testing.T) {
		srv := start(t)
		srv.Add(numbered(20)...)
		assert.Equal(t, 10, length(t, srv))
	})
	t.Run("row 8: a larger page is cut down", func(t *testing.T) {
		srv := start(t, insightstest.WithLargestPage(7))
		srv.Add(numbered(20)...)
		assert.Equal(t, 7, length(t, srv))
		assert.Equal(t, 7, length(t, srv, "size", "100"))
	})
	t.Run("row 8: or refused", func(t *testing.T) {
		srv := start(t, insightstest.WithLargestPage(7), insightstest.WithLargerPagesRefused())
		srv.Add(numbered(20)...)
		assert.Equal(t, 7, length(t, srv, "size", "7"))
		refused(t, srv, insightstest.PathTests, http.StatusBadRequest, "size must not be greater than 7", around("size", "8"))
	})
	t.Run("row 8: the result window ends at from+size", func(t *testing.T) {
		srv := start(t)
		srv.Add(numbered(20)...)
		assert.Zero(t, length(t, srv, "from", "9990", "size", "10"))
		refused(t, srv, insightstest.PathTests, http.StatusBadRequest, "[10000]", around("from", "9991", "size", "10"))
	})
}

func TestWithDefaultOrder(t *testing.T) {
	tests := map[string]struct {
		option insightstest.Option
		desc   string
		first  string
	}{
		"row 11: the reference has the oldest first":  {nil, "", "0"},
		"row 11: the newest first":                    {insightstest.WithDefaultOrder(insights.NewestFirst), "", "2"},
		"row 11: desc counts more than the default":   {insightstest.WithDefaultOrder(insights.NewestFirst), "false", "0"},
		"row 11: a server that does not look at desc": {insightstest.WithFixedOrder(insights.NewestFirst), "false", "2"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := start(t, options(test.option)...)
			srv.Add(numbered(3)...)
			got := get[wireGroup](t, plain(t), srv, insightstest.PathTests, around("desc", test.desc))
			assert.Equal(t, test.first, got.Items[0].ID)
		})
	}
}

// options are the options that are not nil.
func options(opts ...insightstest.Option) []insightstest.Option {
	var list []insightstest.Option
	for _, o := range opts {
		if o != nil {
			list = append(list, o)
		}
	}
	return list
}

func TestWithHasMore(t *testing.T) {
	tests := map[string]struct {
		mode insightstest.HasMore
		want string // has_more of the pages from 0, 2 and 4 of 4 runs
	}{
		"true":                {insightstest.HasMoreIfTrue, "true false false"},
		"row 10: a full page": {insightstest.HasMoreIfFull, "true true false"},
		"row 10: any page":    {insightstest.HasMoreIfAny, "true true false"},
		"row 10: always":      {insightstest.HasMoreAlways, "true true true"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv, hc := start(t, insightstest.WithHasMore(test.mode)), plain(t)
			srv.Add(numbered(4)...)
			var got []string
			for _, from := range []string{"0", "2", "4"} {
				page := get[wireGroup](t, hc, srv, insightstest.PathTests, around("size", "2", "from", from))
				got = append(got, strconv.FormatBool(page.HasMore))
			}
			assert.Equal(t, test.want, strings.Join(got, " "))
		})
	}
	t.Run("row 10: any page, or a full one", func(t *testing.T) {
		for mode, want := range map[insightstest.HasMore]bool{insightstest.HasMoreIfFull: false, insightstest.HasMoreIfAny: true} {
			srv := start(t, insightstest.WithHasMore(mode))
			srv.Add(numbered(1)...)
			assert.Equal(t, want, get[wireGroup](t, plain(t), srv, insightstest.PathTests, around("size", "2")).HasMore)
		}
	})
}

func TestWithArrivals(t *testing.T) {
	later := numbered(9)
	for _, path := range allPaths { // row 9
		t.Run(path, func(t *testing.T) {
			srv := start(t, insightstest.WithArrivals(func(request int) []insights.Test {
				return later[3*(request-1) : 3*request]
			}))
			hc := plain(t)
			refused(t, srv, path, http.StatusBadRequest, "", query())
			for want := 3; want < 9; want += 3 {
				ask(t, hc, request(t, srv, path, everything(path)))
			}
			got := get[wireGroup](t, hc, srv, insightstest.PathTests, around("size", "100"))
			assert.Len(t, got.Items, 9)
		})
	}
}

func TestServerPeriods(t *testing.T) {
	srv := start(t, insightstest.WithClock(func() time.Time { return noon.Add(10 * time.Second) }))
	srv.Add(numbered(30)...)
	hc := plain(t)
	tests := map[string]struct {
		pairs []string
		want  int
	}{
		"instants":                          {[]string{"start", "2026-03-02T12:00:05Z", "end", "2026-03-02T12:00:08Z"}, 4},
		"row 22: with an offset":            {[]string{"start", "2026-03-02T13:00:05+01:00", "end", "2026-03-02T13:00:08+01:00"}, 4},
		"row 3: with a fraction":            {[]string{"start", "2026-03-02T12:00:05.5Z", "end", "2026-03-02T12:00:08Z"}, 3},
		"row 4: Unix seconds":               {[]string{"start", strconv.FormatInt(noon.Unix()+5, 10), "end", strconv.FormatInt(noon.Unix()+8, 10)}, 4},
		"backward from now":                 {[]string{"time_range", "3s"}, 4},
		"in minutes":                        {[]string{"time_range", "1m"}, 11},
		"in hours":                          {[]string{"time_range", "1h"}, 11},
		"in days":                           {[]string{"time_range", "7d"}, 11},
		"row 19: with a minus":              {[]string{"time_range", "-3s"}, 4},
		"row 12: unknown names are ignored": {[]string{"time_range", "3s", "mainDocumentTransferSize", "1"}, 4},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := get[wireGroup](t, hc, srv, insightstest.PathTests, query(append(test.pairs, "size", "100")...))
			assert.Len(t, got.Items, test.want)
		})
	}
}

func TestWithDialect(t *testing.T) {
	runs := numbered(4)
	runs[3].Build, runs[3].Name = "b", "other"
	tests := map[string]struct {
		option insightstest.Option
		pairs  []string
		want   []string
	}{
		"both: query":                   {nil, []string{"query", "other"}, []string{"3"}},
		"both: name":                    {nil, []string{"name", "other"}, []string{"3"}},
		"both: missing_build":           {nil, []string{"missing_build", ""}, []string{"0", "1", "2"}},
		"both: build_missing":           {nil, []string{"build_missing", "true"}, []string{"0", "1", "2"}},
		"both: build_missing is a flag": {nil, []string{"build_missing", "false"}, []string{"0", "1", "2", "3"}},
		"both: descending":              {nil, []string{"descending", "true"}, []string{"3", "2", "1", "0"}},
		"reference ignores name":        {insightstest.WithDialect(insights.DialectReference), []string{"name", "other"}, []string{"0", "1", "2", "3"}},
		"reference: query":              {insightstest.WithDialect(insights.DialectReference), []string{"query", "other"}, []string{"3"}},
		"renamed ignores query":         {insightstest.WithDialect(insights.DialectRenamed), []string{"query", "other"}, []string{"0", "1", "2", "3"}},
		"renamed ignores missing_build": {insightstest.WithDialect(insights.DialectRenamed), []string{"missing_build", ""}, []string{"0", "1", "2", "3"}},
		"renamed: descending":           {insightstest.WithDialect(insights.DialectRenamed), []string{"descending", "true", "desc", "false"}, []string{"3", "2", "1", "0"}},
	}
	for name, test := range tests {
		t.Run("row 12: "+name, func(t *testing.T) {
			srv := start(t, options(test.option)...)
			srv.Add(runs...)
			got := get[wireGroup](t, plain(t), srv, insightstest.PathTests, around(test.pairs...))
			assert.Equal(t, test.want, wireIDs(got.Items))
		})
	}
}

func TestWithDefaultScope(t *testing.T) {
	srv := start(t, insightstest.WithDefaultScope(insights.ScopeMe), insightstest.WithCredentials("ann", "k3y"))
	srv.Add(insights.Test{ID: "mine", CreationTime: noon}, insights.Test{ID: "bob's", Owner: "bob", CreationTime: noon})
	hc := plain(t)
	for pairs, want := range map[string][]string{
		"":                   {"mine"}, // row 37
		"scope=organization": {"mine", "bob's"},
		"owner=bob":          {"bob's"},
	} {
		q := around()
		if name, value, ok := strings.Cut(pairs, "="); ok {
			q.Set(name, value)
		}
		assert.Equal(t, want, wireIDs(get[wireGroup](t, hc, srv, insightstest.PathTests, q).Items), pairs)
	}
}

func TestWithOptionalPeriod(t *testing.T) {
	srv := start(t, insightstest.WithOptionalPeriod(), insightstest.WithMembership(insightstest.ByEnd))
	srv.Add(numbered(3)...)
	got := get[wireGroup](t, plain(t), srv, insightstest.PathTests, query()) // row 6
	require.Len(t, got.Items, 3)
}
