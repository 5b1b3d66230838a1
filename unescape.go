package insights

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unescaped is a text as it is read where a backslash begins an escape: in JSON
// or JavaScript, also where either is damaged. An escape for a control character
// stands for its letter, which is no part of a credential either way.
func unescaped(text []byte) []byte {
	plain := make([]byte, 0, len(text))
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return append(plain, text...)
		}
		plain = append(plain, text[:i]...)
		r, size := escapedRune(text[i+1:])
		plain = utf8.AppendRune(plain, r)
		text = text[i+1+size:]
	}
}

// escapedRune is the character of an escape, from the letter behind the
// backslash on, and how many bytes it takes.
func escapedRune(b []byte) (r rune, size int) {
	switch b[0] {
	case 'x':
		if r, ok := hexRune(b[1:], 2); ok {
			return r, 3
		}
	case 'u':
		if r, ok := hexRune(b[1:], 4); ok {
			return withLowSurrogate(r, b[5:])
		}
	}
	return utf8.DecodeRune(b)
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
