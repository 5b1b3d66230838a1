package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

func TestWriteTextCells(t *testing.T) {
	t.Run("are those of a terminal", func(t *testing.T) {
		for text, want := range map[string]int{
			"": 0, "abc": 3, "é": 1, "e\u0301": 1, "测试": 4, "ＡＢ": 4, "ｱｲ": 2, "한국": 4, "🚀": 2, "a\u200bb": 2, "…": 1, "–": 1,
		} {
			assert.Equal(t, want, cells(text), text)
		}
	})
	t.Run("fitted text is never wider", func(t *testing.T) {
		for n := 1; n < 14; n++ {
			for _, text := range []string{"abcdefghij", "测试登录页面", "a测b试c登", "short"} {
				assert.LessOrEqual(t, cells(fitted(text, n)), n, "%q in %d", text, n)
			}
		}
		assert.Equal(t, "测…", fitted("测试登", 4))
		assert.Equal(t, "abc", fitted("abc", 3))
	})
	t.Run("wrapped text keeps every word", func(t *testing.T) {
		text := "the change is no more than chance (p = 0.5, build by build) https://example.com/a/very/long/address 测试测试测试测试测试"
		for n := 6; n < 60; n++ {
			lines := wrapped(text, "  ", n)
			for i, line := range lines {
				assert.LessOrEqual(t, cells(line), n, line)
				assert.Equal(t, i > 0, strings.HasPrefix(line, "  "), line)
			}
			assert.Equal(t, strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(strings.Join(lines, ""), " ", ""))
		}
	})
}

// wide are runs with names of every width.
func wide() []insights.Test {
	var runs []insights.Test
	at := time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)
	for i, name := range []string{"测试登录页面的所有按钮都可以点击而且不会超时", strings.Repeat("a long name ", 10), "login", "e\u0301tude"} {
		for n := range 2 {
			runs = append(runs, insights.Test{
				Name: name, Build: strings.Repeat("build", 10), Status: insights.StatusFailed, CreationTime: at.Add(time.Duration(10*i+n) * time.Minute),
				Error: strings.Repeat("错误 ", 60), OS: "Windows 11", Browser: "Chrome 137.0", Duration: 4000,
			})
		}
		runs[len(runs)-1].Build = "another"
	}
	return runs
}

func TestWriteTextColumns(t *testing.T) {
	t.Run("holds every line to its columns", func(t *testing.T) {
		s, err := Summarize(Replay(wide(), nil), Options{PerPlatform: true})
		require.NoError(t, err)
		before, err := Summarize(Replay(nil, nil), Options{PerPlatform: true})
		require.NoError(t, err)
		comparison, err := Compare(before, s, CompareOptions{})
		require.NoError(t, err)
		gate := &Gate{MinPassRate: 1, MaxFailed: new(0), PerBuild: true}
		for columns, want := range map[int]int{0: 80, 60: 60, 120: 120} {
			var out bytes.Buffer
			require.NoError(t, WriteText(&out, s, WriteOptions{Columns: columns, Gate: gate, Comparison: comparison, Title: strings.Repeat("标题", 60)}))
			for line := range strings.Lines(out.String()) {
				assert.LessOrEqual(t, cells(strings.TrimSuffix(line, "\n")), want, line)
			}
		}
	})
	t.Run("aligns wide names", func(t *testing.T) {
		s, err := Summarize(Replay(wide()[:2], nil), Options{})
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, WriteText(&out, s, WriteOptions{}))
		var head, row string
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "  Test ") && head == "" {
				head = line
			}
			if strings.HasPrefix(line, "  测试") && row == "" {
				row = line
			}
		}
		at := func(line, word string) int { return cells(line[:strings.Index(line, word)+len(word)]) }
		assert.Equal(t, at(head, "Failed"), at(row, "2 of 2"), "%s%s", head, row)
	})
}
