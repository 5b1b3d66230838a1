// Package redact makes text fit to be shown: without credentials, on one line.
package redact

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// Masker overwrites every part of a credential in b with asterisks, and reports
// whether there was any.
type Masker func(b []byte) bool

const (
	partLength  = 12 // a part of a credential is as long, or longer
	shortestKey = 4  // a shorter key would mask half of every text
)

// part is what is looked for: every place of every form begins one.
type part [partLength]byte

// New hides the key, in clear and in every form in which it is sent. The
// secrets live in the closure, out of reach for any formatting.
func New(username, key string) Masker {
	parts := make(map[part]struct{})
	for _, form := range secretForms(username, key) {
		for i := 0; i+partLength <= len(form); i++ {
			parts[part([]byte(form[i:i+partLength]))] = struct{}{}
		}
	}
	short := []byte(key)
	return func(b []byte) bool {
		found := maskParts(b, parts)
		if len(short) >= shortestKey && len(short) < partLength {
			found = maskShort(b, short) || found
		}
		return found
	}
}

// And hides what other hides too.
func (mask Masker) And(other Masker) Masker {
	return func(b []byte) bool {
		found := mask(b)
		return other(b) || found
	}
}

func maskParts(b []byte, parts map[part]struct{}) (found bool) {
	for i := 0; i+partLength <= len(b); i++ {
		if n := lengthOfParts(b[i:], parts); n > 0 {
			overwrite(b[i : i+n])
			found = true
			i += n - 1
		}
	}
	return found
}

// lengthOfParts returns the length of the longest run of parts that b begins with.
func lengthOfParts(b []byte, parts map[part]struct{}) int {
	length := 0
	for i := 0; i+partLength <= len(b); i++ {
		if _, found := parts[part(b[i:])]; !found {
			break
		}
		length = i + partLength
	}
	return length
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

// Text is s without credentials.
func (mask Masker) Text(s string) string {
	b := []byte(s)
	mask(b)
	return string(b)
}

// For returns how the texts of a call are shown: without credentials, and without
// its query string.
func (mask Masker) For(query string) func(string) string {
	return func(s string) string {
		if query != "" {
			s = strings.ReplaceAll(strings.ReplaceAll(s, "?"+query, ""), query, "…")
		}
		return mask.Text(s)
	}
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

// usualValue is more than the length of almost every value of a header.
const usualValue = 256

func (mask Masker) hidesIn(h http.Header) bool {
	scratch := make([]byte, 0, usualValue)
	hides := func(s string) bool {
		scratch = append(scratch[:0], s...)
		return mask(scratch)
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
	return mask([]byte(s))
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
