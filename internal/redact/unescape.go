package redact

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Unescape overwrites a text with how it is read where a backslash begins an
// escape: in JSON or JavaScript, also where either is damaged. The letter of a
// control character stands for itself, as neither is in a credential.
func Unescape(text []byte) []byte {
	plain := text[:0] // which never gets ahead: no escape is shorter than what it stands for
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return append(plain, text...)
		}
		plain = append(plain, text[:i]...)
		text = text[i+1:]
		if r, size := escapedRune(text); size > 0 {
			plain = utf8.AppendRune(plain, r)
			text = text[size:]
		} else {
			plain = append(plain, text[0])
			text = text[1:]
		}
	}
}

// escapedRune is the character of a numbered escape, from the letter behind the
// backslash on, and how many bytes it takes; 0: it is none.
func escapedRune(b []byte) (r rune, size int) {
	switch b[0] {
	case 'x':
		if r, ok := hexRune(b[1:], 2); ok {
			return r, len(`xXX`)
		}
	case 'u':
		if r, ok := hexRune(b[1:], 4); ok {
			return withLowSurrogate(r, b[len(`uXXXX`):])
		}
	}
	return 0, 0
}

// withLowSurrogate is the character of \uXXXX, and of a second one that follows
// where it takes both.
func withLowSurrogate(r rune, rest []byte) (_ rune, size int) {
	const length = len(`uXXXX`)
	if utf16.IsSurrogate(r) && bytes.HasPrefix(rest, []byte(`\u`)) {
		low, _ := hexRune(rest[2:], 4)
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, length + 1 + length
		}
	}
	return r, length
}

// hexRune is the number that b begins with, in so many digits.
func hexRune(b []byte, digits int) (rune, bool) {
	if len(b) < digits {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:digits]), 16, 16)
	return rune(n), err == nil
}
