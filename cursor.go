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
	time time.Time // the creation time of the last run; zero: there is no order to go by
	ids  []string  // the runs delivered with that time, or, without an order, all that were
}

// CursorAfter is the cursor of a program that was killed: t is the creation
// time of the last run that it kept, and ids are the IDs of all runs that it
// kept with that time.
func CursorAfter(t time.Time, ids ...string) Cursor {
	return Cursor{time: t.UTC().Round(0), ids: slices.Clone(ids)}
}

// IsZero reports whether c is the beginning.
func (c Cursor) IsZero() bool {
	return c.time.IsZero() && len(c.ids) == 0
}

// noTime stands in the text of a cursor without a time.
const noTimeText = "-"

// MarshalText writes the time and the IDs, for UnmarshalText. It never fails;
// the zero Cursor is the empty text.
func (c Cursor) MarshalText() ([]byte, error) {
	if c.IsZero() {
		return nil, nil
	}
	at := noTimeText
	if !c.time.IsZero() {
		at = c.time.UTC().Format(time.RFC3339Nano)
	}
	escaped := make([]string, len(c.ids))
	for i, id := range c.ids {
		escaped[i] = url.QueryEscape(id)
	}
	return []byte(at + " " + strings.Join(escaped, ",")), nil
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
	at, list, ok := strings.Cut(text, " ")
	if !ok {
		return c, false
	}
	if at != noTimeText {
		t, err := time.Parse(time.RFC3339Nano, at)
		if err == nil {
			c.time, err = inRange(t.UTC())
		}
		if err != nil {
			return c, false
		}
	}
	for escaped := range strings.SplitSeq(list, ",") {
		id, err := url.QueryUnescape(escaped)
		if err != nil {
			return c, false
		}
		if id != "" {
			c.ids = append(c.ids, id)
		}
	}
	return c, !c.IsZero()
}
