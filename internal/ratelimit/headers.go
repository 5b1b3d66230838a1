package ratelimit

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The service and its clients need not agree on the time: what the headers of a
// response say of a time is measured from the Date of the same response. Received
// is when it came, by the client's clock.

// RetryAfter returns the wait that Retry-After asks for, as seconds (also with a
// fraction, with a unit as in 30s, and of any size) or as a date. It is 0 if there
// is none, it lies in the past or it can't be read.
func RetryAfter(h http.Header, received time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return max(0, durationOf(seconds))
	}
	if d, err := time.ParseDuration(strings.ReplaceAll(value, " ", "")); err == nil {
		return max(0, d)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(sent(h, received)))
	}
	return 0
}

// sent returns when the service sent a response by its own clock, or when it was
// received if it does not say so.
func sent(h http.Header, received time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return received
}

// Quota is what the service says of its limit.
type Quota struct {
	Limit     int       // X-Ratelimit-Limit; 0 where it was absent
	Remaining int       // X-Ratelimit-Remaining; 0 also where it was absent
	Reset     time.Time // X-Ratelimit-Reset; zero where it was absent
}

// QuotaOf reads the X-Ratelimit headers; ok says whether the number of
// requests that remain, and until when, is among them. The reset is by the
// client's clock.
func QuotaOf(h http.Header, received time.Time) (limit Quota, ok bool) {
	limit.Limit, _ = headerInt(h, "X-Ratelimit-Limit")
	remaining, known := headerInt(h, "X-Ratelimit-Remaining")
	limit.Remaining = remaining
	limit.Reset = resetTime(h, received)
	return limit, known && limit.Reset.After(received)
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
	minUnixSeconds = 1e9
	minUnixMillis  = 1e11
	minYear10000   = 253_402_300_800_000 // in milliseconds; beyond, a time has no form in JSON
)

func resetTime(h http.Header, received time.Time) time.Time {
	value := strings.TrimSpace(h.Get("X-Ratelimit-Reset"))
	if value == "" {
		return time.Time{}
	}
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil:
		return resetDate(value, h, received)
	case !(n >= 0) || n >= minYear10000:
		return time.Time{}
	case n >= minUnixMillis:
		return shifted(time.UnixMilli(int64(n)), h, received)
	case n >= minUnixSeconds:
		return shifted(time.Unix(int64(n), 0), h, received)
	}
	return received.Add(durationOf(n))
}

func resetDate(value string, h http.Header, received time.Time) time.Time {
	date, err := http.ParseTime(value)
	if err != nil {
		return time.Time{}
	}
	return shifted(date, h, received)
}

// shifted returns a time of the service by the client's clock.
func shifted(t time.Time, h http.Header, received time.Time) time.Time {
	return received.Add(t.Sub(sent(h, received)))
}

// durationOf is a number of seconds; beyond the range of time.Duration it is the
// nearest end of that, and of no number 0.
func durationOf(seconds float64) time.Duration {
	ns := seconds * float64(time.Second)
	switch {
	case math.IsNaN(ns):
		return 0
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	}
	return time.Duration(math.Round(ns))
}
