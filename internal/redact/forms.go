package redact

import (
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// secretForms are the key and what is sent of it, as they are and as they are
// written in JSON, HTML, a URL or the name of a header.
func secretForms(username, key string) []string {
	forms := []string{html.EscapeString(key), http.CanonicalHeaderKey("x" + key)[1:]}
	for _, escape := range jsonEscapes {
		forms = append(forms, escape.Replace(key))
	}
	sent := []string{key}
	for _, text := range []string{username + ":" + key, key} {
		sent = append(sent, base64.StdEncoding.EncodeToString([]byte(text)), base64.URLEncoding.EncodeToString([]byte(text)))
	}
	for _, text := range sent {
		query, path := url.QueryEscape(text), url.PathEscape(text)
		forms = append(forms, text, query, path, lowerPercents(query), lowerPercents(path))
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

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// lowerPercents is an escaped text as other libraries than net/url escape it.
func lowerPercents(escaped string) string {
	return percent.ReplaceAllStringFunc(escaped, strings.ToLower)
}
