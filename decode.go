package insights

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/sauceinsights/insights/internal/wire"
)

// lenient is how answers are read.
var lenient = wire.Lenient(
	json.UnmarshalFromFunc(readRuns),
	json.UnmarshalFromFunc(readStatuses),
	json.UnmarshalFromFunc(func(d *jsontext.Decoder, into readerFrom) error { return into.readFrom(d) }),
)

// readerFrom is a part of an answer. As a part it is read on from where the
// answer is, with readFrom; its UnmarshalJSON is for those who read it alone.
type readerFrom interface {
	readFrom(*jsontext.Decoder) error
}

var errTooManyElements = wire.ErrTooManyElements

// decodeAnswer reads a body that must be one JSON object of the shape that
// answer, a pointer to a struct, promises. Members may be missing; but a body
// that has members and none of the promised ones is something else.
func decodeAnswer(body []byte, answer any) error {
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("it is no JSON object")
	}
	if list, ok := answer.(*TestList); ok && wire.Scan(body, list, scanList) {
		return nil
	}
	if wire.TooManyElements(body, wire.MaxElements) {
		return errTooManyElements
	}
	if wire.IsNoText(body, wire.MaxDamaged) {
		return errors.New("it is no UTF-8")
	}
	if err := json.Unmarshal(body, answer, lenient); err != nil {
		return err
	}
	if value := reflect.ValueOf(answer).Elem(); value.IsZero() && !holdsMemberOf(body, value.Type()) {
		return errors.New("it holds none of the promised members")
	}
	return nil
}

// holdsMemberOf reports whether an object, which was decoded before, is empty or
// has a member of t.
func holdsMemberOf(object []byte, t reflect.Type) bool {
	d := jsontext.NewDecoder(bytes.NewBuffer(object), lenient)
	_, err := d.ReadToken()
	isEmpty := true
	for promised := wire.MemberNames(t); err == nil && d.PeekKind() == '"'; err = d.SkipValue() {
		isEmpty = false
		if name, _ := d.ReadToken(); slices.Contains(promised, name.String()) {
			return true
		}
	}
	return isEmpty
}

// decode reads data into a new value, and puts it in place when all of it was
// understood.
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
	if wire.Scan(data, t, scanRun) {
		return nil
	}
	return decode(data, t)
}

func (t *Test) readFrom(d *jsontext.Decoder) error {
	type fields Test
	value, err := d.ReadValue()
	if err != nil || wire.Scan(value, t, scanRun) {
		return err
	}
	var fresh fields
	err = json.Unmarshal(value, &fresh, d.Options())
	*t = Test(fresh)
	return err
}

// readRuns reads a list of runs as a whole, which is faster than run by run.
// One that is for json/v2 gets its room at once: growing, it would take five
// times as much.
func readRuns(d *jsontext.Decoder, into *[]Test) error {
	type list []Test
	value, err := d.ReadValue()
	if err != nil || wire.Scan(value, into, scanRuns) {
		return err
	}
	fresh := make(list, 0, wire.LengthOf(value, d.Options()))
	err = json.Unmarshal(value, &fresh, d.Options())
	*into = fresh
	return err
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (l *TestList) UnmarshalJSON(data []byte) error {
	if wire.Scan(data, l, scanList) {
		return nil
	}
	return decode(data, l)
}

func (l *TestList) readFrom(d *jsontext.Decoder) error {
	type fields TestList
	var object struct {
		fields
		HasMore *bool `json:"has_more"`
	}
	if err := json.UnmarshalDecode(d, &object); err != nil {
		return err
	}
	*l = TestList(object.fields)
	if object.HasMore != nil {
		l.saidMore, l.HasMore = true, *object.HasMore
	}
	return nil
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (m *TestMetrics) UnmarshalJSON(data []byte) error { return decode(data, m) }

func (m *TestMetrics) readFrom(d *jsontext.Decoder) error {
	type fields TestMetrics
	return wire.Read(d, (*fields)(m))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (a *TestAggs) UnmarshalJSON(data []byte) error { return decode(data, a) }

func (a *TestAggs) readFrom(d *jsontext.Decoder) error {
	type fields TestAggs
	return wire.Read(d, (*fields)(a))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (t *TestTrends) UnmarshalJSON(data []byte) error { return decode(data, t) }

func (t *TestTrends) readFrom(d *jsontext.Decoder) error {
	type fields TestTrends
	return wire.Read(d, (*fields)(t))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (b *BuildsTests) UnmarshalJSON(data []byte) error { return decode(data, b) }

func (b *BuildsTests) readFrom(d *jsontext.Decoder) error {
	type fields BuildsTests
	return wire.Read(d, (*fields)(b))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (l *BuildList) UnmarshalJSON(data []byte) error { return decode(data, l) }

func (l *BuildList) readFrom(d *jsontext.Decoder) error {
	type fields BuildList
	return wire.Read(d, (*fields)(l))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (b *Build) UnmarshalJSON(data []byte) error { return decode(data, b) }

func (b *Build) readFrom(d *jsontext.Decoder) error {
	type fields Build
	return wire.Read(d, (*fields)(b))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (a *BuildAggs) UnmarshalJSON(data []byte) error { return decode(data, a) }

func (a *BuildAggs) readFrom(d *jsontext.Decoder) error {
	type fields BuildAggs
	return wire.Read(d, (*fields)(a))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (g *TestGroup) UnmarshalJSON(data []byte) error { return decode(data, g) }

func (g *TestGroup) readFrom(d *jsontext.Decoder) error {
	type fields TestGroup
	return wire.Read(d, (*fields)(g))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (t *ErrorTrends) UnmarshalJSON(data []byte) error { return decode(data, t) }

func (t *ErrorTrends) readFrom(d *jsontext.Decoder) error {
	type fields ErrorTrends
	return wire.Read(d, (*fields)(t))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (b *ErrorBucket) UnmarshalJSON(data []byte) error { return decode(data, b) }

func (b *ErrorBucket) readFrom(d *jsontext.Decoder) error {
	type fields ErrorBucket
	return wire.Read(d, (*fields)(b))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (c *NamedCount) UnmarshalJSON(data []byte) error { return decode(data, c) }

func (c *NamedCount) readFrom(d *jsontext.Decoder) error {
	type fields NamedCount
	return wire.Read(d, (*fields)(c))
}

// readStatuses reads the counts of [TestAggs].
func readStatuses(d *jsontext.Decoder, into *map[Status]int) error {
	type fields map[Status]int
	return wire.Read(d, (*fields)(into))
}

// UnmarshalJSON reads the status as a number or as the text of one; whatever
// else it is counts as 0.
func (m *Meta) UnmarshalJSON(data []byte) error { return decode(data, m) }

func (m *Meta) readFrom(d *jsontext.Decoder) error {
	var object struct {
		Status jsontext.Value `json:"status"`
	}
	err := json.UnmarshalDecode(d, &object)
	m.Status = statusOf(object.Status)
	return err
}

func statusOf(value jsontext.Value) int {
	if len(value) > wire.MaxScalar {
		return 0
	}
	digits, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		digits = value
	}
	status, _ := wire.WholeNumber(digits)
	return status
}

// UnmarshalJSON takes the time from datetime where there is one, and from
// timestamp otherwise: text, Unix seconds or Unix milliseconds.
func (b *TrendBucket) UnmarshalJSON(data []byte) error { return decode(data, b) }

func (b *TrendBucket) readFrom(d *jsontext.Decoder) error {
	type fields TrendBucket
	var object struct {
		fields
		Datetime time.Time `json:"datetime"`
	}
	if err := json.UnmarshalDecode(d, &object); err != nil {
		return err
	}
	*b = TrendBucket(object.fields)
	if !object.Datetime.IsZero() {
		b.Timestamp = object.Datetime
	}
	return nil
}

// Open objects have members that are known and others, named by the service,
// which are kept if they have the same shape.

// UnmarshalJSON reads the known aggregations and, into Other, every further
// one that has their shape.
func (a *TrendAggs) UnmarshalJSON(data []byte) error { return decode(data, a) }

// MarshalJSON writes every aggregation under its key on the wire.
func (a TrendAggs) MarshalJSON() ([]byte, error) {
	type fields TrendAggs
	return wire.MarshalOpen(fields(a), a.Other)
}

func (a *TrendAggs) readFrom(d *jsontext.Decoder) (err error) {
	var value TrendAggs
	value.Other, err = wire.ReadOpen(d, map[string]*[]NamedCount{
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
	return wire.MarshalOpen(fields(m), m.Other)
}

func (m *TrendMetrics) readFrom(d *jsontext.Decoder) (err error) {
	var value TrendMetrics
	value.Other, err = wire.ReadOpen(d, map[string]*map[string]int{
		"os": &value.OS, "owner": &value.Owner, "status": &value.Status, "browser": &value.Browser,
	})
	*m = value
	return err
}

// UnmarshalJSON reads a number, or null as 0.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	value := jsontext.Value(data)
	switch value.Kind() {
	case 'n':
		*s = 0
		return nil
	case '0':
		f, err := wire.ParseNumber(data)
		*s = Seconds(f)
		return err
	}
	return fmt.Errorf("seconds are no number: %s", value.Kind())
}
