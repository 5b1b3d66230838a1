package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// window is a period with its ends known.
type window struct {
	start, end time.Time
}

// windowOf counts a period such as 7d back from now.
func windowOf(p insights.Period, now time.Time) (window, error) {
	start, end, isPair := strings.Cut(p.String(), "/")
	if !isPair {
		length, err := lengthOf(start)
		return window{now.Add(-length), now}, err
	}
	from, err := time.Parse(time.RFC3339, start)
	if err != nil {
		return window{}, err
	}
	to, err := time.Parse(time.RFC3339, end)
	return window{from, to}, err
}

// lengthOf reads the text of an [insights.Period], which is a number and a unit.
func lengthOf(text string) (time.Duration, error) {
	last := len(text) - 1
	n, err := strconv.Atoi(text[:last])
	unit := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute, 's': time.Second}[text[last]]
	return time.Duration(n) * unit, err
}

func (w window) period() insights.Period {
	return insights.Between(w.start, w.end)
}
