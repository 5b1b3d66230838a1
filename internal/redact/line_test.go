package redact

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestLine(t *testing.T) {
	t.Run("never brings together what was apart", func(t *testing.T) {
		for _, between := range []string{"\x00", "\x1b[0m", "\u200b", "\n", "\x7f", "\xff", "\u00ad", "\x1b", " \t"} {
			assert.NotContains(t, Line("left"+between+"right"), "leftright", "%q", between)
		}
	})
	t.Run("has at most 300 characters", func(t *testing.T) {
		assert.Equal(t, strings.Repeat("x", 300), Line(strings.Repeat("x", 300)))
		assert.Equal(t, strings.Repeat("x", 299)+"…", Line(strings.Repeat("x", 301)))
		assert.Equal(t, 300, utf8.RuneCountInString(Line(strings.Repeat("€", 3000))))
	})
}
