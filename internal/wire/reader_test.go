package wire

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// record has a member of every kind.
type record struct {
	Text   string          `json:"text"`
	Named  named           `json:"named"`
	Count  int             `json:"count"`
	Length float64         `json:"length"`
	Flag   bool            `json:"flag"`
	At     time.Time       `json:"at"`
	List   []record        `json:"list"`
	Counts map[named]int   `json:"counts"`
	Part   struct{ N int } `json:"part"`
	Best   *record         `json:"best"`
	Hidden string          `json:"-"`
	own    string          //nolint:unused // to see that nothing reads into it
}

type named string

// noShape leaves every type to the reader.
func noShape(*Reader, any) (bool, error) { return false, nil }

func readRecord(t *testing.T, data string) (record, Unreadable) {
	t.Helper()
	var got record
	unreadable, err := Read([]byte(data), &got, noShape)
	require.NoError(t, err, data)
	return got, unreadable
}

func TestReader(t *testing.T) {
	at := utc(2017, 3, 1, 12, 13, 39)
	t.Run("what can be read as the wanted type is", func(t *testing.T) {
		for data, want := range map[string]record{
			`{"text":"a","named":"b"}`:                  {Text: "a", Named: "b"},
			`{"text":117,"named":-1.50}`:                {Text: "117", Named: "-1.50"},
			`{"text":12345678901234567890,"named":1e3}`: {Text: "12345678901234567890", Named: "1e3"},
			`{"text":"","named":" "}`:                   {Named: " "},
			`{"text":"\u0041\ud83d\ude00"}`:             {Text: "A😀"},
			`{"count":25,"length":25}`:                  {Count: 25, Length: 25},
			`{"count":"25","length":"25"}`:              {Count: 25, Length: 25},
			`{"count":" 25.0 ","length":"-2.5e1"}`:      {Count: 25, Length: -25},
			`{"count":2.5e1,"length":" +0.5 "}`:         {Count: 25, Length: .5},
			`{"count":"\u0032\u0035","length":1e300}`:   {Count: 25, Length: 1e300},
			`{"flag":true}`:                             {Flag: true},
			`{"flag":"true"}`:                           {Flag: true},
			`{"flag":" True "}`:                         {Flag: true},
			`{"flag":1}`:                                {Flag: true},
			`{"flag":"1"}`:                              {Flag: true},
			`{"flag":false}`:                            {},
			`{"flag":"FALSE"}`:                          {},
			`{"flag":0}`:                                {},
			`{"at":1488370419}`:                         {At: at},
			`{"at":"1488370419"}`:                       {At: at},
			`{"at":"1488370419000"}`:                    {At: at},
			`{"at":" 1488370419.0 "}`:                   {At: at},
		} {
			got, unreadable := readRecord(t, data)
			assert.Equal(t, want, got, data)
			assert.Zero(t, unreadable, data)
		}
	})
	t.Run("null, and what is empty, is absent", func(t *testing.T) {
		for _, data := range []string{
			`{"text":null,"named":null,"count":null,"length":null,"flag":null,"at":null,"counts":null,"part":null,"best":null,"list":null}`,
			`{"count":"","length":"","flag":"","at":"","counts":"","part":"","best":"","list":""}`,
			`{"count":" ","length":"\t","flag":" ","at":" ","counts":" ","part":" ","best":" ","list":" "}`,
			`{"counts":[],"part":[ ],"best":[],"list":{}}`,
			`{"part":{},"best":{ },"list":{ }}`,
			`null`, `""`, `[]`, `{}`,
		} {
			got, unreadable := readRecord(t, data)
			assert.Zero(t, got, data)
			assert.Zero(t, unreadable, data)
		}
		got, _ := readRecord(t, `{"list":[],"counts":{}}`)
		assert.Equal(t, record{List: []record{}, Counts: map[named]int{}}, got)
	})
	t.Run("what can't be read is absent and counted, with the place of the first", func(t *testing.T) {
		for data, first := range map[string]string{
			`{"text":true}`: "text", `{"text":false}`: "text", `{"text":{"a":1}}`: "text", `{"text":["a"]}`: "text", `{"named":[]}`: "named",
			`{"count":25.5}`: "count", `{"count":1e300}`: "count", `{"count":99999999999999999999}`: "count", `{"count":9007199254740993.0}`: "count",
			`{"count":"NaN"}`: "count", `{"count":"many"}`: "count", `{"count":true}`: "count", `{"count":[1]}`: "count", `{"count":{}}`: "count", `{"count":"0x10"}`: "count", `{"count":"1_000"}`: "count",
			`{"length":"NaN"}`: "length", `{"length":"Inf"}`: "length", `{"length":"-Infinity"}`: "length", `{"length":1e999}`: "length", `{"length":"1e999"}`: "length",
			`{"length":"0x1p4"}`: "length", `{"length":"25s"}`: "length", `{"length":false}`: "length", `{"length":[]}`: "length", `{"length":"1 2"}`: "length",
			`{"flag":"yes"}`: "flag", `{"flag":2}`: "flag", `{"flag":{}}`: "flag", `{"flag":"null"}`: "flag",
			`{"at":"None"}`: "at", `{"at":"0000-00-00"}`: "at", `{"at":"0000-00-00 00:00:00"}`: "at", `{"at":true}`: "at", `{"at":{}}`: "at", `{"at":1e300}`: "at", `{"at":"2017-13-01T12:13:39Z"}`: "at",
			`{"counts":{"a":"x","b":1}}`: "counts.a", `{"counts":[1]}`: "counts", `{"counts":"x"}`: "counts",
			`{"best":"x"}`: "best", `{"best":[1]}`: "best", `{"best":{"count":"x"}}`: "best.count",
			`{"list":[{},7]}`: "list[1]", `{"list":["a"]}`: "list[0]", `{"list":[{"list":"x"}]}`: "list[0].list", `{"list":[{"part":7}]}`: "list[0].part",
			`{"list":[{},{"at":"None"}]}`: "list[1].at", `{"best":{"list":[{},{},{"at":"None"}]}}`: "best.list[2].at",
			`{"counts":{"azAZ09_":true}}`: "counts.azAZ09_", `{"counts":{"a{":true}}`: `counts["a{"]`, `{"counts":{"a@":true}}`: `counts["a@"]`, `{"counts":{"007":true}}`: "counts[007]", `{"counts":{"a b":true}}`: `counts["a b"]`, `{"counts":{"\u001b[31m":true}}`: `counts["\x1b[31m"]`, `{"counts":{"` + strings.Repeat("x", 100) + `":true}}`: `counts["` + strings.Repeat("x", 64) + `"]`,
		} {
			_, unreadable := readRecord(t, data)
			assert.Equal(t, Unreadable{Count: 1, First: first}, unreadable, data)
		}
		got, unreadable := readRecord(t, `{"text":true,"named":[],"count":"x","length":"NaN","flag":7,"at":"None","counts":{"a":"x","b":1},"best":7,"list":[{"text":"kept","count":[]},"odd",{"count":2}]}`)
		assert.Equal(t, record{Counts: map[named]int{"a": 0, "b": 1}, List: []record{{Text: "kept"}, {}, {Count: 2}}}, got)
		assert.Equal(t, Unreadable{Count: 10, First: "text"}, unreadable)
	})
	t.Run("of a name that occurs twice the last counts", func(t *testing.T) {
		got, _ := readRecord(t, `{"text":"a","text":null,"count":7,"count":"x","list":[{"text":"a"},{}],"list":[{"count":1}],"counts":{"a":1},"counts":{"b":2},"best":{"text":"a"},"best":{"count":1},"part":{"N":1},"part":{}}`)
		assert.Equal(t, record{List: []record{{Count: 1}}, Counts: map[named]int{"b": 2}, Best: &record{Count: 1}}, got)
		got, _ = readRecord(t, `{"best":{"text":"a"},"best":null,"at":1,"at":"","flag":true,"flag":[],"length":1,"length":"x"}`)
		assert.Zero(t, got)
	})
	t.Run("further members, and fields without a name on the wire, are skipped", func(t *testing.T) {
		got, unreadable := readRecord(t, `{"x":[{"y":null}],"-":"a","":"b","Hidden":"c","own":"d","TEXT":"e"}`)
		assert.Zero(t, got)
		assert.Zero(t, unreadable)
	})
	t.Run("damaged UTF-8 is replaced, in names too", func(t *testing.T) {
		got, _ := readRecord(t, "{\"text\":\"a\xffb\",\"counts\":{\"\xff\\n\":1},\"named\":\"\\ud83d\"}")
		assert.Equal(t, record{Text: "a\uFFFDb", Named: "\uFFFD", Counts: map[named]int{"\uFFFD\n": 1}}, got)
	})
	t.Run("what records hang on must be of its kind", func(t *testing.T) {
		for data, want := range map[string]string{
			`{"list":"none"}`: "list: want a list, got text", `{"list":{"a":1}}`: "list: want a list, got an object", `{"list":7}`: "list: want a list, got a number",
			`{"part":"x"}`: "part: want an object, got text", `{"part":[1]}`: "part: want an object, got a list", `{"part":true}`: "part: want an object, got true",
			`7`: ": want an object, got a number",
		} {
			_, err := Read([]byte(data), new(record), noShape)
			assert.EqualError(t, err, want, data)
		}
	})
	t.Run("damaged JSON is an error that says where", func(t *testing.T) {
		for data, want := range map[string]string{
			`{"list":[{},{},{"at":tomorrow}]}`: "list[2].at: damaged at byte 22", `{"list":[{},{"at":"x`: "list[1].at: damaged at byte 20: unexpected EOF",
			`{"best":{"list":[{"text":"\x"}]}}`: "best.list[0].text: damaged at byte 26", `{`: "damaged at byte 1: unexpected EOF", `{"text" 1}`: "text: damaged", `{"text":"a",}`: "damaged at byte 11", `{} {}`: "there is more than one value", `{}x`: "more than one",
		} {
			_, err := Read([]byte(data), new(record), noShape)
			assert.ErrorContains(t, err, want, data)
		}
	})
}

func TestReaderTimes(t *testing.T) {
	at := utc(2017, 3, 1, 12, 13, 39)
	for text, want := range map[string]time.Time{
		"2017-03-01T12:13:39Z": at, "2017-03-01t12:13:39z": at, "2017-03-01T12:13:39": at, "2017-03-01T12:13:39.785Z": at.Add(785 * time.Millisecond), "2017-03-01T12:13:39,5": at.Add(time.Second / 2),
		"2017-03-01T14:13:39+02:00": at, "2017-03-01T14:13:39+0200": at, "2017-03-01T14:13:39+02": at, "2017-03-01T12:13:39+0000": at, "2017-03-01T12:13:39.000+0000": at, "2017-03-01T12:13:39-00:00": at,
		"2017-03-01 12:13:39": at, "2017-03-01 12:13:39.000000": at, "2017-03-01 12:13:39Z": at, "2017-03-01 12:13:39+00:00": at, "2017-03-01 12:13:39 +0000": at, "2017-03-01 12:13:39 UTC": at, "2017-03-01 14:13:39 +0200": at, "2017-03-01 14:13:39 +02:00": at, "2017-03-01T12:13:39 Z": at,
		"2017-03-01 12:13:39 +0000 UTC": at, "2017-03-01T12:13Z": at.Truncate(time.Minute), "2017-03-01 12:13": at.Truncate(time.Minute),
		"20170301T121339Z": at, "20170301T141339+0200": at, "20170301T121339": at, "20170301121339": at, "20170301": at.Truncate(24 * time.Hour), "2017-03-01": at.Truncate(24 * time.Hour),
		"Wed, 01 Mar 2017 12:13:39 GMT": at, "Wed, 01 Mar 2017 14:13:39 +0200": at, "  2017-03-01T12:13:39Z\n": at,
		"1488370419": at, "1488370419.5": at.Add(time.Second / 2), "1488370419000": at, "1.488370419e9": at,
		"0001-01-01T00:00:00Z": {}, "9999-12-31T23:59:59Z": utc(9999, 12, 31, 23, 59, 59),
	} {
		var got record
		unreadable, err := Read([]byte(`{"at":"`+strings.ReplaceAll(text, "\n", `\n`)+`"}`), &got, noShape)
		require.NoError(t, err, text)
		assert.Equal(t, want, got.At, text)
		assert.Zero(t, unreadable, text)
	}
	for _, text := range []string{
		"None", "null", "nil", "N/A", "-", "yesterday", "0000-00-00", "0000-00-00T00:00:00Z", "2017-02-30", "2017-03-01T25:00:00Z", "12:13:39", "2017-03-01T12:13:39 EST", "2017-03-01T12:13:39Z junk",
		"0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "1e17", "1e300", "NaN", "Infinity", "0x5",
	} {
		var got record
		unreadable, err := Read([]byte(`{"at":"`+text+`"}`), &got, noShape)
		require.NoError(t, err, text)
		assert.Zero(t, got, text)
		assert.Equal(t, Unreadable{1, "at"}, unreadable, text)
	}
}
