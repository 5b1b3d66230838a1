package paging

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Position is where a loop ended. The zero Position is the beginning.
type Position struct {
	Time   time.Time // the creation time of the last record; zero: there is no order to go by
	IDs    []string  // the records delivered with that time
	Others []string  // the delivered records that the time does not tell
	Early  bool      // whether the service keeps the order is not known yet: Others are all the rest
}

// IsZero reports whether p is the beginning.
func (p Position) IsZero() bool {
	return p.Time.IsZero() && len(p.Others) == 0
}

// In the text of a position noTimeText stands for the time if there is none,
// and earlyMark before the time of an early one.
const (
	noTimeText = "-"
	earlyMark  = "?"
)

// Text is the position for ParsePosition. The beginning is the empty text.
func (p Position) Text() string {
	if p.IsZero() {
		return ""
	}
	if p.Time.IsZero() {
		return noTimeText + " " + joinIDs(p.Others)
	}
	text := p.Time.UTC().Format(time.RFC3339Nano) + " " + joinIDs(p.IDs)
	if others := without(p.Others, p.IDs); len(others) > 0 {
		text += " " + joinIDs(others)
	}
	if p.Early {
		text = earlyMark + text
	}
	return text
}

func without(ids, others []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(others, id) })
}

func joinIDs(ids []string) string {
	escaped := make([]string, len(ids))
	for i, id := range ids {
		escaped[i] = url.QueryEscape(id)
	}
	return strings.Join(escaped, ",")
}

// ParsePosition reads what Text wrote.
func ParsePosition(text string) (p Position, ok bool) {
	if text == "" {
		return p, true
	}
	parts := strings.Split(text, " ")
	if len(parts) < 2 || len(parts) > 3 {
		return p, false
	}
	lists := make([][]string, 2)
	for i, part := range parts[1:] {
		if lists[i], ok = splitIDs(part); !ok {
			return p, false
		}
	}
	if parts[0] == noTimeText {
		return Position{Others: lists[0]}, len(lists[0]) > 0 && len(parts) == 2
	}
	at, early := strings.CutPrefix(parts[0], earlyMark)
	t, ok := parseTime(at)
	return Position{Time: t, IDs: lists[0], Others: lists[1], Early: early}, ok
}

// parseTime refuses a time that could not be written again.
func parseTime(text string) (t time.Time, ok bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	t = t.UTC()
	return t, err == nil && t.Year() >= 0 && t.Year() <= 9999 && !t.IsZero()
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
