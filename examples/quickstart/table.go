package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sauceinsights/insights"
)

// table is a title and rows under column heads. A head that begins with > is
// that of a column of numbers, which stand to the right.
type table struct {
	title string
	heads []string
	rows  [][]string
	foot  string
}

func newTable(title string, heads ...string) *table {
	return &table{title: title, heads: heads}
}

func (t *table) add(cells ...string) {
	t.rows = append(t.rows, cells)
}

func (t *table) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n%s\n", t.title)
	switch {
	case len(t.rows) > 0:
		widths := t.widths()
		for _, row := range append([][]string{t.heads}, t.rows...) {
			out.WriteString(t.line(row, widths))
		}
	case t.foot == "":
		out.WriteString("  none in this period\n")
	}
	if t.foot != "" {
		fmt.Fprintf(&out, "  %s\n", t.foot)
	}
	return out.String()
}

func (t *table) widths() []int {
	widths := make([]int, len(t.heads))
	for _, row := range append([][]string{t.heads}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(strings.TrimPrefix(cell, ">")))
		}
	}
	return widths
}

func (t *table) line(row []string, widths []int) string {
	var line strings.Builder
	for i, cell := range row {
		width := -widths[i]
		if strings.HasPrefix(t.heads[i], ">") {
			width = widths[i]
		}
		fmt.Fprintf(&line, "  %*s", width, strings.TrimPrefix(cell, ">"))
	}
	return strings.TrimRight(line.String(), " ") + "\n"
}

// plain is the first line of a text without what could redraw a terminal.
func plain(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, line)
}

// fit cuts a name in its middle, as the ends of names tell them apart: between
// words, unless one of them takes all the room.
func fit(name string, width int) string {
	words := strings.Fields(plain(name))
	text := strings.Join(words, " ")
	switch {
	case text == "":
		return "-"
	case utf8.RuneCountInString(text) <= width:
		return text
	}
	head, tail := words[:len(words)/2], words[len(words)/2:]
	for len(head) > 0 && len(tail) > 0 {
		first, last := strings.Join(head, " "), strings.Join(tail, " ")
		if cut := first + " … " + last; utf8.RuneCountInString(cut) <= width {
			return cut
		}
		if len(first) >= len(last) && len(head) > 1 {
			head = head[:len(head)-1]
		} else {
			tail = tail[1:]
		}
	}
	return cutMiddle([]rune(text), width)
}

func cutMiddle(text []rune, width int) string {
	head := width / 2
	return string(text[:head]) + "…" + string(text[len(text)-(width-head-1):])
}

// clip cuts a message at its end.
func clip(message string, width int) string {
	if runes := []rune(message); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return message
}

func status(s insights.Status) string { return fit(string(s), 8) }

func moment(t time.Time, layout string) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(layout)
}

// layoutFor shows of a time what intervals of this length need.
func layoutFor(interval time.Duration) string {
	switch {
	case interval < time.Minute:
		return "Mon 02 Jan 15:04:05"
	case interval < 24*time.Hour:
		return "Mon 02 Jan 15:04"
	}
	return "Mon 02 Jan 2006"
}

// took is a run time as package report writes it: 12.3s, 2m05s, 3h12m.
func took(s insights.Seconds) string {
	d := s.Duration()
	switch {
	case s == 0:
		return "-"
	case d < time.Minute-50*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour-500*time.Millisecond:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
}

// length is a duration without units of nothing: 10m and not 10m0s.
func length(d time.Duration) string {
	if days := d / (24 * time.Hour); days > 0 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", days)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func count(n int) string { return strconv.Itoa(n) }

func percent(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole))
}

// bar is as long as n is large beside the most.
func bar(n, most int) string {
	return strings.Repeat("█", int(math.Round(24*float64(max(0, n))/float64(most))))
}

// intervalFor is a round length that cuts a period into about 14 parts at most.
func intervalFor(period time.Duration) time.Duration {
	const day = 24 * time.Hour
	for _, interval := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day,
	} {
		if 14*interval+interval/2 >= period {
			return interval
		}
	}
	return (period / 14).Round(day) + day
}
