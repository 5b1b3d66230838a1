package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

func TestWriteTextCutsNames(t *testing.T) {
	t.Run("and keeps what tells them apart", func(t *testing.T) {
		for _, c := range []struct {
			text string
			n    int
			want string
		}{
			{label("Login", "macOS 15", "Safari"), 80, "Login · macOS 15 · Safari"},
			{label("Login says so when the network is gone", "macOS", "Safari"), 30, "Login says s… · macOS · Safari"},
			{"a build of a long name 117", 14, "a build o… 117"},
			{strings.Repeat("e\u0301", 13), 12, strings.Repeat("e\u0301", 8) + "…" + strings.Repeat("e\u0301", 3)},
			{label("", "", ""), 80, "(no name)"},
		} {
			assert.Equal(t, c.want, abridged(c.text, c.n))
		}
	})
	t.Run("and numbers those that would look the same", func(t *testing.T) {
		same := "the same start " + "%d" + " and the same end of the name"
		texts := []string{fmt.Sprintf(same, 1), fmt.Sprintf(same, 2), fmt.Sprintf(same, 1), fmt.Sprintf(same, 3)}
		list := abridgedAll(texts, 20)
		assert.Equal(t, list[0], list[2])
		assert.Contains(t, list[1], "… (2)")
		assert.Contains(t, list[3], "… (3)")
		for _, text := range list {
			assert.LessOrEqual(t, cells(text), 20)
		}
	})
}

// alike are failures of one test on several platforms and in several builds,
// with names that differ only at their end.
func alike(builds int) []insights.Test {
	var runs []insights.Test
	at := time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)
	for b := range builds {
		for _, os := range []string{"Windows 11", "macOS 15", "Linux"} {
			for _, browser := range []string{"Chrome 137.0", "Firefox 140.0"} {
				for _, name := range []string{strings.Repeat("a long name ", 8) + "one", strings.Repeat("a long name ", 8) + "two"} {
					runs = append(runs, insights.Test{
						Name: name, Build: fmt.Sprintf("nightly-of-the-main-branch-%d", b), OS: os, Browser: browser,
						Status: insights.StatusFailed, CreationTime: at.Add(time.Duration(b) * time.Hour),
					})
				}
			}
		}
	}
	return runs
}

func TestWriteTextRowsStayDifferent(t *testing.T) {
	for builds := 1; builds <= 2; builds++ {
		for _, options := range []Options{{}, {PerPlatform: true}} {
			s, err := Summarize(Replay(alike(builds), nil), options)
			require.NoError(t, err)
			for _, columns := range []int{60, 80, 120} {
				for _, tab := range tables(s, WriteOptions{Top: -1}) {
					text := textWriter{columns: columns}
					rows, apart := tab.fitted(text.widths(tab))
					assertDifferent(t, tab, func(i int) string { return fmt.Sprint(rows[i], apart[i]) })
				}
			}
			var out bytes.Buffer
			require.NoError(t, WriteMarkdown(&out, s, WriteOptions{Top: -1}))
			assertDifferentLines(t, out.String())
		}
	}
}

func assertDifferent(t *testing.T, tab table, shown func(int) string) {
	t.Helper()
	seen := make(map[string]string)
	for i, row := range tab.rows {
		whole := strings.Join(row.cells, "|")
		if other, ok := seen[shown(i)]; ok {
			assert.Equal(t, other, whole, "%s: both shown as %s", tab.title, shown(i))
		}
		seen[shown(i)] = whole
	}
}

func assertDifferentLines(t *testing.T, text string) {
	t.Helper()
	for _, section := range strings.Split(text, "### ")[1:] {
		seen := make(map[string]bool)
		for line := range strings.Lines(section) {
			if strings.HasPrefix(line, "| `") {
				assert.False(t, seen[line], line)
				seen[line] = true
			}
		}
	}
}
