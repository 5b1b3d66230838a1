package wire

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// open has members that are known and others, of one shape.
type open struct {
	OS     []tally            `json:"os"`
	Status []tally            `json:"status"`
	Other  map[string][]tally `json:"-"`
}

type tally struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// totals are an open object of maps.
type totals struct {
	OS    map[string]int
	Other map[string]map[string]int
}

// maybe has a value that may not be told.
type maybe struct{ yes, isTold bool }

// odd reads the types of these tests whose shape is not that of their fields.
func odd(r *Reader, into any) (_ bool, err error) {
	switch into := into.(type) {
	case *open:
		*into = open{}
		into.Other, err = ReadOpen(r, map[string]*[]tally{"os": &into.OS, "status": &into.Status})
	case *totals:
		*into = totals{}
		into.Other, err = ReadOpen(r, map[string]*map[string]int{"os": &into.OS})
	case *maybe:
		into.isTold, err = r.Scalar(&into.yes)
	case *record:
		err = ScanOr(r, into, scanText)
	case *[]record:
		err = ScanListOr(r, into, func(s *Scanner, list *[]record) bool {
			var one record
			if s.Accept('[') && scanText(s, &one) && s.Accept(']') {
				*list = []record{one}
				return true
			}
			return false
		})
	default:
		return false, nil
	}
	return true, err
}

// scanText can tell a record of a text alone.
func scanText(s *Scanner, r *record) bool {
	return s.Object(func(name []byte) bool { return string(name) == "text" && s.Repeated(&r.Text) })
}

func TestReadOpen(t *testing.T) {
	for data, want := range map[string]open{
		`{"os":[{"name":"a","count":"1"}],"osFail":[{"count":2}]}`: {OS: []tally{{"a", 1}}, Other: map[string][]tally{"osFail": {{"", 2}}}},
		`{"x":[],"y":[{}]}`: {Other: map[string][]tally{"x": {}, "y": {{}}}},
		`{"x":{},"y":"","z":null,"a":7,"b":[7],"c":[{"count":"x"}],"d":{"a":1},"e":[1]}`: {},
		`{"x":[{"count":1}],"x":7}`: {},
		`{"x":7,"x":[{"count":1}]}`: {Other: map[string][]tally{"x": {{"", 1}}}},
		`{"os":{},"status":""}`:     {}, `{}`: {}, `null`: {}, `[]`: {}, `""`: {},
	} {
		var got open
		unreadable, err := Read([]byte(data), &got, odd)
		require.NoError(t, err, data)
		assert.Equal(t, want, got, data)
		assert.Zero(t, unreadable, data)
	}
	var got totals
	unreadable, err := Read([]byte(`{"os":{"a":"2","b":"x"},"y":{"a":1},"z":{"a":"x"},"l":[],"n":null}`), &got, odd)
	require.NoError(t, err)
	assert.Equal(t, totals{map[string]int{"a": 2, "b": 0}, map[string]map[string]int{"y": {"a": 1}}}, got)
	assert.Equal(t, Unreadable{1, "os.b"}, unreadable)
	for _, data := range []string{`{"os":[1}`, `{"x":[1}`, `{"x"`, `{"os":"a"}`} {
		_, err := Read([]byte(data), new(open), odd)
		assert.Error(t, err, data)
	}
}

func TestMarshalOpen(t *testing.T) {
	for want, value := range map[string]open{
		`{}`: {}, `{"os":[]}`: {OS: []tally{}}, `{"a":[],"b":[],"os":[{"name":"x","count":1}]}`: {OS: []tally{{"x", 1}}, Other: map[string][]tally{"b": {}, "a": nil, "os": nil}},
		`{"status":[{"name":"","count":2}]}`: {Other: map[string][]tally{"status": {{"", 2}}}},
	} {
		got, err := MarshalOpen(value, value.Other)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(got))
	}
	got, err := MarshalOpen(open{}, map[string][]tally{"z": nil, "a": nil, "m": nil})
	require.NoError(t, err)
	assert.True(t, strings.Index(string(got), `"a"`) < strings.Index(string(got), `"m"`) && strings.Index(string(got), `"m"`) < strings.Index(string(got), `"z"`), "sorted: %s", got)
	assert.NoError(t, json.Unmarshal(got, new(any)))
}

func TestHoldsMemberOf(t *testing.T) {
	for data, want := range map[string]bool{
		`{}`: true, `{"text":null}`: true, `{"x":1,"text":null}`: true, `{"x":{"text":1}}`: false, `{"x":1}`: false, `{"":1}`: false, `{"-":1}`: false, `{"te\u0078t":1}`: true, `{"x":[1,2],"y":"text"}`: false,
	} {
		assert.Equal(t, want, HoldsMemberOf([]byte(data), new(record)), data)
	}
	assert.Equal(t, "{}", string(WithoutMark([]byte("\uFEFF{}"))))
	assert.Equal(t, "{}\uFEFF", string(WithoutMark([]byte("{}\uFEFF"))))
}

func TestScanOr(t *testing.T) {
	var got struct {
		One  record   `json:"one"`
		List []record `json:"list"`
		More maybe    `json:"more"`
	}
	for data, unreadable := range map[string]Unreadable{
		`{"one":{"text":"a"},"list":[{"text":"b"}]}`:                        {},
		`{"one":{"text":"a","count":0},"list":[{"text":"b"}],"more":null}`:  {},
		`{"one":{"text":"a","count":"x"},"list":[{"text":"b"}],"more":""}`:  {1, "one.count"},
		`{"one":{"text":"a"},"list":[{"text":"b","flag":2}],"more":"x"}`:    {2, "list[0].flag"},
		`{"one":{"text":"a"},"list":[{"text":"b","list":[{"at":"None"}]}]}`: {1, "list[0].list[0].at"},
	} {
		got.One, got.List, got.More = record{Text: "before"}, []record{{Text: "before"}}, maybe{true, true}
		read, err := Read([]byte(data), &got, odd)
		require.NoError(t, err, data)
		got.List[0].List = nil
		assert.Equal(t, record{Text: "a"}, got.One, data)
		assert.Equal(t, []record{{Text: "b"}}, got.List, data)
		assert.Zero(t, got.More, data)
		assert.Equal(t, unreadable, read, data)
	}
	read, err := Read([]byte(`{"list":[{},{"count":1},"odd",{"x":[{},{}]}],"more":"true"}`), &got, odd)
	require.NoError(t, err)
	assert.Equal(t, []record{{}, {Count: 1}, {}, {}}, got.List)
	assert.Equal(t, 4, cap(got.List), "its room at once")
	assert.Equal(t, maybe{true, true}, got.More)
	assert.Equal(t, Unreadable{1, "list[2]"}, read)
	for _, data := range []string{`{"list":{}}`, `{"list":""}`, `{"list":null}`} {
		got.List = []record{{}}
		_, err := Read([]byte(data), &got, odd)
		require.NoError(t, err)
		assert.Nil(t, got.List, data)
	}
	for _, data := range []string{`{"list":7}`, `{"list":[{]}`, `{"one":{]}`, `{"one":7}`} {
		_, err := Read([]byte(data), &got, odd)
		assert.Error(t, err, data)
	}
}

func TestScanListOr(t *testing.T) {
	for data, want := range map[string]int{`[1,[2,3],{}]`: 3, `[]`: 0, `[7`: 1, `{"a":1,"b":2}`: 0, `"text"`: 0, ``: 0} {
		assert.Equal(t, want, lengthOf([]byte(data)), data)
	}
}

func TestInt(t *testing.T) {
	for data, want := range map[string]int{`200`: 200, `"200"`: 200, `" 200 "`: 200, `2e2`: 200, `-7`: -7, `2.5`: 0, `"ok"`: 0, `true`: 0, `null`: 0, `{}`: 0, `[200]`: 0, `"\u0032"`: 2} {
		assert.Equal(t, want, Int([]byte(data)), data)
	}
	assert.Zero(t, Int([]byte(`1.`+strings.Repeat("0", 7000))))
}
