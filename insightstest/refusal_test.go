package insightstest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// refused checks that a request gets a status, and JSON with a message.
func refused(t *testing.T, srv *insightstest.Server, path string, status int, message string, q url.Values) {
	t.Helper()
	resp, body := ask(t, plain(t), request(t, srv, path, q))
	assert.Equal(t, status, resp.StatusCode, body)
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	var got struct {
		Message string `json:"message"`
		Meta    struct {
			Status int `json:"status"`
		} `json:"meta"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &got), body)
	assert.Contains(t, got.Message, message)
	assert.Equal(t, status, got.Meta.Status)
}

func TestServerRefuses(t *testing.T) {
	const required = "start and end parameters are required."
	tests := map[string]struct {
		path    string
		query   url.Values
		message string
	}{
		"no period":                     {insightstest.PathTests, query(), required},
		"no end":                        {insightstest.PathTests, query("start", "2026-03-02T00:00:00Z"), required},
		"no start":                      {insightstest.PathBuildsTests, query("end", "2026-03-02T00:00:00Z"), required},
		"row 5: both forms":             {insightstest.PathTests, around("time_range", "1d"), "not both"},
		"row 5: half of both forms":     {insightstest.PathTests, query("time_range", "1d", "end", "2026-03-02T00:00:00Z"), "not both"},
		"a start that is no time":       {insightstest.PathTests, query("start", "yesterday", "end", "2026-03-02T00:00:00Z"), "start must be a time"},
		"an end that is no time":        {insightstest.PathErrorTrends, query("start", "1", "end", "2026-03-02"), "end must be a time"},
		"start after end":               {insightstest.PathTests, query("start", "2", "end", "1"), "before end"},
		"start at end":                  {insightstest.PathTests, query("start", "2", "end", "2"), "before end"},
		"time_range without unit":       {insightstest.PathTests, query("time_range", "7"), "time_range must be"},
		"time_range of nothing":         {insightstest.PathTests, query("time_range", "0d"), "time_range must be"},
		"time_range with an odd unit":   {insightstest.PathTests, query("time_range", "7w"), "time_range must be"},
		"time_range beyond all bounds":  {insightstest.PathTests, query("time_range", "2000000000d"), "time_range must be"},
		"time_range with a fraction":    {insightstest.PathTests, query("time_range", "1.5h"), "time_range must be"},
		"an unknown scope":              {insightstest.PathTests, around("scope", "team"), "scope must be"},
		"row 37: single without owner":  {insightstest.PathTestTrends, around("interval", "1h", "scope", "single"), "owner is required"},
		"row 37: single, empty owner":   {insightstest.PathTests, around("scope", "single", "owner", ""), "owner is required"},
		"an unknown status":             {insightstest.PathBuildsTests, around("status", "PASSED"), "status must be"},
		"a negative from":               {insightstest.PathTests, around("from", "-1"), "from must be"},
		"a from that is no number":      {insightstest.PathTests, around("from", "x"), "from must be"},
		"size 0":                        {insightstest.PathTests, around("size", "0"), "size must be"},
		"a size that is no number":      {insightstest.PathTests, around("size", "ten"), "size must be"},
		"desc":                          {insightstest.PathTests, around("desc", "up"), "desc must be"},
		"descending":                    {insightstest.PathTests, around("descending", "up"), "descending must be"},
		"metrics without query":         {insightstest.PathTestMetrics, around(), "query parameter is required"},
		"metrics with an empty query":   {insightstest.PathTestMetrics, around("query", ""), "query parameter is required"},
		"trends without interval":       {insightstest.PathTestTrends, around(), "interval parameter is required"},
		"row 20: a bad interval":        {insightstest.PathTestTrends, around("interval", "1y"), "interval must be"},
		"row 20: an interval of nought": {insightstest.PathTestTrends, around("interval", "0s"), "interval must be"},
		"row 20: too many buckets":      {insightstest.PathTestTrends, around("interval", "1s"), "too many buckets"},
	}
	srv := start(t)
	srv.Add(insights.Test{CreationTime: noon}, insights.Test{CreationTime: noon.Add(10_000 * time.Second)})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, srv, test.path, http.StatusBadRequest, test.message, test.query)
		})
	}
	t.Run("a query string that can't be read", func(t *testing.T) {
		req := request(t, srv, insightstest.PathTests, around())
		req.URL.RawQuery += "&build=%zz"
		resp, body := ask(t, plain(t), req)
		assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
		assert.Contains(t, body, "query string")
	})
}

func TestOptionRefuses(t *testing.T) {
	tests := map[string]struct {
		option insightstest.Option
		path   string
		query  url.Values
		status int
		text   string
	}{
		"row 4: no Unix time":            {insightstest.WithoutUnixTime(), insightstest.PathTests, query("start", "1", "end", "2"), 400, "start must be a time"},
		"row 7: too long a period":       {insightstest.WithLongestPeriod(time.Hour), insightstest.PathTests, around(), 400, "longer than 1h0m0s"},
		"row 12: an unknown parameter":   {insightstest.WithStrictParameters(), insightstest.PathTests, around("os", "Linux"), 422, "unknown parameter: os"},
		"row 12: a newer name elsewhere": {insightstest.WithStrictParameters(), insightstest.PathBuildsTests, around("name", "x"), 422, "unknown parameter: name"},
		"row 12: one given twice":        {insightstest.WithStrictParameters(), insightstest.PathTests, around("size", "1", "size", "2"), 422, "size was given more than once"},
		"row 15: two statuses":           {insightstest.WithStrictParameters(), insightstest.PathTests, around("status", "passed", "status", "failed"), 422, "status was given more than once"},
		"row 20: not in the list":        {insightstest.WithListedIntervals(), insightstest.PathTestTrends, around("interval", "2h"), 400, "interval must be"},
		"row 31: no error trends":        {insightstest.WithoutErrorTrends(), insightstest.PathErrorTrends, around(), 404, "Not found."},
		"row 36: another status":         {insightstest.WithInvalidStatus(422), insightstest.PathTests, query(), 422, "are required"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, start(t, test.option), test.path, test.status, test.text, test.query)
		})
	}
}

func TestWithStrictParameters(t *testing.T) {
	srv := start(t, insightstest.WithStrictParameters(), insightstest.WithListedIntervals(), insightstest.WithLongestPeriod(24*time.Hour))
	everyName := around("scope", "single", "owner", "a", "status", "passed", "build", "b", "error", "e", "from", "0", "size", "1",
		"query", "q", "missing_build", "", "desc", "true", "name", "q", "build_missing", "true", "descending", "true")
	get[wireGroup](t, plain(t), srv, insightstest.PathTests, everyName)
	get[wireGroup](t, plain(t), srv, insightstest.PathTests, around("owner", "a", "owner", "b"))
	get[wireAny](t, plain(t), srv, insightstest.PathTestTrends, around("os", "a", "os", "b", "browser", "c", "browser", "d", "interval", "1h"))
	get[wireAny](t, plain(t), srv, insightstest.PathTestTrends, around("os", "a", "browser", "b", "interval", "6h"))
	get[wireAny](t, plain(t), srv, insightstest.PathTestTrends, around()) // row 20: one day
}

func TestWithCredentials(t *testing.T) {
	tests := map[string]struct {
		username, key string
		option        insightstest.Option
		status        int
	}{
		"right":                    {insightstest.Username, insightstest.AccessKey, nil, 200},
		"wrong key":                {insightstest.Username, "x", nil, 401},
		"wrong user":               {"x", insightstest.AccessKey, nil, 401},
		"row 36: 403":              {"x", "wr0ng", insightstest.WithUnauthorizedStatus(403), 403},
		"of another account":       {"ann", "s3:cret", insightstest.WithCredentials("ann", "s3:cret"), 200},
		"the default's no more":    {insightstest.Username, insightstest.AccessKey, insightstest.WithCredentials("ann", "s3cret"), 401},
		"before the path is asked": {"x", "wr0ng", insightstest.WithoutErrorTrends(), 401},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := start(t, options(test.option)...)
			req := request(t, srv, insightstest.PathErrorTrends, around())
			req.SetBasicAuth(test.username, test.key)
			resp, body := ask(t, plain(t), req)
			assert.Equal(t, test.status, resp.StatusCode)
			assert.True(t, json.Valid([]byte(body)))
			assert.NotContains(t, body, test.key)
		})
	}
	t.Run("none at all", func(t *testing.T) {
		req := request(t, start(t), insightstest.PathTests, around())
		req.Header.Del("Authorization")
		resp, _ := ask(t, plain(t), req)
		assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		assert.Contains(t, resp.Header.Get("WWW-Authenticate"), "Basic")
	})
}

func TestServerPaths(t *testing.T) {
	srv := start(t)
	refused(t, srv, "/v1/analytics", http.StatusNotFound, "Not found.", query())
	refused(t, srv, insightstest.PathTests+"/", http.StatusNotFound, "Not found.", query())
	for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions} {
		req := request(t, srv, insightstest.PathTests, around())
		req.Method = method
		resp, _ := ask(t, plain(t), req)
		assert.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode, method)
		assert.Equal(t, http.MethodGet, resp.Header.Get("Allow"))
	}
}

func TestWithErrorShape(t *testing.T) {
	tests := map[insightstest.ErrorShape]struct{ contentType, want string }{
		insightstest.ErrorMessage:    {"application/json", `{"message":"size must be a whole number, at least 1.","meta":{"status":400}}`},
		insightstest.ErrorDetail:     {"application/json", `{"detail":"size must be a whole number, at least 1."}`},
		insightstest.ErrorDetailList: {"application/json", `{"detail":[{"loc":["query","size"],"msg":"size must be a whole number, at least 1.","type":"value_error"}]}`},
		insightstest.ErrorFields:     {"application/json", `{"size":["size must be a whole number, at least 1."]}`},
		insightstest.ErrorText:       {"text/plain; charset=utf-8", "size must be a whole number, at least 1."},
		insightstest.ErrorEmpty:      {"text/plain; charset=utf-8", ""},
	}
	for shape, test := range tests { // row 28
		srv := start(t, insightstest.WithErrorShape(shape))
		resp, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, around("size", "x")))
		assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
		assert.Equal(t, test.contentType, resp.Header.Get("Content-Type"))
		assert.Equal(t, test.want, body)
	}
	srv := start(t, insightstest.WithErrorShape(insightstest.ErrorHTML))
	resp, body := ask(t, plain(t), request(t, srv, insightstest.PathTests, around("size", "x")))
	assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
	assert.True(t, strings.HasPrefix(body, "<!DOCTYPE html>"))
}

func TestOptionPanics(t *testing.T) {
	tests := map[string]func(){
		"WithCredentials":        func() { insightstest.WithCredentials("a:b", "k") },
		"an empty key":           func() { insightstest.WithCredentials("a", "") },
		"WithListener":           func() { insightstest.WithListener(nil) },
		"WithClock":              func() { insightstest.WithClock(nil) },
		"WithLatency":            func() { insightstest.WithLatency(-1) },
		"WithServerLimit":        func() { insightstest.WithServerLimit(-1, 1) },
		"WithServerLimit, huge":  func() { insightstest.WithServerLimit(1, 1_000_001) },
		"WithArrivals":           func() { insightstest.WithArrivals(nil) },
		"WithOnRequest":          func() { insightstest.WithOnRequest(nil) },
		"WithEnds":               func() { insightstest.WithEnds(3) },
		"WithMembership":         func() { insightstest.WithMembership(-1) },
		"WithDefaultScope":       func() { insightstest.WithDefaultScope(insights.ScopeSingle) },
		"WithPlatformNames":      func() { insightstest.WithPlatformNames(3) },
		"WithLongestPeriod":      func() { insightstest.WithLongestPeriod(0) },
		"WithLargestPage":        func() { insightstest.WithLargestPage(0) },
		"WithResultWindow":       func() { insightstest.WithResultWindow(1) },
		"WithListLimit":          func() { insightstest.WithListLimit(0, insightstest.BeyondCut) },
		"WithListLimit, unknown": func() { insightstest.WithListLimit(1, 5) },
		"WithErrorsInside":       func() { insightstest.WithErrorsInside(0) },
		"WithStartRoundedUp":     func() { insightstest.WithStartRoundedUp(time.Millisecond) },
		"WithSecondCreation":     func() { insightstest.WithSecondCreation(nil) },
		"WithoutCreationTime":    func() { insightstest.WithoutCreationTime(nil) },
		"WithLargerPagesStatus":  func() { insightstest.WithLargerPagesStatus(200) },
		"WithDefaultOrder":       func() { insightstest.WithDefaultOrder("") },
		"WithFixedOrder":         func() { insightstest.WithFixedOrder("up") },
		"WithHasMore":            func() { insightstest.WithHasMore(6) },
		"WithDialect":            func() { insightstest.WithDialect(2) },
		"WithInvalidStatus":      func() { insightstest.WithInvalidStatus(200) },
		"WithUnauthorizedStatus": func() { insightstest.WithUnauthorizedStatus(500) },
		"WithErrorShape":         func() { insightstest.WithErrorShape(7) },
		"WithErrorSpelling":      func() { insightstest.WithErrorSpelling(insights.StatusFailed) },
		"WithTimes":              func() { insightstest.WithTimes(4) },
		"WithBucketTimes":        func() { insightstest.WithBucketTimes(3) },
		"Generate":               func() { insightstest.Generate(1, -1, noon, noon) },
		"Generate, no second":    func() { insightstest.Generate(1, 1, noon, noon.Add(-1)) },
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		assert.Panics(t, tests[name], name)
	}
}
