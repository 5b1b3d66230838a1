// Package wire reads JSON as the service sends it, leniently: a scanner for the
// usual forms, scalars, times, open objects, and the messages of refusals, all
// within bounds. It works on bytes, times and texts, and knows no type of the SDK.
package wire

import (
	"bytes"
	"errors"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Lenient is how answers are read. Of a name that occurs twice the last counts,
// invalid UTF-8 becomes U+FFFD, and times and whole numbers come in every form
// that was seen on the wire. The types of further are read by it.
func Lenient(further ...*json.Unmarshalers) json.Options {
	scalars := json.JoinUnmarshalers(json.UnmarshalFromFunc(readTime), json.UnmarshalFromFunc(readInt))
	return json.JoinOptions(
		jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true),
		json.WithUnmarshalers(json.JoinUnmarshalers(scalars, json.JoinUnmarshalers(further...))),
	)
}

// Read reads the next value of d. It is a new one, so that nothing of an
// earlier member of the same name is left.
func Read[T any](d *jsontext.Decoder, into *T) error {
	var value T
	if err := json.UnmarshalDecode(d, &value); err != nil {
		return err
	}
	*into = value
	return nil
}

// LengthOf is how many elements a list has, and 0 of any other value.
func LengthOf(value jsontext.Value, opts json.Options) (n int) {
	d := jsontext.NewDecoder(bytes.NewBuffer(value), opts)
	if token, err := d.ReadToken(); err != nil || token.Kind() != '[' {
		return 0
	}
	for d.PeekKind() != ']' && d.SkipValue() == nil {
		n++
	}
	return n
}

func MemberNames(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// ReadOpen reads an object, or null, and returns the members that are not
// known and have the shape V. What else is unknown is skipped.
func ReadOpen[V any](d *jsontext.Decoder, known map[string]*V) (other map[string]V, err error) {
	switch d.PeekKind() {
	case 'n':
		return nil, d.SkipValue()
	case '[', '"', '0', 't', 'f':
		return nil, errors.New("want an object")
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		if into, ok := known[name.String()]; ok {
			err = Read(d, into)
		} else {
			other, err = readOther(d, other, name.String())
		}
		if err != nil {
			return nil, err
		}
	}
	if len(other) == 0 {
		other = nil // also where the last of a name had another shape
	}
	_, err = d.ReadToken()
	return other, err
}

// readOther reads the value of an unknown member.
func readOther[V any](d *jsontext.Decoder, other map[string]V, name string) (map[string]V, error) {
	raw, err := d.ReadValue()
	if err != nil {
		return nil, err
	}
	delete(other, name) // of a name that occurs twice the last counts
	var value V
	if raw.Kind() == 'n' || json.Unmarshal(raw, &value, d.Options()) != nil {
		return other, nil
	}
	if other == nil {
		other = make(map[string]V)
	}
	other[name] = value
	return other, nil
}

// MarshalOpen writes one object: the members of known that are set, and
// the others under their own names, sorted. A known name counts once.
func MarshalOpen[V any](known any, other map[string]V) ([]byte, error) {
	members := make(map[string]any, len(other))
	for name, value := range other {
		members[name] = value
	}
	value := reflect.ValueOf(known)
	for i, name := range MemberNames(value.Type()) {
		if field := value.Field(i); name != "-" && !field.IsNil() {
			members[name] = field.Interface()
		}
	}
	return json.Marshal(members, json.Deterministic(true))
}
