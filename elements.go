package insights

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// The bounds of what an answer may hold. An element is one of a list, or a
// member of an object beyond the first hundred: so maps count, and records
// don't.
const (
	maxElements   = 100_000
	recordMembers = 100
)

var errTooManyElements = &failure{
	kind: ErrResponseTooLarge,
	text: fmt.Sprintf("%s: more than %d elements", ErrResponseTooLarge, maxElements),
}

// tooManyElements reports whether a body holds more than limit elements, which
// could take many times its size in memory. Damaged JSON is left to the decoder.
func tooManyElements(body []byte, limit int) bool {
	if bytes.Count(body, []byte{','}) < limit {
		return false // an element takes a comma
	}
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for count := 0; count <= limit; {
		token, err := d.ReadToken()
		if err != nil {
			return false
		}
		if kind := token.Kind(); kind == ']' || kind == '}' {
			continue
		}
		if isElement(d.StackIndex(parentDepth(d, token.Kind()))) {
			count++
		}
	}
	return true
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
