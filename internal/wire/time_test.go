package wire

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func utc(year int, month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

func TestScannerTime(t *testing.T) {
	t.Run("usual times are read without a layout", func(t *testing.T) {
		for text, want := range map[string]time.Time{
			"2026-01-31T00:00:00Z":           utc(2026, 1, 31, 0, 0, 0),
			"2026-12-09T23:59:59Z":           utc(2026, 12, 9, 23, 59, 59),
			"2026-01-31T19:28:37.5Z":         utc(2026, 1, 31, 19, 28, 37).Add(500 * time.Millisecond),
			"2026-01-31T00:00:00.987654321Z": utc(2026, 1, 31, 0, 0, 0).Add(987_654_321),
		} {
			got, ok := new(Scanner).usualTime([]byte(text))
			assert.True(t, ok, text)
			assert.Equal(t, want, got)
		}
		for _, text := range []string{
			"2026-01-31T00:00:00", "2026-01-31T24:00:00Z", "2026-01-31T00:60:00Z", "2026-01-31T00:00:60Z", "2026-01-31T0a:00:00Z", "2026-01-31T00:00:00.Z",
			"2026-01-31T00:00:00.1234567890Z", "2026-01-31T00:00:00,5Z", "2026-01-31T00:00:00.5aZ", "2026-01-31T00-00:00Z", "2026-01-31T00:00-00Z",
		} {
			_, ok := new(Scanner).usualTime([]byte(text))
			assert.False(t, ok, text)
		}
	})
	t.Run("days are those of the calendar, as package time reads them", func(t *testing.T) {
		const layout = "2006-01-02T"
		check := func(text string) {
			want, err := time.Parse(layout, text)
			got, ok := dayOf([]byte(text))
			require.Equal(t, err == nil, ok, text)
			if ok {
				require.Equal(t, want.Unix(), got, text)
			}
		}
		for _, year := range []int{0, 1, 1899, 1900, 1969, 1970, 2000, 2023, 2024, 2100, 9999} {
			for month := range 100 {
				for day := range 100 {
					check(fmt.Sprintf("%04d-%02d-%02dT", year, month, day))
				}
			}
		}
		for place := range layout {
			for c := range 128 {
				text := []byte("2024-02-29T")
				text[place] = byte(c)
				check(string(text))
			}
		}
	})
}
