package report_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights/report"
)

func TestErrorsOfTheSameCauseNormalizeAlike(t *testing.T) {
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
		"quoted values": {
			[]string{`no element "#login"`, `no element '#log out'`, "no element `x`", "no element “y”", `no element 'can't do'`},
			"no element <value>",
		},
		"apostrophes quote nothing": {[]string{"can't click, isn't shown"}, "can't click, isn't shown"},
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
}

func TestNormalizingTwiceChangesNothingMore(t *testing.T) {
	for _, message := range []string{
		`GET "https://example.com/x" at 10:00:00 gave 500 for 0xff`, "job 0123456789abcdef0123 lost", "a 'b' c",
	} {
		once := report.NormalizeError(message)
		assert.Equal(t, once, report.NormalizeError(once))
	}
}

func BenchmarkNormalizeError(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		report.NormalizeError(`2026-11-20T10:00:00Z session 01234567-89ab-cdef-0123-456789abcdef: no element "#login" at https://example.com/app.js:12:3 after 30000 ms`)
	}
}
