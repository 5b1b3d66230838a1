package redact

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// MaxLine is the length of the longest line, in characters.
const MaxLine = 300

// terminalControl is what colours and moves on a terminal.
var terminalControl = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]`)

// Line makes text fit for an error's line: short, printable, without line
// ends. What it takes out leaves a space, so that nothing that was apart, such
// as parts of a credential, comes together.
func Line(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), 8*MaxLine)], "\uFFFD")
	printable := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, terminalControl.ReplaceAllString(s, " "))
	words := strings.Join(strings.Fields(printable), " ")
	if short := []rune(words); len(short) > MaxLine {
		return string(short[:MaxLine-1]) + "…"
	}
	return words
}

// Join joins those of the texts that are not empty.
func Join(separator string, texts ...string) string {
	said := slices.DeleteFunc(texts, func(s string) bool { return s == "" })
	return strings.Join(said, separator)
}
