package ratelimit

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var may2026 = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestRetryAfterIsReadInEveryForm(t *testing.T) {
	cases := map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"1":                              time.Second,
		" 7 ":                            7 * time.Second,
		"1.5":                            1500 * time.Millisecond,
		"0.0001":                         100 * time.Microsecond,
		"31536000":                       365 * 24 * time.Hour,
		"-1":                             0,
		"-1e400":                         0,
		"1e400":                          math.MaxInt64,
		"Inf":                            math.MaxInt64,
		"NaN":                            0,
		strings.Repeat("9", 400):         math.MaxInt64,
		"soon":                           0,
		"10 s":                           10 * time.Second,
		"30s":                            30 * time.Second,
		"1m30s":                          90 * time.Second,
		"-30s":                           0,
		"s":                              0,
		"Fri, 01 May 2026 12:00:30 GMT":  30 * time.Second,
		"Friday, 01-May-26 12:00:30 GMT": 30 * time.Second,
		"Fri May  1 12:00:30 2026":       30 * time.Second,
		"Fri, 01 May 2026 11:59:30 GMT":  0,
		"Fri, 99 May 2026 11:59:30 GMT":  0,
	}
	for value, want := range cases {
		assert.Equal(t, want, RetryAfter(http.Header{"Retry-After": {value}}, may2026), "%q", value)
	}
	assert.Zero(t, RetryAfter(nil, may2026), "no header at all")
}

func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"1", "1.5", "-3", "1e400", "NaN", "-Inf", "0x1p-2", "Fri, 01 May 2026 12:00:30 GMT", "soon"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if d := RetryAfter(http.Header{"Retry-After": {value}}, may2026); d < 0 {
			t.Errorf("%q orders %s", value, d)
		}
		reset := resetTime(http.Header{"X-Ratelimit-Reset": {value}}, may2026)
		if year := reset.Year(); year < 0 || year > 9999 {
			t.Errorf("%q is the year %d, which has no form in JSON", value, year)
		}
	})
}

func TestQuotaOf(t *testing.T) {
	inAMinute := may2026.Add(time.Minute)
	cases := map[string]struct {
		limit, remaining, reset string
		want                    Quota
		known                   bool
	}{
		"all three, seconds from now": {"10", "3", "60", Quota{10, 3, inAMinute}, true},
		"a fraction":                  {"10", "0", "0.5", Quota{10, 0, may2026.Add(500 * time.Millisecond)}, true},
		"Unix seconds":                {"10", "3", "1777636860", Quota{10, 3, inAMinute}, true},
		"Unix milliseconds":           {"10", "3", "1777636860000", Quota{10, 3, inAMinute}, true},
		"a date":                      {"10", "3", "Fri, 01 May 2026 12:01:00 GMT", Quota{10, 3, inAMinute}, true},
		"none":                        {},
		"no reset":                    {"10", "3", "", Quota{Limit: 10, Remaining: 3}, false},
		"a reset in the past":         {"10", "3", "1777636740", Quota{10, 3, may2026.Add(-time.Minute)}, false},
		"no remaining":                {"10", "", "60", Quota{Limit: 10, Reset: inAMinute}, false},
		"garbage":                     {"ten", "few", "soon", Quota{}, false},
		"negative":                    {"-1", "-1", "-1", Quota{}, false},
		"beyond the year 9999":        {"10", "3", "1e18", Quota{Limit: 10, Remaining: 3}, false},
		"no number":                   {"10", "3", "NaN", Quota{Limit: 10, Remaining: 3}, false},
	}
	for name, test := range cases {
		got, known := QuotaOf(http.Header{
			"X-Ratelimit-Limit":     {test.limit},
			"X-Ratelimit-Remaining": {test.remaining},
			"X-Ratelimit-Reset":     {test.reset},
		}, may2026)
		assert.Equal(t, test.want, got, name)
		assert.Equal(t, test.known, known, name)
	}
}

// Whatever the clocks say, a wait is as long as the service meant it.
func TestRetryAfterAndQuotaOfMeasureFromTheDateOfTheResponse(t *testing.T) {
	for _, skew := range []time.Duration{-24 * time.Hour, -10 * time.Minute, 0, 10 * time.Minute, 24 * time.Hour} {
		service := may2026.Add(skew)
		later := service.Add(2 * time.Second)
		for name, reset := range map[string]string{
			"a date":            later.Format(http.TimeFormat),
			"Unix seconds":      strconv.FormatInt(later.Unix(), 10),
			"Unix milliseconds": strconv.FormatInt(later.UnixMilli(), 10),
			"seconds":           "2",
		} {
			h := http.Header{
				"Date":                  {service.Format(http.TimeFormat)},
				"Retry-After":           {later.Format(http.TimeFormat)},
				"X-Ratelimit-Remaining": {"0"},
				"X-Ratelimit-Reset":     {reset},
			}
			assert.Equal(t, 2*time.Second, RetryAfter(h, may2026), "%s, %s", name, skew)
			quota, known := QuotaOf(h, may2026)
			assert.True(t, known, "%s, %s", name, skew)
			assert.Equal(t, may2026.Add(2*time.Second), quota.Reset, "%s, %s", name, skew)
		}
	}
	h := http.Header{"Date": {"yesterday"}, "Retry-After": {"Fri, 01 May 2026 12:00:30 GMT"}}
	assert.Equal(t, 30*time.Second, RetryAfter(h, may2026), "a damaged date is none")
}
