package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Reader reads values by the types of Go that they are wanted as. Of a name
// that occurs twice the last counts, invalid UTF-8 becomes U+FFFD, and scalars
// come in every form that was seen on the wire. Further members are skipped.
type Reader struct {
	d     *jsontext.Decoder
	outer *Reader // reads what the value of d is a part of; nil: it is all
	shape Shape
}

// Shape reads values whose shape on the wire is not that of their type in Go.
// It reports false, and reads nothing, if into points to any other type.
type Shape func(r *Reader, into any) (bool, error)

// Read reads data, which must be one value, into what into points to.
func Read(data []byte, into any, shape Shape) error {
	r := &Reader{d: decoderOf(data), shape: shape}
	if err := r.Value(into); err != nil {
		return damage(err)
	}
	if _, err := r.d.ReadToken(); err != io.EOF {
		return errors.New("there is more than one value")
	}
	return nil
}

// decoderOf reads a buffer, of which a decoder makes no copy.
func decoderOf(data []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(data), plain)
}

// inside reads a value that r has just read, once more.
func (r *Reader) inside(value jsontext.Value) *Reader {
	return &Reader{d: decoderOf(value), outer: r, shape: r.shape}
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

func (r *Reader) entries(v reflect.Value) error {
	entries, value := reflect.MakeMap(v.Type()), reflect.New(v.Type().Elem()).Elem()
	return r.Object(func(name []byte) error {
		v.Set(entries)
		key := reflect.ValueOf(string(name)).Convert(v.Type().Key())
		err := r.value(value)
		entries.SetMapIndex(key, value)
		return err
	})
}

// optional reads a value that may be none, which leaves nil.
func (r *Reader) optional(v reflect.Value) error {
	if r.d.PeekKind() == 'n' {
		return r.Skip()
	}
	v.Set(reflect.New(v.Type().Elem()))
	return r.value(v.Elem())
}

// begin reads the beginning of an object or a list. It reports false if there
// is none, also for null.
func (r *Reader) begin(kind jsontext.Kind) (bool, error) {
	switch r.d.PeekKind() {
	case kind:
		_, err := r.d.ReadToken()
		return err == nil, err
	case 'n':
		return false, r.Skip()
	}
	value, err := r.d.ReadValue()
	if err != nil {
		return false, err
	}
	return false, r.unreadable(kind, value.Kind())
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

// scalar reads a text, a number, a boolean or a time. It reports false for
// null, which leaves zero.
func (r *Reader) scalar(v reflect.Value) (bool, error) {
	value, err := r.d.ReadValue()
	if err != nil || value.Kind() == 'n' {
		return false, err
	}
	if !setScalar(v, value) {
		return false, r.unreadable(kindOf(v), value.Kind())
	}
	return true, nil
}

// Scalar reads the next value into what into points to. It reports false for
// null, which leaves zero.
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

// unreadable is the failure of a value of another kind than the wanted one.
func (r *Reader) unreadable(want, got jsontext.Kind) error {
	return fmt.Errorf("%s: want %s, got %s", strings.TrimPrefix(r.place(), "."), kindNames[want], kindNames[got])
}

var kindNames = map[jsontext.Kind]string{
	'{': "an object", '[': "a list", '"': "text", '0': "a number", 't': "true or false", 'f': "true or false", 'n': "null", 'T': "a time",
}

// kindOf is the kind of a scalar that is wanted, 'T' for a time.
func kindOf(v reflect.Value) jsontext.Kind {
	switch v.Kind() {
	case reflect.Struct:
		return 'T'
	case reflect.String:
		return '"'
	case reflect.Bool:
		return 't'
	}
	return '0'
}

// place is where the value is that was read last, such as items[2].creation_time.
func (r *Reader) place() string {
	within := ""
	if r.outer != nil {
		within = r.outer.place()
	}
	return within + placeOf(r.d.StackPointer())
}

// placeOf writes a pointer as it would be written in Go.
func placeOf(pointer jsontext.Pointer) string {
	var place strings.Builder
	for step := range pointer.Tokens() {
		if digits([]byte(step)) == len(step) {
			place.WriteString("[" + step + "]")
		} else {
			place.WriteString("." + step)
		}
	}
	return place.String()
}

// damage says where JSON is damaged.
func damage(err error) error {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return err
	}
	return fmt.Errorf("byte %d, in %s: %w", syntax.ByteOffset, strings.TrimPrefix(placeOf(syntax.JSONPointer), "."), syntax.Err)
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
