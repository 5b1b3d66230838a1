//go:build !race

package insights

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/sauceinsights/insights/internal/wire"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What answers cost in memory, of which the race detector takes its own.

func TestTestListMemory(t *testing.T) {
	// Of a body that is not what it should be, no part costs many times its size.
	t.Run("no answer costs many times its size", func(t *testing.T) {
		const size = 1 << 20
		const run, hundred = `{"items":[{"error":"`, 100
		var members []string
		for i := range hundred {
			members = append(members, fmt.Sprintf(`"%d":1`, i))
		}
		mapOfHundred := `"m":{` + strings.Join(members, ",") + `},`
		for name, test := range map[string]struct {
			answer           any
			start, more, end string
			refused          bool
			most             uint64 // bytes
		}{
			"maps":                 {new(TestTrends), `{"metrics":{`, mapOfHundred, `"m":{}}}`, true, size / 2},
			"a text full of signs": {new(TestTrends), `{"buckets":[],"x":"`, `,[{`, `"}`, false, size / 2},
			"a text with escapes":  {new(TestList), run, `\u0041bc`, `"}]}`, false, 5 * size},
			"no UTF-8":             {new(TestList), run, "\xff", `"}]}`, true, size / 2},
			"a length":             {new(TestList), `{"items":[{"duration":`, `1`, `}]}`, false, size / 2},
			"a count":              {new(TestMetrics), `{"aggs":{"count":`, `1`, `}}`, false, size / 2},
			"a Unix time":          {new(TestList), `{"items":[{"end_time":`, `1`, `}]}`, false, size / 2},
			"a time":               {new(TestList), `{"items":[{"end_time":"`, `1`, `"}]}`, false, 3 * size},
			"a status":             {new(TestTrends), `{"meta":{"status":`, `1`, `}}`, false, 3 * size},
			"a status as text":     {new(TestTrends), `{"meta":{"status":"`, `1`, `"}}`, false, 3 * size},
			"further members":      {new(TestTrends), `{"x":"`, `1`, `"}`, true, size / 2},
		} {
			body := []byte(test.start + strings.Repeat(test.more, size/len(test.more)) + test.end)
			var err error
			allocated := allocatedBy(func() { err = justDecode(body, test.answer) })
			assert.Equal(t, test.refused, err != nil, "%s: %v", name, err)
			assert.Less(t, allocated, test.most, name)
		}
	})
	// A month by the hour, with all that the service is known to split by.
	t.Run("a large honest answer is read", func(t *testing.T) {
		names := `[` + strings.Repeat(`{"name":"n","count":1},`, 8) + `{"name":"n","count":1}]`
		aggs := make([]string, 15)
		for i := range aggs {
			aggs[i] = fmt.Sprintf(`"agg%d":%s`, i, names)
		}
		bucket := `{"timestamp":0,"count":1,"aggs":{` + strings.Join(aggs, ",") + `}},`
		body := `{"buckets":[` + strings.Repeat(bucket, 719) + bucket[:len(bucket)-1] + `]}`
		var trends TestTrends
		require.NoError(t, justDecode([]byte(body), &trends))
		assert.Len(t, trends.Buckets, 720)
	})
	// A body that consists of the shortest runs must not cost many times its size.
	t.Run("the estimate is in proportion to the body", func(t *testing.T) {
		data := []byte(`{"items":[{}` + strings.Repeat(" ", 1<<20) + `]}`)
		var list TestList
		require.True(t, wire.Scan(data, &list, scanList))
		assert.LessOrEqual(t, cap(list.Items)*int(unsafe.Sizeof(Test{})), 4*len(data))
		data = []byte(`{"items":[` + strings.Repeat(`{},`, 9_999) + `{}]}`)
		require.True(t, wire.Scan(data, &list, scanList))
		assert.Len(t, list.Items, 10_000)
		assert.Less(t, cap(list.Items), 10_100, "however many there are, no more are made room for")
	})
}

// allocatedBy is how many bytes f allocates, kept or not.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
