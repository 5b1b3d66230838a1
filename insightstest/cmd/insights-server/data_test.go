package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

func idsOf(runs []insights.Test) string {
	var list []string
	for _, r := range runs {
		list = append(list, r.ID)
	}
	return strings.Join(list, " ")
}

func TestServerReadData(t *testing.T) {
	good := map[string]struct{ text, ids, ignored string }{
		"one per line, with empty lines":  {"{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n", "a b", ""},
		"a page of /tests":                {`{"meta":{"status":200},"items":[{"id":"a"},{"id":"b","org_id":"x"}],"has_more":true}`, "a b", "has_more (1 times), meta (1 times), org_id (1 times)"},
		"pages one after the other":       {`{"items":[{"id":"a"}]}{"items":[{"id":"b"}]}`, "a b", ""},
		"a list":                          {`[{"id":"a"}, {"id":"b"}]`, "a b", ""},
		"a run over several lines":        {"{\n \"id\": \"a\"\n}", "a", ""},
		"nulls and empty texts":           {`{"id":"a","build":null,"start_time":null,"end_time":"","error":""}`, "a", ""},
		"members that no run has":         {"{\"id\":\"a\",\"colour\":1}\n{\"id\":\"b\",\"colour\":2}", "a b", "colour (2 times)"},
		"an empty page":                   {`{"items":[]}`, "", ""},
		"nothing":                         {"", "", ""},
		"times as the real service sends": {`{"id":"a","creation_time":"2025-06-06T16:26:32+00:00","duration":1.5}`, "a", ""},
	}
	for name, test := range good {
		t.Run(name, func(t *testing.T) {
			runs, ignored, err := parseRuns([]byte(test.text))
			require.NoError(t, err)
			assert.Equal(t, test.ids, idsOf(runs))
			assert.Equal(t, test.ignored, ignored.String())
		})
	}
	bad := map[string]struct{ text, want string }{
		"no members of a run":       {"{\"id\":\"a\"}\n{\"foo\":1}\n", "2: it is not a run: it has none of the members of one"},
		"an empty object":           {"{}", "1: it is not a run"},
		"a number":                  {"\n\n7", "3: it is neither a run nor a list of runs"},
		"a number in a list":        {"[{\"id\":\"a\"},\n7]", "2: it is not a run, which is an object"},
		"null in a list":            {`[null]`, "1: it is not a run, which is an object"},
		"items that are no list":    {"{\"items\":\n5}", "2: items is not a list"},
		"broken JSON":               {"{\"id\":\"a\"}\n{\"id\":\n", "unexpected EOF"},
		"no JSON":                   {"{\"id\":\"a\"}\nid,name\n", "2: invalid character 'i'"},
		"a time that is none":       {"{\"id\":\"a\",\"creation_time\":\"yesterday\"}", `creation_time`},
		"a text that is a number":   {"{\"id\":\"a\",\"build\":7}", "build"},
		"a duration that is a text": {"{\"id\":\"a\",\"duration\":\"long\"}", "duration"},
		"a negative duration":       {"{\"id\":\"a\",\"duration\":-1}", "1: duration: -1 is not a number"},
	}
	for name, test := range bad {
		t.Run(name, func(t *testing.T) {
			_, _, err := parseRuns([]byte(test.text))
			var where *mistake
			require.ErrorAs(t, err, &where)
			assert.Contains(t, err.Error(), test.want)
		})
	}
	t.Run("gzipped, and what was ignored is said", func(t *testing.T) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(`{"id":"a","colour":1}`))
		require.NoError(t, z.Close())
		name := filepath.Join(t.TempDir(), "week.ndjson.gz")
		require.NoError(t, os.WriteFile(name, b.Bytes(), 0o600))
		var stderr bytes.Buffer
		runs, err := readData(name, nil, &stderr)
		require.NoError(t, err)
		assert.Equal(t, "a", idsOf(runs))
		assert.Equal(t, "insights-server: -data: "+name+": ignored colour (1 times)\n", stderr.String())
		_, err = readData("-", bytes.NewReader(b.Bytes()[:b.Len()-4]), &stderr)
		assert.ErrorContains(t, err, "-data: -: unexpected EOF")
		_, err = readData("-", strings.NewReader("\x1f\x8bx"), &stderr)
		assert.ErrorContains(t, err, "-data: -: ")
	})
}

func TestServerShiftToToday(t *testing.T) {
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct{ newest, now, want time.Time }{
		"weeks ago":           {at(2, 12), at(20, 13), at(20, 12)},
		"later in the day":    {at(2, 12), at(20, 11), at(19, 12)},
		"at the same time":    {at(2, 12), at(20, 12), at(20, 12)},
		"today already":       {at(20, 3), at(20, 12), at(20, 3)},
		"in the future":       {at(25, 12), at(20, 13), at(20, 12)},
		"later in that day":   {at(25, 14), at(20, 13), at(19, 14)},
		"exactly a day ahead": {at(21, 13), at(20, 13), at(20, 13)},
	} {
		t.Run(name, func(t *testing.T) {
			runs := []insights.Test{{CreationTime: c.newest.Add(-time.Hour), EndTime: c.newest.Add(time.Minute)}, {CreationTime: c.newest, StartTime: c.newest}}
			shiftToToday(runs, c.now)
			assert.Equal(t, c.want, runs[1].CreationTime)
			assert.Equal(t, c.want, runs[1].StartTime)
			assert.Zero(t, runs[0].StartTime)
			assert.Equal(t, c.want.Add(-time.Hour), runs[0].CreationTime)
			assert.Equal(t, c.want.Add(time.Minute), runs[0].EndTime)
		})
	}
}
