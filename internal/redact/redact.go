// Package redact makes text fit to be shown: without credentials, on one line.
package redact

import (
	"bytes"
	"encoding/binary"
	"iter"
	"net/http"
	"slices"
)

// Masker overwrites every part of a credential in b with asterisks, and reports
// whether there was any.
type Masker func(b []byte) bool

// A part of a credential is partLength bytes or more of it. A block of
// blockLength bytes at every step-th place lies inside each of them, so that a
// text is searched by looking at few of its places.
const (
	partLength  = 8
	blockLength = 4
	step        = partLength - blockLength + 1
	shortestKey = 4 // a shorter key would mask half of every text
)

// New hides the key, in clear and in every form in which it is sent. The
// secrets live in the closure, out of reach for any formatting.
func New(username, key string) Masker {
	forms := secretForms(username, key)
	parts := make(map[[partLength]byte]struct{})
	var blocks blockSet
	for _, form := range forms {
		for i := 0; i+partLength <= len(form); i++ {
			parts[[partLength]byte([]byte(form[i:i+partLength]))] = struct{}{}
		}
		for i := 0; i+blockLength <= len(form); i++ {
			blocks.add([]byte(form[i:]))
		}
	}
	short := []byte(key)
	return func(b []byte) bool {
		found := maskParts(b, parts, &blocks)
		if len(short) >= shortestKey && len(short) < partLength {
			found = maskShort(b, short) || found
		}
		return found
	}
}

// blockSet holds the hashes of blocks, a bit each: small enough to stay in the
// cache while a long text is searched.
type blockSet [1 << 16 / 64]uint64

// blockPlace is the word of a set in which a block has its bit, and the bit.
func blockPlace(b []byte) (word uint16, bit uint64) {
	hash := uint16(binary.LittleEndian.Uint32(b) * 2654435761 >> 16)
	return hash / 64, 1 << (hash % 64)
}

func (s *blockSet) add(block []byte) {
	word, bit := blockPlace(block)
	s[word] |= bit
}

func maskParts(b []byte, parts map[[partLength]byte]struct{}, blocks *blockSet) (found bool) {
	for i := 0; i+blockLength <= len(b); i += step {
		if word, bit := blockPlace(b[i:]); blocks[word]&bit == 0 {
			continue
		}
		for start := max(0, i-step+1); start <= i; start++ {
			found = maskFrom(b, start, parts) || found
		}
	}
	return found
}

// maskFrom overwrites the longest run of parts that begins at start.
func maskFrom(b []byte, start int, parts map[[partLength]byte]struct{}) bool {
	end := start
	for i := start; i+partLength <= len(b); i++ {
		if _, found := parts[[partLength]byte(b[i:])]; !found {
			break
		}
		end = i + partLength
	}
	overwrite(b[start:end])
	return end > start
}

func maskShort(b, secret []byte) (found bool) {
	for {
		i := bytes.Index(b, secret)
		if i < 0 {
			return found
		}
		found = true
		overwrite(b[i : i+len(secret)])
		b = b[i+len(secret):]
	}
}

func overwrite(b []byte) {
	for i := range b {
		b[i] = '*'
	}
}

// All hides also what escapes make of a credential. A text with escapes is
// overwritten as a whole, so that it remains one, and of the same length.
func (mask Masker) All(b []byte) (found bool) {
	var scratch []byte
	for text := range escapedTexts(b) {
		scratch = append(scratch[:0], text...)
		if mask.behindEscapes(scratch) {
			found = true
			overwrite(text)
		}
	}
	return mask(b) || found
}

// mostEscaped is how often a text may have been escaped, as JSON in JSON is.
const mostEscaped = 3

// behindEscapes reports whether a text, which it destroys, has a part of a
// credential, as it is written or as it is read.
func (mask Masker) behindEscapes(text []byte) bool {
	for range mostEscaped {
		if mask(text) {
			return true
		}
		if bytes.IndexByte(text, '\\') < 0 {
			return false
		}
		text = Unescape(text)
	}
	return mask(text)
}

// escapedTexts are the texts in JSON that hold an escape, without their quotes.
// Of what is no JSON it is whatever lies between two quotes, or before the first
// and behind the last.
func escapedTexts(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			escape := bytes.IndexByte(b, '\\')
			if escape < 0 {
				return
			}
			start := bytes.LastIndexByte(b[:escape], '"') + 1
			end := endOfText(b, escape)
			if !yield(b[start:end]) {
				return
			}
			b = b[min(end+1, len(b)):]
		}
	}
}

// endOfText is the place of the quote that ends the text that is escaped at i,
// or of the end.
func endOfText(b []byte, i int) int {
	for i < len(b) && b[i] != '"' {
		if b[i] == '\\' {
			i++
		}
		i++
	}
	return min(i, len(b))
}

// Text is s without credentials.
func (mask Masker) Text(s string) string {
	b := []byte(s)
	mask.All(b)
	return string(b)
}

// Header is h without credentials: h itself, which the transport may keep, or
// a copy where there are any in it.
func (mask Masker) Header(h http.Header) http.Header {
	if !mask.hidesIn(h) {
		return h
	}
	masked := make(http.Header, len(h))
	for name, values := range h {
		name = mask.Text(name)
		for _, value := range values {
			masked[name] = append(masked[name], mask.Text(value))
		}
	}
	return masked
}

func (mask Masker) hidesIn(h http.Header) bool {
	var scratch []byte
	hides := func(s string) bool {
		scratch = append(scratch[:0], s...)
		return mask.All(scratch)
	}
	for name, values := range h {
		if hides(name) || slices.ContainsFunc(values, hides) {
			return true
		}
	}
	return false
}

// Hides reports whether there is anything to hide in s.
func (mask Masker) Hides(s string) bool {
	return mask.All([]byte(s))
}

// HidesInChain reports whether there is anything to hide in the text of err or of
// an error that it wraps.
func (mask Masker) HidesInChain(err error) bool {
	if err == nil {
		return false
	}
	if mask.Hides(err.Error()) {
		return true
	}
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return mask.HidesInChain(wrapper.Unwrap())
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(wrapper.Unwrap(), mask.HidesInChain)
	}
	return false
}
