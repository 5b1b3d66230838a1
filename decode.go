package insights

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/wire"
)

// decoded is what came of decoding an answer.
type decoded struct {
	unreadable wire.Unreadable
	refusal    *wire.Refusal // the error that it tells of; nil: none
	failure    error         // why it is no success; nil: it is one
}

// decode reads a body into what answer points to. One that tells of an error is
// a failure of the status that it tells, and tried again like that.
func decode(body []byte, answer any) decoded {
	unreadable, err := decodeAnswer(body, answer)
	refusal, ok := errors.AsType[*wire.Refusal](err)
	if !ok {
		return decoded{unreadable: unreadable, failure: err}
	}
	kind, text := cmp.Or(kindOfStatus(refusal.Status), ErrBadResponse), "the answer tells of an error"
	if refusal.Status != 0 {
		text = fmt.Sprintf("the answer tells of status %d", refusal.Status)
	}
	return decoded{refusal: refusal, failure: &fault.Error{
		Kind: kind, Text: kind.Error() + ": " + text, Passes: exchange.IsRetriedStatus(refusal.Status),
	}}
}

// refusalBehind returns the refusal if err came of it, and nil otherwise.
func (d decoded) refusalBehind(err error) *wire.Refusal {
	if d.refusal == nil || !errors.Is(err, d.failure) {
		return nil
	}
	return d.refusal
}

// decodeAnswer reads a body that must be one JSON object of the shape that
// answer, a pointer to a struct, promises. Members may be missing; but a body
// that has members and none of the promised ones is something else, and one that
// tells of an error is a [*wire.Refusal]. What can't be read of single values is
// zero, and counted.
func decodeAnswer(body []byte, answer any) (wire.Unreadable, error) {
	body = wire.WithoutMark(body)
	unreadable, err := readAnswer(body, answer)
	if err != nil {
		return unreadable, err
	}
	if refusal := wire.Told(body, answer); refusal != nil {
		return unreadable, refusal
	}
	if reflect.ValueOf(answer).Elem().IsZero() && !wire.HoldsMemberOf(body, answer) {
		return unreadable, errors.New("it holds none of the promised members")
	}
	return unreadable, nil
}

func readAnswer(body []byte, answer any) (wire.Unreadable, error) {
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' {
		return wire.Unreadable{}, errors.New("it is no JSON object")
	}
	if list, ok := answer.(*TestList); ok && wire.Scan(body, list, scanList) {
		return wire.Unreadable{}, nil
	}
	if wire.TooManyElements(body, wire.MaxElements) {
		return wire.Unreadable{}, wire.ErrTooManyElements
	}
	if wire.IsNoText(body, wire.MaxDamaged) {
		return wire.Unreadable{}, errors.New("it is no UTF-8")
	}
	return wire.Read(body, answer, shape)
}

// unmarshal reads data into a new value, as the SDK reads answers, and puts it
// in place when all of it was understood. It is behind the methods of those
// types whose parts encoding/json would not read as leniently by itself.
func unmarshal[T any](data []byte, into *T) error {
	var value T
	if _, err := wire.Read(data, &value, shape); err != nil {
		return err
	}
	*into = value
	return nil
}

// shape reads the types whose shape on the wire is not that of their fields,
// and the runs, which have a scanner.
func shape(r *wire.Reader, into any) (bool, error) {
	switch into := into.(type) {
	case *Test:
		return true, wire.ScanOr(r, into, scanRun)
	case *[]Test:
		return true, wire.ScanListOr(r, into, scanRuns)
	case *TestList:
		return true, readList(r, into)
	case *Meta:
		return true, readMeta(r, into)
	case *TrendBucket:
		return true, readBucket(r, into)
	case *TrendAggs:
		return true, readAggs(r, into)
	case *TrendMetrics:
		return true, readMetrics(r, into)
	}
	return false, nil
}

func readList(r *wire.Reader, l *TestList) error {
	*l = TestList{}
	return r.Object(func(name []byte) (err error) {
		switch string(name) {
		case "meta":
			return r.Value(&l.Meta)
		case "items":
			return r.Value(&l.Items)
		case "has_more":
			l.saidMore, err = r.Scalar(&l.HasMore)
			return err
		}
		return r.Skip()
	})
}

// readMeta reads the status as a number or as the text of one; whatever else it
// is counts as 0, and not as unreadable: services put words there.
func readMeta(r *wire.Reader, m *Meta) error {
	*m = Meta{}
	return r.Record(func(name []byte) error {
		value, err := r.Raw()
		if err == nil && string(name) == "status" {
			m.Status = wire.Int(value)
		}
		return err
	})
}

// readBucket takes the time from datetime if there is one, and from
// timestamp otherwise: text, Unix seconds or Unix milliseconds.
func readBucket(r *wire.Reader, b *TrendBucket) error {
	var object struct {
		Datetime  time.Time `json:"datetime"`
		Timestamp time.Time `json:"timestamp"`
		Count     int       `json:"count"`
		Aggs      TrendAggs `json:"aggs"`
	}
	err := r.Fields(&object)
	*b = TrendBucket{Timestamp: object.Datetime, Count: object.Count, Aggs: object.Aggs}
	if b.Timestamp.IsZero() {
		b.Timestamp = object.Timestamp
	}
	return err
}

// Open objects have members that are known and others, named by the service,
// which are kept if they have the same shape.

func readAggs(r *wire.Reader, a *TrendAggs) (err error) {
	*a = TrendAggs{}
	a.Other, err = wire.ReadOpen(r, map[string]*[]NamedCount{
		"os": &a.OS, "owner": &a.Owner, "status": &a.Status, "browser": &a.Browser,
	})
	return err
}

func readMetrics(r *wire.Reader, m *TrendMetrics) (err error) {
	*m = TrendMetrics{}
	m.Other, err = wire.ReadOpen(r, map[string]*map[string]int{
		"os": &m.OS, "owner": &m.Owner, "status": &m.Status, "browser": &m.Browser,
	})
	return err
}

// MarshalJSON writes every aggregation under its key on the wire.
func (a TrendAggs) MarshalJSON() ([]byte, error) {
	type fields TrendAggs
	return wire.MarshalOpen(fields(a), a.Other)
}

// MarshalJSON writes all totals under their keys on the wire.
func (m TrendMetrics) MarshalJSON() ([]byte, error) {
	type fields TrendMetrics
	return wire.MarshalOpen(fields(m), m.Other)
}

// UnmarshalJSON reads the object as leniently as the SDK reads responses.
func (t *Test) UnmarshalJSON(data []byte) error {
	if wire.Scan(data, t, scanRun) {
		return nil
	}
	return unmarshal(data, t)
}

// UnmarshalJSON reads the object as leniently as the SDK reads responses.
func (l *TestList) UnmarshalJSON(data []byte) error {
	if wire.Scan(data, l, scanList) {
		return nil
	}
	return unmarshal(data, l)
}

// UnmarshalJSON reads the status as a number or as the text of one; whatever
// else it is counts as 0.
func (m *Meta) UnmarshalJSON(data []byte) error { return unmarshal(data, m) }

// UnmarshalJSON reads a number, or the text of one. Whatever else it is is 0.
func (s *Seconds) UnmarshalJSON(data []byte) error { return unmarshal(data, s) }

// UnmarshalJSON reads the object as leniently as the SDK reads responses.
func (a *TestAggs) UnmarshalJSON(data []byte) error { return unmarshal(data, a) }

// UnmarshalJSON takes the time from datetime if there is one, and from
// timestamp otherwise: text, Unix seconds or Unix milliseconds.
func (b *TrendBucket) UnmarshalJSON(data []byte) error { return unmarshal(data, b) }

// UnmarshalJSON reads the known aggregations and, into Other, every further
// one that has their shape.
func (a *TrendAggs) UnmarshalJSON(data []byte) error { return unmarshal(data, a) }

// UnmarshalJSON reads the known totals and, into Other, every further one that
// has their shape.
func (m *TrendMetrics) UnmarshalJSON(data []byte) error { return unmarshal(data, m) }

// UnmarshalJSON reads the object as leniently as the SDK reads responses.
func (c *NamedCount) UnmarshalJSON(data []byte) error { return unmarshal(data, c) }

// UnmarshalJSON reads the object as leniently as the SDK reads responses.
func (b *Build) UnmarshalJSON(data []byte) error { return unmarshal(data, b) }

// UnmarshalJSON reads the object as leniently as the SDK reads responses.
func (b *ErrorBucket) UnmarshalJSON(data []byte) error { return unmarshal(data, b) }
