package insights

import (
	stdjson "encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/sauceinsights/insights/internal/wire"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fixture decodes a file of testdata as the answer of a call.
func fixture[T any](t *testing.T, name string) T {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var answer T
	require.NoError(t, decodeAnswer(body, &answer))
	return answer
}

func utc(year int, month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

func TestSampleOfTests(t *testing.T) {
	assert.Equal(t, TestList{
		Meta: Meta{Status: 200},
		Items: []Test{{
			ID: "50fdd2369eer3031ad912kib57b12440", Owner: "USERNAME", Ancestor: "USERNAME",
			Name: "TestGet", Build: "build-123",
			CreationTime: utc(2017, 3, 1, 12, 13, 39), EndTime: utc(2017, 3, 1, 12, 16, 22),
			Status: StatusComplete, OS: "OS X El Capitan (10.11)", Browser: "iPhone 10.0",
			DetailsURL: "https://saucelabs.com/rest/v1.1/a-team/jobs/50fdd2369eer3031ad912kib57b12440",
		}},
		HasMore:  true,
		saidMore: true,
	}, fixture[TestList](t, "tests.json"))
}

func TestSampleOfTestMetrics(t *testing.T) {
	aggs := fixture[TestMetrics](t, "test_metrics.json").Aggs
	assert.Equal(t, 1008, aggs.Count)
	assert.Equal(t, map[Status]int{StatusErrored: 7, StatusFailed: 1, StatusPassed: 1000}, aggs.Statuses)
	assert.Equal(t, Seconds(0.3843098311817279), aggs.TotalQueueTime)
	assert.Equal(t, Seconds(33.18867924528302), aggs.TotalRunTime)
	require.NotNil(t, aggs.FastestRun)
	assert.Equal(t, 25*time.Second, aggs.FastestRun.Duration.Duration())
	assert.Equal(t, utc(2018, 1, 12, 11, 50, 2), aggs.FastestRun.StartTime)
	require.NotNil(t, aggs.SlowestRun)
	assert.Equal(t, Test{
		ID: "faf35305919245ebaceab93712d009b0", Owner: "a-team", Ancestor: "a-team",
		Name:         "AnalyticsSeleniumTest on OS X 10.10",
		CreationTime: utc(2018, 1, 15, 19, 10, 1), StartTime: utc(2018, 1, 15, 19, 10, 1), EndTime: utc(2018, 1, 15, 19, 40, 59),
		Duration: 1858, Status: StatusErrored, Error: "Test exceeded maximum duration after 1800 seconds",
		OS: "OS X Yosemite (10.10)", Browser: "Chrome 51.0",
		DetailsURL: "https://saucelabs.com/rest/v1.1/a-team/jobs/faf35305919245ebaceab93712d009b0",
	}, *aggs.SlowestRun)
}

func TestSampleOfTestTrends(t *testing.T) {
	trends := fixture[TestTrends](t, "test_trends.json")
	require.Len(t, trends.Buckets, 1)
	bucket := trends.Buckets[0]
	assert.Equal(t, utc(2017, 3, 9, 12, 0, 0), bucket.Timestamp)
	assert.Equal(t, 204, bucket.Count)
	assert.Equal(t, []NamedCount{{"OS X El Capitan (10.11)", 98}, {"Windows 7", 65}, {"Linux", 41}}, bucket.Aggs.OS)
	assert.Equal(t, []NamedCount{{"a-team", 204}}, bucket.Aggs.Owner)
	assert.Equal(t, []NamedCount{{"complete", 133}, {"passed", 58}, {"failed", 12}, {"errored", 1}}, bucket.Aggs.Status)
	assert.Nil(t, bucket.Aggs.Other)
	assert.Equal(t, map[string]int{"Linux": 163, "OS X El Capitan (10.11)": 356, "Windows 7": 229}, trends.Metrics.OS)
	assert.Equal(t, map[string]int{"complete": 496, "errored": 2, "failed": 44, "passed": 206}, trends.Metrics.Status)
}

func TestSampleOfBuildsTests(t *testing.T) {
	answer := fixture[BuildsTests](t, "builds_tests.json")
	assert.True(t, answer.Builds.HasMore)
	require.Len(t, answer.Builds.Items, 1)
	build := answer.Builds.Items[0]
	assert.Equal(t, "build-123", build.Name)
	assert.Equal(t, 34, build.TestsCount)
	assert.Equal(t, Seconds(1916), build.Duration, "as given, not recomputed")
	assert.Equal(t, utc(2017, 3, 1, 12, 9, 16), build.StartTime)
	assert.Equal(t, utc(2017, 3, 1, 12, 41, 25), build.EndTime)
	assert.True(t, build.HasMore)
	assert.Equal(t, []NamedCount{{"complete", 23}, {"passed", 9}, {"failed", 2}}, build.Aggs.Status)
	require.Len(t, build.Tests, 1)
	assert.Equal(t, "a1a2b38812hy42e5affbd54p9757re5t", build.Tests[0].ID)
	assert.Empty(t, build.Tests[0].Build)
	assert.Equal(t, TestGroup{Items: []Test{}}, answer.TestsMissingBuild)
}

func TestSampleOfErrorTrends(t *testing.T) {
	answer := fixture[ErrorTrends](t, "error_trends.json")
	require.Len(t, answer.Buckets, 1)
	bucket := answer.Buckets[0]
	assert.Equal(t, "Selenium didn't complete your last command on time.\nFor help, please check https://docs.saucelabs.com/dev/error-messages", bucket.Name)
	assert.Equal(t, 1, bucket.Count)
	require.Len(t, bucket.Items, 1)
	assert.Equal(t, bucket.Name, bucket.Items[0].Error)
	assert.False(t, bucket.HasMore)
}

func TestLiveShapes(t *testing.T) {
	t.Run("rows 14, 22 and 24: offset, null and empty times, error for errored, unknown keys", func(t *testing.T) {
		list := fixture[TestList](t, "tests_live.json")
		require.Len(t, list.Items, 1)
		run := list.Items[0]
		assert.Equal(t, utc(2025, 6, 6, 16, 26, 32), run.CreationTime)
		assert.Zero(t, run.StartTime)
		assert.Zero(t, run.EndTime)
		assert.True(t, run.Status.IsError())
		assert.True(t, StatusErrored.IsError())
		assert.False(t, StatusFailed.IsError())
		assert.Equal(t, StatusError, run.Status, "an unknown spelling stays")
		assert.Equal(t, "Windows 11", run.OSNormalized)
		assert.Equal(t, "Chrome 137.0", run.BrowserNormalized)
	})
	t.Run("row 24: null for every member", func(t *testing.T) {
		assert.Equal(t, TestList{}, fixture[TestList](t, "tests_null.json"))
	})
	t.Run("rows 23, 25, 26, 27: text status, 54.0, no runs, true sums", func(t *testing.T) {
		assert.Equal(t, TestMetrics{
			Meta: Meta{Status: 200},
			Aggs: TestAggs{
				Count:          54,
				Statuses:       map[Status]int{StatusComplete: 1, StatusError: 0, StatusFailed: 13, StatusPassed: 40},
				TotalQueueTime: 1652, TotalRunTime: 1620, AvgRunTime: 30,
			},
		}, fixture[TestMetrics](t, "test_metrics_live.json"))
	})
	t.Run("rows 21 and 24: timestamps as numbers, further aggregations", func(t *testing.T) {
		trends := fixture[TestTrends](t, "test_trends_live.json")
		assert.Zero(t, trends.Meta.Status, "text that is no number")
		require.Len(t, trends.Buckets, 3)
		first := trends.Buckets[0]
		assert.Equal(t, utc(2023, 4, 18, 18, 58, 26), first.Timestamp, "datetime is preferred")
		assert.Equal(t, []NamedCount{{"Chrome", 2}}, first.Aggs.Browser)
		assert.Equal(t, map[string][]NamedCount{"osFail": {{"Linux", 1}}}, first.Aggs.Other, "null and other shapes are skipped")
		assert.Equal(t, utc(2019, 3, 15, 18, 0, 0), trends.Buckets[1].Timestamp, "milliseconds")
		assert.Equal(t, utc(2019, 3, 15, 18, 0, 1), trends.Buckets[2].Timestamp, "seconds")
		assert.Equal(t, map[string]map[string]int{"osFail": {"Linux": 1}}, trends.Metrics.Other)
	})
	t.Run("row 24: an empty window", func(t *testing.T) {
		trends := fixture[TestTrends](t, "test_trends_empty.json")
		assert.Empty(t, trends.Buckets)
		assert.Len(t, trends.Metrics.Status, 4)
	})
	t.Run("rows 22 and 25: no zone is UTC, a fractional duration, null lists", func(t *testing.T) {
		build := fixture[BuildsTests](t, "builds_tests_live.json").Builds.Items[0]
		assert.Equal(t, utc(2017, 3, 1, 12, 9, 16), build.StartTime)
		assert.Equal(t, 12500*time.Millisecond, build.Duration.Duration())
		assert.Nil(t, build.Tests)
		assert.Nil(t, build.Aggs.Status)
	})
	t.Run("row 24: fields that the reference does not show", func(t *testing.T) {
		run := fixture[ErrorTrends](t, "error_trends_live.json").Buckets[0].Items[0]
		assert.Equal(t, "b-1", run.Build)
		assert.Equal(t, Seconds(388), run.Duration)
	})
}

func TestTimes(t *testing.T) {
	noFraction := utc(2017, 3, 1, 12, 13, 39)
	for text, want := range map[string]time.Time{
		`"2017-03-01T12:13:39Z"`:      noFraction,
		`"2017-03-01T12:13:39.785Z"`:  noFraction.Add(785 * time.Millisecond),
		`"2017-03-01T14:13:39+02:00"`: noFraction,
		`"2017-03-01T12:13:39"`:       noFraction,
		`"2017-03-01T12:13:39.5"`:     noFraction.Add(time.Second / 2),
		`"2017-03-01 12:13:39"`:       noFraction,
		`"2017-03-01 12:13:39+00:00"`: noFraction,
		`"2017\u002d03-01T12:13:39Z"`: noFraction,
		`1488370419`:                  noFraction,
		`1488370419.0`:                noFraction,
		`1488370419000`:               noFraction,
		`1.488370419e12`:              noFraction,
		`null`:                        {},
		`""`:                          {},
		`"0001-01-01T00:00:00Z"`:      {},
	} {
		var run Test
		require.NoError(t, run.UnmarshalJSON([]byte(`{"creation_time":`+text+`}`)), text)
		assert.Equal(t, want, run.CreationTime, text)
	}
	for _, text := range []string{`"yesterday"`, `true`, `[]`, `{}`, `1e300`, `1e17`, `"2017-13-01T12:13:39Z"`, `"0000-01-01T00:00:00+01:00"`, `"9999-12-31T23:59:59-01:00"`, `"-"`} {
		assert.Error(t, new(Test).UnmarshalJSON([]byte(`{"creation_time":`+text+`}`)), text)
	}
}

func TestWholeNumbers(t *testing.T) {
	for text, want := range map[string]int{`25`: 25, `25.0`: 25, `2.5e1`: 25, `null`: 0, `-3`: -3, `0`: 0} {
		var count NamedCount
		require.NoError(t, count.UnmarshalJSON([]byte(`{"count":`+text+`}`)), text)
		assert.Equal(t, want, count.Count, text)
	}
	for _, text := range []string{`25.5`, `1e300`, `99999999999999999999`, `"25"`, `true`, `[]`} {
		assert.Error(t, new(NamedCount).UnmarshalJSON([]byte(`{"count":`+text+`}`)), text)
	}
}

func TestMetaStatus(t *testing.T) {
	for text, want := range map[string]int{`200`: 200, `200.0`: 200, `"200"`: 200, `"complete"`: 0, `null`: 0, `""`: 0, `{}`: 0, `2.5`: 0} {
		meta := Meta{Status: 7}
		require.NoError(t, meta.UnmarshalJSON([]byte(`{"status":`+text+`}`)), text)
		assert.Equal(t, want, meta.Status, text)
	}
}

func TestSeconds(t *testing.T) {
	for text, want := range map[string]Seconds{`25`: 25, `25.5`: 25.5, `null`: 0, `-1e3`: -1000} {
		var run Test
		require.NoError(t, run.UnmarshalJSON([]byte(`{"duration":`+text+`}`)), text)
		assert.Equal(t, want, run.Duration, text)
	}
	for _, text := range []string{`"25"`, `1e999`, `true`, `[]`} {
		assert.Error(t, new(Test).UnmarshalJSON([]byte(`{"duration":`+text+`}`)), text)
	}
	const longest = time.Duration(1<<63 - 1)
	assert.Equal(t, 1500*time.Millisecond, Seconds(1.5).Duration())
	assert.Equal(t, longest, Seconds(1e300).Duration())
	assert.Equal(t, -longest-1, Seconds(-1e300).Duration())
	assert.Zero(t, Seconds(math.NaN()).Duration())
}

func TestNoPromisedShape(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                  ``,
		"null":                   `null`,
		"a list":                 `[]`,
		"a text":                 `"ok"`,
		"two values":             `{} {}`,
		"trailing garbage":       `{}x`,
		"cut off":                `{"items":[{"id":"a"`,
		"another object":         `{"error":"boom"}`,
		"a list that is a text":  `{"items":"none"}`,
		"a text that is a count": `{"items":[{"id":7}]}`,
		"a run that is a text":   `{"items":["a"]}`,
	} {
		assert.Error(t, decodeAnswer([]byte(body), new(TestList)), name)
	}
	assert.Error(t, decodeAnswer([]byte(`{"metrics":{"os":[]}}`), new(TestTrends)), "a known key of another shape")
	assert.Error(t, decodeAnswer([]byte(`{"buckets":[{"aggs":{"owner":{}}}]}`), new(TestTrends)), "a known key of another shape")
	assert.NoError(t, decodeAnswer([]byte(`{}`), new(TestList)), "all members may be missing")
	assert.NoError(t, decodeAnswer([]byte(" \n{\"items\":[]}\n"), new(TestList)))
}

func TestLastOfTwoMembersCounts(t *testing.T) {
	var list TestList
	require.NoError(t, decodeAnswer([]byte(`{"meta":{"status":1},"meta":{},"items":[{"id":"a","id":"b"},{"id":"c"}],"items":[{"name":"n"}],"has_more":true,"has_more":false}`), &list))
	assert.Equal(t, TestList{Items: []Test{{Name: "n"}}, saidMore: true}, list)
	var metrics TestMetrics
	require.NoError(t, decodeAnswer([]byte(`{"aggs":{"count":1,"fastestRun":{"id":"a"},"fastestRun":{"name":"n"}},"aggs":{"slowestRun":{"id":"s"}}}`), &metrics))
	assert.Equal(t, TestAggs{SlowestRun: &Test{ID: "s"}}, metrics.Aggs)
	require.NoError(t, decodeAnswer([]byte(`{"aggs":{"statuses":{"passed":1},"statuses":{"failed":2}}}`), &metrics))
	assert.Equal(t, map[Status]int{StatusFailed: 2}, metrics.Aggs.Statuses)
	var aggs TrendAggs
	require.NoError(t, stdjson.Unmarshal([]byte(`{"os":[{"name":"a","name":"b"}],"os":[{"count":1}],"new":[{"name":"a"}],"new":7,"newer":[],"newer":[{"name":"b"}]}`), &aggs))
	assert.Equal(t, TrendAggs{OS: []NamedCount{{Count: 1}}, Other: map[string][]NamedCount{"newer": {{Name: "b"}}}}, aggs)
}

// Silence about further runs is not the same as no further runs.
func TestListKeepsWhetherHasMoreWasTold(t *testing.T) {
	for text, want := range map[string]TestList{
		`"has_more":true`:                    {HasMore: true, saidMore: true},
		`"has_more":false`:                   {saidMore: true},
		`"has_more":null`:                    {},
		`"x":1`:                              {},
		`"has_more":true,"has_more":null`:    {},
		`"has_more":null,"has_more":false`:   {saidMore: true},
		`"has_more":false,"has_more":true`:   {HasMore: true, saidMore: true},
		`"has_more":true , "has_more":false`: {saidMore: true},
	} {
		want.Items = []Test{}
		for way, body := range map[string]string{
			"scanned":         `{"items":[],` + text + `}`,
			"read by json/v2": `{"items":[{"duration":1e0}],"items":[],` + text + `}`,
		} {
			var list, byStandard TestList
			require.NoError(t, decodeAnswer([]byte(body), &list), body)
			assert.Equal(t, want, list, "%s: %s", way, text)
			require.NoError(t, stdjson.Unmarshal([]byte(body), &byStandard), body)
			assert.Equal(t, want, byStandard, "encoding/json, %s: %s", way, text)
		}
	}
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	var list TestList
	require.NoError(t, decodeAnswer([]byte("{\"items\":[{\"name\":\"a\xffb\"}]}"), &list))
	assert.Equal(t, "a\uFFFDb", list.Items[0].Name)
}

// backAndForth encodes what was decoded, decodes that, and compares.
func backAndForth[T any](t *testing.T, body []byte) {
	t.Helper()
	var first, second, third T
	if decodeAnswer(body, &first) != nil {
		return
	}
	if list, ok := any(&first).(*TestList); ok {
		list.saidMore = true // as what was encoded always says
	}
	encoded, err := json.Marshal(first)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, &second), string(encoded))
	assert.Equal(t, first, second)
	standard, err := stdjson.Marshal(first)
	require.NoError(t, err)
	require.NoError(t, stdjson.Unmarshal(standard, &third), string(standard))
	assert.Equal(t, first, third)
	assert.JSONEq(t, string(encoded), string(standard), "both encoders write the same")
}

func everyAnswerBackAndForth(t *testing.T, body []byte) {
	backAndForth[TestList](t, body)
	backAndForth[TestMetrics](t, body)
	backAndForth[TestTrends](t, body)
	backAndForth[BuildsTests](t, body)
	backAndForth[ErrorTrends](t, body)
}

func TestWhatWasDecodedEncodesToTheSame(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		everyAnswerBackAndForth(t, body)
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(f, err)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(body)
	}
	f.Fuzz(everyAnswerBackAndForth)
}

func TestEncodingUsesTheNamesOfTheWire(t *testing.T) {
	encoded, err := stdjson.Marshal(Test{ID: "a", CreationTime: utc(2021, 5, 1, 12, 0, 0), Duration: 25})
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":"a","owner":"","ancestor":"","name":"","build":"","creation_time":"2021-05-01T12:00:00Z",
		"duration":25,"status":"","error":"","os":"","os_normalized":"","browser":"","browser_normalized":"","details_url":""}`, string(encoded))
	encoded, err = stdjson.Marshal(TrendAggs{OS: []NamedCount{{"Linux", 1}}, Other: map[string][]NamedCount{"osFail": {{"Linux", 1}}, "os": nil}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"os":[{"name":"Linux","count":1}],"osFail":[{"name":"Linux","count":1}]}`, string(encoded))
}

func TestUnusualRunsGetTheirRoomAtOnce(t *testing.T) {
	const n = 1000
	var list TestList
	require.NoError(t, decodeAnswer([]byte(`{"items":[`+strings.Repeat(`{"duration":1e0,"x":[{},{}]},`, n-1)+`{}]}`), &list))
	assert.Len(t, list.Items, n)
	assert.Equal(t, n, cap(list.Items))
}

// A time that was understood, in whichever form, is written as RFC 3339 and
// understood as the same again.
func FuzzTime(f *testing.F) {
	for _, data := range []string{
		`""`, `null`, `0`, `1515687172`, `1515687172000.5`, `-1`, `1e3`, `1e400`, `"2017-03-01T12:13:39Z"`, `"2017-03-01T12:13:39.123456789Z"`,
		`"2017-03-01T12:13:39+00:00"`, `"2017-03-01 12:13:39"`, `"2017-03-01T12:13:39"`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59-23:59"`, `"\u0032"`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var run, again Test
		if json.Unmarshal(fmt.Appendf(nil, `{"creation_time":%s}`, data), &run) != nil {
			return
		}
		assert.Equal(t, time.UTC, run.CreationTime.Location())
		written, err := json.Marshal(run)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(written, &again))
		assert.Equal(t, run, again, "%s", written)
	})
}

// However many digits a number has, up to a bound.
func TestTheLongestScalars(t *testing.T) {
	for length, ok := range map[int]bool{wire.MaxScalar: true, wire.MaxScalar + 1: false} {
		number := "200." + strings.Repeat("0", length-len("200."))
		var meta Meta
		require.NoError(t, json.Unmarshal([]byte(`{"status":`+number+`}`), &meta))
		assert.Equal(t, ok, meta.Status == 200, "a status of %d characters", length)
		var run Test
		assert.Equal(t, ok, json.Unmarshal([]byte(`{"duration":`+number+`}`), &run) == nil, "a length of %d characters", length)
		assert.Equal(t, ok, json.Unmarshal([]byte(`{"end_time":`+number+`}`), &run) == nil, "a Unix time of %d characters", length)
		var count NamedCount
		assert.Equal(t, ok, json.Unmarshal([]byte(`{"count":`+number+`}`), &count) == nil, "a count of %d characters", length)
		text := "2021-05-01T12:00:00." + strings.Repeat("0", length-len("2021-05-01T12:00:00.Z")) + "Z"
		assert.Equal(t, ok, json.Unmarshal([]byte(`{"end_time":"`+text+`"}`), &run) == nil, "a time of %d characters", length)
	}
}

func TestNumbersAndTimesAtTheirEdges(t *testing.T) {
	for text, want := range map[string]time.Time{
		`100000000000`:           time.UnixMilli(100_000_000_000).UTC(), // the first that is milliseconds
		`99999999999`:            time.Unix(99_999_999_999, 0).UTC(),
		`1515687172.5`:           time.Unix(1_515_687_172, 500_000_000).UTC(),
		`"0000-01-01T00:00:00Z"`: utc(0, 1, 1, 0, 0, 0),
		`"9999-12-31T23:59:59Z"`: utc(9999, 12, 31, 23, 59, 59),
		`"0000-01-01 00:00:00"`:  utc(0, 1, 1, 0, 0, 0), // a form that the scanner leaves to json/v2
		`"9999-12-31 23:59:59"`:  utc(9999, 12, 31, 23, 59, 59),
	} {
		var run Test
		require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"end_time":%s}`, text), &run), text)
		assert.Equal(t, want, run.EndTime, text)
	}
	const largest = min(1<<53, math.MaxInt) - 1
	for _, want := range []int{largest, -largest} {
		var count NamedCount
		require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"count":%d.0}`, want), &count))
		assert.Equal(t, want, count.Count)
	}
	assert.Error(t, json.Unmarshal([]byte(`{"count":9007199254740993.0}`), new(NamedCount)), "beyond what a float64 tells apart")
}

// Who keeps answers, or parts of them, reads them with encoding/json as
// leniently as the SDK does.
func TestUnmarshalJSONIsAsLenientAsTheClient(t *testing.T) {
	t.Run("whole answers", func(t *testing.T) {
		sameByStandard[TestList](t, "tests.json", "tests_live.json", "tests_null.json")
		sameByStandard[TestMetrics](t, "test_metrics.json", "test_metrics_live.json")
		sameByStandard[TestTrends](t, "test_trends.json", "test_trends_live.json", "test_trends_empty.json")
		sameByStandard[BuildsTests](t, "builds_tests.json", "builds_tests_live.json")
		sameByStandard[ErrorTrends](t, "error_trends.json", "error_trends_live.json")
	})
	t.Run("parts", func(t *testing.T) {
		at := utc(2017, 3, 1, 12, 9, 16)
		unmarshalsTo(t, `{"name":"n","count":54.0}`, NamedCount{"n", 54})
		unmarshalsTo(t, `{"status":[{"count":2e0}]}`, BuildAggs{[]NamedCount{{Count: 2}}})
		unmarshalsTo(t, `{"items":[{"end_time":1488370156}],"has_more":null}`, TestGroup{Items: []Test{{EndTime: at}}})
		unmarshalsTo(t, `{"count":1.0,"items":[{"end_time":"2017-03-01 12:09:16"}]}`, ErrorBucket{Count: 1, Items: []Test{{EndTime: at}}})
		unmarshalsTo(t, `{"tests_count":3.0,"start_time":"2017-03-01 12:09:16","end_time":""}`, Build{TestsCount: 3, StartTime: at})
		unmarshalsTo(t, `{"items":[{"tests_count":3.0,"start_time":1488370156}]}`, BuildList{Items: []Build{{TestsCount: 3, StartTime: at}}})
		unmarshalsTo(t, `{"count":54.0,"statuses":{"passed":5.4e1},"fastestRun":null}`, TestAggs{Count: 54, Statuses: map[Status]int{StatusPassed: 54}})
		unmarshalsTo(t, `{"timestamp":1488370156,"count":1.0}`, TrendBucket{Timestamp: at, Count: 1})
		unmarshalsTo(t, `{"os":null,"osFail":[{"count":1.0}]}`, TrendAggs{Other: map[string][]NamedCount{"osFail": {{Count: 1}}}})
		unmarshalsTo(t, `{"os":{"Linux":1.0}}`, TrendMetrics{OS: map[string]int{"Linux": 1}})
		unmarshalsTo(t, `{"status":"200"}`, Meta{200})
		unmarshalsTo(t, `25.5`, Seconds(25.5))
		unmarshalsTo(t, `null`, Seconds(0))
	})
	t.Run("damage leaves what was there", func(t *testing.T) {
		build := Build{Name: "kept"}
		assert.Error(t, stdjson.Unmarshal([]byte(`{"name":"n","tests_count":[}`), &build))
		assert.Error(t, build.UnmarshalJSON([]byte(`{"name":"n","tests_count":[}`)))
		assert.Error(t, build.UnmarshalJSON([]byte(`{"name":"n"} {}`)))
		assert.Equal(t, Build{Name: "kept"}, build)
	})
}

func sameByStandard[T any](t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		body, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		unmarshalsTo(t, string(body), fixture[T](t, name))
	}
}

func unmarshalsTo[T any](t *testing.T, data string, want T) {
	t.Helper()
	var standard, v2 T
	if assert.NoError(t, stdjson.Unmarshal([]byte(data), &standard), data) {
		assert.Equal(t, want, standard, data)
	}
	if assert.NoError(t, json.Unmarshal([]byte(data), &v2), data) {
		assert.Equal(t, want, v2, data)
	}
}
