package insights

import (
	"errors"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Open objects have members that are known and others, named by the service,
// which are kept if they have the same shape.

// UnmarshalJSON reads the known aggregations and, into Other, every further
// one that has their shape.
func (a *TrendAggs) UnmarshalJSON(data []byte) error { return decode(data, a) }

// MarshalJSON writes every aggregation under its key on the wire.
func (a TrendAggs) MarshalJSON() ([]byte, error) {
	type fields TrendAggs
	return marshalWithOther(fields(a), a.Other)
}

func (a *TrendAggs) readFrom(d *jsontext.Decoder) (err error) {
	var value TrendAggs
	value.Other, err = readOpen(d, map[string]*[]NamedCount{
		"os": &value.OS, "owner": &value.Owner, "status": &value.Status, "browser": &value.Browser,
	})
	*a = value
	return err
}

// UnmarshalJSON reads the known totals and, into Other, every further one that
// has their shape.
func (m *TrendMetrics) UnmarshalJSON(data []byte) error { return decode(data, m) }

// MarshalJSON writes all totals under their keys on the wire.
func (m TrendMetrics) MarshalJSON() ([]byte, error) {
	type fields TrendMetrics
	return marshalWithOther(fields(m), m.Other)
}

func (m *TrendMetrics) readFrom(d *jsontext.Decoder) (err error) {
	var value TrendMetrics
	value.Other, err = readOpen(d, map[string]*map[string]int{
		"os": &value.OS, "owner": &value.Owner, "status": &value.Status, "browser": &value.Browser,
	})
	*m = value
	return err
}

// readOpen reads an object, or null, and returns the members that are not
// known and have the shape V. What else is unknown is skipped.
func readOpen[V any](d *jsontext.Decoder, known map[string]*V) (other map[string]V, err error) {
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
			err = read(d, into)
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

// marshalWithOther writes one object: the members of known that are set, and
// the others under their own names, sorted. A known name counts once.
func marshalWithOther[V any](known any, other map[string]V) ([]byte, error) {
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
