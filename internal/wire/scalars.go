package wire

import (
	"bytes"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxScalar bounds the text of a number or a time. Any of use is shorter, and
// one without an end would cost many times its length.
const MaxScalar = 1 << 10

// setScalar sets v to a value, which is not null. It reports false if that can't
// be read as the type of v.
func setScalar(v reflect.Value, value jsontext.Value) bool {
	kind, text := value.Kind(), []byte(value)
	if v.Kind() != reflect.String && len(value) > maxEscaped {
		return false
	}
	if kind == '"' {
		text = unquote(value)
	}
	if into, ok := v.Addr().Interface().(*time.Time); ok {
		*into, ok = timeOf(kind, text)
		return ok
	}
	switch v.Kind() {
	case reflect.String:
		return kind == '"' && setText(v, text)
	case reflect.Bool:
		v.SetBool(kind == 't')
		return kind == 't' || kind == 'f'
	case reflect.Int:
		n, ok := WholeNumber(text)
		v.SetInt(int64(n))
		return kind == '0' && ok
	}
	f, ok := parseNumber(text)
	v.SetFloat(f)
	return kind == '0' && ok
}

func setText(v reflect.Value, text []byte) bool {
	v.SetString(string(text))
	return true
}

// maxEscaped is the longest that a text of MaxScalar can be on the wire.
const maxEscaped = len(`\uXXXX`)*MaxScalar + len(`""`)

// unquote returns what a text says. Damaged UTF-8 in it is replaced.
func unquote(value jsontext.Value) []byte {
	if text := value[1 : len(value)-1]; bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text) {
		return text
	}
	text, _ := jsontext.AppendUnquote(nil, value)
	return text
}

// parseNumber reads a number in any of its forms.
func parseNumber(text []byte) (float64, bool) {
	if len(text) > MaxScalar {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return f, err == nil
}

// WholeNumber reads 25, and 25.0 and 2.5e1 just as well.
func WholeNumber(text []byte) (int, bool) {
	if len(text) <= len("-9223372036854775808") {
		if n, err := strconv.Atoi(string(text)); err == nil {
			return n, true
		}
	}
	const exact = min(1<<53, math.MaxInt) // from 1<<53 on a float64 is no longer every whole number
	f, ok := parseNumber(text)
	if !ok || f != math.Trunc(f) || math.Abs(f) >= exact {
		return 0, false
	}
	return int(f), true
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

// timeLayouts are the forms of a time besides RFC 3339. Without a zone it is
// UTC; a fraction of a second is accepted by all.
var timeLayouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
}

// parseTime reads a time in any of its forms. The empty text is no time.
func parseTime(text []byte) (time.Time, bool) {
	if len(text) == 0 || len(text) > MaxScalar {
		return time.Time{}, len(text) == 0
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, string(text)); err == nil {
			return inRange(t.UTC())
		}
	}
	return time.Time{}, false
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
