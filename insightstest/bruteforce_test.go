package insightstest_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// The answers as they are on the wire, as far as they are compared.
type (
	wireRun struct {
		ID    string  `json:"id"`
		Error *string `json:"error"`
	}
	wireGroup struct {
		Items   []wireRun `json:"items"`
		HasMore bool      `json:"has_more"`
	}
	wireCount struct {
		Name  *string `json:"name"`
		Count float64 `json:"count"`
	}
	wireMetrics struct {
		Aggs struct {
			Count          float64            `json:"count"`
			FastestRun     *wireRun           `json:"fastestRun"`
			SlowestRun     *wireRun           `json:"slowestRun"`
			Statuses       map[string]float64 `json:"statuses"`
			TotalQueueTime float64            `json:"totalQueueTime"`
			TotalRunTime   float64            `json:"totalRunTime"`
		} `json:"aggs"`
	}
	wireTrends struct {
		Buckets []struct {
			Timestamp any                    `json:"timestamp"`
			Count     float64                `json:"count"`
			Aggs      map[string][]wireCount `json:"aggs"`
		} `json:"buckets"`
		Metrics map[string]map[string]float64 `json:"metrics"`
	}
	wireBuilds struct {
		Builds struct {
			Items []struct {
				Name       string    `json:"name"`
				TestsCount float64   `json:"tests_count"`
				Duration   float64   `json:"duration"`
				Tests      []wireRun `json:"tests"`
				HasMore    bool      `json:"has_more"`
				Aggs       struct {
					Status []wireCount `json:"status"`
				} `json:"aggs"`
			} `json:"items"`
			HasMore bool `json:"has_more"`
		} `json:"builds"`
		TestsMissingBuild wireGroup `json:"tests_missing_build"`
	}
	wireErrors struct {
		Buckets []struct {
			Name  string  `json:"name"`
			Count float64 `json:"count"`
			wireGroup
		} `json:"buckets"`
	}
)

// model is the service again, in the plainest way: every question looks at
// every run.
type model struct {
	runs       []insights.Test // as they were added
	ends       insightstest.Ends
	membership insightstest.Membership
	platforms  insightstest.PlatformNames
	partial    bool
	newest     bool // the default order
	errored    insights.Status
}

func (m *model) options() []insightstest.Option {
	opts := []insightstest.Option{
		insightstest.WithEnds(m.ends), insightstest.WithMembership(m.membership), insightstest.WithPlatformNames(m.platforms),
		insightstest.WithErrorSpelling(m.errored),
	}
	if m.partial {
		opts = append(opts, insightstest.WithPartialMatch())
	}
	if m.newest {
		opts = append(opts, insightstest.WithDefaultOrder(insights.NewestFirst))
	}
	return opts
}

func (m *model) timeOf(t insights.Test) time.Time {
	switch {
	case m.membership == insightstest.ByStart && !t.StartTime.IsZero():
		return t.StartTime
	case m.membership == insightstest.ByEnd:
		return t.EndTime
	}
	return t.CreationTime
}

func (m *model) inPeriod(t insights.Test, q url.Values) bool {
	start, _ := time.Parse(time.RFC3339, q.Get("start"))
	end, _ := time.Parse(time.RFC3339, q.Get("end"))
	at := m.timeOf(t)
	afterStart := at.After(start) || at.Equal(start) && m.ends != insightstest.ExclusiveEnds
	beforeEnd := at.Before(end) || at.Equal(end) && m.ends == insightstest.InclusiveEnds
	return afterStart && beforeEnd
}

func (m *model) textMatches(value, wanted string) bool {
	if m.partial {
		return strings.Contains(strings.ToLower(value), strings.ToLower(wanted))
	}
	return wanted == "" || value == wanted
}

func (m *model) platformMatches(raw, normalized string, wanted []string) bool {
	switch {
	case len(wanted) == 0:
		return true
	case m.platforms == insightstest.RawName:
		return slices.Contains(wanted, raw)
	case m.platforms == insightstest.NormalizedName:
		return slices.Contains(wanted, normalized)
	}
	return slices.Contains(wanted, raw) || slices.Contains(wanted, normalized)
}

func (m *model) matches(t insights.Test, q url.Values) bool {
	wantedStatus := insights.Status(q.Get("status"))
	return m.inPeriod(t, q) &&
		(q.Get("scope") != "me" || t.Owner == insightstest.Username) &&
		(len(q["owner"]) == 0 || slices.Contains(q["owner"], t.Owner)) &&
		(wantedStatus == "" || wantedStatus == t.Status || wantedStatus.IsError() && t.Status.IsError()) &&
		(!q.Has("missing_build") || t.Build == "") &&
		m.textMatches(t.Build, q.Get("build")) && m.textMatches(t.Name, q.Get("query")) && m.textMatches(t.Error, q.Get("error")) &&
		m.platformMatches(t.OS, t.OSNormalized, q["os"]) && m.platformMatches(t.Browser, t.BrowserNormalized, q["browser"])
}

// selected are the runs that a request selects, oldest first.
func (m *model) selected(q url.Values) []insights.Test {
	var list []insights.Test
	for _, t := range m.runs {
		if m.matches(t, q) {
			t.Status = m.spelled(t.Status)
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b insights.Test) int { return a.CreationTime.Compare(b.CreationTime) })
	return list
}

func (m *model) spelled(s insights.Status) insights.Status {
	if s.IsError() {
		return m.errored
	}
	return s
}

// some picks one of the values.
func some[T any](r *rand.Rand, values ...T) T {
	return values[r.IntN(len(values))]
}

func randomModel(r *rand.Rand, runs int) *model {
	m := &model{
		ends:       some(r, insightstest.InclusiveEnds, insightstest.ExclusiveEnd, insightstest.ExclusiveEnds),
		membership: some(r, insightstest.ByCreation, insightstest.ByStart, insightstest.ByEnd),
		platforms:  some(r, insightstest.EitherName, insightstest.RawName, insightstest.NormalizedName),
		partial:    some(r, true, false),
		newest:     some(r, true, false),
		errored:    some(r, insights.StatusErrored, insights.StatusError),
	}
	for i := range runs {
		m.runs = append(m.runs, randomRun(r, i))
	}
	return m
}

func randomRun(r *rand.Rand, i int) insights.Test {
	t := insights.Test{
		ID:                fmt.Sprintf("%032x", i),
		Owner:             some(r, insightstest.Username, "ann", "bob", "a,b"),
		Ancestor:          "team",
		Name:              some(r, "log in", "Log out", "pay & go", "ü"),
		Build:             some(r, "", "", "b1", "B10", "b 2", strconv.Itoa(r.IntN(40))),
		CreationTime:      noon.Add(time.Duration(r.IntN(40)) * 500 * time.Millisecond),
		Status:            some(r, insights.StatusPassed, insights.StatusFailed, insights.StatusErrored, insights.StatusError, insights.StatusComplete),
		Error:             some(r, "", "", "no such\nelement", "\"quoted\" \\ text", "No"),
		OS:                some(r, "Linux", "Windows 10", "Windows 11"),
		OSNormalized:      some(r, "Linux", "Windows"),
		Browser:           some(r, "Chrome 1.0", "iPhone"),
		BrowserNormalized: some(r, "Chrome", "Chrome 1.0"),
		DetailsURL:        "https://saucelabs.com/x",
	}
	t.EndTime = t.CreationTime.Add(time.Duration(1+r.IntN(20)) * 500 * time.Millisecond)
	if t.Status.IsError() && r.IntN(2) == 0 {
		return t // never started
	}
	t.StartTime = t.CreationTime.Add(t.EndTime.Sub(t.CreationTime) / 2)
	t.Duration = insights.Seconds(t.EndTime.Sub(t.StartTime).Seconds())
	return t
}

func randomQuery(r *rand.Rand, optional ...func(url.Values)) url.Values {
	from := r.IntN(15)
	q := query(
		"start", noon.Add(time.Duration(from)*time.Second).Format(time.RFC3339),
		"end", noon.Add(time.Duration(from+1+r.IntN(15))*time.Second).Format(time.RFC3339),
	)
	optional = append(optional,
		func(q url.Values) { q.Set("scope", some(r, "me", "organization")) },
		func(q url.Values) { q.Set("scope", "single"); q["owner"] = []string{"ann", "a,b"} },
		func(q url.Values) { q["owner"] = []string{some(r, "ann", "nobody"), "bob"} },
		func(q url.Values) { q.Set("status", some(r, "passed", "failed", "errored", "error", "complete")) },
	)
	for _, add := range optional {
		if r.IntN(len(optional)) < 2 {
			add(q)
		}
	}
	return q
}

func platformQuery(r *rand.Rand) url.Values {
	return randomQuery(r,
		func(q url.Values) { q["os"] = []string{some(r, "Linux", "Windows", "windows"), "Windows 11"} },
		func(q url.Values) { q.Set("browser", some(r, "Chrome 1.0", "Chrome", "iPhone")) },
	)
}

// TestVariantsBruteForce compares all five calls with a recomputation that looks at
// every run, over random runs, parameters and switches.
func TestVariantsBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 6 {
		m := randomModel(r, 250)
		srv, hc := start(t, m.options()...), plain(t)
		for part := range slices.Chunk(m.runs, 100) {
			srv.Add(part...)
			get[wireGroup](t, hc, srv, insightstest.PathTests, around()) // what comes after is merged into what is there
		}
		for range 6 {
			q := testsQuery(r)
			m.checkTests(t, q, get[wireGroup](t, hc, srv, insightstest.PathTests, q))
			q = platformQuery(r)
			m.checkBuilds(t, q, get[wireBuilds](t, hc, srv, insightstest.PathBuildsTests, q))
			m.checkErrors(t, q, get[wireErrors](t, hc, srv, insightstest.PathErrorTrends, q))
			q.Set("query", some(r, "log in", "Log out", "ü"))
			m.checkMetrics(t, q, get[wireMetrics](t, hc, srv, insightstest.PathTestMetrics, q))
			q.Del("query")
			q.Set("interval", some(r, "1s", "3s", "1m"))
			m.checkTrends(t, q, get[wireTrends](t, hc, srv, insightstest.PathTestTrends, q))
		}
	}
}

func testsQuery(r *rand.Rand) url.Values {
	q := randomQuery(r,
		func(q url.Values) { q.Set("build", some(r, "b1", "b 2", "B10", "B1")) },
		func(q url.Values) { q.Set("missing_build", "") },
		func(q url.Values) { q.Set("query", some(r, "log in", "Log", "pay & go", "Ü")) },
		func(q url.Values) { q.Set("error", some(r, "no such\nelement", "No", "\"quoted\" \\ text")) },
		func(q url.Values) { q.Set("desc", some(r, "true", "false")) },
	)
	q.Set("from", strconv.Itoa(r.IntN(12)))
	q.Set("size", strconv.Itoa(1+r.IntN(40)))
	return q
}

func ids(runs []insights.Test) []string {
	list := make([]string, len(runs))
	for i, t := range runs {
		list[i] = t.ID
	}
	return list
}

func wireIDs(runs []wireRun) []string {
	list := make([]string, len(runs))
	for i, t := range runs {
		list[i] = t.ID
	}
	return list
}

func (m *model) checkTests(t *testing.T, q url.Values, got wireGroup) {
	t.Helper()
	all := m.selected(q)
	if q.Get("desc") == "true" || q.Get("desc") == "" && m.newest {
		slices.Reverse(all)
	}
	from, _ := strconv.Atoi(q.Get("from"))
	size, _ := strconv.Atoi(q.Get("size"))
	from = min(from, len(all))
	to := min(from+size, len(all))
	assert.Equal(t, ids(all[from:to]), wireIDs(got.Items), "%+v: %s", m.options(), q.Encode())
	assert.Equal(t, to < len(all), got.HasMore)
}

func (m *model) checkMetrics(t *testing.T, q url.Values, got wireMetrics) {
	t.Helper()
	all := m.selected(q)
	statuses := map[string]float64{}
	var queued, ran float64
	var fastest, slowest *insights.Test
	for _, r := range all {
		statuses[string(r.Status)]++
		ran += float64(r.Duration)
		if r.StartTime.IsZero() {
			continue
		}
		queued += r.StartTime.Sub(r.CreationTime).Seconds()
		if fastest == nil || r.Duration < fastest.Duration {
			fastest = new(r)
		}
		if slowest == nil || r.Duration > slowest.Duration {
			slowest = new(r)
		}
	}
	assert.Equal(t, float64(len(all)), got.Aggs.Count, q.Encode())
	assert.Equal(t, statuses, got.Aggs.Statuses)
	assert.InDelta(t, queued, got.Aggs.TotalQueueTime, 1e-6)
	assert.InDelta(t, ran, got.Aggs.TotalRunTime, 1e-6)
	checkRun(t, fastest, got.Aggs.FastestRun)
	checkRun(t, slowest, got.Aggs.SlowestRun)
}

func checkRun(t *testing.T, want *insights.Test, got *wireRun) {
	t.Helper()
	if want == nil {
		assert.Nil(t, got)
	} else if assert.NotNil(t, got) {
		assert.Equal(t, want.ID, got.ID)
	}
}

// keysOf are the ways in which trends split runs.
var keysOf = map[string]func(insights.Test) string{
	"os":      func(t insights.Test) string { return t.OS },
	"owner":   func(t insights.Test) string { return t.Owner },
	"status":  func(t insights.Test) string { return string(t.Status) },
	"browser": func(t insights.Test) string { return t.Browser },
}

func countBy(runs []insights.Test, key func(insights.Test) string) map[string]float64 {
	counts := map[string]float64{}
	for _, r := range runs {
		counts[key(r)]++
	}
	return counts
}

// checkCounts checks a list of counts, and its order.
func checkCounts(t *testing.T, want map[string]float64, got []wireCount) {
	t.Helper()
	counts := map[string]float64{}
	for _, c := range got {
		counts[*c.Name] = c.Count
	}
	assert.Equal(t, want, counts)
	assert.True(t, slices.IsSortedFunc(got, func(a, b wireCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(*a.Name, *b.Name))
	}), "the highest count comes first")
}

func (m *model) checkTrends(t *testing.T, q url.Values, got wireTrends) {
	t.Helper()
	all := m.selected(q)
	width, _ := time.ParseDuration(q.Get("interval"))
	buckets := map[time.Time][]insights.Test{}
	for _, r := range all {
		start := m.timeOf(r).Truncate(width)
		buckets[start] = append(buckets[start], r)
	}
	starts := slices.SortedFunc(maps.Keys(buckets), time.Time.Compare)
	if len(starts) == 0 {
		assert.Empty(t, got.Buckets)
		return
	}
	next := starts[0]
	for _, b := range got.Buckets { // without a gap, from the first run to the last
		assert.Equal(t, next.Format("2006-01-02T15:04:05.000Z"), b.Timestamp)
		assert.Equal(t, float64(len(buckets[next])), b.Count)
		for key, of := range keysOf {
			checkCounts(t, countBy(buckets[next], of), b.Aggs[key])
		}
		next = next.Add(width)
	}
	assert.Equal(t, starts[len(starts)-1].Add(width), next)
	for key, of := range keysOf {
		assert.Equal(t, countBy(all, of), got.Metrics[key])
	}
}

func (m *model) checkBuilds(t *testing.T, q url.Values, got wireBuilds) {
	t.Helper()
	all := m.selected(q)
	slices.Reverse(all)
	byBuild := map[string][]insights.Test{}
	var order []string
	for _, r := range all {
		if byBuild[r.Build] == nil && r.Build != "" {
			order = append(order, r.Build)
		}
		byBuild[r.Build] = append(byBuild[r.Build], r)
	}
	assert.Equal(t, len(order) > 25, got.Builds.HasMore)
	require.Len(t, got.Builds.Items, min(25, len(order)))
	for i, b := range got.Builds.Items {
		runs := byBuild[order[i]]
		assert.Equal(t, order[i], b.Name)
		assert.Equal(t, float64(len(runs)), b.TestsCount)
		assert.Equal(t, ids(runs)[:min(10, len(runs))], wireIDs(b.Tests))
		assert.Equal(t, len(runs) > 10, b.HasMore)
		checkCounts(t, countBy(runs, keysOf["status"]), b.Aggs.Status)
		var duration float64
		for _, r := range runs {
			duration += float64(r.Duration)
		}
		assert.InDelta(t, duration, b.Duration, 1e-6)
	}
	loose := byBuild[""]
	assert.Equal(t, ids(loose)[:min(10, len(loose))], wireIDs(got.TestsMissingBuild.Items))
	assert.Equal(t, len(loose) > 10, got.TestsMissingBuild.HasMore)
}

func (m *model) checkErrors(t *testing.T, q url.Values, got wireErrors) {
	t.Helper()
	all := m.selected(q)
	slices.Reverse(all)
	byError := map[string][]insights.Test{}
	for _, r := range all {
		if r.Error != "" {
			byError[r.Error] = append(byError[r.Error], r)
		}
	}
	order := slices.SortedFunc(maps.Keys(byError), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(byError[b]), len(byError[a])), cmp.Compare(a, b))
	})
	require.Len(t, got.Buckets, len(order))
	for i, b := range got.Buckets {
		runs := byError[order[i]]
		assert.Equal(t, order[i], b.Name)
		assert.Equal(t, float64(len(runs)), b.Count)
		assert.Equal(t, ids(runs)[:min(10, len(runs))], wireIDs(b.Items))
		assert.Equal(t, len(runs) > 10, b.HasMore)
		for _, item := range b.Items {
			assert.Equal(t, order[i], *item.Error)
		}
	}
}
