package paging

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPositionText(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 5_000_000, time.UTC)
	for text, p := range map[string]Position{
		"":                                   {},
		"- a,b":                              {Others: []string{"a", "b"}},
		"2026-05-01T12:00:00.005Z a":         {Time: at, IDs: []string{"a"}},
		"2026-05-01T12:00:00.005Z a%2Cb,c d": {Time: at, IDs: []string{"a,b", "c"}, Others: []string{"d"}},
		"?2026-05-01T12:00:00.005Z a b,c":    {Time: at, IDs: []string{"a"}, Others: []string{"b", "c"}, Early: true},
		"0001-01-01T00:00:00.000000001Z a":   {Time: time.Time{}.Add(1), IDs: []string{"a"}},
		"9999-12-31T23:59:59Z a":             {Time: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), IDs: []string{"a"}},
	} {
		t.Run("is written and read: "+text, func(t *testing.T) {
			assert.Equal(t, text, p.Text())
			back, ok := ParsePosition(text)
			assert.True(t, ok)
			assert.Equal(t, p, back)
		})
	}
	for _, text := range []string{
		" ", "-", "- ", "- a b", "a", "2026-05-01T12:00:00Z", "2026-05-01 12:00:00 a", "2026-05-01T12:00:00Z a b c",
		"2026-05-01T12:00:00Z a,%zz", "0001-01-01T00:00:00Z a", "?0001-01-01T00:00:00Z a", "9999-12-31T23:59:59-01:00 a", "0000-01-01T00:00:00+01:00 a",
	} {
		t.Run("is not read: "+text, func(t *testing.T) {
			_, ok := ParsePosition(text)
			assert.False(t, ok)
		})
	}
}
