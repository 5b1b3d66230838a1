package insights

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/internal/wire"
)

// fixture decodes a file of testdata as the answer of a call.
func fixture[T any](t *testing.T, name string) T {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var answer T
	require.NoError(t, justDecode(body, &answer))
	return answer
}

// justDecode is decodeAnswer where the count of what was unreadable is of no interest.
func justDecode(body []byte, answer any) error {
	_, err := decodeAnswer(body, answer)
	return err
}

func utc(year int, month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

func TestTestList(t *testing.T) {
	t.Run("reads the sample of the reference", func(t *testing.T) {
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
	})
	// Silence about further runs is not the same as no further runs.
	t.Run("keeps whether has_more was told", func(t *testing.T) {
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
				require.NoError(t, justDecode([]byte(body), &list), body)
				assert.Equal(t, want, list, "%s: %s", way, text)
				require.NoError(t, stdjson.Unmarshal([]byte(body), &byStandard), body)
				assert.Equal(t, want, byStandard, "encoding/json, %s: %s", way, text)
			}
		}
	})
	t.Run("odd records cost themselves", func(t *testing.T) {
		for body, test := range map[string]struct {
			want       TestList
			unreadable int
		}{
			`{"items":{},"has_more":"false"}`:                       {TestList{saidMore: true}, 0},
			`{"items":"","has_more":"true"}`:                        {TestList{HasMore: true, saidMore: true}, 0},
			`{"items":[],"has_more":1}`:                             {TestList{Items: []Test{}, HasMore: true, saidMore: true}, 0},
			`{"items":[],"has_more":"no"}`:                          {TestList{Items: []Test{}}, 1},
			`{"items":[],"has_more":""}`:                            {TestList{Items: []Test{}}, 0},
			`{"items":[],"has_more":{}}`:                            {TestList{Items: []Test{}}, 1},
			`{"items":[{"id":"a"},"odd",null,[],{"id":"b"}]}`:       {TestList{Items: []Test{{ID: "a"}, {}, {}, {}, {ID: "b"}}}, 1},
			`{"items":[],"meta":"ok"}`:                              {TestList{Items: []Test{}}, 1},
			`{"items":[],"meta":[]}`:                                {TestList{Items: []Test{}}, 0},
			"\uFEFF" + `{"items":[{"id":"a"}]}`:                     {TestList{Items: []Test{{ID: "a"}}}, 0},
			"\uFEFF \r\n" + `{"items":[{"id":"a","duration":"x"}]}`: {TestList{Items: []Test{{ID: "a"}}}, 1},
		} {
			var list TestList
			unreadable, err := decodeAnswer([]byte(body), &list)
			require.NoError(t, err, body)
			assert.Equal(t, test.want, list, body)
			assert.Equal(t, test.unreadable, unreadable.Count, body)
		}
	})
	t.Run("invalid UTF-8 is replaced", func(t *testing.T) {
		var list TestList
		require.NoError(t, justDecode([]byte("{\"items\":[{\"name\":\"a\xffb\"}]}"), &list))
		assert.Equal(t, "a\uFFFDb", list.Items[0].Name)
	})
	t.Run("unusual runs get their room at once", func(t *testing.T) {
		const n = 1000
		var list TestList
		require.NoError(t, justDecode([]byte(`{"items":[`+strings.Repeat(`{"duration":1e0,"x":[{},{}]},`, n-1)+`{}]}`), &list))
		assert.Len(t, list.Items, n)
		assert.Equal(t, n, cap(list.Items))
	})
}

func TestTestMetrics(t *testing.T) {
	t.Run("reads the sample of the reference", func(t *testing.T) {
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
	})
	t.Run("odd values cost themselves", func(t *testing.T) {
		for aggs, test := range map[string]struct {
			want       TestAggs
			unreadable int
		}{
			`{"count":0,"fastestRun":{},"slowestRun":{},"statuses":[]}`:                    {TestAggs{}, 0},
			`{"count":"54","fastestRun":"","slowestRun":[],"statuses":{"passed":"54"}}`:    {TestAggs{Count: 54, Statuses: map[Status]int{StatusPassed: 54}}, 0},
			`{"count":1.5,"fastestRun":"none","slowestRun":{"id":7,"duration":"x"}}`:       {TestAggs{SlowestRun: &Test{ID: "7"}}, 3},
			`{"totalQueueTime":"1.5","totalRunTime":"NaN","avgRunTime":null,"statuses":7}`: {TestAggs{TotalQueueTime: 1.5}, 2},
			`[]`: {TestAggs{}, 0},
			`""`: {TestAggs{}, 0},
		} {
			var metrics TestMetrics
			unreadable, err := decodeAnswer([]byte(`{"aggs":`+aggs+`}`), &metrics)
			require.NoError(t, err, aggs)
			assert.Equal(t, test.want, metrics.Aggs, aggs)
			assert.Equal(t, test.unreadable, unreadable.Count, aggs)
		}
	})
	// However many digits a number has, up to a bound.
	t.Run("numbers and times have at most 1,024 characters", func(t *testing.T) {
		for length, ok := range map[int]bool{1024: true, 1025: false} {
			number := "200." + strings.Repeat("0", length-len("200."))
			text := "2021-05-01T12:00:00." + strings.Repeat("0", length-len("2021-05-01T12:00:00.Z")) + "Z"
			for name, body := range map[string]string{
				"a length":                 `{"aggs":{"totalRunTime":` + number + `}}`,
				"a length as text":         `{"aggs":{"totalRunTime":"` + number + `"}}`,
				"a count":                  `{"aggs":{"count":` + number + `}}`,
				"a Unix time":              `{"aggs":{"fastestRun":{"end_time":` + number + `}}}`,
				"a time":                   `{"aggs":{"fastestRun":{"end_time":"` + text + `"}}}`,
				"a time with many escapes": `{"aggs":{"fastestRun":{"end_time":"` + strings.ReplaceAll(text, "0", `\u0030`) + `"}}}`,
			} {
				unreadable, err := decodeAnswer([]byte(body), new(TestMetrics))
				require.NoError(t, err)
				assert.Equal(t, ok, unreadable.Count == 0, "%s of %d characters", name, length)
			}
			var meta Meta
			require.NoError(t, json.Unmarshal([]byte(`{"status":`+number+`}`), &meta))
			assert.Equal(t, ok, meta.Status == 200, "a status of %d characters", length)
		}
	})
}

func TestTestTrends(t *testing.T) {
	t.Run("reads the sample of the reference", func(t *testing.T) {
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
	})
}

func TestBuildsTests(t *testing.T) {
	t.Run("reads the sample of the reference", func(t *testing.T) {
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
	})
}

func TestErrorTrends(t *testing.T) {
	t.Run("reads the sample of the reference", func(t *testing.T) {
		answer := fixture[ErrorTrends](t, "error_trends.json")
		require.Len(t, answer.Buckets, 1)
		bucket := answer.Buckets[0]
		assert.Equal(t, "Selenium didn't complete your last command on time.\nFor help, please check https://docs.saucelabs.com/dev/error-messages", bucket.Name)
		assert.Equal(t, 1, bucket.Count)
		require.Len(t, bucket.Items, 1)
		assert.Equal(t, bucket.Name, bucket.Items[0].Error)
		assert.False(t, bucket.HasMore)
	})
}

func TestClientDecoding(t *testing.T) {
	t.Run("reads the shapes of the live service", func(t *testing.T) {
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
	})
	t.Run("odd values of summaries cost themselves", func(t *testing.T) {
		var trends TestTrends
		unreadable, err := decodeAnswer([]byte(`{"buckets":[{"timestamp":"1488370156","datetime":"None","count":"3","aggs":[]},
		{"datetime":"2017-03-01T12:09:16+0000","aggs":{"os":{},"owner":"","status":[{"name":7,"count":"2"}],"osFail":{},"x":["odd"],"y":[{"count":"1"}],"z":[{"count":"x"}]}}],
		"metrics":{"os":[],"owner":{"a":"2"},"status":7,"osFail":[],"y":{"a":1},"z":{"a":"x"}}}`), &trends)
		require.NoError(t, err)
		at := utc(2017, 3, 1, 12, 9, 16)
		assert.Equal(t, TestTrends{
			Buckets: []TrendBucket{
				{Timestamp: at, Count: 3},
				{Timestamp: at, Aggs: TrendAggs{Status: []NamedCount{{"7", 2}}, Other: map[string][]NamedCount{"y": {{"", 1}}}}},
			},
			Metrics: TrendMetrics{Owner: map[string]int{"a": 2}, Other: map[string]map[string]int{"y": {"a": 1}}},
		}, trends, "further keys of another shape are no part of the answer")
		assert.Equal(t, wire.Unreadable{Count: 2, First: "buckets[0].datetime"}, unreadable)

		var builds BuildsTests
		unreadable, err = decodeAnswer([]byte(`{"builds":{"items":[{"name":117,"tests_count":"34","start_time":"0000-00-00","tests":{},"aggs":[],"has_more":"true"},{"tests":"odd"}]},"tests_missing_build":[]}`), &builds)
		require.NoError(t, err)
		assert.Equal(t, BuildsTests{Builds: BuildList{Items: []Build{{Name: "117", TestsCount: 34, HasMore: true}, {}}}}, builds)
		assert.Equal(t, wire.Unreadable{Count: 2, First: "builds.items[0].start_time"}, unreadable)

		var errors ErrorTrends
		unreadable, err = decodeAnswer([]byte(`{"buckets":[{"name":404,"count":"2","items":[{"end_time":"None"}],"has_more":0}]}`), &errors)
		require.NoError(t, err)
		assert.Equal(t, ErrorTrends{Buckets: []ErrorBucket{{Name: "404", Count: 2, Items: []Test{{}}}}}, errors)
		assert.Equal(t, wire.Unreadable{Count: 1, First: "buckets[0].items[0].end_time"}, unreadable)
	})
	t.Run("of a name that occurs twice the last counts", func(t *testing.T) {
		var list TestList
		require.NoError(t, justDecode([]byte(`{"meta":{"status":1},"meta":{},"items":[{"id":"a","id":"b"},{"id":"c"}],"items":[{"name":"n"}],"has_more":true,"has_more":false}`), &list))
		assert.Equal(t, TestList{Items: []Test{{Name: "n"}}, saidMore: true}, list)
		var metrics TestMetrics
		require.NoError(t, justDecode([]byte(`{"aggs":{"count":1,"fastestRun":{"id":"a"},"fastestRun":{"name":"n"}},"aggs":{"slowestRun":{"id":"s"}}}`), &metrics))
		assert.Equal(t, TestAggs{SlowestRun: &Test{ID: "s"}}, metrics.Aggs)
		require.NoError(t, justDecode([]byte(`{"aggs":{"statuses":{"passed":1},"statuses":{"failed":2}}}`), &metrics))
		assert.Equal(t, map[Status]int{StatusFailed: 2}, metrics.Aggs.Statuses)
		var aggs TrendAggs
		require.NoError(t, stdjson.Unmarshal([]byte(`{"os":[{"name":"a","name":"b"}],"os":[{"count":1}],"new":[{"name":"a"}],"new":7,"newer":[],"newer":[{"name":"b"}]}`), &aggs))
		assert.Equal(t, TrendAggs{OS: []NamedCount{{Count: 1}}, Other: map[string][]NamedCount{"newer": {{Name: "b"}}}}, aggs)
	})
}

func TestMeta(t *testing.T) {
	for text, want := range map[string]int{`200`: 200, `200.0`: 200, `"200"`: 200, `" 203 "`: 203, `"complete"`: 0, `null`: 0, `""`: 0, `{}`: 0, `2.5`: 0, `true`: 0} {
		for _, body := range []string{`{"meta":{"status":` + text + `},"items":[]}`, `{"meta":{"status":` + text + `},"items":{}}`} {
			list := TestList{Meta: Meta{Status: 7}}
			unreadable, err := decodeAnswer([]byte(body), &list)
			require.NoError(t, err, body)
			assert.Equal(t, want, list.Meta.Status, body)
			assert.Zero(t, unreadable, "words are known to be there: %s", body)
		}
	}
}

func TestSeconds(t *testing.T) {
	const longest = time.Duration(1<<63 - 1)
	assert.Equal(t, 1500*time.Millisecond, Seconds(1.5).Duration())
	assert.Equal(t, longest, Seconds(1e300).Duration())
	assert.Equal(t, -longest-1, Seconds(-1e300).Duration())
	assert.Zero(t, Seconds(math.NaN()).Duration())
}

func TestTest(t *testing.T) {
	// One odd value costs itself, whatever it is, and the run and its page stay.
	t.Run("one odd value costs itself, and the run and its page stay", func(t *testing.T) {
		at := utc(2017, 3, 1, 12, 13, 39)
		for member, test := range map[string]struct {
			want       Test
			unreadable int
		}{
			`"build":117`:                            {Test{Build: "117"}, 0},
			`"name":20240131`:                        {Test{Name: "20240131"}, 0},
			`"id":7`:                                 {Test{ID: "7"}, 0},
			`"owner":1.50`:                           {Test{Owner: "1.50"}, 0},
			`"id":{"$oid":"a"}`:                      {Test{}, 1},
			`"id":["a"]`:                             {Test{}, 1},
			`"error":false`:                          {Test{}, 1},
			`"status":true`:                          {Test{}, 1},
			`"os":{}`:                                {Test{}, 1},
			`"details_url":{"href":"a"}`:             {Test{}, 1},
			`"duration":"25"`:                        {Test{Duration: 25}, 0},
			`"duration":"NaN"`:                       {Test{}, 1},
			`"duration":""`:                          {Test{}, 0},
			`"duration":1e3`:                         {Test{Duration: 1000}, 0},
			`"duration":1e999`:                       {Test{}, 1},
			`"duration":[]`:                          {Test{}, 1},
			`"end_time":"2017-03-01T12:13:39+0000"`:  {Test{EndTime: at}, 0},
			`"end_time":"2017-03-01 14:13:39 +0200"`: {Test{EndTime: at}, 0},
			`"end_time":"20170301T121339Z"`:          {Test{EndTime: at}, 0},
			`"end_time":"1488370419"`:                {Test{EndTime: at}, 0},
			`"end_time":1488370419000`:               {Test{EndTime: at}, 0},
			`"end_time":"0000-00-00"`:                {Test{}, 1},
			`"end_time":"0000-00-00 00:00:00"`:       {Test{}, 1},
			`"end_time":"None"`:                      {Test{}, 1},
			`"end_time":""`:                          {Test{}, 0},
			`"end_time":false`:                       {Test{}, 1},
			`"creation_time":"yesterday","build":[]`: {Test{}, 2},
		} {
			body := `{"items":[{"browser":"first"},{` + member + `,"ancestor":"kept"},{"browser":"last"}],"has_more":true}`
			test.want.Ancestor = "kept"
			want := TestList{Items: []Test{{Browser: "first"}, test.want, {Browser: "last"}}, HasMore: true, saidMore: true}
			var list TestList
			unreadable, err := decodeAnswer([]byte(body), &list)
			require.NoError(t, err, member)
			assert.Equal(t, want, list, member)
			assert.Equal(t, test.unreadable, unreadable.Count, member)
			if test.unreadable > 0 {
				name, _, _ := strings.Cut(member[1:], `"`)
				assert.Equal(t, "items[1]."+name, unreadable.First)
			}
			unmarshalsTo(t, body, want)
		}
	})
	t.Run("numbers and times at their edges", func(t *testing.T) {
		for text, want := range map[string]time.Time{
			`100000000000`:           time.UnixMilli(100_000_000_000).UTC(), // the first that is milliseconds
			`99999999999`:            time.Unix(99_999_999_999, 0).UTC(),
			`1515687172.5`:           time.Unix(1_515_687_172, 500_000_000).UTC(),
			`"0000-01-01T00:00:00Z"`: utc(0, 1, 1, 0, 0, 0),
			`"9999-12-31T23:59:59Z"`: utc(9999, 12, 31, 23, 59, 59),
			`"0000-01-01 00:00:00"`:  utc(0, 1, 1, 0, 0, 0),
			`"9999-12-31 23:59:59"`:  utc(9999, 12, 31, 23, 59, 59),
		} {
			unmarshalsTo(t, `{"end_time":`+text+`}`, Test{EndTime: want})
		}
		const largest = min(1<<53, math.MaxInt) - 1
		for _, want := range []int{largest, -largest} {
			unmarshalsTo(t, fmt.Sprintf(`{"count":%d.0}`, want), NamedCount{Count: want})
		}
		unmarshalsTo(t, `{"count":9007199254740993.0}`, NamedCount{})
	})
}

func TestErrBadResponse(t *testing.T) {
	t.Run("is what has none of the promised shapes", func(t *testing.T) {
		for body, want := range map[string]string{
			``:                           "no JSON object",
			`null`:                       "no JSON object",
			`[]`:                         "no JSON object",
			`"ok"`:                       "no JSON object",
			"\uFEFF":                     "no JSON object",
			"\uFEFF\uFEFF{\"items\":[]}": "no JSON object",
			`{} {}`:                      "more than one value",
			`{}x`:                        "more than one value",
			`{"items":[{"id":"a"`:        "items[0]: damaged at byte 19: unexpected EOF",
			`{"items":[{},{},{"creation_time":tomorrow}]}`: "items[2].creation_time: damaged at byte",
			`{"error":"boom"}`:                     "it tells of an error: boom",
			`{"x":1}`:                              "none of the promised members",
			`{"meta":{"status":503},"items":[{}]}`: "it tells of status 503",
			`{"":"boom"}`:                          "none of the promised members",
			`{"items":"none"}`:                     "items: want a list, got text",
			`{"items":{"a":1}}`:                    "items: want a list, got an object",
		} {
			assert.ErrorContains(t, justDecode([]byte(body), new(TestList)), want, body)
		}
		assert.ErrorContains(t, justDecode([]byte(`{"aggs":"none"}`), new(TestMetrics)), "aggs: want an object, got text")
		assert.ErrorContains(t, justDecode([]byte(`{"metrics":[1]}`), new(TestTrends)), "metrics: want an object, got a list")
		assert.ErrorContains(t, justDecode([]byte(`{"builds":{"items":7}}`), new(BuildsTests)), "builds.items: want a list, got a number")
		assert.NoError(t, justDecode([]byte(`{}`), new(TestList)), "all members may be missing")
		assert.NoError(t, justDecode([]byte(" \n{\"items\":[]}\n"), new(TestList)))
	})
}

// backAndForth encodes what was decoded, decodes that, and compares.
func backAndForth[T any](t *testing.T, body []byte) {
	t.Helper()
	var first, second, third T
	if justDecode(body, &first) != nil {
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

func TestMarshalJSON(t *testing.T) {
	t.Run("encodes what was decoded to the same", func(t *testing.T) {
		files, err := filepath.Glob("testdata/*.json")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			everyAnswerBackAndForth(t, body)
		}
	})
	t.Run("uses the names of the wire", func(t *testing.T) {
		encoded, err := stdjson.Marshal(Test{ID: "a", CreationTime: utc(2021, 5, 1, 12, 0, 0), Duration: 25})
		require.NoError(t, err)
		assert.JSONEq(t, `{"id":"a","owner":"","ancestor":"","name":"","build":"","creation_time":"2021-05-01T12:00:00Z",
		"duration":25,"status":"","error":"","os":"","os_normalized":"","browser":"","browser_normalized":"","details_url":""}`, string(encoded))
		encoded, err = stdjson.Marshal(TrendAggs{OS: []NamedCount{{"Linux", 1}}, Other: map[string][]NamedCount{"osFail": {{"Linux", 1}}, "os": nil}})
		require.NoError(t, err)
		assert.JSONEq(t, `{"os":[{"name":"Linux","count":1}],"osFail":[{"name":"Linux","count":1}]}`, string(encoded))
	})
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

func TestUnmarshalJSON(t *testing.T) {
	// Who keeps answers, or parts of them, reads them with encoding/json as
	// leniently as the SDK does.
	t.Run("is as lenient as the client", func(t *testing.T) {
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

// BenchmarkTestList is the decoding of pages of so many runs: as they usually
// come, with one value that only the reader can read, and by encoding/json into
// structs without methods.
func BenchmarkTestList(b *testing.B) {
	type plainRun Test
	for _, runs := range []int{10, 100, 1000} {
		usual := pageOf(runs)
		odd := bytes.Replace(usual, []byte(`"duration":59`), []byte(`"duration":"59"`), 1)
		b.Run(fmt.Sprintf("%d runs", runs), func(b *testing.B) {
			benchmarkDecoding(b, usual, func() error { return justDecode(usual, new(TestList)) })
		})
		b.Run(fmt.Sprintf("%d runs, one odd", runs), func(b *testing.B) {
			benchmarkDecoding(b, odd, func() error { return justDecode(odd, new(TestList)) })
		})
		b.Run(fmt.Sprintf("%d runs, encoding_json", runs), func(b *testing.B) {
			benchmarkDecoding(b, usual, func() error { return stdjson.Unmarshal(usual, &struct{ Items []plainRun }{}) })
		})
	}
}

func benchmarkDecoding(b *testing.B, body []byte, decode func() error) {
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := decode(); err != nil {
			b.Fatal(err)
		}
	}
}

// byFields is the shape of answers without the scanner.
func byFields(r *wire.Reader, into any) (bool, error) {
	switch into.(type) {
	case *Test, *[]Test:
		return false, nil
	}
	return shape(r, into)
}

// requireAgreement fails if the scanner can tell what data is and the reader is
// of another opinion. It reports whether the scanner can tell.
func requireAgreement(t *testing.T, data []byte) bool {
	t.Helper()
	isList := requireSame(t, data, scanList)
	return requireSame(t, data, scanRun) || isList
}

func requireSame[T any](t *testing.T, data []byte, scan func(*wire.Scanner, *T) bool) bool {
	t.Helper()
	var scanned, want T
	if !wire.Scan(data, &scanned, scan) {
		return false
	}
	unreadable, err := wire.Read(data, &want, byFields)
	require.NoError(t, err, "%q", data)
	require.Zero(t, unreadable, "%q", data)
	require.Equal(t, want, scanned, "%q", data)
	return true
}

func TestTestListScanner(t *testing.T) {
	t.Run("takes what services send", func(t *testing.T) {
		run := `{"id":"a1","owner":"mia","creation_time":"2026-02-28T23:59:59Z","status":"passed","details_url":"https://h.example/jobs/a1"}`
		for name, data := range map[string]string{
			"a run":                   run,
			"an empty run":            `{}`,
			"a list":                  `{"meta":{"status":200},"items":[` + run + `,` + run + `],"has_more":true}`,
			"an empty list":           `{"meta":{"status":200},"items":[],"has_more":false}`,
			"a null list":             `{"meta":{"status":200},"items":null,"has_more":null}`,
			"other order":             `{"has_more":false,"items":[{"status":"failed","id":"a1"}],"meta":{"status":200}}`,
			"indented":                "{\n\t\"items\" : [ {\r\n \"id\" : \"a\" } , { } ] }\n",
			"text instead of status":  `{"meta":{"status":"complete"},"items":[]}`,
			"further members":         `{"items":[{"id":"a","tags":["x",1,-2.5,true,null,{"deep":[[]]}],"org":{"a":{}}}],"count":7}`,
			"the last of a name":      `{"id":"a","id":"b","owner":"x","owner":null,"duration":2,"duration":null}`,
			"nulls":                   `{"owner":null,"creation_time":null,"duration":null,"details_url":null}`,
			"escapes":                 `{"error":"a\n\t\"\\\/\b\f\r\u00e9\ud83d\ude00z"}`,
			"letters of all kinds":    `{"name":"Zürich 東京 😀","error":"naïve"}`,
			"fractions of a second":   `{"creation_time":"2026-01-31T00:00:00.123Z","start_time":"2026-01-31T00:00:00.000000001Z"}`,
			"a leap day":              `{"creation_time":"2024-02-29T12:00:00Z"}`,
			"other times":             `{"creation_time":"2026-01-31T01:02:03+02:00","start_time":"2026-01-31 01:02:03","end_time":""}`,
			"decimals":                `{"duration":25.0}`,
			"a zero":                  `{"duration":0}`,
			"nines":                   `{"duration":99.9}`,
			"a negative length":       `{"duration":-1.5}`,
			"an address without ID":   `{"id":"a1","details_url":"https://h.example/jobs/"}`,
			"the ID behind it":        `{"details_url":"https://h.example/jobs/a1","id":"a1"}`,
			"a text of many kilobyte": `{"error":"` + strings.Repeat("12345678", 1000) + `"}`,
		} {
			t.Run(name, func(t *testing.T) { assert.True(t, requireAgreement(t, []byte(data))) })
		}
	})
	t.Run("leaves the rest to the reader", func(t *testing.T) {
		for name, data := range map[string]string{
			"no JSON":               `<html>`,
			"nothing":               ``,
			"half":                  `{"items":[{"id":"a"`,
			"half a text":           `{"id":"a`,
			"half an escape":        `{"id":"\`,
			"half a status":         `{"meta":{"status":"`,
			"half a status number":  `{"meta":{"status":2`,
			"half a number":         `{"duration":1.`,
			"two values":            `{"id":"a"}{"id":"b"}`,
			"a comma too many":      `{"items":[{"id":"a"},]}`,
			"a zero too many":       `{"duration":01}`,
			"an exponent":           `{"duration":1e3}`,
			"a number beyond range": `{"duration":` + strings.Repeat("9", 400) + `}`,
			"another kind":          `{"owner":7}`,
			"an ID with escapes":    `{"id":"\u0061"}`,
			"half a pair":           `{"error":"\ud83d"}`,
			"no pair":               `{"error":"\ud83dA"}`,
			"invalid UTF-8":         "{\"error\":\"\xff\"}",
			"and after an escape":   "{\"error\":\"\\n\xff\"}",
			"a control character":   "{\"error\":\"a\nb\"}",
			"and after an escape 2": "{\"error\":\"\\na\nb\"}",
			"an unknown escape":     `{"error":"\x41"}`,
			"an unknown word":       `{"has_more":yes,"items":[]}`,
			"a bad time":            `{"creation_time":"yesterday"}`,
			"no such day":           `{"creation_time":"2026-02-30T00:00:00Z"}`,
			"no such hour":          `{"creation_time":"2026-02-03T24:00:00Z"}`,
			"lists twice":           `{"items":[{"id":"a"}],"items":[{"id":"b"}]}`,
			"a null run":            `{"items":[null]}`,
			"something else":        `{"has_more":true}`,
			"a deep value":          `{"x":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `,"items":[]}`,
		} {
			t.Run(name, func(t *testing.T) {
				assert.False(t, wire.Scan([]byte(data), new(TestList), scanList))
				requireAgreement(t, []byte(data))
			})
		}
	})
	// An answer that is cut off anywhere, or has any byte replaced.
	t.Run("agrees with the reader on damaged answers", func(t *testing.T) {
		t.Parallel()
		whole := []byte(`{"meta":{"status":200},"items":[{"id":"a1","name":"many words é\u0faF\n\ud83d\ude00","creation_time":"2026-01-31T00:00:09.5Z","start_time":"2026-01-31T23:59:59Z","end_time":"2026-01-31T00:00:00Z","duration":-90.5,"x":[true,0]}],"has_more":true}`)
		require.True(t, requireAgreement(t, whole))
		for i := range whole {
			requireAgreement(t, slices.Clip(slices.Clone(whole[:i])))
			for _, b := range []byte("\n\"\\09}\x80") {
				damaged := slices.Clone(whole)
				damaged[i] = b
				requireAgreement(t, damaged)
			}
		}
	})
	// This writes answers in all kinds of ways and
	// damages some.
	t.Run("agrees with the reader on random answers", func(t *testing.T) {
		t.Parallel()
		taken := 0
		for seed := range uint64(1000) {
			w := answerWriter{random: rand.New(rand.NewPCG(seed, 1))}
			if requireAgreement(t, w.answer()) {
				taken++
			}
		}
		assert.Greater(t, taken, 150, "answers that the scanner can tell")
	})
	t.Run("a refused answer leaves nothing behind", func(t *testing.T) {
		list := TestList{HasMore: true, Items: []Test{{ID: "kept"}}}
		require.False(t, wire.Scan([]byte(`{"items":[{"id":"a"},7],"has_more":false}`), &list, scanList))
		assert.Equal(t, TestList{HasMore: true, Items: []Test{{ID: "kept"}}}, list)
	})
	// The answer's buffer is used again for the next one.
	t.Run("runs keep nothing of the answer", func(t *testing.T) {
		data := []byte(`{"items":[{"id":"a1","owner":"mia","error":"a\nb","details_url":"https://h.example/a1"}]}`)
		var list TestList
		require.True(t, wire.Scan(data, &list, scanList))
		clear(data)
		assert.Equal(t, []Test{{ID: "a1", Owner: "mia", Error: "a\nb", DetailsURL: "https://h.example/a1"}}, list.Items)
	})
	t.Run("an ID is stored with its address", func(t *testing.T) {
		var run Test
		require.True(t, wire.Scan([]byte(`{"id":"a1","details_url":"https://h.example/a1"}`), &run, scanRun))
		assert.Same(t, unsafe.StringData(run.DetailsURL[len(run.DetailsURL)-2:]), unsafe.StringData(run.ID))
	})
}

// answerWriter writes random answers.
type answerWriter struct {
	random *rand.Rand
	buf    []byte
}

func (w *answerWriter) oneOf(choices ...string) string {
	return choices[w.random.IntN(len(choices))]
}

func (w *answerWriter) answer() []byte {
	w.add(w.oneOf(`{"meta":{"status":200},`, "{\n", `{"meta":null,`, `{"extra":[{}],`), `"items":`)
	w.add(w.oneOf(`[`, `[`, `[ `))
	for i := range w.random.IntN(4) {
		if i > 0 {
			w.add(w.oneOf(",", ",", " ,\n"))
		}
		w.run()
	}
	w.add(`]`, w.oneOf(`,"has_more":true}`, `,"has_more":false}`, "}\n", `,"has_more":null}`))
	if w.random.IntN(3) == 0 && len(w.buf) > 0 {
		w.buf[w.random.IntN(len(w.buf))] = w.oneOf(`"`, `,`, `\`, "\xff", "0", "}", " ", "n")[0]
	}
	return w.buf
}

func (w *answerWriter) add(parts ...string) {
	for _, part := range parts {
		w.buf = append(w.buf, part...)
	}
}

func (w *answerWriter) run() {
	w.add("{")
	for i := range w.random.IntN(8) {
		if i > 0 {
			w.add(",")
		}
		w.add(w.oneOf(runFields[w.random.IntN(len(runFields))].name[1:], runFields[w.random.IntN(len(runFields))].name[1:], `"ID":`, `"extra" : `))
		w.value()
	}
	w.add("}")
}

func (w *answerWriter) value() {
	random := time.Unix(w.random.Int64N(4e9), w.random.Int64N(1e9)).UTC()
	w.add(w.oneOf(
		`"a"`, `""`, `"plain text, long enough for a word or two"`, `"é"`, `"a\nb"`, `"\u00e9\u0000"`, `"\ud83d\ude00"`,
		`"`+random.Format(time.RFC3339)+`"`, `"`+random.Format(time.RFC3339Nano)+`"`, `"`+random.Format("2006-01-02T15:04:05.000")+`"`,
		`"`+random.Format("2006-01-02 15:04:05")+`"`, `"2024-02-29T23:59:60Z"`, `"2026-1-02T00:00:00Z"`, `"2026-01-02T00:00:00,5Z"`,
		`null`, ` null `, `0`, `-0`, `25.50`, `1e2`, `12345678901234567890`, `true`, `{"a":[1,"b"]}`, `[]`,
	))
}

func FuzzScan(f *testing.F) {
	paths, err := filepath.Glob("testdata/tests*.json")
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	for seed := range uint64(40) {
		w := answerWriter{random: rand.New(rand.NewPCG(seed, 2))}
		f.Add(w.answer())
	}
	f.Fuzz(func(t *testing.T, data []byte) { requireAgreement(t, data) })
}

// The answers: what was decoded encodes back to the same, under both encoders.

func FuzzTestList(f *testing.F)    { fuzzAnswer[TestList](f) }
func FuzzTestMetrics(f *testing.F) { fuzzAnswer[TestMetrics](f) }
func FuzzTestTrends(f *testing.F)  { fuzzAnswer[TestTrends](f) }
func FuzzBuildsTests(f *testing.F) { fuzzAnswer[BuildsTests](f) }
func FuzzErrorTrends(f *testing.F) { fuzzAnswer[ErrorTrends](f) }

func fuzzAnswer[T any](f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(f, err)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { backAndForth[T](t, body) })
}
