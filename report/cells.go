package report

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// cells returns how many columns of a terminal the text takes: two for a wide
// character, such as those of Chinese, and none for one that is drawn over the
// one before.
func cells(text string) int {
	n := 0
	for _, r := range text {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// fitted returns the text in at most n cells, with an ellipsis if it is cut.
func fitted(text string, n int) string {
	if cells(text) <= n {
		return text
	}
	var cut strings.Builder
	room := n - 1
	for _, r := range text {
		if room -= cellsOf(r); room < 0 {
			break
		}
		cut.WriteRune(r)
	}
	return strings.TrimRight(cut.String(), " ") + "…"
}

// wrapped breaks a text between words into lines of at most n cells; a word
// that is longer is broken. Lines after the first are indented.
func wrapped(text, indent string, n int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for {
			joined := line + word
			if strings.TrimSpace(line) != "" {
				joined = line + " " + word
			}
			if cells(joined) <= n {
				line = joined
				break
			}
			if strings.TrimSpace(line) == "" {
				head, rest := broken(word, n-cells(line))
				lines, line, word = append(lines, line+head), indent, rest
				continue
			}
			lines, line = append(lines, line), indent
		}
	}
	return append(lines, line)
}

// broken splits a word after n cells, and after one character at least.
func broken(word string, n int) (head, rest string) {
	for i, r := range word {
		if n -= cellsOf(r); n < 0 && i > 0 {
			return word[:i], word[i:]
		}
	}
	return word, ""
}
