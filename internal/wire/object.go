// Package wire reads JSON as the service sends it, leniently: a scanner for the
// usual forms, a reader for all others, open objects, and the messages of
// refusals, all within bounds. It works on bytes, times and texts, and knows no
// type of the SDK.
package wire

import (
	"bytes"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// plain reads whatever is JSON: of a name that occurs twice the last counts, and
// invalid UTF-8 becomes U+FFFD.
var plain = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// memberNames are the names on the wire of the fields of a struct, in order.
func memberNames(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// WithoutMark returns a body without the byte order mark that it may begin with.
func WithoutMark(body []byte) []byte {
	return bytes.TrimPrefix(body, []byte("\uFEFF"))
}

// HoldsMemberOf reports whether an object, which was read before, is empty or
// has a member of the struct that into points to.
func HoldsMemberOf(object []byte, into any) bool {
	d := decoderOf(object)
	_, err := d.ReadToken()
	isEmpty := true
	for promised := placesOf(reflect.TypeOf(into).Elem()); err == nil && d.PeekKind() == '"'; err = d.SkipValue() {
		isEmpty = false
		name, _ := d.ReadToken()
		if _, ok := promised[name.String()]; ok {
			return true
		}
	}
	return isEmpty
}

// ReadOpen reads an object and returns the members that are not
// known and have the shape V. What else is unknown is skipped.
func ReadOpen[V any](r *Reader, known map[string]*V) (other map[string]V, err error) {
	err = r.Object(func(name []byte) error {
		if into, ok := known[string(name)]; ok {
			return r.Value(into)
		}
		return readOther(r, &other, string(name))
	})
	if len(other) == 0 {
		other = nil // also where the last of a name had another shape
	}
	return other, err
}

// readOther reads the value of an unknown member, if all of it has the shape V.
func readOther[V any](r *Reader, other *map[string]V, name string) error {
	raw, err := r.d.ReadValue()
	if err != nil {
		return err
	}
	delete(*other, name) // of a name that occurs twice the last counts
	var value V
	var unreadable Unreadable
	in := r.inside(raw)
	in.unreadable = &unreadable
	if !startsAs(reflect.TypeFor[V](), raw) || in.Value(&value) != nil || unreadable.Count > 0 {
		return nil
	}
	if *other == nil {
		*other = make(map[string]V)
	}
	(*other)[name] = value
	return nil
}

// startsAs reports whether a value is a list or an object as t is.
func startsAs(t reflect.Type, value jsontext.Value) bool {
	if t.Kind() == reflect.Slice {
		return value.Kind() == '['
	}
	return value.Kind() == '{'
}

// MarshalOpen writes one object: the members of known that are set, and
// the others under their own names, sorted. A known name counts once.
func MarshalOpen[V any](known any, other map[string]V) ([]byte, error) {
	members := make(map[string]any, len(other))
	for name, value := range other {
		members[name] = value
	}
	value := reflect.ValueOf(known)
	for i, name := range memberNames(value.Type()) {
		if field := value.Field(i); name != "-" && !field.IsNil() {
			members[name] = field.Interface()
		}
	}
	return json.Marshal(members, json.Deterministic(true))
}
