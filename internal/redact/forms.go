package redact

import (
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secretForms are the key and what is sent of it, as they are and as they are
// usually written on: in a URL, in HTML, in the name of a header, and in base64
// within another text.
func secretForms(username, key string) []string {
	pair := username + ":" + key
	header := "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
	forms := []string{key, html.EscapeString(key), http.CanonicalHeaderKey("x" + key)[1:]}
	forms = append(forms, urlForms(key)...)
	forms = append(forms, urlForms(base64.StdEncoding.EncodeToString([]byte(pair)))...)
	for _, text := range []string{pair, key, header} {
		forms = append(forms, base64Forms(text)...)
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// urlForms are a text escaped as in a query and as in a path, in either case of
// the percent signs' digits.
func urlForms(text string) []string {
	query, path := url.QueryEscape(text), url.PathEscape(text)
	lower := func(escaped string) string { return percent.ReplaceAllStringFunc(escaped, strings.ToLower) }
	return []string{query, path, lower(query), lower(path)}
}

// base64Forms are what base64 makes of a text, whatever stands before it: three
// alignments, without the characters that depend on the neighbours.
func base64Forms(text string) []string {
	var forms []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			encoded := encoding.EncodeToString([]byte("\x00\x00"[:before] + text + "\x00"))
			first := (8*before + 5) / 6           // the characters before hold bits of what stands before
			whole := (before + len(text)) / 3 * 4 // those behind hold bits of what follows
			forms = append(forms, encoded[first:max(first, whole)])
		}
	}
	padded := base64.StdEncoding.EncodeToString([]byte(text))
	return append(forms, padded, strings.NewReplacer("+", "-", "/", "_").Replace(padded))
}
