package wire

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// TextOrNull reads a text as Text does, null as an empty one, and a number as it
// stands there.
func (s *Scanner) TextOrNull() ([]byte, bool) {
	if s.space(); s.at < len(s.data) && s.data[s.at] == '"' {
		return s.Text()
	}
	if s.Null() {
		return nil, true
	}
	return s.number()
}

// Hold reads a text, or null, that stays where it is, until it is clear what it
// can share its memory with. A text with escapes is no part of the answer, and
// not for Hold.
func (s *Scanner) Hold() (ok bool) {
	s.space()
	start := s.at
	s.held, ok = s.TextOrNull()
	return ok && s.at-start == len(s.held)+len(`""`)
}

// Held is the text that was held last, and LetGo ends that.
func (s *Scanner) Held() []byte { return s.held }

// LetGo forgets the text that was held.
func (s *Scanner) LetGo() { s.held = nil }

// Text reads a text. What it returns is part of the answer, or of the scanner
// and then good until the next text.
func (s *Scanner) Text() ([]byte, bool) {
	if text, ok := s.plainText(); ok {
		return text, true
	}
	if !s.Accept('"') {
		return nil, false
	}
	start, ascii := s.at, true
	for {
		s.at += plainLength(s.data[s.at:])
		if s.at == len(s.data) {
			return nil, false
		}
		switch c := s.data[s.at]; {
		case c == '"':
			text := s.data[start:s.at]
			s.at++
			return text, ascii || utf8.Valid(text)
		case c == '\\':
			s.plain = append(s.plain[:0], s.data[start:s.at]...)
			return s.escapedText()
		case c < ' ':
			return nil, false
		}
		ascii = false
		s.at++
	}
}

// plainText reads a text that comes next and stands for itself, as most do. It
// reports false, and reads nothing, for any other, and near the end of the answer.
func (s *Scanner) plainText() ([]byte, bool) {
	data, start := s.data, s.at+1
	if s.at >= len(data) || data[s.at] != '"' {
		return nil, false
	}
	for i := start; i+8 <= len(data); i += 8 {
		if found := notPlain(binary.LittleEndian.Uint64(data[i : i+8])); found != 0 {
			end := i + bits.TrailingZeros64(found)/8
			if data[end] != '"' {
				return nil, false
			}
			s.at = end + 1
			return data[start:end], true
		}
	}
	return nil, false
}

// escapedText reads the rest of a text from its first escape on.
func (s *Scanner) escapedText() ([]byte, bool) {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return s.plain, utf8.Valid(s.plain)
		case c == '\\':
			if !s.escape() {
				return nil, false
			}
		case c < ' ':
			return nil, false
		default:
			n := max(1, plainLength(s.data[s.at:]))
			s.plain = append(s.plain, s.data[s.at:s.at+n]...)
			s.at += n
		}
	}
	return nil, false
}

// escape reads an escape. Half a pair of surrogates is not for this scanner.
func (s *Scanner) escape() bool {
	if s.at+1 == len(s.data) {
		return false
	}
	c := s.data[s.at+1]
	if c == 'u' {
		return s.escapedRune()
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if i < 0 {
		return false
	}
	s.plain = append(s.plain, "\"\\/\b\f\n\r\t"[i])
	s.at += 2
	return true
}

func (s *Scanner) escapedRune() bool {
	r, ok := s.codeUnit()
	if ok && utf16.IsSurrogate(r) {
		low, isPair := s.codeUnit()
		r, ok = utf16.DecodeRune(r, low), isPair
		ok = ok && r != utf8.RuneError
	}
	s.plain = utf8.AppendRune(s.plain, r)
	return ok
}

// codeUnit reads \uXXXX.
func (s *Scanner) codeUnit() (rune, bool) {
	const start = `\u`
	if !bytes.HasPrefix(s.data[s.at:], []byte(start)) {
		return 0, false
	}
	unit, ok := hexRune(s.data[s.at+len(start):], 4)
	if ok {
		s.at += len(`\uXXXX`)
	}
	return unit, ok
}

// plainLength is how many bytes b begins with that stand for themselves in a
// text: ASCII without control characters, quotes and backslashes. It looks at
// eight at a time.
func plainLength(b []byte) int {
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		if found := notPlain(binary.LittleEndian.Uint64(b[n:])); found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for n < len(b) && b[n] >= ' ' && b[n] < utf8.RuneSelf && b[n] != '"' && b[n] != '\\' {
		n++
	}
	return n
}

// notPlain sets the top bit of the first byte that is not plain, and perhaps
// of some behind it.
func notPlain(word uint64) uint64 {
	const (
		ones = 0x0101010101010101
		tops = 0x8080808080808080
	)
	quote, backslash := word^ones*'"', word^ones*'\\'
	return ((quote-ones)&^quote | (backslash-ones)&^backslash | (word-ones*' ')&^word | word) & tops
}

// hexRune is the number that b begins with, in so many digits.
func hexRune(b []byte, digits int) (rune, bool) {
	if len(b) < digits {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:digits]), 16, 16)
	return rune(n), err == nil
}
