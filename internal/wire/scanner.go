package wire

import (
	"bytes"
	"sync"
)

// Scanner reads values straight from the bytes of an answer. It knows the forms
// in which they usually come. Of anything else it says that it can't tell, and a
// [Reader] reads the same bytes again: so a Scanner is faster than that, and never
// of another opinion.
//
// Every method that returns a bool reports whether it could tell. What follows
// once it could not is without meaning.
type Scanner struct {
	data     []byte
	at       int
	depth    int       // of the value that is skipped
	skipped  int       // values so far
	texts    *interned // lives on between answers
	plain    []byte    // a text without its escapes, until the next one
	held     []byte    // a text of the answer, see Hold
	day      string    // of the time before, with its T
	midnight int64     // at which that day began, in Unix seconds
}

var scanners = sync.Pool{New: func() any { return &Scanner{texts: newInterned()} }}

// maxPooled is the most bytes that a pooled scanner keeps for texts.
const maxPooled = 1 << 20

// Scan reads all of data. Only if it reports true is into written to.
func Scan[T any](data []byte, into *T, read func(*Scanner, *T) bool) bool {
	s := scanners.Get().(*Scanner)
	s.data, s.at, s.depth, s.skipped = data, 0, 0, 0
	var value T
	ok := read(s, &value) && s.atEnd()
	if ok {
		*into = value
	}
	s.data, s.held = nil, nil // a pooled scanner keeps no answer
	if cap(s.plain) > maxPooled {
		s.plain = nil
	}
	scanners.Put(s)
	return ok
}

// Left is how many bytes of the answer are still to be read.
func (s *Scanner) Left() int {
	return len(s.data) - s.at
}

// CountLeft is how often c occurs from here on.
func (s *Scanner) CountLeft(c byte) int {
	return bytes.Count(s.data[s.at:], []byte{c})
}

// Repeated reads a text, or null, that is likely to come again, and stores it
// once for all of them.
func (s *Scanner) Repeated(into *string) bool {
	text, ok := s.plainText()
	if !ok {
		text, ok = s.TextOrNull()
	}
	if ok {
		*into = s.texts.text(text)
	}
	return ok
}

// Float reads a number, or null as 0.
func (s *Scanner) Float(into *float64) bool {
	if s.Null() {
		*into = 0
		return true
	}
	number, ok := s.number()
	if !ok {
		return false
	}
	if len(number) <= maxExact && digits(number) == len(number) {
		*into = float64(integer(number))
		return true
	}
	*into, ok = parseNumber(number)
	return ok
}

// maxExact is how many digits a float64 tells apart.
const maxExact = 15

// integer is the number that digits give.
func integer(digits []byte) (n int64) {
	for _, c := range digits {
		n = 10*n + int64(c-'0')
	}
	return n
}

// Bool reads true or false, or null as false.
func (s *Scanner) Bool(into *bool) bool {
	*into = s.Literal("true")
	return *into || s.Literal("false") || s.Null()
}

// Object reads an object, whose values are read by member. The name is good
// until the next text.
func (s *Scanner) Object(member func(name []byte) bool) bool {
	if !s.Accept('{') {
		return false
	}
	if s.Accept('}') {
		return true
	}
	for {
		name, ok := s.Text()
		if !ok || !s.Accept(':') || !member(name) {
			return false
		}
		if !s.Accept(',') {
			return s.Accept('}')
		}
	}
}

// maxSkippedDepth bounds the recursion of Skip. A Reader goes deeper.
const maxSkippedDepth = 50

// Skip reads a value of whatever kind.
func (s *Scanner) Skip() bool {
	s.depth++
	defer func() { s.depth-- }()
	if s.skipped++; s.depth > maxSkippedDepth || s.skipped > MaxElements {
		return false
	}
	s.space()
	if s.at == len(s.data) {
		return false
	}
	switch c := s.data[s.at]; c {
	case '"':
		_, ok := s.Text()
		return ok
	case '{':
		return s.Object(func([]byte) bool { return s.Skip() })
	case '[':
		return s.skipArray()
	case 't', 'f', 'n':
		return s.Bool(new(bool))
	}
	_, ok := s.number()
	return ok
}

// Raw reads a value of whatever kind, as it stands there.
func (s *Scanner) Raw() ([]byte, bool) {
	s.space()
	start := s.at
	ok := s.Skip()
	return s.data[start:s.at], ok
}

func (s *Scanner) skipArray() bool {
	s.at++
	if s.Accept(']') {
		return true
	}
	for s.Skip() {
		if !s.Accept(',') {
			return s.Accept(']')
		}
	}
	return false
}

func (s *Scanner) space() {
	for s.at < len(s.data) && s.data[s.at] <= ' ' && isSpace(s.data[s.at]) {
		s.at++
	}
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t'
}

func (s *Scanner) atEnd() bool {
	s.space()
	return s.at == len(s.data)
}

// Accept reads c if it comes next.
func (s *Scanner) Accept(c byte) bool {
	s.space()
	if s.at == len(s.data) || s.data[s.at] != c {
		return false
	}
	s.at++
	return true
}

// Literal reads a word if it comes next.
func (s *Scanner) Literal(word string) bool {
	s.space()
	if end := s.at + len(word); end <= len(s.data) && string(s.data[s.at:end]) == word {
		s.at = end
		return true
	}
	return false
}

// Null reads null if it comes next.
func (s *Scanner) Null() bool {
	return s.Literal("null")
}

// number reads a number, as it stands there.
func (s *Scanner) number() ([]byte, bool) {
	s.space()
	start := s.at
	s.at += count(s.data[s.at:], '-')
	whole := digits(s.data[s.at:])
	if whole == 0 || whole > 1 && s.data[s.at] == '0' {
		return nil, false
	}
	s.at += whole
	if s.at < len(s.data) && s.data[s.at] == '.' {
		fraction := digits(s.data[s.at+1:])
		if fraction == 0 {
			return nil, false
		}
		s.at += 1 + fraction
	}
	return s.data[start:s.at], true // an exponent is left, for nobody to accept
}

// count is 1 if b begins with c, and otherwise 0.
func count(b []byte, c byte) int {
	if len(b) > 0 && b[0] == c {
		return 1
	}
	return 0
}

// digits is how many digits b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	return n
}
