package report

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/sauceinsights/insights"
)

// plain makes text from a service safe for one line of output: white space is
// one blank, colour codes are removed, and no control character or change of
// writing direction is left, with which a name could redraw a terminal or hide a
// part of itself. Nor is what the log of a CI service takes for a command.
func plain(s string) string {
	s = withoutColours(s)
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if strings.Contains(s, "#[") || strings.Contains(s, "##") || strings.Contains(s, "::") { // a plain search costs next to nothing
		s = commandInLog.ReplaceAllString(s, "$1$3 $2$4")
	}
	if strings.HasPrefix(s, "::") {
		s = ": :" + s[2:]
	}
	return s
}

func withoutColours(s string) string {
	if !strings.Contains(s, "\x1b") {
		return s
	}
	return colours.ReplaceAllLiteralString(s, "")
}

// commandInLog finds what GitHub Actions (::error), Azure Pipelines (##vso[ and
// ##[) and TeamCity (##teamcity[) take for a command, wherever it stands: a
// line may be wrapped before it.
var commandInLog = regexp.MustCompile(`(?i)(#)(#(?:teamcity|vso)?\[)|(:)(:(?:error|warning|notice|debug|group|endgroup|echo|add-mask|add-path|add-matcher|remove-matcher|set-output|set-env|save-state|stop-commands)\b)`)

// shortened returns plain text of at most n characters.
func shortened(s string, n int) string {
	runes := []rune(plain(s))
	if len(runes) <= n {
		return string(runes)
	}
	return strings.TrimRight(string(runes[:n-1]), " ") + "…"
}

// number groups the digits by thousands.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// counted returns a number of things, such as 1 run or 2 runs.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "ss") {
		thing += "e"
	}
	return number(n) + " " + thing + "s"
}

// percent gives one decimal, unless it is 0. It never rounds to 100% what is less, nor to 0%
// what is more.
func percent(rate float64) string {
	return strings.Replace(percentInTable(rate), ".0%", "%", 1)
}

// percentInTable always has the decimal, so that the figures of a column or of
// a list are of one kind.
func percentInTable(rate float64) string {
	tenths := math.Round(rate * 1000)
	switch {
	case rate > 0 && tenths == 0:
		return "under 0.1%"
	case rate < 1 && tenths == 1000:
		return "over 99.9%"
	}
	return strconv.FormatFloat(tenths/10, 'f', 1, 64) + "%"
}

// passRate returns the pass rate in words.
func passRate(c Counts) string {
	rate, ok := c.PassRate()
	if !ok {
		return "no pass rate"
	}
	return percent(rate) + " passed"
}

// length writes a run time as people say it: under 0.1s, 0.4s, 12.3s, 2m05s, 3h12m.
func length(seconds insights.Seconds) string {
	d := seconds.Duration()
	switch {
	case d > 0 && d < 50*time.Millisecond:
		return "under 0.1s"
	case d < time.Minute-50*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Hour-500*time.Millisecond:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%sh%02dm", number(int(d/time.Hour)), d%time.Hour/time.Minute)
}

// moment writes a time to the minute; a zero time is a dash.
func moment(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// label returns the name of a test, with its platform if the summary has it,
// which is kept when the name is cut.
func label(name, os, browser string) string {
	kept := ""
	for _, part := range []string{os, browser} {
		if part != "" {
			kept += " · " + plain(part)
		}
	}
	return cmp.Or(plain(name), "(no name)") + keepMark + kept
}
