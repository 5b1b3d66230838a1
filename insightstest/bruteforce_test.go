package insightstest_test

import (
	"encoding/json"
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

// object is a JSON object.
type object = map[string]any

// model is the service again, in the plainest way: every question looks at
// every run, and every answer is written out member by member. It shares no
// code with the server.
type model struct {
	runs       []insights.Test // as they were added
	ends       insightstest.Ends
	membership insightstest.Membership
	platforms  insightstest.PlatformNames
	partial    bool

	newest      bool // the default order
	largestPage int
	hasMore     insightstest.HasMore
	renamed     bool // parameters
	listed      bool // intervals
	statusList  bool
	noQuery     bool // test-metrics may be without
	noErrors    bool // no trends by error

	fields              insightstest.Fields
	errored, inTrends   insights.Status
	layout              string // of times
	buckets             insightstest.BucketTimeForm
	status, trendStatus any // of meta
	nulls, nullTimes    bool
	extra, zeros        bool
	families            bool
}

func newModel() *model {
	return &model{
		largestPage: 1_000, errored: insights.StatusErrored, inTrends: insights.StatusErrored,
		layout: "2006-01-02T15:04:05Z", status: 200.0, trendStatus: 200.0,
	}
}

// models say of each variant what it changes.
var models = map[string]func(*model){
	"default":                 func(*model) {},
	"fields-of-the-reference": func(m *model) { m.fields = insightstest.FieldsOfReference },
	"exclusive-end":           func(m *model) { m.ends = insightstest.ExclusiveEnd },
	"exclusive-ends":          func(m *model) { m.ends = insightstest.ExclusiveEnds },
	"by-start":                func(m *model) { m.membership = insightstest.ByStart },
	"by-end":                  func(m *model) { m.membership = insightstest.ByEnd },
	"by-start-exclusive-end":  func(m *model) { m.membership, m.ends = insightstest.ByStart, insightstest.ExclusiveEnd },
	"by-end-exclusive-ends":   func(m *model) { m.membership, m.ends = insightstest.ByEnd, insightstest.ExclusiveEnds },
	"newest-first":            func(m *model) { m.newest = true },
	"small-pages":             func(m *model) { m.largestPage = 7 },
	"small-result-window":     func(m *model) { m.largestPage = 50 },
	"small-result-window-by-end-exclusive-end": func(m *model) {
		m.largestPage, m.membership, m.ends = 50, insightstest.ByEnd, insightstest.ExclusiveEnd
	},
	"has-more-if-full":          func(m *model) { m.hasMore = insightstest.HasMoreIfFull },
	"has-more-if-any":           func(m *model) { m.hasMore = insightstest.HasMoreIfAny },
	"has-more-always":           func(m *model) { m.hasMore = insightstest.HasMoreAlways },
	"renamed-parameters":        func(m *model) { m.renamed = true },
	"reference-parameters-only": func(*model) {},
	"status-error":              func(m *model) { m.errored, m.inTrends = insights.StatusError, insights.StatusError },
	"times-in-milliseconds": func(m *model) {
		m.layout, m.buckets = "2006-01-02T15:04:05.000Z", insightstest.BucketMilliseconds
	},
	"times-with-offset":  func(m *model) { m.layout, m.buckets = "2006-01-02T15:04:05+00:00", insightstest.BucketSeconds },
	"times-without-zone": func(m *model) { m.layout = "2006-01-02T15:04:05" },
	"decimals":           func(*model) {},
	"nulls":              func(m *model) { m.nulls = true },
	"extra-fields":       func(m *model) { m.extra = true },
	"hostile":            func(m *model) { m.nulls, m.extra = true, true },
	"status-in-words":    func(m *model) { m.status, m.trendStatus = "complete", "complete" },
	"family-names":       func(m *model) { m.families = true },
	"gzip":               func(*model) {},
	"as-documented-today": func(m *model) {
		m.renamed, m.newest, m.listed, m.statusList, m.noErrors = true, true, true, true, true
		m.fields, m.layout, m.buckets, m.trendStatus = insightstest.FieldsDocumented, "2006-01-02T15:04:05.000Z", insightstest.BucketSeconds, "complete"
	},
	"as-seen-live": func(m *model) {
		m.newest, m.fields, m.families, m.noQuery, m.zeros, m.nullTimes = true, insightstest.FieldsSeenLive, true, true, true, true
		m.errored, m.layout, m.buckets = insights.StatusError, "2006-01-02T15:04:05+00:00", insightstest.BucketMilliseconds
	},
}

// TestVariantsBruteForce compares all members of the five answers with a
// recomputation that looks at every run, over random runs, parameters and
// switches, in every variant.
func TestVariantsBruteForce(t *testing.T) {
	for i, v := range insightstest.Variants() {
		t.Run(v.Name, func(t *testing.T) {
			require.Contains(t, models, v.Name)
			m, r := newModel(), rand.New(rand.NewPCG(uint64(i), 2))
			models[v.Name](m)
			m.partial = some(r, true, false)
			m.platforms = some(r, insightstest.EitherName, insightstest.RawName, insightstest.NormalizedName)
			opts := append(slices.Clip(v.Options), insightstest.WithPlatformNames(m.platforms))
			if m.partial {
				opts = append(opts, insightstest.WithPartialMatch())
			}
			for n := range 200 {
				m.runs = append(m.runs, randomRun(r, n))
			}
			m.compare(t, r, insightstest.New(t, opts...))
		})
	}
}

// compare adds the runs in parts, so that what comes after is merged into what
// is there, and asks for all kinds of answers.
func (m *model) compare(t *testing.T, r *rand.Rand, srv *insightstest.Server) {
	hc := plain(t)
	asked := func(path string, q url.Values) object {
		return get[object](t, hc, srv, path, q)
	}
	all := m.runs
	m.runs = nil
	for part := range slices.Chunk(all, 50) {
		srv.Add(part...)
		m.runs = append(m.runs, part...)
		for range bruteRounds {
			q := m.testsQuery(r)
			assert.Equal(t, m.tests(q), asked(insightstest.PathTests, m.spell(q)), q.Encode())
			q = platformQuery(r)
			assert.Equal(t, m.builds(q), asked(insightstest.PathBuildsTests, q), q.Encode())
			if !m.noErrors {
				assert.Equal(t, m.failures(q), asked(insightstest.PathErrorTrends, q), q.Encode())
			}
			q.Set("query", some(r, "log in", "Log out", "ü"))
			if m.noQuery && r.IntN(2) == 0 {
				q.Del("query")
			}
			assert.Equal(t, m.metrics(q), asked(insightstest.PathTestMetrics, q), q.Encode())
			q.Del("query")
			q.Set("interval", some(r, "1s", "3s", "1m"))
			if m.listed {
				q.Set("interval", some(r, "1m", "1h"))
			}
			assert.Equal(t, m.trends(q), asked(insightstest.PathTestTrends, q), q.Encode())
		}
	}
}

// some picks one of the values.
func some[T any](r *rand.Rand, values ...T) T {
	return values[r.IntN(len(values))]
}

func randomRun(r *rand.Rand, i int) insights.Test {
	t := insights.Test{
		ID:                fmt.Sprintf("%032x", i),
		Owner:             some(r, insightstest.Username, "ann", "bob", "a,b"),
		Ancestor:          some(r, "team", "other team"),
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
	if r.IntN(15) == 0 {
		t.Status, t.StartTime = insightstest.StatusInProgress, t.CreationTime
		return t
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

func (m *model) testsQuery(r *rand.Rand) url.Values {
	q := randomQuery(r,
		func(q url.Values) { q.Set("build", some(r, "b1", "b 2", "B10", "B1")) },
		func(q url.Values) { q.Set("missing_build", "") },
		func(q url.Values) { q.Set("query", some(r, "log in", "Log", "pay & go", "Ü")) },
		func(q url.Values) { q.Set("error", some(r, "no such\nelement", "No", "\"quoted\" \\ text")) },
		func(q url.Values) { q.Set("desc", some(r, "true", "false")) },
		func(q url.Values) { q.Set("from", strconv.Itoa(r.IntN(12))) },
		func(q url.Values) { q.Set("size", strconv.Itoa(1+r.IntN(40))) },
	)
	if m.statusList && r.IntN(2) == 0 {
		q["status"] = []string{"passed", some(r, "error", "failed")}
	}
	return q
}

// spell gives parameters the names of the variant.
func (m *model) spell(q url.Values) url.Values {
	if !m.renamed {
		return q
	}
	spelled := url.Values{}
	for name, values := range q {
		switch name {
		case "query":
			name = "name"
		case "missing_build":
			name, values = "build_missing", []string{"true"}
		case "desc":
			name = "descending"
		}
		spelled[name] = values
	}
	return spelled
}

// shown returns a run as the service shows it.
func (m *model) shown(t insights.Test) insights.Test {
	if t.Status.IsError() {
		t.Status = m.errored
	}
	if m.families {
		t.OS, t.OSNormalized = families(t.OS, t.OSNormalized)
		t.Browser, t.BrowserNormalized = families(t.Browser, t.BrowserNormalized)
	}
	return t
}

// families tells a family from a name with a version: that has a digit, or else
// is longer.
func families(a, b string) (family, versioned string) {
	weight := func(s string) int {
		if strings.ContainsAny(s, "0123456789") {
			return 1_000 + len(s)
		}
		return len(s)
	}
	if weight(a) > weight(b) {
		return b, a
	}
	return a, b
}

func (m *model) timeOf(t insights.Test) time.Time {
	switch {
	case m.membership == insightstest.ByStart && !t.StartTime.IsZero():
		return t.StartTime
	case m.membership == insightstest.ByEnd && !t.EndTime.IsZero():
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

func statusMatches(status insights.Status, wanted []string) bool {
	for _, w := range wanted {
		if insights.Status(w) == status || insights.Status(w).IsError() && status.IsError() {
			return true
		}
	}
	return len(wanted) == 0
}

func (m *model) matches(t insights.Test, q url.Values) bool {
	return m.inPeriod(t, q) &&
		(q.Get("scope") != "me" || t.Owner == insightstest.Username) &&
		(len(q["owner"]) == 0 || slices.Contains(q["owner"], t.Owner)) &&
		statusMatches(t.Status, q["status"]) &&
		(!q.Has("missing_build") || t.Build == "" && q.Get("build") == "") &&
		m.textMatches(t.Build, q.Get("build")) && m.textMatches(t.Name, q.Get("query")) && m.textMatches(t.Error, q.Get("error")) &&
		m.platformMatches(t.OS, t.OSNormalized, q["os"]) && m.platformMatches(t.Browser, t.BrowserNormalized, q["browser"])
}

// selected are the runs that a request selects, oldest first.
func (m *model) selected(q url.Values) []insights.Test {
	var list []insights.Test
	for _, t := range m.runs {
		if t = m.shown(t); m.matches(t, q) {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b insights.Test) int { return a.CreationTime.Compare(b.CreationTime) })
	return list
}

func (m *model) selectedNewestFirst(q url.Values) []insights.Test {
	list := m.selected(q)
	slices.Reverse(list)
	return list
}

// The forms of values.

func (m *model) text(s string) any {
	if s == "" && m.nulls {
		return nil
	}
	return s
}

// putTime writes a time, or that it is missing.
func (m *model) putTime(o object, key string, t time.Time) {
	switch {
	case !t.IsZero():
		o[key] = t.UTC().Format(m.layout)
	case m.nulls || m.nullTimes:
		o[key] = nil
	}
}

func (m *model) list(items []any) any {
	if len(items) == 0 {
		if m.nulls {
			return nil
		}
		return []any{}
	}
	return items
}

// junk adds the members that no documentation has.
func (m *model) junk(o object) object {
	if m.extra {
		o["_count"] = 7.0
		o["_meta"] = object{"tags": []any{"a", 1.0, 2.5, true, nil, object{"deep": []any{[]any{}}}}, "note": "é\"\\"}
	}
	return o
}

func (m *model) run(t insights.Test, withBuild, further bool) object {
	o := object{
		"id": m.text(t.ID), "owner": m.text(t.Owner), "ancestor": m.text(t.Ancestor), "name": m.text(t.Name), "status": m.text(string(t.Status)),
		"error": m.text(t.Error), "os": m.text(t.OS), "browser": m.text(t.Browser), "details_url": m.text(t.DetailsURL),
	}
	m.putTime(o, "creation_time", t.CreationTime)
	m.putTime(o, "end_time", t.EndTime)
	if withBuild {
		o["build"] = m.text(t.Build)
	}
	if further {
		m.putTime(o, "start_time", t.StartTime)
		o["duration"], o["os_normalized"], o["browser_normalized"] = float64(t.Duration), m.text(t.OSNormalized), m.text(t.BrowserNormalized)
	}
	if m.fields == insightstest.FieldsSeenLive {
		o["org_id"] = "e5c6d03308cdcee662772e258a7c6c48"
	}
	return m.junk(o)
}

func (m *model) answer(status any, members object) object {
	members["meta"] = object{"status": status}
	return m.junk(members)
}

// The answers.

func number(q url.Values, name string, byDefault int) int {
	if n, err := strconv.Atoi(q.Get(name)); err == nil {
		return n
	}
	return byDefault
}

func (m *model) tests(q url.Values) object {
	all := m.selected(q)
	if q.Get("desc") == "true" || q.Get("desc") == "" && m.newest {
		slices.Reverse(all)
	}
	size := min(number(q, "size", 10), m.largestPage)
	from := min(number(q, "from", 0), len(all))
	to := min(from+size, len(all))
	var items []any
	for _, t := range all[from:to] {
		items = append(items, m.run(t, true, m.fields != insightstest.FieldsOfReference))
	}
	more := to < len(all)
	switch m.hasMore {
	case insightstest.HasMoreIfFull:
		more = len(items) == size
	case insightstest.HasMoreIfAny:
		more = len(items) > 0
	case insightstest.HasMoreAlways:
		more = true
	}
	return m.answer(m.status, object{"items": m.list(items), "has_more": more})
}

func (m *model) metrics(q url.Values) object {
	all := m.selected(q)
	statuses := m.zeroStatuses(m.errored)
	var queued, ran float64
	var done []insights.Test
	for _, r := range all {
		statuses[string(r.Status)] = asNumber(statuses[string(r.Status)]) + 1
		ran += float64(r.Duration)
		if !r.StartTime.IsZero() {
			queued += r.StartTime.Sub(r.CreationTime).Seconds()
			if !r.EndTime.IsZero() {
				done = append(done, r)
			}
		}
	}
	aggs := object{"count": float64(len(all)), "statuses": statuses, "totalQueueTime": queued, "totalRunTime": ran}
	if m.fields == insightstest.FieldsOfToday || m.fields == insightstest.FieldsSeenLive {
		aggs["avgRunTime"] = ran / float64(max(1, len(all)))
	}
	longer := func(a, b insights.Test) int { return int(4 * (a.Duration - b.Duration)) } // they are quarters of a second
	switch {
	case len(done) > 0:
		aggs["fastestRun"], aggs["slowestRun"] = m.run(slices.MinFunc(done, longer), true, true), m.run(slices.MaxFunc(done, longer), true, true)
	case m.nulls:
		aggs["fastestRun"], aggs["slowestRun"] = nil, nil
	}
	return m.answer(m.status, object{"aggs": m.junk(aggs)})
}

func asNumber(v any) float64 {
	n, _ := v.(float64)
	return n
}

func (m *model) zeroStatuses(errored insights.Status) object {
	if !m.zeros {
		return object{}
	}
	return object{"complete": 0.0, string(errored): 0.0, "failed": 0.0, "passed": 0.0}
}

// split is a way in which trends split runs: the name of a run, and whether it
// counts.
type split struct {
	key                string
	of                 func(insights.Test) (string, bool)
	inBuckets, inTotal bool
}

func (m *model) splits() []split {
	system := func(t insights.Test) string { return t.OS }
	browser := func(t insights.Test) string { return t.Browser }
	if m.families {
		system, browser = func(t insights.Test) string { return t.OSNormalized }, func(t insights.Test) string { return t.BrowserNormalized }
	}
	all := func(name func(insights.Test) string) func(insights.Test) (string, bool) {
		return func(t insights.Test) (string, bool) { return name(t), true }
	}
	failed := func(name func(insights.Test) string) func(insights.Test) (string, bool) {
		return func(t insights.Test) (string, bool) { return name(t), t.Status == insights.StatusFailed }
	}
	errored := func(name func(insights.Test) string) func(insights.Test) (string, bool) {
		return func(t insights.Test) (string, bool) { return name(t), t.Status.IsError() }
	}
	message := func(t insights.Test) string { return t.Error }
	live, documented := m.fields == insightstest.FieldsSeenLive, m.fields == insightstest.FieldsDocumented
	list := []split{
		{"os", all(system), true, true},
		{"owner", all(func(t insights.Test) string { return t.Owner }), true, true},
		{"status", all(func(t insights.Test) string {
			if t.Status.IsError() {
				return string(m.inTrends)
			}
			return string(t.Status)
		}), true, true},
	}
	if m.fields != insightstest.FieldsOfReference {
		list = append(list, split{"browser", all(browser), true, true})
	}
	if live || documented || m.extra {
		list = append(list, split{"osFail", failed(system), true, !live}, split{"osError", errored(system), true, !live},
			split{"browserFail", failed(browser), true, !live}, split{"browserError", errored(browser), true, !live})
	}
	if live {
		list = append(list, split{"error", withMessage(errored(message)), false, true}, split{"fail", withMessage(failed(message)), false, true})
	}
	if documented || m.extra {
		list = append(list, split{"errorMessage", withMessage(all(message)), true, true})
	}
	if documented {
		for _, key := range []string{"device", "deviceError", "deviceFail", "framework", "frameworkError", "frameworkFail"} {
			list = append(list, split{key, func(insights.Test) (string, bool) { return "", false }, true, true})
		}
	}
	return list
}

func withMessage(of func(insights.Test) (string, bool)) func(insights.Test) (string, bool) {
	return func(t insights.Test) (string, bool) {
		name, counts := of(t)
		return name, counts && name != ""
	}
}

func (s split) count(runs []insights.Test) object {
	counts := object{}
	for _, r := range runs {
		if name, is := s.of(r); is {
			counts[name] = asNumber(counts[name]) + 1
		}
	}
	return counts
}

// counted returns a list of counts, the highest first, and of equal ones by
// name.
func (m *model) counted(counts object) any {
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return int(asNumber(counts[b]) - asNumber(counts[a])) })
	var list []any
	for _, name := range names {
		list = append(list, object{"name": m.text(name), "count": counts[name]})
	}
	return m.list(list)
}

func (m *model) trends(q url.Values) object {
	all := m.selected(q)
	width, _ := time.ParseDuration(q.Get("interval"))
	metrics := object{}
	for _, s := range m.splits() {
		if s.inTotal {
			metrics[s.key] = s.count(all)
		}
	}
	for name := range m.zeroStatuses(m.inTrends) {
		statuses := metrics["status"].(object)
		statuses[name] = asNumber(statuses[name])
	}
	return m.answer(m.trendStatus, object{"buckets": m.list(m.bucketsOf(all, width)), "metrics": metrics})
}

// bucketsOf are without a gap, from the first run to the last.
func (m *model) bucketsOf(all []insights.Test, width time.Duration) []any {
	in := map[time.Time][]insights.Test{}
	for _, r := range all {
		start := m.timeOf(r).Truncate(width)
		in[start] = append(in[start], r)
	}
	if len(in) == 0 {
		return nil
	}
	starts := slices.SortedFunc(maps.Keys(in), time.Time.Compare)
	var buckets []any
	for start := starts[0]; !start.After(starts[len(starts)-1]); start = start.Add(width) {
		aggs := object{}
		for _, s := range m.splits() {
			if s.inBuckets {
				aggs[s.key] = m.counted(s.count(in[start]))
			}
		}
		b := object{"count": float64(len(in[start])), "aggs": aggs}
		m.putBucketTime(b, start)
		buckets = append(buckets, m.junk(b))
	}
	return buckets
}

func (m *model) putBucketTime(b object, t time.Time) {
	text := t.Format("2006-01-02T15:04:05.000Z")
	switch m.buckets {
	case insightstest.BucketText:
		b["timestamp"] = text
	case insightstest.BucketSeconds:
		b["timestamp"], b["datetime"] = float64(t.Unix()), text
	case insightstest.BucketMilliseconds:
		b["timestamp"], b["datetime"] = float64(t.UnixMilli()), text
	}
}

// newestOf are at most ten runs of a group, and whether there are more.
func (m *model) newestOf(runs []insights.Test) (items any, more bool) {
	all := m.extra || m.fields == insightstest.FieldsSeenLive
	var list []any
	for _, r := range runs[:min(10, len(runs))] {
		list = append(list, m.run(r, all, all))
	}
	return m.list(list), len(runs) > 10
}

func (m *model) builds(q url.Values) object {
	byBuild := map[string][]insights.Test{}
	var order []string
	for _, r := range m.selectedNewestFirst(q) {
		if byBuild[r.Build] == nil && r.Build != "" {
			order = append(order, r.Build)
		}
		byBuild[r.Build] = append(byBuild[r.Build], r)
	}
	var items []any
	for _, name := range order[:min(25, len(order))] {
		items = append(items, m.build(name, byBuild[name]))
	}
	loose, more := m.newestOf(byBuild[""])
	return m.answer(m.status, object{
		"builds":              object{"items": m.list(items), "has_more": len(order) > 25},
		"tests_missing_build": object{"items": loose, "has_more": more},
	})
}

func (m *model) build(name string, runs []insights.Test) object {
	var duration, longest float64
	var start, end time.Time
	for _, r := range runs {
		duration += float64(r.Duration)
		longest = max(longest, float64(r.Duration))
		begun := r.StartTime
		if begun.IsZero() {
			begun = r.CreationTime
		}
		if start.IsZero() || begun.Before(start) {
			start = begun
		}
		if r.EndTime.After(end) {
			end = r.EndTime
		}
	}
	tests, more := m.newestOf(runs)
	status := split{of: func(t insights.Test) (string, bool) { return string(t.Status), true }}
	b := object{
		"name": m.text(name), "tests_count": float64(len(runs)), "duration": duration, "tests": tests, "has_more": more,
		"aggs": object{"status": m.counted(status.count(runs))},
	}
	m.putTime(b, "start_time", start)
	m.putTime(b, "end_time", end)
	if m.fields == insightstest.FieldsSeenLive {
		b["owner"], b["duration_test_max"] = m.text(runs[0].Owner), longest
		b["duration_absolute"] = 0.0
		if !end.IsZero() {
			b["duration_absolute"] = end.Sub(start).Seconds()
		}
	}
	return m.junk(b)
}

func (m *model) failures(q url.Values) object {
	byError := map[string][]insights.Test{}
	total := 0
	for _, r := range m.selectedNewestFirst(q) {
		if r.Error != "" {
			byError[r.Error] = append(byError[r.Error], r)
			total++
		}
	}
	names := slices.Sorted(maps.Keys(byError))
	slices.SortStableFunc(names, func(a, b string) int { return len(byError[b]) - len(byError[a]) })
	var buckets []any
	for _, name := range names {
		items, more := m.newestOf(byError[name])
		buckets = append(buckets, m.junk(object{"name": name, "count": float64(len(byError[name])), "items": items, "has_more": more}))
	}
	answer := object{"buckets": m.list(buckets)}
	if m.fields == insightstest.FieldsSeenLive {
		answer["all_items_count"] = float64(total)
	}
	return m.answer(m.status, answer)
}

// The answers as far as other tests look at them.
type (
	wireRun struct {
		ID string `json:"id"`
	}
	wireGroup struct {
		Items   []wireRun `json:"items"`
		HasMore bool      `json:"has_more"`
	}
	wireMetrics struct {
		Aggs struct {
			TotalQueueTime float64 `json:"totalQueueTime"`
			TotalRunTime   float64 `json:"totalRunTime"`
		} `json:"aggs"`
	}
	wireAny = json.RawMessage
)

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
