package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Reader reads values by the types of Go that they are wanted as. Of a name
// that occurs twice the last counts, and invalid UTF-8 becomes U+FFFD. Further
// members are skipped.
//
// One rule holds for every scalar: what can be read as the wanted type is read
// so, such as the text of a number; what can't is zero, and counted. A list or
// an object that is empty stands for whatever is wanted and empty, and so does
// an empty text. Any other value in the place of a list or an object is counted
// too, if it is a part of a record; if records would hang on it, it is an error.
type Reader struct {
	d          *jsontext.Decoder
	outer      *Reader // reads what the value of d is a part of; nil: it is all
	shape      Shape
	records    int // that hold what is read next
	unreadable *Unreadable
}

// Unreadable is what an answer holds that could not be read.
type Unreadable struct {
	Count int    // of values
	First string // where the first of them is, such as items[2].creation_time
}

// Shape reads values whose shape on the wire is not that of their type in Go.
// It reports false, and reads nothing, if into points to any other type.
type Shape func(r *Reader, into any) (bool, error)

// Read reads data, which must be one value, into what into points to. An error
// is one of JSON that is damaged, or of a value that records would hang on.
func Read(data []byte, into any, shape Shape) (Unreadable, error) {
	r := &Reader{d: decoderOf(data), shape: shape, unreadable: new(Unreadable)}
	if err := r.Value(into); err != nil {
		return Unreadable{}, damage(err)
	}
	if _, err := r.d.ReadToken(); err != io.EOF {
		return Unreadable{}, errors.New("there is more than one value")
	}
	return *r.unreadable, nil
}

// decoderOf reads a buffer, of which a decoder makes no copy.
func decoderOf(data []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(data), plain)
}

// inside reads a value that r has just read, once more.
func (r *Reader) inside(value jsontext.Value) *Reader {
	return &Reader{d: decoderOf(value), outer: r, shape: r.shape, records: r.records, unreadable: r.unreadable}
}

// Value reads the next value into what into points to. Nothing of what was
// there before is left.
func (r *Reader) Value(into any) error {
	return r.value(reflect.ValueOf(into).Elem())
}

func (r *Reader) value(v reflect.Value) error {
	if isShaped, err := r.shape(r, v.Addr().Interface()); isShaped {
		return err
	}
	v.SetZero()
	switch {
	case v.Type() == timeType:
		break
	case v.Kind() == reflect.Struct:
		return r.fields(v)
	case v.Kind() == reflect.Slice:
		return r.list(v)
	case v.Kind() == reflect.Map:
		return r.entries(v)
	case v.Kind() == reflect.Pointer:
		return r.optional(v)
	}
	_, err := r.scalar(v)
	return err
}

var timeType = reflect.TypeFor[time.Time]()

// Fields reads an object into the fields of the struct that into points to.
func (r *Reader) Fields(into any) error {
	v := reflect.ValueOf(into).Elem()
	v.SetZero()
	return r.fields(v)
}

func (r *Reader) fields(v reflect.Value) error {
	places := placesOf(v.Type())
	return r.Object(func(name []byte) error {
		if i, ok := places[string(name)]; ok {
			return r.value(v.Field(i))
		}
		return r.Skip()
	})
}

// Object reads an object, whose values are read by member. The name is good
// until that reads.
func (r *Reader) Object(member func(name []byte) error) error {
	if isObject, err := r.begin('{'); !isObject {
		return err
	}
	for r.d.PeekKind() != '}' {
		name, err := r.name()
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
	return r.end()
}

func (r *Reader) list(v reflect.Value) error {
	if isList, err := r.begin('['); !isList {
		return err
	}
	r.records++
	defer func() { r.records-- }()
	if v.Cap() == 0 {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	for n := 0; r.d.PeekKind() != ']'; n++ {
		v.Grow(1)
		v.SetLen(n + 1)
		if err := r.value(v.Index(n)); err != nil {
			return err
		}
	}
	return r.end()
}

// Record reads an object as Object does. Any other value is counted, wherever
// it is.
func (r *Reader) Record(member func(name []byte) error) error {
	r.records++
	defer func() { r.records-- }()
	return r.Object(member)
}

func (r *Reader) entries(v reflect.Value) error {
	entries, value := reflect.MakeMap(v.Type()), reflect.New(v.Type().Elem()).Elem()
	if r.d.PeekKind() == '{' {
		v.Set(entries)
	}
	return r.Record(func(name []byte) error {
		key := reflect.ValueOf(string(name)).Convert(v.Type().Key())
		err := r.value(value)
		entries.SetMapIndex(key, value)
		return err
	})
}

// optional reads a record that may be none, which leaves nil.
func (r *Reader) optional(v reflect.Value) error {
	value, err := r.d.ReadValue()
	switch {
	case err != nil || isEmpty(value):
		return err
	case value.Kind() != '{':
		r.miss()
		return nil
	}
	v.Set(reflect.New(v.Type().Elem()))
	return r.inside(value).value(v.Elem())
}

// begin reads the beginning of an object or a list. It reports false if there
// is none.
func (r *Reader) begin(kind jsontext.Kind) (bool, error) {
	if r.d.PeekKind() == kind {
		_, err := r.d.ReadToken()
		return err == nil, err
	}
	value, err := r.d.ReadValue()
	if err != nil || isEmpty(value) {
		return false, err
	}
	if r.records == 0 {
		return false, fmt.Errorf("%s: want %s, got %s", r.place(), kindNames[kind], kindNames[value.Kind()])
	}
	r.miss()
	return false, nil
}

// isEmpty reports whether a value is null, or an empty text, list or object.
func isEmpty(value jsontext.Value) bool {
	switch value.Kind() {
	case 'n':
		return true
	case '"':
		return len(value) <= maxEscaped && len(bytes.TrimSpace(unquote(value))) == 0
	case '[', '{':
		return len(bytes.TrimSpace(value[1:len(value)-1])) == 0
	}
	return false
}

func (r *Reader) end() error {
	_, err := r.d.ReadToken()
	return err
}

func (r *Reader) name() ([]byte, error) {
	value, err := r.d.ReadValue()
	if err != nil {
		return nil, err
	}
	return unquote(value), nil
}

// scalar reads a text, a number, a boolean or a time. It reports false if it
// leaves zero, as there is none or none that can be read.
func (r *Reader) scalar(v reflect.Value) (bool, error) {
	value, err := r.d.ReadValue()
	if err != nil || isAbsent(v, value) {
		return false, err
	}
	ok := setScalar(v, value)
	if !ok {
		v.SetZero()
		r.miss()
	}
	return ok, nil
}

// isAbsent reports whether a scalar is null, or an empty text in the place of
// anything but a text.
func isAbsent(v reflect.Value, value jsontext.Value) bool {
	return value.Kind() == 'n' || value.Kind() == '"' && v.Kind() != reflect.String && isEmpty(value)
}

// Scalar reads the next value into what into points to. It reports false if it
// leaves zero, as there is none or none that can be read.
func (r *Reader) Scalar(into any) (bool, error) {
	v := reflect.ValueOf(into).Elem()
	v.SetZero()
	return r.scalar(v)
}

// Raw reads a value of whatever kind, as it stands there.
func (r *Reader) Raw() ([]byte, error) {
	return r.d.ReadValue()
}

// Skip reads a value of whatever kind.
func (r *Reader) Skip() error {
	return r.d.SkipValue()
}

// ScanOr reads the next value by scan, or by its fields if scan can't tell.
func ScanOr[T any](r *Reader, into *T, scan func(*Scanner, *T) bool) error {
	value, err := r.d.ReadValue()
	if err != nil || Scan(value, into, scan) {
		return err
	}
	return r.inside(value).Fields(into)
}

// ScanListOr reads the next value, a list, by scan, or one by one if scan can't
// tell. It gets its room at once: growing, it would take five times as much.
func ScanListOr[T any](r *Reader, into *[]T, scan func(*Scanner, *[]T) bool) error {
	value, err := r.d.ReadValue()
	if err != nil || Scan(value, into, scan) {
		return err
	}
	*into = nil
	if n := lengthOf(value); n > 0 {
		*into = make([]T, 0, n)
	}
	return r.inside(value).list(reflect.ValueOf(into).Elem())
}

// lengthOf returns how many elements a list has, and 0 for any other value.
func lengthOf(value jsontext.Value) (n int) {
	d := decoderOf(value)
	if token, err := d.ReadToken(); err != nil || token.Kind() != '[' {
		return 0
	}
	for d.PeekKind() != ']' && d.SkipValue() == nil {
		n++
	}
	return n
}

// miss counts the value that was read last as one that can't be read.
func (r *Reader) miss() {
	if r.unreadable.Count++; r.unreadable.Count == 1 {
		r.unreadable.First = r.place()
	}
}

var kindNames = map[jsontext.Kind]string{
	'{': "an object", '[': "a list", '"': "text", '0': "a number", 't': "true", 'f': "false", 'n': "null",
}

// places are the fields of a struct by their names on the wire.
var places sync.Map

func placesOf(t reflect.Type) map[string]int {
	if known, ok := places.Load(t); ok {
		return known.(map[string]int)
	}
	byName := make(map[string]int)
	for i, name := range memberNames(t) {
		if name != "" && name != "-" {
			byName[name] = i
		}
	}
	places.Store(t, byName)
	return byName
}
