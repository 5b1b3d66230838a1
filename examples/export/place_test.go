package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

// runOf is a run such as "a1": an ID and the second of its creation, which may
// be missing.
func runOf(t *testing.T, text string) insights.Test {
	run := insights.Test{ID: text[:1]}
	if text[1:] != "" {
		second, err := strconv.Atoi(text[1:])
		require.NoError(t, err)
		run.CreationTime = weekStart.Add(time.Duration(second) * time.Second)
	}
	return run
}

func TestTheCursorTellsWhatWasWritten(t *testing.T) {
	none := time.Time{}
	second := func(n int) time.Time { return weekStart.Add(time.Duration(n) * time.Second) }
	for name, c := range map[string]struct {
		order   insights.Order
		runs    string
		written string
		cursor  insights.Cursor
	}{
		"nothing":                 {insights.OldestFirst, "", "", insights.Cursor{}},
		"no order to be seen yet": {insights.OldestFirst, "a1 b1", "ab", insights.CursorAfter(none, "a", "b")},
		"in order":                {insights.OldestFirst, "a1 b2 c2", "abc", insights.CursorAfter(second(2), "b", "c")},
		"in order, going on":      {insights.OldestFirst, "a1 b1 | c1 d2 | e2", "abcde", insights.CursorAfter(second(2), "d", "e")},
		"newest first":            {insights.NewestFirst, "a3 b2 c2", "abc", insights.CursorAfter(second(2), "b", "c")},
		"out of order":            {insights.OldestFirst, "a3 b2 | c4", "abc", insights.CursorAfter(none, "a", "b", "c")},
		"out of order at last":    {insights.OldestFirst, "a1 b2 c1 d3", "abcd", insights.CursorAfter(none, "a", "b", "c", "d")},
		"no times":                {insights.OldestFirst, "a b | a c", "abc", insights.CursorAfter(none, "a", "b", "c")},
		"some times":              {insights.OldestFirst, "a b1 c d2 | a", "abcd", insights.CursorAfter(second(2), "d")},
	} {
		t.Run(name, func(t *testing.T) {
			var p place
			var written string
			for text := range strings.FieldsSeq(c.runs) {
				if text == "|" {
					p = restarted(t, p)
				} else if run := runOf(t, text); p.add(run, c.order) {
					written += run.ID
				}
			}
			assert.Equal(t, c.written, written)
			assert.Equal(t, c.cursor, p.cursor())
			p = restarted(t, p)
			assert.Equal(t, c.cursor, p.cursor())
		})
	}
}

// restarted is a place after the program was killed.
func restarted(t *testing.T, p place) place {
	text, err := json.Marshal(p.saved())
	require.NoError(t, err)
	var loaded place
	require.NoError(t, json.Unmarshal(text, &loaded))
	return loaded
}
