package insights

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/internal/paging"
)

func TestCursorGoesThroughText(t *testing.T) {
	at := time.Date(2021, 5, 1, 12, 0, 0, 5, time.FixedZone("", 3600))
	for name, c := range map[string]Cursor{
		"the beginning":    {},
		"a time":           CursorAfter(at),
		"a time and IDs":   CursorAfter(at, "a", "b, c", "d%20e"),
		"IDs without time": CursorAfter(time.Time{}, "a", "b"),
		"others":           {paging.Position{Time: at.UTC(), Others: []string{"a", "b c"}}},
		"an early one":     {paging.Position{Time: at.UTC(), IDs: []string{"a"}, Others: []string{"b"}, Early: true}},
	} {
		text, err := c.MarshalText()
		require.NoError(t, err, name)
		var back Cursor
		require.NoError(t, back.UnmarshalText(text), name)
		assert.Equal(t, c, back, name)
		assert.Equal(t, name == "the beginning", c.IsZero(), name)
	}
}

func TestCursorRefusesOtherText(t *testing.T) {
	for _, text := range []string{"x", "- ", "2021-05-01 a", "- %zz", "later a", "2021-05-01T12:00:00Z", "2021-05-01T12:00:00Z a b c", "2021-05-01T12:00:00Z %zz", "- a b", "0001-01-01T00:00:00Z a"} {
		assert.ErrorIs(t, new(Cursor).UnmarshalText([]byte(text)), ErrInvalidOptions, text)
	}
}

func FuzzCursor(f *testing.F) {
	for _, text := range []string{"", "- a,b", "2026-05-01T00:00:00Z a", "2026-05-01T00:00:00.5Z a%2Cb,c", "2026-05-01T00:00:00+02:00 ", "?2026-05-01T00:00:00Z a b,c", "2026-05-01T00:00:00Z  b", "x", " "} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var c, again Cursor
		if err := c.UnmarshalText(text); err != nil {
			assert.ErrorIs(t, err, ErrInvalidOptions)
			return
		}
		written, err := c.MarshalText()
		require.NoError(t, err)
		require.NoError(t, again.UnmarshalText(written), "%q", written)
		assert.True(t, c.position.Time.Equal(again.position.Time))
		assert.Equal(t, c.position.IDs, again.position.IDs)
		assert.Equal(t, c.position.Others, again.position.Others)
		assert.Equal(t, c.position.Early, again.position.Early)
		assert.Equal(t, c.IsZero(), again.IsZero())
	})
}
