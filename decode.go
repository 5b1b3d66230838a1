package insights

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
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
		json.UnmarshalFromFunc(readRuns),
		json.UnmarshalFromFunc(readStatuses),
		json.UnmarshalFromFunc(func(d *jsontext.Decoder, into readerFrom) error { return into.readFrom(d) }),
	)),
)

// readerFrom is a part of an answer. As a part it is read on from where the
// answer is, with readFrom; its UnmarshalJSON is for those who read it alone.
type readerFrom interface {
	readFrom(*jsontext.Decoder) error
}

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
	if isNoText(body, maxDamaged) {
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
	for promised := memberNames(t); err == nil && d.PeekKind() == '"'; err = d.SkipValue() {
		isEmpty = false
		if name, _ := d.ReadToken(); slices.Contains(promised, name.String()) {
			return true
		}
	}
	return isEmpty
}

func memberNames(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
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

// read reads the next value of d. It is a new one, so that nothing of an
// earlier member of the same name is left.
func read[T any](d *jsontext.Decoder, into *T) error {
	var value T
	if err := json.UnmarshalDecode(d, &value); err != nil {
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
	return decode(data, t)
}

func (t *Test) readFrom(d *jsontext.Decoder) error {
	type fields Test
	value, err := d.ReadValue()
	if err != nil || scan(value, t, (*scanner).run) {
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
	if err != nil || scan(value, into, (*scanner).runs) {
		return err
	}
	fresh := make(list, 0, lengthOf(value, d.Options()))
	err = json.Unmarshal(value, &fresh, d.Options())
	*into = fresh
	return err
}

// lengthOf is how many elements a list has, and 0 of any other value.
func lengthOf(value jsontext.Value, opts json.Options) (n int) {
	d := jsontext.NewDecoder(bytes.NewBuffer(value), opts)
	if token, err := d.ReadToken(); err != nil || token.Kind() != '[' {
		return 0
	}
	for d.PeekKind() != ']' && d.SkipValue() == nil {
		n++
	}
	return n
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (l *TestList) UnmarshalJSON(data []byte) error {
	if scan(data, l, (*scanner).testList) {
		return nil
	}
	return decode(data, l)
}

func (l *TestList) readFrom(d *jsontext.Decoder) error {
	type fields TestList
	return read(d, (*fields)(l))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (m *TestMetrics) UnmarshalJSON(data []byte) error { return decode(data, m) }

func (m *TestMetrics) readFrom(d *jsontext.Decoder) error {
	type fields TestMetrics
	return read(d, (*fields)(m))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (a *TestAggs) UnmarshalJSON(data []byte) error { return decode(data, a) }

func (a *TestAggs) readFrom(d *jsontext.Decoder) error {
	type fields TestAggs
	return read(d, (*fields)(a))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (t *TestTrends) UnmarshalJSON(data []byte) error { return decode(data, t) }

func (t *TestTrends) readFrom(d *jsontext.Decoder) error {
	type fields TestTrends
	return read(d, (*fields)(t))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (b *BuildsTests) UnmarshalJSON(data []byte) error { return decode(data, b) }

func (b *BuildsTests) readFrom(d *jsontext.Decoder) error {
	type fields BuildsTests
	return read(d, (*fields)(b))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (l *BuildList) UnmarshalJSON(data []byte) error { return decode(data, l) }

func (l *BuildList) readFrom(d *jsontext.Decoder) error {
	type fields BuildList
	return read(d, (*fields)(l))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (b *Build) UnmarshalJSON(data []byte) error { return decode(data, b) }

func (b *Build) readFrom(d *jsontext.Decoder) error {
	type fields Build
	return read(d, (*fields)(b))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (a *BuildAggs) UnmarshalJSON(data []byte) error { return decode(data, a) }

func (a *BuildAggs) readFrom(d *jsontext.Decoder) error {
	type fields BuildAggs
	return read(d, (*fields)(a))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (g *TestGroup) UnmarshalJSON(data []byte) error { return decode(data, g) }

func (g *TestGroup) readFrom(d *jsontext.Decoder) error {
	type fields TestGroup
	return read(d, (*fields)(g))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (t *ErrorTrends) UnmarshalJSON(data []byte) error { return decode(data, t) }

func (t *ErrorTrends) readFrom(d *jsontext.Decoder) error {
	type fields ErrorTrends
	return read(d, (*fields)(t))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (b *ErrorBucket) UnmarshalJSON(data []byte) error { return decode(data, b) }

func (b *ErrorBucket) readFrom(d *jsontext.Decoder) error {
	type fields ErrorBucket
	return read(d, (*fields)(b))
}

// UnmarshalJSON reads the object as leniently as the SDK reads answers.
func (c *NamedCount) UnmarshalJSON(data []byte) error { return decode(data, c) }

func (c *NamedCount) readFrom(d *jsontext.Decoder) error {
	type fields NamedCount
	return read(d, (*fields)(c))
}

// readStatuses reads the counts of [TestAggs].
func readStatuses(d *jsontext.Decoder, into *map[Status]int) error {
	type fields map[Status]int
	return read(d, (*fields)(into))
}

// UnmarshalJSON reads the status as a number or as the text of one; whatever
// else it is counts as 0.
func (m *Meta) UnmarshalJSON(data []byte) error { return decode(data, m) }

func (m *Meta) readFrom(d *jsontext.Decoder) error {
	var wire struct {
		Status jsontext.Value `json:"status"`
	}
	err := json.UnmarshalDecode(d, &wire)
	m.Status = statusOf(wire.Status)
	return err
}

func statusOf(value jsontext.Value) int {
	if len(value) > longestScalar {
		return 0
	}
	digits, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		digits = value
	}
	status, _ := wholeNumber(digits)
	return status
}

// UnmarshalJSON takes the time from datetime where there is one, and from
// timestamp otherwise: text, Unix seconds or Unix milliseconds.
func (b *TrendBucket) UnmarshalJSON(data []byte) error { return decode(data, b) }

func (b *TrendBucket) readFrom(d *jsontext.Decoder) error {
	type fields TrendBucket
	var wire struct {
		fields
		Datetime time.Time `json:"datetime"`
	}
	if err := json.UnmarshalDecode(d, &wire); err != nil {
		return err
	}
	*b = TrendBucket(wire.fields)
	if !wire.Datetime.IsZero() {
		b.Timestamp = wire.Datetime
	}
	return nil
}
