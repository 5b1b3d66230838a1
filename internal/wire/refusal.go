package wire

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Refusal is an error that a body tells of, whatever the status of HTTP was.
type Refusal struct {
	Status  int // 400 to 599; 0: the body tells none
	Message string
	Fields  []FieldError
}

// Error is one line. It is not masked.
func (r *Refusal) Error() string {
	if r.Status == 0 {
		return "it tells of an error: " + r.Message
	}
	return fmt.Sprintf("it tells of status %d: %s", r.Status, r.Message)
}

// IsFailure reports whether a status that a body tells is that of an error.
func IsFailure(status int) bool {
	return status >= 400 && status <= 599
}

// Told returns the error that a body tells of, which was read into what answer
// points to. It costs next to nothing if there is data.
func Told(body []byte, answer any) *Refusal {
	v := reflect.ValueOf(answer).Elem()
	status := statusOf(v)
	if !IsFailure(status) && hasData(v) {
		return nil
	}
	told := toldBy(body, placesOf(v.Type()))
	if !IsFailure(status) && !told.isError {
		return nil
	}
	if IsFailure(status) {
		told.status = status
	}
	message, fields := ParseErrorBody(told.rest)
	return &Refusal{told.status, message, fields}
}

// statusOf returns the status in the meta object of an answer.
func statusOf(answer reflect.Value) int {
	meta := answer.Field(placesOf(answer.Type())["meta"])
	return int(meta.Field(placesOf(meta.Type())["status"]).Int())
}

// The members of an answer that are no data.
var envelope = []string{"meta", "has_more"}

func hasData(v reflect.Value) bool {
	for name, i := range placesOf(v.Type()) {
		field := v.Field(i)
		isEmpty := field.IsZero() || field.Kind() == reflect.Slice && field.Len() == 0
		if !isEmpty && !slices.Contains(envelope, name) {
			return true
		}
	}
	return false
}

// told is what the members of a body say that are no promised data.
type told struct {
	isError bool
	status  int
	rest    []byte // an object of these members
}

// toldBy reads the members of an object that was read before.
func toldBy(body []byte, promised map[string]int) (t told) {
	var hasError, hasMessage, isPromised bool
	t.rest = []byte{'{'}
	_ = eachMember(body, func(name string, value jsontext.Value) {
		if _, ok := promised[name]; ok && !slices.Contains(envelope, name) {
			isPromised = isPromised || value.Kind() != 'n'
			return
		}
		switch name {
		case "error", "errors":
			hasError = hasError || saysSomething(value)
			t.status = max(t.status, statusIn(value))
		case "message", "detail":
			hasMessage = hasMessage || saysSomething(value)
		case "status", "code", "status_code", "statusCode":
			t.status = max(t.status, failureOf(value))
		}
		t.rest = appendMember(t.rest, name, value)
	})
	t.rest = append(t.rest, '}')
	t.isError = hasError || hasMessage && !isPromised
	return t
}

// maxRest bounds what is kept of a body for its message.
const maxRest = 64 << 10

func appendMember(object []byte, name string, value jsontext.Value) []byte {
	if len(object)+len(name)+len(value) > maxRest {
		return object
	}
	if len(object) > 1 {
		object = append(object, ',')
	}
	object, _ = jsontext.AppendQuote(object, name)
	return append(append(object, ':'), value...)
}

// saysSomething reports whether a value is not null, empty, false or 0.
func saysSomething(value jsontext.Value) bool {
	return !isEmpty(value) && value.Kind() != 'f' && string(value) != "0"
}

// statusIn returns the status that an error tells of itself, or 0.
func statusIn(value jsontext.Value) (status int) {
	if value.Kind() == '{' {
		_ = eachMember(value, func(name string, value jsontext.Value) {
			if slices.Contains([]string{"status", "code", "status_code", "statusCode"}, name) {
				status = max(status, failureOf(value))
			}
		})
	}
	return status
}

// failureOf returns the status that a value is, if it is that of an error.
func failureOf(value jsontext.Value) int {
	if status := Int(value); IsFailure(status) {
		return status
	}
	return 0
}

// eachMember calls member for all members of an object.
func eachMember(object []byte, member func(name string, value jsontext.Value)) error {
	r := &Reader{d: jsontext.NewDecoder(bytes.NewBuffer(object), plain), unreadable: new(Unreadable)}
	return r.Record(func(name []byte) error {
		text := string(name)
		value, err := r.d.ReadValue()
		if err == nil {
			member(text, value)
		}
		return err
	})
}
