package insights

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Cursor says where an [Client.AllTests] loop ended, in [TestsOptions.After].
// It goes through text, so that another process can go on. The zero Cursor is
// the beginning.
type Cursor struct {
	time   time.Time // the creation time of the last run; zero: there is no order to go by
	ids    []string  // the runs delivered with that time
	others []string  // the delivered runs that the time does not tell
	early  bool      // whether the service keeps the order is not known yet: others are all the rest
}

// CursorAfter is the cursor of a program that was killed: t is the creation
// time of the last run that it kept, and ids are the IDs of all runs that it
// kept with that time.
func CursorAfter(t time.Time, ids ...string) Cursor {
	if t.IsZero() {
		return Cursor{others: slices.Clone(ids)}
	}
	return Cursor{time: t.UTC().Round(0), ids: slices.Clone(ids)}
}

// IsZero reports whether c is the beginning.
func (c Cursor) IsZero() bool {
	return c.time.IsZero() && len(c.others) == 0
}

// In the text of a cursor noTimeText stands for the time where there is none,
// and earlyMark before the time of an early one.
const (
	noTimeText = "-"
	earlyMark  = "?"
)

// MarshalText writes the time and the IDs, for UnmarshalText. It never fails;
// the zero Cursor is the empty text.
func (c Cursor) MarshalText() ([]byte, error) {
	if c.IsZero() {
		return nil, nil
	}
	if c.time.IsZero() {
		return []byte(noTimeText + " " + joinIDs(c.others)), nil
	}
	text := c.time.UTC().Format(time.RFC3339Nano) + " " + joinIDs(c.ids)
	if len(c.others) > 0 {
		text += " " + joinIDs(c.others)
	}
	if c.early {
		text = earlyMark + text
	}
	return []byte(text), nil
}

func joinIDs(ids []string) string {
	escaped := make([]string, len(ids))
	for i, id := range ids {
		escaped[i] = url.QueryEscape(id)
	}
	return strings.Join(escaped, ",")
}

// UnmarshalText reads what MarshalText wrote. Anything else is an error that
// matches [ErrInvalidOptions].
func (c *Cursor) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = Cursor{}
		return nil
	}
	parsed, ok := parseCursor(string(text))
	if !ok {
		return invalid("Cursor", "is not the text of a cursor")
	}
	*c = parsed
	return nil
}

func parseCursor(text string) (c Cursor, ok bool) {
	parts := strings.Split(text, " ")
	if len(parts) < 2 || len(parts) > 3 {
		return c, false
	}
	lists := make([][]string, 2)
	for i, part := range parts[1:] {
		if lists[i], ok = splitIDs(part); !ok {
			return c, false
		}
	}
	if parts[0] == noTimeText {
		return Cursor{others: lists[0]}, len(lists[0]) > 0 && len(parts) == 2
	}
	at, early := strings.CutPrefix(parts[0], earlyMark)
	t, err := time.Parse(time.RFC3339Nano, at)
	if err == nil {
		t, err = inRange(t.UTC())
	}
	return Cursor{time: t, ids: lists[0], others: lists[1], early: early}, err == nil && !t.IsZero()
}

func splitIDs(list string) (ids []string, ok bool) {
	for escaped := range strings.SplitSeq(list, ",") {
		id, err := url.QueryUnescape(escaped)
		if err != nil {
			return nil, false
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids, true
}
