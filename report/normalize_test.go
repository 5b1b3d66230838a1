package report_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

func TestNormalizeError(t *testing.T) {
	t.Run("makes errors of the same cause alike", func(t *testing.T) {
		tests := map[string]struct {
			messages []string
			want     string
		}{
			"numbers": {
				[]string{"timed out after 30 s", "timed out after 30.5 s", "timed out after 1,200 s", "timed out after -3 s"},
				"timed out after <n> s",
			},
			"long numbers":         {[]string{"order 1234567890", "order 7"}, "order <n>"},
			"numbers inside words": {[]string{"no element row17", "no element row4"}, "no element row<n>"},
			"times": {
				[]string{"at 2026-11-20T10:00:00Z: gone", "at 2026-11-21 23:59:59.123+01:00: gone", "at 2026-11-21: gone", "at 10:15: gone", "at 9:15:01 PM: gone"},
				"at <time>: gone",
			},
			"URLs": {
				[]string{"GET https://example.com/a?b=1 failed", "GET http://10.0.0.1:8080/c failed"},
				"GET <url> failed",
			},
			"numbers in quotes":          {[]string{`no element "#pay-5"`, `no element "#pay-17"`}, `no element "#pay-<n>"`},
			"addresses, no times":        {[]string{"dial 10.0.0.1:8080: refused", "dial 192.168.17.4:10: refused", "dial 10.0.0.1: refused", "dial [::1]:80: refused", "dial 2001:db8::ff00:42:8329: refused"}, "dial <address>: refused"},
			"places in code":             {[]string{"at app.js:10:55", "at app.js:7:3"}, "at app.js:<n>:<n>"},
			"ports":                      {[]string{"localhost:8080 refused", "localhost:17 refused"}, "localhost:<n> refused"},
			"two times of day":           {[]string{"from 10:15 11:15 to 12:15:30.5 on", "from 9:00 AM 7:15 to 23:59 on"}, "from <time> <time> to <time> on"},
			"colour codes":               {[]string{"\x1b[31m3\x1b[39m of \x1b[1;32m7\x1b[0m failed", "3 of 7 failed"}, "<n> of <n> failed"},
			"short hashes":               {[]string{"commit 3f2a9bc broke it", "commit 01d7e4a broke it", "commit 8badf00d broke it"}, "commit <hex> broke it"},
			"e-mail addresses":           {[]string{"no user ann@example.com", "no user bob.b+test@mail.example.org"}, "no user <email>"},
			"lengths of time":            {[]string{"after 300ms", "after 1.5s", "after 1m30s", "after 2h"}, "after <duration>"},
			"tokens":                     {[]string{"bad eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln given", "bad eyJhbGciOiJub25lIn0.eyJiIjoyfQ. given"}, "bad <token> given"},
			"a status after HTTP":        {[]string{"HTTP 401 for order 5", "HTTP 401 for order 77"}, "HTTP 401 for order <n>"},
			"a status before its text":   {[]string{"503 Service Unavailable after 3 tries"}, "503 Service Unavailable after <n> tries"},
			"a status code":              {[]string{"request 7 failed with status code 503"}, "request <n> failed with status code 503"},
			"a status of HTTP/1.1":       {[]string{"HTTP/1.1 404 Not Found"}, "HTTP/<n> 404 Not Found"},
			"a number that is no status": {[]string{"code 123 in 7", "code 599 in 9"}, "code <n> in <n>"},
			"namespaces":                 {[]string{"std::vector<Foo::bad> at x"}, "std::vector<Foo::bad> at x"},
			"apostrophes quote nothing":  {[]string{"can't click, isn't shown"}, "can't click, isn't shown"},
			"UUIDs": {
				[]string{"session 01234567-89ab-cdef-0123-456789abcdef lost", "session FFFFFFFF-89AB-CDEF-0123-456789ABCDEF lost", "session 5f0a1c2e-0012a-4b1d-9e77-3c2d1b0a9f812 lost"},
				"session <id> lost",
			},
			"hexadecimal": {
				[]string{"at 0xDEADBEEF", "at 0x1", "at 8badf00d", "at 0123456789abcdef0123456789abcdef"},
				"at <hex>",
			},
			"opaque IDs":                   {[]string{"job 4f0c1z8e6b2d4a7q9x3k5m1n7p2r4t6v lost", "job zz11yy22xx33ww44 lost"}, "job <id> lost"},
			"class names":                  {[]string{"NoSuchElementException: StaleElementReferenceException"}, "NoSuchElementException: StaleElementReferenceException"},
			"words of hexadecimal letters": {[]string{"the facade defaced feedface"}, "the facade defaced feedface"},
			"white space":                  {[]string{"a\n\tb  c\r\n", " a b c"}, "a b c"},
			"empty":                        {[]string{"", " \n"}, ""},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				for _, message := range tt.messages {
					assert.Equal(t, tt.want, report.NormalizeError(message), message)
				}
			})
		}
	})
	t.Run("keeps causes apart", func(t *testing.T) {
		for _, pair := range [][2]string{
			{"HTTP 401", "HTTP 503"},
			{"401 Unauthorized", "403 Forbidden"},
			{"status: 404", "status: 500"},
			{`no element "#login"`, `no element "#logout"`},
			{"no element 'a'", "no element 'b'"},
			{"connection refused", "connection reset"},
		} {
			assert.NotEqual(t, report.NormalizeError(pair[0]), report.NormalizeError(pair[1]))
		}
	})
	t.Run("changes nothing more the second time", func(t *testing.T) {
		for _, message := range []string{
			`GET "https://example.com/x" at 10:00:00 gave 500 for 0xff`, "job 0123456789abcdef0123 lost", "a 'b' c",
		} {
			once := report.NormalizeError(message)
			assert.Equal(t, once, report.NormalizeError(once))
		}
	})
}

func TestNormalizeErrorFindsTheCausesOfAShop(t *testing.T) {
	end := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	groups := map[string]map[string]bool{} // causes by what is left of their texts
	causes := map[string]map[string]bool{} // and the other way round
	for text, cause := range insightstest.GenerateTruth(1, 10, end.Add(-time.Hour), end).Causes {
		normalized := report.NormalizeError(text)
		if groups[normalized] == nil {
			groups[normalized] = map[string]bool{}
		}
		if causes[cause] == nil {
			causes[cause] = map[string]bool{}
		}
		groups[normalized][cause], causes[cause][normalized] = true, true
	}
	for normalized, of := range groups {
		assert.Len(t, of, 1, "two causes in one group: %s", normalized)
	}
	for cause, of := range causes {
		assert.Len(t, of, 1, "one cause in many groups: %s: %v", cause, of)
	}
}

func TestOptionsNormalize(t *testing.T) {
	t.Run("takes the place of NormalizeError", func(t *testing.T) {
		runs := slices.Concat(history("a", "F"), history("b", "F"))
		runs[0].Error, runs[1].Error = "no element a", "no element b"
		s := summarize(t, report.Options{Normalize: func(message string) string { return message[:10] }}, runs...)
		require.Len(t, s.Errors, 1)
		assert.Equal(t, "no element", s.Errors[0].Message)
		assert.Equal(t, 2, s.Errors[0].Count)
	})
}

func TestSummaryErrors(t *testing.T) {
	t.Run("are grouped before they are cut", func(t *testing.T) {
		var runs []insights.Test
		for i := range 12 {
			r := run("login", insights.StatusFailed, time.Duration(i)*time.Minute)
			r.Error = fmt.Sprintf("after %d ms: ", int(math.Pow(3, float64(i)))) + strings.Repeat("long ", 1000)
			runs = append(runs, r)
		}
		assert.Len(t, summarize(t, report.Options{}, runs...).Errors, 1, "one cause, though the cut is elsewhere in every message")
	})
	t.Run("of a megabyte cost no more than their beginning", func(t *testing.T) {
		var longest int
		normalize := func(message string) string {
			longest = max(longest, len(message))
			return message
		}
		r := run("login", insights.StatusFailed, 0)
		r.Error = strings.Repeat("é", 1<<19)
		s := summarize(t, report.Options{Normalize: normalize}, r, r)
		assert.Equal(t, 64<<10, longest)
		assert.Len(t, s.Errors, 1)
		assert.Len(t, s.Errors[0].Message, 2000)
	})
}

func BenchmarkNormalizeError(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		report.NormalizeError(`2026-11-20T10:00:00Z session 01234567-89ab-cdef-0123-456789abcdef: no element "#login" at https://example.com/app.js:12:3 after 30000 ms`)
	}
}
