package wire

import (
	"bytes"
	"math"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Time reads the text of a time, or null as the zero time. One that is a number
// is not for the scanner.
func (s *Scanner) Time(into *time.Time) bool {
	if s.space(); s.at < len(s.data) && s.data[s.at] != '"' {
		*into = time.Time{}
		return s.Null()
	}
	if s.usualSecond(into) {
		return true
	}
	text, ok := s.Text()
	if !ok || len(text) == 0 {
		*into = time.Time{}
		return ok
	}
	if *into, ok = s.usualTime(text); ok {
		return true
	}
	*into, ok = parseTime(bytes.TrimSpace(text))
	return ok
}

// usualSecond reads "2006-01-02T15:04:05Z" if that comes next: digits need no
// look at whether they are plain.
func (s *Scanner) usualSecond(into *time.Time) bool {
	const length = len(`"2006-01-02T15:04:05Z"`)
	if s.Left() < length {
		return false
	}
	text := s.data[s.at : s.at+length]
	if text[length-2] != 'Z' || text[length-1] != '"' || s.day != string(text[1:12]) {
		return false
	}
	seconds, ok := secondsOf(text[12 : length-2])
	if ok {
		*into = time.Unix(s.midnight+seconds, 0).UTC()
		s.at += length
	}
	return ok
}

// usualTime reads 2006-01-02T15:04:05Z, also with a fraction. It gives what
// parseTime gives.
func (s *Scanner) usualTime(text []byte) (time.Time, bool) {
	const day, second = len("2006-01-02T"), len("2006-01-02T15:04:05")
	if len(text) <= second || text[len(text)-1] != 'Z' || !s.usualDay(text[:day]) {
		return time.Time{}, false
	}
	seconds, ok := secondsOf(text[day:second])
	nanos, isFraction := fractionOf(text[second : len(text)-1])
	return time.Unix(s.midnight+seconds, nanos).UTC(), ok && isFraction
}

// usualDay reads 2006-01-02T, which is most likely that of the time before.
func (s *Scanner) usualDay(text []byte) bool {
	if s.day == string(text) {
		return true
	}
	midnight, ok := dayOf(text)
	if ok {
		s.day, s.midnight = string(text), midnight
	}
	return ok
}

// dayOf reads 2006-01-02T as the Unix second at which that day began.
func dayOf(b []byte) (int64, bool) {
	_ = b[10]
	century, isCentury := two(b)
	year, isYear := two(b[2:])
	month, isMonth := two(b[5:])
	day, isDay := two(b[8:])
	t := time.Date(int(100*century+year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
	isInCalendar := t.Month() == time.Month(month) && t.Day() == int(day)
	return t.Unix(), isCentury && isYear && isMonth && isDay && isInCalendar && b[4] == '-' && b[7] == '-' && b[10] == 'T'
}

// secondsOf reads 15:04:05 as seconds since midnight.
func secondsOf(b []byte) (int64, bool) {
	_ = b[7]
	hour, isHour := two(b)
	minute, isMinute := two(b[3:])
	second, isSecond := two(b[6:])
	return 3600*hour + 60*minute + second,
		isHour && isMinute && isSecond && b[2] == ':' && b[5] == ':' && hour < 24 && minute < 60 && second < 60
}

// two is the number of the two digits that b begins with.
func two(b []byte) (int64, bool) {
	tens, ones := b[0]-'0', b[1]-'0'
	return 10*int64(tens) + int64(ones), tens <= 9 && ones <= 9
}

// fractionOf reads a fraction of a second, with its point, in nanoseconds.
func fractionOf(b []byte) (nanos int64, ok bool) {
	const longest = len(".000000000")
	if len(b) == 0 {
		return 0, true
	}
	if len(b) == 1 || len(b) > longest || b[0] != '.' || digits(b[1:]) != len(b)-1 {
		return 0, false
	}
	for i := 1; i < longest; i++ {
		nanos *= 10
		if i < len(b) {
			nanos += int64(b[i] - '0')
		}
	}
	return nanos, true
}

func timeOf(kind jsontext.Kind, text []byte) (time.Time, bool) {
	switch kind {
	case '0':
		return unixTime(text)
	case '"':
		return parseTime(text)
	}
	return time.Time{}, false
}

// timeLayouts are the forms of a time, each also with a fraction of a second.
// Without a zone it is UTC.
var timeLayouts = func() (layouts []string) {
	for _, day := range []string{"2006-01-02T", "2006-01-02 "} {
		for _, clock := range []string{"15:04:05", "15:04"} {
			for _, zone := range []string{"Z07:00", "", "Z0700", "Z07", " Z07:00", " Z0700", " Z07"} {
				layouts = append(layouts, day+clock+zone)
			}
		}
	}
	return append(layouts, "2006-01-02",
		"20060102T150405Z0700", "20060102T150405", "20060102150405", "20060102",
		"Mon, 02 Jan 2006 15:04:05", "Mon, 02 Jan 2006 15:04:05 -0700")
}()

// parseTime reads the text of a time in any of its forms, also that of a number.
func parseTime(text []byte) (time.Time, bool) {
	if len(text) > maxScalar {
		return time.Time{}, false
	}
	usual := strings.ToUpper(string(text)) // the letters of RFC 3339 may be small ones
	usual = strings.TrimSuffix(strings.TrimSuffix(usual, " UTC"), " GMT")
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, usual); err == nil {
			return inRange(t.UTC())
		}
	}
	return unixTime(text)
}

// minUnixMillis is the first number that is milliseconds rather than seconds.
const minUnixMillis = 1e11

// unixTime reads Unix seconds, or milliseconds where the number is too large
// for seconds.
func unixTime(number []byte) (time.Time, bool) {
	f, ok := parseNumber(number)
	if !ok || math.Abs(f) > math.MaxInt64/1e3 {
		return time.Time{}, false
	}
	if f >= minUnixMillis {
		return inRange(time.UnixMilli(int64(f)).UTC())
	}
	whole, fraction := math.Modf(f)
	return inRange(time.Unix(int64(whole), int64(fraction*1e9)).UTC())
}

// inRange refuses a time that could not be written again.
func inRange(t time.Time) (time.Time, bool) {
	if year := t.Year(); year < 0 || year > 9999 {
		return time.Time{}, false
	}
	return t, true
}
