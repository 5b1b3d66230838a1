package wire

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scanRecord reads a record as the root package reads a run.
func scanRecord(s *Scanner, r *record) bool {
	return s.Object(func(name []byte) bool {
		switch string(name) {
		case "text":
			return s.Repeated(&r.Text)
		case "named":
			text, ok := s.TextOrNull()
			r.Named = named(text)
			return ok
		case "length":
			return s.Float(&r.Length)
		case "flag":
			return s.Bool(&r.Flag)
		case "at":
			return s.Time(&r.At)
		}
		return s.Skip()
	})
}

// requireSame fails if the scanner can tell what data is and the reader is of
// another opinion. It reports whether the scanner can tell.
func requireSame(t *testing.T, data []byte) bool {
	t.Helper()
	scanned := record{Text: "kept"}
	if !Scan(data, &scanned, scanRecord) {
		require.Equal(t, record{Text: "kept"}, scanned, "what the scanner can't tell leaves nothing: %q", data)
		return false
	}
	var want record
	unreadable, err := Read(data, &want, noShape)
	require.NoError(t, err, "%q", data)
	require.Zero(t, unreadable, "%q", data)
	want.Count, want.List, want.Counts, want.Best = 0, nil, nil, nil // the scanner skips them
	want.Part.N = 0
	require.Equal(t, want, scanned, "%q", data)
	return true
}

func TestScanner(t *testing.T) {
	at := utc(2026, 1, 31, 12, 0, 0)
	t.Run("reads the usual forms", func(t *testing.T) {
		for data, want := range map[string]record{
			`{}`: {}, " { } \r\n\t": {}, `{"text":"a"}`: {Text: "a"}, `{ "text" : "a" , "named":"b" }`: {Text: "a", Named: "b"}, "{\n\t\"text\"\r:\n\"a\"}": {Text: "a"},
			`{"text":""}`: {}, `{"text":null,"named":null,"length":null,"flag":null,"at":null}`: {}, `{"text":"a","text":null}`: {},
			`{"text":"exactly8"}`: {Text: "exactly8"}, `{"text":"seven77"}`: {Text: "seven77"}, `{"text":"nine chrs"}`: {Text: "nine chrs"}, `{"text":"sixteen letters!","named":"seventeen letters"}`: {Text: "sixteen letters!", Named: "seventeen letters"},
			`{"text":"Zürich 東京 😀"}`: {Text: "Zürich 東京 😀"}, `{"text":"ü"}`: {Text: "ü"}, "{\"text\":\"\x7f\"}": {Text: "\x7f"}, `{"text":"!#[]~ "}`: {Text: "!#[]~ "},
			`{"text":"a\n\t\"\\\/\b\f\r\u00e9\ud83d\ude00z"}`: {Text: "a\n\t\"\\/\b\f\ré😀z"}, `{"text":"\u0000\uD7FF\uE000\uffff"}`: {Text: "\x00\uD7FF\uE000\uffff"}, `{"text":"plain text before\nand after"}`: {Text: "plain text before\nand after"}, `{"text":"\n","named":"\t"}`: {Text: "\n", Named: "\t"}, `{"text":"\né"}`: {Text: "\né"},
			`{"\u0074ext":"a"}`: {Text: "a"}, `{"te\\xt":"a"}`: {},
			`{"text":117,"named":-1.50}`: {Text: "117", Named: "-1.50"},
			`{"length":0}`:               {}, `{"length":7}`: {Length: 7}, `{"length":25.50}`: {Length: 25.5}, `{"length":-1.5}`: {Length: -1.5}, `{"length":99.9}`: {Length: 99.9}, `{"length":123456789012345}`: {Length: 123456789012345}, `{"length":1234567890123456789}`: {Length: 1234567890123456789}, `{"length":-7}`: {Length: -7},
			`{"flag":true}`: {Flag: true}, `{"flag":false}`: {},
			`{"at":"2026-01-31T12:00:00Z"}`: {At: at}, `{ "at" : "2026-01-31T12:00:00Z" }`: {At: at}, `{"at":"2026-01-31T12:00:00.5Z"}`: {At: at.Add(time.Second / 2)}, `{"at":"2026-01-31T14:00:00+02:00"}`: {At: at}, `{"at":""}`: {}, `{"at":" 2026-01-31T12:00:00Z "}`: {At: at}, `{"at":"1769860800"}`: {At: at},
			`{"at":"2026-01-31T00:00:00Z","at":"2026-01-31T12:00:00Z"}`: {At: at}, `{"at":"2026-01-30T00:00:00Z","at":"2026-01-31T12:00:00Z"}`: {At: at}, `{"at":"2026-01-31T00:00:00Z","at":"2026-01-31T12:00:00.5Z"}`: {At: at.Add(time.Second / 2)},
			`{"at":"2026-01-31T00:00:00Z","at":null}`: {}, `{"at":"2026-01-31T00:00:00Z","at":"2026-01-31T23:59:59Z"}`: {At: utc(2026, 1, 31, 23, 59, 59)},
			`{"x":[1,-2.5,true,false,null,"a\n",{"y":[[],{}]}],"z":{},"text":"a"}`: {Text: "a"}, `{"x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`: {}, `{"x":[ ]}`: {}, `{"x":[1 , 2 ]}`: {}, `{"x":0.5,"y":10}`: {},
		} {
			var got record
			require.True(t, Scan([]byte(data), &got, scanRecord), data)
			assert.Equal(t, want, got, data)
			requireSame(t, []byte(data))
		}
	})
	t.Run("leaves the rest to the reader", func(t *testing.T) {
		for _, data := range []string{
			``, ` `, `{`, `}`, `[]`, `null`, `"a"`, `7`, `<html>`, `{}x`, `{} {}`, `{"text"}`, `{"text":}`, `{"text":"a"`, `{"text":"a",}`, `{,}`, `{"text" "a"}`, `{text:1}`, `{"text":"a" "named":"b"}`,
			`{"text":"a`, `{"text":"a\`, `{"text":"a\n`, `{"text":"\x41"}`, `{"text":"\u12"}`, `{"text":"\u123`, `{"text":"\u12g4"}`, `{"text":"\ud83d"}`, `{"text":"\ud83dA"}`, `{"text":"\ud83d\n"}`, `{"text":"\ud83d\u0041"}`, `{"text":"\ude00\ud83d"}`, `{"text":"\ude00"}`,
			"{\"text\":\"\xff\"}", "{\"text\":\"\\n\xff\"}", "{\"text\":\"a\nb\"}", "{\"text\":\"\\na\nb\"}", "{\"text\":\"\x1f\"}", "{\"text\":\"long enough for a word \x01\"}", "{\"\xff\":1}",
			`{"text":true}`, `{"text":[]}`, `{"text":nul}`, `{"text":-}`, `{"text":01}`, `{"text":1e3}`,
			`{"length":01}`, `{"length":1.}`, `{"length":.5}`, `{"length":-}`, `{"length":--1}`, `{"length":+1}`, `{"length":1e3}`, `{"length":1E3}`, `{"length":"1"}`, `{"length":true}`, `{"length":` + strings.Repeat("9", 400) + `}`, `{"length":1.5.5}`, `{"length":0x1}`,
			`{"flag":yes}`, `{"flag":"true"}`, `{"flag":1}`, `{"flag":tru}`, `{"flag":truefalse}`,
			`{"at":"None"}`, `{"at":1769860800}`, `{"at":true}`, `{"at":" "}`, `{"at":"2026-02-30T00:00:00Z"}`, `{"at":"2026-01-31T24:00:00Z"}`, `{"at":"2026-01-31T00:60:00Z"}`, `{"at":"2026-01-31T00:00:60Z"}`, `{"at":"2026-01-31T00:00:00Z"`, `{"at":nil}`,
			`{"at":"2026-01-31T00:00:00Z","at":"2026-01-31T24:00:00Z"}`, `{"at":"2026-01-31T00:00:00Z","at":"2026-01-31T0a:00:00Z"}`, `{"at":"2026-01-31T00:00:00Z","at":"2026-01-31T00-00:00Z"}`, `{"at":"2026-01-31T00:00:00Z","at":"2026-01-31T00:00-00Z"}`,
			`{"x":[1,]}`, `{"x":[,1]}`, `{"x":[1 2]}`, `{"x":[}`, `{"x":{]}`, `{"x":nope}`, `{"x":[1`, `{"x":`, `{"x":` + strings.Repeat("[", 51) + strings.Repeat("]", 51) + `}`,
		} {
			assert.False(t, Scan([]byte(data), new(record), scanRecord), data)
			requireSame(t, []byte(data))
		}
	})
	t.Run("skips no more values than an answer may hold", func(t *testing.T) {
		for n, want := range map[int]bool{99_999: true, 100_000: false} { // and the list itself
			data := []byte(`{"x":[` + strings.Repeat("1,", n-1) + `1]}`)
			assert.Equal(t, want, Scan(data, new(record), scanRecord), n)
		}
	})
	t.Run("counts each answer anew", func(t *testing.T) {
		data := []byte(`{"x":[` + strings.Repeat("1,", 60_000) + `1]}`)
		for range 3 {
			assert.True(t, Scan(data, new(record), scanRecord))
		}
	})
	t.Run("keeps nothing of an answer", func(t *testing.T) {
		data := []byte(`{"text":"a text","named":"b\nc"}`)
		var got record
		require.True(t, Scan(data, &got, scanRecord))
		clear(data)
		assert.Equal(t, record{Text: "a text", Named: "b\nc"}, got)
	})
	t.Run("a text that is held is part of the answer", func(t *testing.T) {
		for data, want := range map[string]bool{`"abc"`: true, ` "abc"`: true, `"a\u0062c"`: false, `7`: false, `null`: false, `"`: false} {
			held := func(s *Scanner, into *string) bool {
				ok := s.Hold()
				*into = string(s.Held())
				s.LetGo()
				return ok && s.Held() == nil
			}
			var text string
			assert.Equal(t, want, Scan([]byte(data), &text, held), data)
			if want {
				assert.Equal(t, "abc", text)
			}
		}
	})
	t.Run("says what is left", func(t *testing.T) {
		Scan([]byte(`{"a":{}}`), new(int), func(s *Scanner, _ *int) bool {
			require.True(t, s.Accept('{'))
			assert.Equal(t, 7, s.Left())
			assert.Equal(t, 1, s.CountLeft('{'))
			return false
		})
	})
	t.Run("gives a value as it stands there", func(t *testing.T) {
		var raw string
		require.True(t, Scan([]byte(` [1, "a"] `), &raw, func(s *Scanner, into *string) bool {
			value, ok := s.Raw()
			*into = string(value)
			return ok
		}))
		assert.Equal(t, `[1, "a"]`, raw)
	})
	t.Run("stores a text that comes again once", func(t *testing.T) {
		var both [2]string
		require.True(t, Scan([]byte(`["the same","the same"]`), &both, func(s *Scanner, into *[2]string) bool {
			return s.Accept('[') && s.Repeated(&into[0]) && s.Accept(',') && s.Repeated(&into[1]) && s.Accept(']')
		}))
		assert.Equal(t, [2]string{"the same", "the same"}, both)
		assert.Same(t, unsafe.StringData(both[0]), unsafe.StringData(both[1]))
	})
}

// An answer that is cut off anywhere, or has any byte replaced.
func TestScannerAgreesWithReaderOnDamage(t *testing.T) {
	whole := []byte(`{"text":"many words é\u0faF\n\ud83d\ude00","at":"2026-01-31T00:00:09.5Z","at":"2026-01-31T23:59:59Z","length":-90.5,"x":[true,0,{"y":null}],"flag":true,"named":"b"}`)
	require.True(t, requireSame(t, whole))
	for i := range whole {
		requireSame(t, slices.Clip(slices.Clone(whole[:i])))
		for _, b := range []byte("\n\"\\09}\x80:tZ-") {
			damaged := slices.Clone(whole)
			damaged[i] = b
			requireSame(t, damaged)
		}
	}
}

func TestScannerAgreesWithReaderOnRandomRecords(t *testing.T) {
	taken := 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 3))
		oneOf := func(choices ...string) string { return choices[r.IntN(len(choices))] }
		var members []string
		for range r.IntN(6) {
			at := time.Unix(r.Int64N(4e9), r.Int64N(1e9)).UTC()
			members = append(members, oneOf(`"text"`, `"named"`, `"length"`, `"flag"`, `"at"`, `"x"`)+oneOf(":", " : ")+oneOf(
				`"a"`, `""`, `"plain text, long enough for a word or two"`, `"é"`, `"a\nb"`, `"\u00e9\u0000"`, `null`, `0`, `-0`, `25.50`, `1e2`, `12345678901234567890`, `true`, `false`, `{"a":[1,"b"]}`, `[]`,
				`"`+at.Format(time.RFC3339)+`"`, `"`+at.Format(time.RFC3339Nano)+`"`, `"`+at.Format("2006-01-02 15:04:05")+`"`, fmt.Sprint(r.IntN(1e6)), fmt.Sprint(r.Float64())))
		}
		data := []byte("{" + strings.Join(members, oneOf(",", " ,\n")) + "}")
		if r.IntN(3) == 0 {
			data[r.IntN(len(data))] = oneOf(`"`, `,`, `\`, "\xff", "0", "}", " ", "n")[0]
		}
		if requireSame(t, data) {
			taken++
		}
	}
	assert.Greater(t, taken, 500, "records that the scanner can tell")
}
