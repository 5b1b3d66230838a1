package insights

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The bounds of what an answer may hold. An element is one of a list, a member
// of an object that is itself a member, as a map is, or a member of any object
// beyond the first hundred: so maps count, and records in lists don't.
const (
	maxElements   = 100_000
	recordMembers = 100
	maxDamaged    = 100_000 // bytes that are no UTF-8: as U+FFFD they are three times as long
)

var errTooManyElements = &failure{
	kind: ErrResponseTooLarge,
	text: fmt.Sprintf("%s: more than %d elements", ErrResponseTooLarge, maxElements),
}

// tooManyElements reports whether a body holds more than limit elements, which
// could take many times its size in memory. Damaged JSON is left to the decoder.
func tooManyElements(body []byte, limit int) bool {
	if mostElements(body) < limit {
		return false
	}
	// Of a buffer the decoder makes no copy.
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for count := 0; count <= limit; {
		token, err := d.ReadToken()
		if err != nil {
			return false
		}
		if kind := token.Kind(); kind != ']' && kind != '}' && isElement(d, parentDepth(d, kind)) {
			count++
		}
	}
	return true
}

// mostElements is as many as there can be at most: an element is the first of what holds
// it, or has a comma before it.
func mostElements(body []byte) int {
	return bytes.Count(body, []byte{','}) + bytes.Count(body, []byte{'['}) + bytes.Count(body, []byte{'{'})
}

// parentDepth is the depth of what holds the token that was just read.
func parentDepth(d *jsontext.Decoder, kind jsontext.Kind) int {
	if kind == '[' || kind == '{' {
		return d.StackDepth() - 1
	}
	return d.StackDepth()
}

// isElement reports whether what was just read into what is at that depth is an
// element, and not the name of a member.
func isElement(d *jsontext.Decoder, depth int) bool {
	parent, length := d.StackIndex(depth)
	if parent != '{' || length%2 == 1 {
		return parent == '['
	}
	above, _ := d.StackIndex(depth - 1)
	return above == '{' || length > 2*recordMembers
}

// isNoText reports whether more than limit bytes of a body are no UTF-8.
func isNoText(body []byte, limit int) bool {
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
