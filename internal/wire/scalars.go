package wire

import (
	"bytes"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// maxScalar bounds the text of a number or a time. Any of use is shorter, and
// one without an end would cost many times its length.
const maxScalar = 1 << 10

// Int reads a value as a whole number, as a Reader would. Whatever is none is 0.
func Int(value []byte) int {
	var n int
	if !setScalar(reflect.ValueOf(&n).Elem(), value) {
		return 0
	}
	return n
}

// setScalar sets v to a value, which is not null. It reports false if that can't
// be read as the type of v: what v is then is without meaning.
func setScalar(v reflect.Value, value jsontext.Value) (ok bool) {
	kind, text := value.Kind(), []byte(value)
	if v.Kind() != reflect.String && len(value) > maxEscaped {
		return false
	}
	if kind == '"' {
		text = bytes.TrimSpace(unquote(value))
	}
	switch into := v.Addr().Interface().(type) {
	case *time.Time:
		*into, ok = timeOf(kind, text)
		return ok
	case *bool:
		*into, ok = boolOf(text)
		return ok
	case *int:
		*into, ok = wholeNumber(text)
		return ok
	}
	if v.Kind() == reflect.Float64 {
		f, ok := parseNumber(text)
		v.SetFloat(f)
		return ok
	}
	return setText(v, value)
}

// setText sets v to a text, or to a number as it stands there.
func setText(v reflect.Value, value jsontext.Value) bool {
	switch value.Kind() {
	case '"':
		v.SetString(string(unquote(value)))
		return true
	case '0':
		v.SetString(string(value))
		return true
	}
	return false
}

// boolOf reads true, false, 1 and 0.
func boolOf(text []byte) (value, ok bool) {
	switch strings.ToLower(string(text)) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// maxEscaped is the longest that a text of maxScalar can be on the wire.
const maxEscaped = len(`\uXXXX`)*maxScalar + len(`""`)

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
	if len(text) > maxScalar || bytes.ContainsFunc(text, isNoDigit) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return f, err == nil
}

// isNoDigit reports whether a number has no use for r. strconv reads more than
// numbers: NaN, infinity and hexadecimals.
func isNoDigit(r rune) bool {
	return !strings.ContainsRune("0123456789+-.eE", r)
}

// wholeNumber reads 25, and 25.0 and 2.5e1 just as well.
func wholeNumber(text []byte) (int, bool) {
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
