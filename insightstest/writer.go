package insightstest

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/sauceinsights/insights"
)

// writer writes an answer as JSON, in the form that the server was told. Every
// value ends with a comma; close and bytes take the last one away.
type writer struct {
	form
	buf []byte
}

// key writes the name of a member; an element of a list has none.
func (w *writer) key(key string) {
	if key != "" {
		w.buf = append(w.buf, '"')
		w.buf = append(w.buf, key...)
		w.buf = append(w.buf, '"', ':')
	}
}

func (w *writer) open(key string, bracket byte) {
	w.key(key)
	w.buf = append(w.buf, bracket)
}

func (w *writer) close(bracket byte) {
	w.dropComma()
	w.buf = append(w.buf, bracket, ',')
}

func (w *writer) dropComma() {
	if last := len(w.buf) - 1; last >= 0 && w.buf[last] == ',' {
		w.buf = w.buf[:last]
	}
}

func (w *writer) bytes() []byte {
	w.dropComma()
	return w.buf
}

func (w *writer) raw(key, value string) {
	w.key(key)
	w.buf = append(append(w.buf, value...), ',')
}

func (w *writer) text(key, value string) {
	w.key(key)
	if value == "" && w.nulls {
		w.buf = append(w.buf, "null,"...)
		return
	}
	if odd := oddText(key, value); w.odd && odd != "" {
		w.buf = append(append(w.buf, odd...), ',')
		return
	}
	w.buf = append(appendText(w.buf, value), ',')
}

func (w *writer) boolean(key string, value bool) {
	w.raw(key, strconv.FormatBool(value))
}

// integer writes a number that is always whole.
func (w *writer) integer(key string, n int64) {
	w.key(key)
	w.buf = append(strconv.AppendInt(w.buf, n, 10), ',')
}

func (w *writer) count(key string, n int) {
	w.number(key, float64(n))
}

func (w *writer) seconds(key string, s insights.Seconds) {
	w.number(key, float64(s))
}

// total writes one of the times of test-metrics.
func (w *writer) total(key string, s insights.Seconds) {
	w.decimal(key, float64(s), w.decimals || w.decimalTotals)
}

func (w *writer) number(key string, n float64) {
	w.decimal(key, n, w.decimals)
}

// decimal writes a number, a whole one with or without a fraction.
func (w *writer) decimal(key string, n float64, always bool) {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if always && n == float64(int64(n)) {
		text += ".0"
	}
	if w.odd {
		text = `"` + text + `"`
	}
	w.raw(key, text)
}

var timeLayouts = [...]string{
	TimesInSeconds:      time.RFC3339,
	TimesInMilliseconds: millisecondLayout,
	TimesWithOffset:     "2006-01-02T15:04:05-07:00",
	TimesWithoutZone:    "2006-01-02T15:04:05",
}

const millisecondLayout = "2006-01-02T15:04:05.000Z07:00"

// time writes a time; a missing one is left out, or null.
func (w *writer) time(key string, t time.Time) {
	if t.IsZero() {
		w.missing(key)
		return
	}
	w.key(key)
	w.buf = append(w.buf, '"')
	w.buf = t.Add(w.zone).AppendFormat(w.buf, timeLayouts[w.times])
	w.buf = append(w.buf, '"', ',')
}

// missing writes that a time is missing, if anything.
func (w *writer) missing(key string) {
	switch {
	case w.nulls || w.nullTimes:
		w.raw(key, "null")
	case w.odd:
		w.raw(key, `""`)
	}
}

// closeList closes a list; one that stayed empty becomes null in the form that
// has nulls.
func (w *writer) closeList() {
	if w.nulls && w.buf[len(w.buf)-1] == '[' {
		w.buf = append(w.buf[:len(w.buf)-1], "null,"...)
		return
	}
	w.close(']')
}

func (w *writer) openAnswer() {
	w.openAnswerOf(w.status)
}

// openAnswerOf begins an answer with a status in its meta.
func (w *writer) openAnswerOf(status string) {
	w.open("", '{')
	w.open("meta", '{')
	w.raw("status", status)
	w.close('}')
	w.extras()
}

// extras are members that no documentation has.
func (w *writer) extras() {
	if w.extra {
		w.raw("_count", "7")
		w.raw("_meta", `{"tags":["a",1,2.5,true,null,{"deep":[[]]}],"note":"\u00e9\"\\"}`)
	}
}

// appendText appends s in quotes; what is no UTF-8 becomes U+FFFD.
func appendText(buf []byte, s string) []byte {
	buf = append(slices.Grow(buf, len(s)+2), '"')
	for start := 0; ; {
		end := start
		for end < len(s) && isPlain(s[end]) {
			end++
		}
		buf = append(buf, s[start:end]...)
		if end == len(s) {
			return append(buf, '"')
		}
		r, size := utf8.DecodeRuneInString(s[end:])
		buf = appendRune(buf, r)
		start = end + size
	}
}

func isPlain(c byte) bool {
	return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\'
}

func appendRune(buf []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	switch {
	case r == '\n':
		return append(buf, '\\', 'n')
	case r == '"' || r == '\\':
		return append(buf, '\\', byte(r))
	case r < ' ':
		return append(buf, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
	}
	return utf8.AppendRune(buf, r)
}
