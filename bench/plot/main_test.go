package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func read(t *testing.T, file string) string {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func TestChart(t *testing.T) {
	t.Run("is drawn from the table as it is", func(t *testing.T) {
		drawn := filepath.Join(t.TempDir(), "speed.svg")
		require.NoError(t, draw("../README.md", drawn))
		assert.Equal(t, read(t, drawn), read(t, "../../docs/speed.svg"), "run: cd bench && go run ./plot")
	})
	t.Run("has a bar for each side, as long as its time", func(t *testing.T) {
		rows := []row{{"x", "2.00 ms", "a < b", "500 µs", ""}, {"y", "1 s", "c", "1 s", ""}, {"x", "2.00 ms", "d", "4.00 ms", ""}}
		sides, err := sidesOf(rows, "x")
		require.NoError(t, err)
		svg, err := svgOf(sides)
		require.NoError(t, err)
		var widths []string
		for _, m := range regexp.MustCompile(`<rect.* width="(\d+)"`).FindAllStringSubmatch(string(svg), -1) {
			widths = append(widths, m[1])
		}
		assert.Equal(t, []string{"45", "180", "360"}, widths)
		assert.Contains(t, string(svg), "a &lt; b")
	})
	t.Run("is not drawn from nothing", func(t *testing.T) {
		_, err := sidesOf(nil, "x")
		assert.EqualError(t, err, `no row is "x"`)
		_, err = sidesOf([]row{{what: "x", ours: "soon"}}, "x")
		assert.Error(t, err)
	})
}

var (
	asFast = regexp.MustCompile(`reads a page of ([\d,]+) runs ([\d.]+) times as fast as .encoding/json. alone`)
	asLong = regexp.MustCompile(`a call for ([\d,]+) runs takes ([\d.]+) times as long as one whose body is thrown away`)
)

// What the root's README says of speed is what the table says.
func TestSpeedInREADME(t *testing.T) {
	readme, rows := read(t, "../../README.md"), rowsOf(read(t, "../README.md"))
	for _, figure := range []struct {
		said         *regexp.Regexp
		what, beside string
		ratio        string
	}{
		{asFast, "page of %s runs in memory: `Client.Tests`", "`json.Unmarshal` into plain structs", "× as fast"},
		{asLong, "call for %s runs: `Client.Tests`", "net/http, body thrown away", "× the time"},
	} {
		said := figure.said.FindStringSubmatch(readme)
		require.NotNil(t, said, "the README says nothing like %s", figure.said)
		number, unit, _ := strings.Cut(ratioOf(t, rows, fmt.Sprintf(figure.what, said[1]), figure.beside), " ")
		measured, err := strconv.ParseFloat(number, 64)
		require.NoError(t, err)
		assert.Equal(t, strconv.FormatFloat(measured, 'f', 1, 64), said[2], said[0])
		assert.True(t, strings.HasPrefix(unit, figure.ratio), "%q is not %q", unit, figure.ratio)
	}
}

func ratioOf(t *testing.T, rows []row, what, beside string) string {
	for _, r := range rows {
		if r.what == what && r.beside == beside {
			return r.ratio
		}
	}
	require.Failf(t, "no such row", "%s beside %s", what, beside)
	return ""
}
