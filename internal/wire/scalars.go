package wire

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxScalar bounds the text of a number or a time. Any of use is shorter, and
// one without an end would cost many times its length.
const MaxScalar = 1 << 10

// ParseNumber reads a number in any of its forms.
func ParseNumber(text []byte) (float64, error) {
	if len(text) > MaxScalar {
		return 0, fmt.Errorf("a number has more than %d digits", MaxScalar)
	}
	return strconv.ParseFloat(string(text), 64)
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
	n, ok := WholeNumber(value)
	if !ok {
		return errors.New("want a whole number within range")
	}
	*into = n
	return nil
}

// WholeNumber reads 25, and 25.0 and 2.5e1 just as well.
func WholeNumber(text []byte) (int, bool) {
	if len(text) <= len("-9223372036854775808") {
		if n, err := strconv.Atoi(string(text)); err == nil {
			return n, true
		}
	}
	const exact = min(1<<53, math.MaxInt) // from 1<<53 on a float64 is no longer every whole number
	f, err := ParseNumber(text)
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
		*into, err = unixTime(value)
		return err
	case '"':
		text, unquoteErr := jsontext.AppendUnquote(nil, value)
		if unquoteErr != nil && !errors.Is(unquoteErr, jsontext.ErrDuplicateName) {
			return errors.New("the text of a time is damaged")
		}
		*into, err = parseTime(text)
		return err
	}
	return fmt.Errorf("want a time, got a %s", value.Kind())
}

// minUnixMillis is the first number that is milliseconds rather than seconds.
const minUnixMillis = 1e11

// timeLayouts are the forms of a time besides RFC 3339. Without a zone it is
// UTC; a fraction of a second is accepted by all.
var timeLayouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
}

// parseTime reads a time in any of its forms. The empty text is no time.
func parseTime(text []byte) (time.Time, error) {
	switch {
	case len(text) == 0:
		return time.Time{}, nil
	case len(text) > MaxScalar:
		return time.Time{}, fmt.Errorf("the text of a time has more than %d bytes", MaxScalar)
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, string(text)); err == nil {
			return inRange(t.UTC())
		}
	}
	return time.Time{}, errors.New("want a time such as 2021-05-01T12:00:00Z")
}

// leastUnixMillis is the smallest number of a time that is milliseconds.
const leastUnixMillis = 1e11

// unixTime reads Unix seconds, or milliseconds where the number is too large
// for seconds.
func unixTime(number []byte) (time.Time, error) {
	f, err := ParseNumber(number)
	if err != nil || math.Abs(f) > math.MaxInt64/1e3 {
		return time.Time{}, errors.New("the number of a time is out of range")
	}
	if f >= minUnixMillis {
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
