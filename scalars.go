package insights

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

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
	const exact = min(1<<53, math.MaxInt) // from 1<<53 on a float64 is no longer every whole number
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
