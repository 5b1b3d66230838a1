package report

import (
	"regexp"
	"strings"
)

// volatile lists what differs between messages of the same cause, in the order
// in which it is replaced: a part that holds others comes first.
var volatile = []struct {
	placeholder string
	pattern     *regexp.Regexp
}{
	{"<url>", regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>\x60)\]}]+`)},
	// An apostrophe within a word opens and closes nothing.
	{"<value>", regexp.MustCompile(`"[^"\n]*"|\B'[^\n]*?'\B|\x60[^\x60\n]*\x60|“[^”\n]*”|‘[^’\n]*’`)},
	{"<time>", regexp.MustCompile(`\b\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?)?`)},
	{"<time>", regexp.MustCompile(`\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?[AaPp][Mm]\b)?`)},
	{"<id>", regexp.MustCompile(`(?i)\b[0-9a-f]{4,}(?:-[0-9a-f]{4,}){3,}\b`)},
	{"<hex>", regexp.MustCompile(`(?i)\b0x[0-9a-f]+\b`)},
}

var (
	words   = regexp.MustCompile(`[0-9A-Za-z]{8,}`)
	hexWord = regexp.MustCompile(`^(?:[0-9a-f]+|[0-9A-F]+)$`)
	digits  = regexp.MustCompile(`[0-9]`)
	numbers = regexp.MustCompile(`(?:\B[-+])?\d+(?:[.,]\d+)*`)
	spaces  = regexp.MustCompile(`\s+`)
)

// NormalizeError replaces what differs between error messages of the same
// cause: URLs, quoted values, times, IDs (UUIDs and the like, of four
// hexadecimal groups or more, and words of 16 letters and digits or more of
// which at least four are digits), hexadecimal numbers (with 0x, or words of
// eight places or more with a digit) and other numbers. White space becomes one
// blank. [Summarize] groups by the result.
func NormalizeError(message string) string {
	for _, v := range volatile {
		message = v.pattern.ReplaceAllLiteralString(message, v.placeholder)
	}
	message = words.ReplaceAllStringFunc(message, replaceToken)
	message = numbers.ReplaceAllLiteralString(message, "<n>")
	return strings.TrimSpace(spaces.ReplaceAllLiteralString(message, " "))
}

// replaceToken replaces a word that is a hexadecimal number or an ID. Plain
// decimal numbers are left for the numbers.
func replaceToken(word string) string {
	digitCount := len(digits.FindAllStringIndex(word, -1))
	switch {
	case digitCount == len(word):
		return word
	case digitCount > 0 && hexWord.MatchString(word):
		return "<hex>"
	case len(word) >= 16 && digitCount >= 4:
		return "<id>"
	}
	return word
}
