package insights

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// lenient is how answers are read. Of a name that occurs twice the last
// counts, invalid UTF-8 becomes U+FFFD, and times and whole numbers come in
// every form that was seen on the wire.
var lenient = json.JoinOptions(
	jsontext.AllowDuplicateNames(true),
	jsontext.AllowInvalidUTF8(true),
	json.WithUnmarshalers(json.JoinUnmarshalers(
		json.UnmarshalFromFunc(readTime),
		json.UnmarshalFromFunc(readInt),
	)),
)

// decodeAnswer reads a body that must be one JSON object of the shape that
// answer, a pointer to a struct, promises. Members may be missing; but a body
// that has members and none of the promised ones is something else.
func decodeAnswer(body []byte, answer any) error {
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("it is no JSON object")
	}
	if list, ok := answer.(*TestList); ok && scan(body, list, (*scanner).testList) {
		return nil
	}
	if tooManyElements(body, maxElements) {
		return errTooManyElements
	}
	if err := json.Unmarshal(body, answer, lenient); err != nil {
		return err
	}
	if value := reflect.ValueOf(answer).Elem(); value.IsZero() && !holdsMemberOf(body, value.Type()) {
		return errors.New("it holds none of the promised members")
	}
	return nil
}

// holdsMemberOf reports whether an object is empty or has a member of t.
func holdsMemberOf(body []byte, t reflect.Type) bool {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(body, &members, lenient); err != nil || len(members) == 0 {
		return err == nil
	}
	return slices.ContainsFunc(reflect.VisibleFields(t), func(field reflect.StructField) bool {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		_, found := members[name]
		return found
	})
}

// decode reads data into a new value, so that nothing of an earlier member of
// the same name is left, and puts it in place when all of it was understood.
func decode[T any](data []byte, into *T) error {
	var value T
	if err := json.Unmarshal(data, &value, lenient); err != nil {
		return err
	}
	*into = value
	return nil
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (t *Test) UnmarshalJSON(data []byte) error {
	if scan(data, t, (*scanner).run) {
		return nil
	}
	type fields Test
	return decode(data, (*fields)(t))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (l *TestList) UnmarshalJSON(data []byte) error {
	if scan(data, l, (*scanner).testList) {
		return nil
	}
	type fields TestList
	return decode(data, (*fields)(l))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (m *TestMetrics) UnmarshalJSON(data []byte) error {
	type fields TestMetrics
	return decode(data, (*fields)(m))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (a *TestAggs) UnmarshalJSON(data []byte) error {
	type fields TestAggs
	return decode(data, (*fields)(a))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (t *TestTrends) UnmarshalJSON(data []byte) error {
	type fields TestTrends
	return decode(data, (*fields)(t))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (b *BuildsTests) UnmarshalJSON(data []byte) error {
	type fields BuildsTests
	return decode(data, (*fields)(b))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (l *BuildList) UnmarshalJSON(data []byte) error {
	type fields BuildList
	return decode(data, (*fields)(l))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (b *Build) UnmarshalJSON(data []byte) error {
	type fields Build
	return decode(data, (*fields)(b))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (a *BuildAggs) UnmarshalJSON(data []byte) error {
	type fields BuildAggs
	return decode(data, (*fields)(a))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (g *TestGroup) UnmarshalJSON(data []byte) error {
	type fields TestGroup
	return decode(data, (*fields)(g))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (t *ErrorTrends) UnmarshalJSON(data []byte) error {
	type fields ErrorTrends
	return decode(data, (*fields)(t))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (b *ErrorBucket) UnmarshalJSON(data []byte) error {
	type fields ErrorBucket
	return decode(data, (*fields)(b))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (c *NamedCount) UnmarshalJSON(data []byte) error {
	type fields NamedCount
	return decode(data, (*fields)(c))
}

// UnmarshalJSON reads the status as a number or as the text of one; whatever
// else it is counts as 0.
func (m *Meta) UnmarshalJSON(data []byte) error {
	var wire struct {
		Status jsontext.Value `json:"status"`
	}
	if err := decode(data, &wire); err != nil {
		return err
	}
	digits, err := jsontext.AppendUnquote(nil, wire.Status)
	if err != nil {
		digits = wire.Status
	}
	m.Status, _ = wholeNumber(string(digits))
	return nil
}

// UnmarshalJSON takes the time from datetime where there is one, and from
// timestamp otherwise: text, Unix seconds or Unix milliseconds.
func (b *TrendBucket) UnmarshalJSON(data []byte) error {
	type fields TrendBucket
	var wire struct {
		fields
		Datetime time.Time `json:"datetime"`
	}
	if err := decode(data, &wire); err != nil {
		return err
	}
	*b = TrendBucket(wire.fields)
	if !wire.Datetime.IsZero() {
		b.Timestamp = wire.Datetime
	}
	return nil
}

// UnmarshalJSON reads the known aggregations and, into Other, every further
// one that has their shape.
func (a *TrendAggs) UnmarshalJSON(data []byte) error {
	type fields TrendAggs
	value, err := withOther[fields, []NamedCount](data)
	if err == nil {
		value.known.Other = value.other
		*a = TrendAggs(value.known)
	}
	return err
}

// MarshalJSON writes every aggregation under its key on the wire.
func (a TrendAggs) MarshalJSON() ([]byte, error) {
	type fields TrendAggs
	return marshalWithOther(fields(a), a.Other)
}

// UnmarshalJSON reads the known totals and, into Other, every further one that
// has their shape.
func (m *TrendMetrics) UnmarshalJSON(data []byte) error {
	type fields TrendMetrics
	value, err := withOther[fields, map[string]int](data)
	if err == nil {
		value.known.Other = value.other
		*m = TrendMetrics(value.known)
	}
	return err
}

// MarshalJSON writes all totals under their keys on the wire.
func (m TrendMetrics) MarshalJSON() ([]byte, error) {
	type fields TrendMetrics
	return marshalWithOther(fields(m), m.Other)
}

// open is an object with known members and others of one shape.
type open[T, V any] struct {
	known T
	other map[string]V
}

func withOther[T, V any](data []byte) (open[T, V], error) {
	var value open[T, V]
	if err := decode(data, &value.known); err != nil {
		return value, err
	}
	var members map[string]jsontext.Value
	if err := decode(data, &members); err != nil {
		return value, err
	}
	known := memberNames(reflect.TypeFor[T]())
	for name, raw := range members {
		var other V
		if slices.Contains(known, name) || raw.Kind() == 'n' || decode(raw, &other) != nil {
			continue // known, or of another shape
		}
		if value.other == nil {
			value.other = make(map[string]V)
		}
		value.other[name] = other
	}
	return value, nil
}

func memberNames(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
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

// UnmarshalJSON reads a number, or null as 0.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	value := jsontext.Value(data)
	switch value.Kind() {
	case 'n':
		*s = 0
		return nil
	case '0':
		f, err := strconv.ParseFloat(string(data), 64)
		*s = Seconds(f)
		return err
	}
	return fmt.Errorf("seconds are no number: %s", value.Kind())
}

func readInt(d *jsontext.Decoder, into *int) error {
	value, err := d.ReadValue()
	switch {
	case err != nil:
		return err
	case value.Kind() == 'n':
		*into = 0
		return nil
	case value.Kind() != '0':
		return fmt.Errorf("want a whole number, got a %s", value.Kind())
	}
	n, ok := wholeNumber(string(value))
	if !ok {
		return errors.New("want a whole number within range")
	}
	*into = n
	return nil
}

// wholeNumber reads 25, and 25.0 and 2.5e1 just as well.
func wholeNumber(text string) (int, bool) {
	if n, err := strconv.Atoi(text); err == nil {
		return n, true
	}
	const exact = 1 << 53 // from it on a float64 is no longer every whole number
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= exact {
		return 0, false
	}
	return int(f), true
}

func readTime(d *jsontext.Decoder, into *time.Time) error {
	value, err := d.ReadValue()
	if err != nil {
		return err
	}
	*into = time.Time{}
	switch value.Kind() {
	case 'n':
		return nil
	case '0':
		*into, err = unixTime(string(value))
		return err
	case '"':
		text, unquoteErr := jsontext.AppendUnquote(nil, value)
		if unquoteErr != nil && !errors.Is(unquoteErr, jsontext.ErrDuplicateName) {
			return errors.New("the text of a time is damaged")
		}
		*into, err = parseTime(string(text))
		return err
	}
	return fmt.Errorf("want a time, got a %s", value.Kind())
}

// timeLayouts are the forms of a time besides RFC 3339. Without a zone it is
// UTC; a fraction of a second is accepted by all.
var timeLayouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
}

// parseTime reads a time in any of its forms. The empty text is no time.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return inRange(t.UTC())
		}
	}
	return time.Time{}, errors.New("want a time such as 2021-05-01T12:00:00Z")
}

// unixTime reads Unix seconds, or milliseconds where the number is too large
// for seconds.
func unixTime(number string) (time.Time, error) {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || math.Abs(f) > math.MaxInt64/1e3 {
		return time.Time{}, errors.New("the number of a time is out of range")
	}
	if f >= leastUnixMillis {
		return inRange(time.UnixMilli(int64(f)).UTC())
	}
	whole, fraction := math.Modf(f)
	return inRange(time.Unix(int64(whole), int64(fraction*1e9)).UTC())
}

// inRange refuses a time that could not be written again.
func inRange(t time.Time) (time.Time, error) {
	if year := t.Year(); year < 0 || year > 9999 {
		return time.Time{}, errors.New("the year of a time is out of range")
	}
	return t, nil
}
