package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// beyond are the variants whose answers hold more than is described, and what.
// All others fit the description as it is, with no member that it lacks.
var beyond = map[string][]allowance{
	"extra-fields":       {furtherMembers},
	"nulls":              {nulls},
	"hostile":            {furtherMembers, nulls},
	"times-without-zone": {timesWithoutZone},
	"as-seen-live":       {furtherMembers, nulls},
}

// TestAnswersFitTheDescription makes the five calls of every variant with
// random options over random runs.
func TestAnswersFitTheDescription(t *testing.T) {
	for _, v := range insightstest.Variants() {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			doc := describe(t, beyond[v.Name]...)
			for _, e := range exchanges(t, v.Options) {
				assert.NoError(t, doc.checkRequest(e.req), e.req.URL)
				assert.NoError(t, doc.checkAnswer(e.req, e.resp, e.body), e.req.URL)
			}
		})
	}
}

// TestAllowancesAreNeeded takes each of them away in turn.
func TestAllowancesAreNeeded(t *testing.T) {
	for _, v := range insightstest.Variants() {
		for i := range beyond[v.Name] {
			t.Run(v.Name, func(t *testing.T) {
				t.Parallel()
				others := append(beyond[v.Name][:i:i], beyond[v.Name][i+1:]...)
				assert.NotZero(t, misfits(describe(t, others...), exchanges(t, v.Options)))
			})
		}
	}
}

func misfits(doc *description, list []exchange) int {
	n := 0
	for _, e := range list {
		if doc.checkAnswer(e.req, e.resp, e.body) != nil {
			n++
		}
	}
	return n
}

// exchange is a request of the SDK and what the server said.
type exchange struct {
	req  *http.Request
	resp *http.Response
	body []byte
}

// recorder is a transport that keeps what passes through it.
type recorder struct {
	http.Transport
	mu        sync.Mutex
	exchanges []exchange
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, exchange{req, resp, body})
	return resp, nil
}

var (
	firstDay = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	lastDay  = firstDay.AddDate(0, 0, 7)
)

// exchanges makes the five calls of a server several times.
func exchanges(t *testing.T, opts []insightstest.Option) []exchange {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	srv := insightstest.NewServer(append(opts, insightstest.WithClock(func() time.Time { return lastDay }))...)
	defer srv.Close()
	runs := randomRuns(r)
	srv.Add(runs...)
	rec := new(recorder)
	client := srv.Client(insights.WithHTTPClient(&http.Client{Transport: rec}))
	for range 6 {
		callAll(t, client, randomOptions(r, runs), runs[r.IntN(generatedRuns)].Name)
	}
	return rec.exchanges
}

// callAll makes the five calls and a loop over all runs with the same options,
// and asks for the metrics of a test.
func callAll(t *testing.T, client *insights.Client, o insights.TestsOptions, test string) {
	t.Helper()
	ctx := t.Context()
	succeeds := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
	succeeds(client.Tests(ctx, o))
	succeeds(client.TestMetrics(ctx, insights.TestMetricsOptions{Period: o.Period, Scope: o.Scope, Owner: o.Owner, Query: test}))
	succeeds(client.TestTrends(ctx, insights.TestTrendsOptions{Period: o.Period, Scope: o.Scope, Owner: o.Owner, Status: o.Status, OS: []string{"Linux", "Windows"}, Interval: 6 * time.Hour}))
	succeeds(client.BuildsTests(ctx, insights.BuildsTestsOptions{Period: o.Period, Scope: o.Scope, Owner: o.Owner}))
	failures, err := client.ErrorTrends(ctx, insights.ErrorTrendsOptions{Period: o.Period, Scope: o.Scope, Owner: o.Owner, Status: o.Status, Browser: []string{"Chrome", "Safari"}})
	if !errors.Is(err, insights.ErrNotFound) { // the newer documentation has no such call
		succeeds(failures, err)
	}
	for run, err := range client.AllTests(ctx, o) {
		succeeds(run, err)
	}
}

const generatedRuns = 150

// randomRuns are what Generate makes, and runs that nobody would expect.
func randomRuns(r *rand.Rand) []insights.Test {
	runs := insightstest.Generate(r.Uint64(), generatedRuns, firstDay, lastDay)
	for range 60 {
		runs = append(runs, insights.Test{
			Owner:        randomOf(r, "mia", insightstest.Username),
			Name:         randomText(r),
			Build:        randomText(r),
			Error:        randomText(r),
			OS:           randomText(r),
			Browser:      randomText(r),
			CreationTime: firstDay.Add(time.Duration(r.Int64N(int64(lastDay.Sub(firstDay))))),
			Duration:     insights.Seconds(r.ExpFloat64()),
			Status:       randomOf(r, "", insights.StatusPassed, insights.StatusFailed, insights.StatusErrored, insights.StatusError),
		})
	}
	return runs
}

func randomOf[T any](r *rand.Rand, values ...T) T {
	return values[r.IntN(len(values))]
}

// randomText is empty one time in four.
func randomText(r *rand.Rand) string {
	text := make([]rune, r.IntN(4)*4)
	for i := range text {
		text[i] = randomOf(r, 'a', ' ', '"', '\\', '\n', 0, '/', 'é', '日', '\u2028', '😀', rune(r.IntN(0x10000)))
	}
	return string(text)
}

// randomOptions select some of the runs, mostly not all.
func randomOptions(r *rand.Rand, runs []insights.Test) insights.TestsOptions {
	run := randomOf(r, runs...)
	start := firstDay.Add(time.Duration(r.IntN(72)) * time.Hour)
	o := insights.TestsOptions{
		Period: randomOf(r, insights.Last(5*24*time.Hour), insights.Between(start, start.Add(72*time.Hour))),
		Scope:  randomOf(r, "", insights.ScopeMe, insights.ScopeOrganization),
		Status: randomOf(r, "", "", insights.StatusPassed, insights.StatusFailed, insights.StatusErrored, insights.StatusComplete),
		Order:  randomOf(r, "", insights.OldestFirst, insights.NewestFirst),
		Size:   20 + r.IntN(30),
	}
	switch r.IntN(6) {
	case 0:
		o.Scope, o.Owner = insights.ScopeSingle, []string{run.Owner, insightstest.Username}
	case 1:
		o.Build = run.Build
	case 2:
		o.MissingBuild = true
	case 3:
		o.Query = run.Name
	case 4:
		o.Error = run.Error
	}
	return o
}

// TestReferenceFitsTheDescription shows that the description is that of the
// reference, not of the server: with the reference's own requests and answers.
func TestReferenceFitsTheDescription(t *testing.T) {
	doc := describe(t)
	for _, sample := range referenceSamples {
		t.Run(sample.answer, func(t *testing.T) {
			req := newRequest(t, "https://api.us-west-1.saucelabs.com"+sample.request, "user", "key")
			require.NoError(t, doc.checkRequest(req))
			body, err := os.ReadFile(filepath.Join("..", "testdata", sample.answer))
			require.NoError(t, err)
			resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}
			assert.NoError(t, doc.checkAnswer(req, resp, body))
		})
	}
}

// referenceSamples are the sample requests of the reference, the files with the
// answers that it shows for them, and what holds an answer for runsOfTheSamples.
var referenceSamples = []struct{ answer, request, holds string }{
	{"tests.json", "/v1/analytics/tests?start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z&size=10&from=10&build=build-123", `"has_more":true`},
	{"test_metrics.json", "/v1/analytics/insights/test-metrics?start=1515687172&end=1516291972&query=AnalyticsSeleniumTest%20on%20OS%20X%2010.10", `"count":3,`},
	{"test_trends.json", "/v1/analytics/trends/tests?interval=1h&start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z&os=Linux", `"metrics":{"os":{"Linux":`},
	{"builds_tests.json", "/v1/analytics/trends/builds_tests?start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z", `"name":"build-123"`},
	{"error_trends.json", "/v1/analytics/trends/errors?start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z&scope=organization", `"buckets":[{"name":"`},
}

func newRequest(t *testing.T, url, username, key string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	req.SetBasicAuth(username, key)
	return req
}

// TestRefusalsFitTheDescription checks every shape and reason of a refusal.
func TestRefusalsFitTheDescription(t *testing.T) {
	doc := describe(t)
	for shape := insightstest.ErrorMessage; shape <= insightstest.ErrorEmpty; shape++ {
		srv := insightstest.NewServer(insightstest.WithErrorShape(shape), insightstest.WithServerLimit(4, 0), insightstest.WithClock(func() time.Time { return lastDay }))
		defer srv.Close()
		srv.Fail(insightstest.Outage(1))
		statuses := map[int]bool{}
		for _, key := range []string{"", "wrong", insightstest.AccessKey, insightstest.AccessKey, "", insightstest.AccessKey} {
			req := newRequest(t, srv.URL+insightstest.PathTests+"?size=none", insightstest.Username, key)
			resp, body := fetch(t, req)
			statuses[resp.StatusCode] = true
			assert.NoError(t, doc.checkAnswer(req, resp, body), "shape %d, status %d", shape, resp.StatusCode)
		}
		assert.Equal(t, map[int]bool{503: true, 401: true, 400: true, 429: true}, statuses)
	}
}

func fetch(t *testing.T, req *http.Request) (*http.Response, []byte) {
	t.Helper()
	rec := new(recorder)
	defer rec.CloseIdleConnections()
	resp, err := rec.RoundTrip(req)
	require.NoError(t, err)
	return resp, rec.exchanges[0].body
}

// TestServerKnowsWhatIsDescribed asks a server that refuses unknown names with
// the example of every parameter.
func TestServerKnowsWhatIsDescribed(t *testing.T) {
	doc := describe(t)
	srv := insightstest.NewServer(insightstest.WithStrictParameters())
	defer srv.Close()
	for path, item := range doc.Paths.Map() {
		for _, without := range [][]string{{"time_range"}, {"start", "end"}} {
			query := examples(item.Get.Parameters, without)
			req := newRequest(t, srv.URL+path+"?"+query.Encode(), insightstest.Username, insightstest.AccessKey)
			require.NoError(t, doc.checkRequest(req))
			resp, body := fetch(t, req)
			assert.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", req.URL, body)
		}
		query := examples(item.Get.Parameters, []string{"time_range"})
		query.Set("mainDocumentTransferSize", "10") // the misprint of the reference
		req := newRequest(t, srv.URL+path+"?"+query.Encode(), insightstest.Username, insightstest.AccessKey)
		require.Error(t, doc.checkRequest(req))
		resp, _ := fetch(t, req)
		assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	}
}

func examples(parameters openapi3.Parameters, without []string) url.Values {
	query := url.Values{}
	for _, p := range parameters {
		if slices.Contains(without, p.Value.Name) {
			continue
		}
		values, isList := p.Value.Example.([]any)
		if !isList {
			values = []any{p.Value.Example}
		}
		for _, v := range values {
			query.Add(p.Value.Name, fmt.Sprint(v))
		}
	}
	return query
}
