package insights

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter is the wait that Retry-After orders, as seconds (also with a
// fraction, and of any size) or as a date. It is 0 where there is none, it lies
// in the past or it can't be read.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return max(0, Seconds(seconds).Duration())
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// rateLimitOf reads the X-Ratelimit headers; ok says whether the number of
// requests that remain, and until when, is among them.
func rateLimitOf(h http.Header, now time.Time) (limit RateLimit, ok bool) {
	limit.Limit, _ = headerInt(h, "X-Ratelimit-Limit")
	remaining, known := headerInt(h, "X-Ratelimit-Remaining")
	limit.Remaining = remaining
	limit.Reset = resetTime(h.Get("X-Ratelimit-Reset"), now)
	return limit, known && limit.Reset.After(now)
}

func headerInt(h http.Header, name string) (int, bool) {
	value := strings.TrimSpace(h.Get(name))
	if value == "" {
		return 0, false
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, false
	}
	return n, true
}

// Numbers in X-Ratelimit-Reset from these on are Unix seconds, Unix
// milliseconds and no times; smaller ones are seconds from now. The form is not
// documented.
const (
	leastUnixSeconds = 1e9
	leastUnixMillis  = 1e11
	leastYear10000   = 253_402_300_800_000 // in milliseconds; beyond, a time has no form in JSON
)

func resetTime(value string, now time.Time) time.Time {
	if value == "" {
		return time.Time{}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	switch {
	case err != nil:
		date, _ := http.ParseTime(value)
		return date
	case !(n >= 0) || n >= leastYear10000:
		return time.Time{}
	case n >= leastUnixMillis:
		return time.UnixMilli(int64(n)).UTC()
	case n >= leastUnixSeconds:
		return time.Unix(int64(n), 0).UTC()
	}
	return now.Add(Seconds(n).Duration())
}
