package insights

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"html"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// basicAuth sets the credentials on a request. They are set there and not in
// a transport, so that net/http takes them off where a redirect leaves the host.
func basicAuth(creds Credentials) func(*http.Request) {
	return func(request *http.Request) { request.SetBasicAuth(creds.Username, creds.AccessKey) }
}

// masker overwrites every part of a credential in b with asterisks, and reports
// whether there was any.
type masker func(b []byte) bool

// A part of a credential is partLength bytes or more of it. A block of
// blockLength bytes at every step-th place lies inside each of them, so that a
// text is searched by looking at few of its places.
const (
	partLength  = 8
	blockLength = 4
	step        = partLength - blockLength + 1
	shortestKey = 4 // a shorter key would mask half of every text
)

// maskerOf hides the key, in clear and in every form in which it is sent. The
// secrets live in the closure, out of reach for any formatting.
func maskerOf(creds Credentials) masker {
	forms := secretForms(creds)
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
	short := []byte(creds.AccessKey)
	return func(b []byte) bool {
		found := maskParts(b, parts, &blocks)
		if len(short) >= shortestKey && len(short) < partLength {
			found = maskShort(b, short) || found
		}
		return found
	}
}

func secretForms(creds Credentials) []string {
	pair := []byte(creds.Username + ":" + creds.AccessKey)
	key := []byte(creds.AccessKey)
	forms := []string{
		creds.AccessKey,
		html.EscapeString(creds.AccessKey),
		url.QueryEscape(creds.AccessKey),
		url.PathEscape(creds.AccessKey),
		base64.StdEncoding.EncodeToString(pair),
		base64.URLEncoding.EncodeToString(pair),
		base64.StdEncoding.EncodeToString(key),
		base64.URLEncoding.EncodeToString(key),
	}
	for _, escape := range jsonEscapes {
		forms = append(forms, escape.Replace(creds.AccessKey))
	}
	return forms
}

// jsonEscapes are the ways in which encoders escape a key in JSON: no more than
// they must, slashes too, what HTML gives a meaning too, or both.
var jsonEscapes = []*strings.Replacer{
	strings.NewReplacer(`"`, `\"`, `\`, `\\`),
	strings.NewReplacer(`"`, `\"`, `\`, `\\`, `/`, `\/`),
	strings.NewReplacer(`"`, `\"`, `\`, `\\`, `<`, `\u003c`, `>`, `\u003e`, `&`, `\u0026`),
	strings.NewReplacer(`"`, `\"`, `\`, `\\`, `/`, `\/`, `<`, `\u003c`, `>`, `\u003e`, `&`, `\u0026`),
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

// body hides also what JSON escapes make of a credential. A text with escapes
// is overwritten as a whole, so that it remains one, and of the same length.
func (mask masker) body(b []byte) {
	var plain []byte
	for text := range escapedTexts(b) {
		plain, _ = jsontext.AppendUnquote(plain[:0], text) // of a damaged text as far as it goes
		written := text[1 : len(text)-1]
		if hidden := mask(written); mask(plain) || hidden {
			overwrite(written)
		}
	}
	mask(b)
}

// escapedTexts are the texts in a JSON body that hold an escape, with their
// quotes.
func escapedTexts(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			escape := bytes.IndexByte(b, '\\')
			start := bytes.LastIndexByte(b[:max(0, escape)], '"')
			if start < 0 {
				return
			}
			end := endOfText(b, escape)
			if end > len(b) || !yield(b[start:end]) {
				return
			}
			b = b[end:]
		}
	}
}

// endOfText is the place behind the text that is escaped at i.
func endOfText(b []byte, i int) int {
	for i < len(b) && b[i] != '"' {
		if b[i] == '\\' {
			i++
		}
		i++
	}
	return i + 1
}

func (mask masker) text(s string) string {
	b := []byte(s)
	mask(b)
	return string(b)
}

// header is h without credentials: h itself, which the transport may keep, or
// a copy where there are any in it.
func (mask masker) header(h http.Header) http.Header {
	if !mask.hidesIn(h) {
		return h
	}
	masked := make(http.Header, len(h))
	for name, values := range h {
		name = mask.text(name)
		for _, value := range values {
			masked[name] = append(masked[name], mask.text(value))
		}
	}
	return masked
}

func (mask masker) hidesIn(h http.Header) bool {
	var scratch []byte
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

// hides reports whether mask would change s.
func (mask masker) hides(s string) bool {
	return mask([]byte(s))
}
