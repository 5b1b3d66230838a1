package report

import (
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// volatile lists what differs between messages of the same cause, in the order
// in which it is replaced: a part that holds others comes first.
var volatile = []struct {
	pattern     *regexp.Regexp
	replacement string
}{
	{regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>\x60)\]}]+`), "<url>"},
	{regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?`), "<token>"},
	{regexp.MustCompile(`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`), "<email>"},
	{regexp.MustCompile(`\b\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?)?`), "<time>"},
	{regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b`), "<address>"},
	{regexp.MustCompile(`(?i)\b[0-9a-f]{4,}(?:-[0-9a-f]{4,}){3,}\b`), "<id>"},
	{regexp.MustCompile(`(?i)\b0x[0-9a-f]+\b`), "<hex>"},
	{regexp.MustCompile(`\b(?:\d+(?:\.\d+)?(?:ns|µs|us|ms|s|min|m|h))+\b`), "<duration>"},
}

// A time of day stands by itself: in app.js:10:55 and 10.0.0.1:80 there is none.
var timeOfDay = regexp.MustCompile(`(^|[^\w.:])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:[.,]\d+)?(?: ?[AaPp][Mm]\b)?($|[^\w:]|:\s|:$)`)

// hexGroups may be an address of IPv6, with its zone and port.
var hexGroups = regexp.MustCompile(`(^|[^\w:.])(\[?)([0-9A-Fa-f]*:[0-9A-Fa-f:.]*[0-9A-Fa-f:]?)((?:%\w+)?(?:\]:\d+|\])?)`)

var (
	colours = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?`)
	words   = regexp.MustCompile(`[0-9A-Za-z]{7,}`)
	hexWord = regexp.MustCompile(`^(?:[0-9a-f]+|[0-9A-F]+)$`)
	digits  = regexp.MustCompile(`[0-9]`)
	numbers = regexp.MustCompile(`(?:\B[-+])?\d+(?:[.,]\d+)*`)
	spaces  = regexp.MustCompile(`\s+`)
)

// A status of HTTP is a cause: it stands after a word that says so, or before
// its own text.
var (
	statusAfterWord  = regexp.MustCompile(`(?i)\b(?:http(?:/\d(?:\.\d)?)?|status(?:[ _-]?code)?|response(?:[ _-]code)?|code|error|returned|responded|responded with|answered)["']?[\s:=(]{1,3}[1-5]\d\d\b`)
	statusBeforeText = regexp.MustCompile(`\b[1-5]\d\d[ :-]{1,3}[A-Z][A-Za-z-]+`)
)

// NormalizeError replaces what differs between error messages of the same
// cause: URLs, e-mail addresses, addresses of IPv4 and IPv6, tokens (JWT),
// times, lengths of time such as 300ms, IDs (UUIDs and the like, of four
// hexadecimal groups or more, and words of 16 letters and digits or more of
// which at least four are digits), hexadecimal numbers (with 0x, or words of
// seven places or more with a digit and a letter) and other numbers. Colour
// codes are removed, and white space becomes one blank.
//
// What is kept tells causes apart: names, quoted ones too but for the numbers
// in them, and the statuses of HTTP, such as HTTP 401 or 503 Service
// Unavailable. [Summarize] groups by the result.
func NormalizeError(message string) string {
	message = withoutColours(message)
	message = statusAfterWord.ReplaceAllStringFunc(message, keepStatus)
	message = statusBeforeText.ReplaceAllStringFunc(message, keepStatusText)
	for _, v := range volatile {
		message = v.pattern.ReplaceAllLiteralString(message, v.replacement)
	}
	message = replaceTimes(message)
	message = hexGroups.ReplaceAllStringFunc(message, replaceIPv6)
	message = words.ReplaceAllStringFunc(message, replaceToken)
	message = numbers.ReplaceAllLiteralString(message, "<n>")
	return restoreStatus(strings.TrimSpace(spaces.ReplaceAllLiteralString(message, " ")))
}

// keptDigits are characters that stand for the digits of a status meanwhile.
const keptDigits = '\uE000'

// keepStatus keeps the last three digits, if they are a status.
func keepStatus(text string) string {
	before, code := text[:len(text)-3], text[len(text)-3:]
	if n, _ := strconv.Atoi(code); http.StatusText(n) == "" {
		return text
	}
	return before + strings.Map(func(r rune) rune { return r - '0' + keptDigits }, code)
}

// keepStatusText keeps the first three digits, if the first word of the text
// of that status follows.
func keepStatusText(text string) string {
	n, _ := strconv.Atoi(text[:3])
	word, _, _ := strings.Cut(http.StatusText(n), " ")
	if word == "" || !strings.EqualFold(strings.TrimLeft(text[3:], " :-"), word) {
		return text
	}
	return keepStatus(text[:3]) + text[3:]
}

func restoreStatus(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= keptDigits && r <= keptDigits+9 {
			return r - keptDigits + '0'
		}
		return r
	}, text)
}

// replaceTimes goes over the message twice, as the blank between two times
// belongs to both.
func replaceTimes(message string) string {
	for range 2 {
		message = timeOfDay.ReplaceAllString(message, "${1}<time>${2}")
	}
	return message
}

func replaceIPv6(text string) string {
	parts := hexGroups.FindStringSubmatch(text)
	address, end := parts[3], ""
	if last := len(address) - 1; !strings.HasSuffix(address, "::") && strings.ContainsAny(address[last:], ":.") {
		address, end = address[:last], address[last:]
	}
	parsed, err := netip.ParseAddr(address)
	if err != nil || !parsed.Is6() || !strings.ContainsAny(address, "0123456789") {
		return text
	}
	return parts[1] + "<address>" + end
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
