package wire

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/sauceinsights/insights/internal/fault"
)

// The bounds of what an answer may hold. An element is one of a list, or a member
// of an object beyond the first hundred. The members of objects that are members
// themselves, as the entries of a map are, count apart, and up to as many.
const (
	MaxElements   = 100_000
	recordMembers = 100
	MaxDamaged    = 100_000 // bytes that are no UTF-8: as U+FFFD they are three times as long
)

// ErrTooManyElements is the failure of a body that holds more than MaxElements.
var ErrTooManyElements = &fault.Error{
	Kind: fault.ResponseTooLarge,
	Text: fmt.Sprintf("%s: more than %d elements", fault.ResponseTooLarge, MaxElements),
	Hint: fault.HintTooLarge,
}

// TooManyElements reports whether a body holds more than limit elements, or as
// many entries of maps, which could take many times its size in memory. Damaged
// JSON is left to the decoder.
func TooManyElements(body []byte, limit int) bool {
	if maxElementsIn(body) < limit {
		return false
	}
	// Of a buffer the decoder makes no copy.
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for elements, entries := 0, 0; elements <= limit && entries <= limit; {
		token, err := d.ReadToken()
		if err != nil {
			return false
		}
		kind := token.Kind()
		if kind == ']' || kind == '}' {
			continue
		}
		switch depth := parentDepth(d, kind); {
		case isElement(d.StackIndex(depth)):
			elements++
		case isEntry(d, depth):
			entries++
		}
	}
	return true
}

// maxElementsIn is as many as there can be at most: an element is the first of what holds
// it, or has a comma before it.
func maxElementsIn(body []byte) int {
	return bytes.Count(body, []byte{','}) + bytes.Count(body, []byte{'['}) + bytes.Count(body, []byte{'{'})
}

// parentDepth is the depth of what holds the token that was just read.
func parentDepth(d *jsontext.Decoder, kind jsontext.Kind) int {
	if kind == '[' || kind == '{' {
		return d.StackDepth() - 1
	}
	return d.StackDepth()
}

func isElement(parent jsontext.Kind, length int64) bool {
	return parent == '[' || parent == '{' && length > 2*recordMembers && length%2 == 0
}

// isEntry reports whether what was just read into what is at that depth is the
// value of a member of a member.
func isEntry(d *jsontext.Decoder, depth int) bool {
	if _, length := d.StackIndex(depth); depth == 0 || length%2 == 1 {
		return false
	}
	above, _ := d.StackIndex(depth - 1)
	return above == '{'
}

// IsNoText reports whether more than limit bytes of a body are no UTF-8.
func IsNoText(body []byte, limit int) bool {
	if utf8.Valid(body) {
		return false
	}
	damaged := 0
	for len(body) > 0 && damaged <= limit {
		r, size := utf8.DecodeRune(body)
		if r == utf8.RuneError && size == 1 {
			damaged++
		}
		body = body[size:]
	}
	return damaged > limit
}
