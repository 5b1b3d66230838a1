package redact

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// key has no part that is like another one.
const key = "Qz7-wXv!kLm/pRt&yUi2hGf<nBs"

func TestMasker(t *testing.T) {
	mask := New("a-user", key)
	t.Run("hides parts of 12 characters or more, and nothing shorter", func(t *testing.T) {
		for text, want := range map[string]string{
			key:                         strings.Repeat("*", 27),
			"a" + key[:12] + "b":        "a************b",
			key[:11] + " " + "ordinary": key[:11] + " ordinary",
			"":                          "",
			"short":                     "short",
			key[3:15] + key:             strings.Repeat("*", 12+27),
		} {
			assert.Equal(t, want, mask.Text(text))
		}
		for offset := range 40 {
			x := strings.Repeat("x", offset)
			assert.Equal(t, x+"************tail", mask.Text(x+key[4:16]+"tail"))
			assert.Equal(t, x+"************", mask.Text(x+key[4:16]))
		}
	})
	t.Run("leaves an ordinary text as it is", func(t *testing.T) {
		page := strings.Repeat(`{"id":"0b1c2d3e4f","name":"a test","error":"","status":"passed"},`, 2000)
		assert.False(t, mask.Hides(page))
		assert.Equal(t, page, mask.Text(page))
	})
	t.Run("hides every form in which the key is sent or written on", func(t *testing.T) {
		for name, form := range formsOf("a-user", key) {
			assert.NotContains(t, mask.Text("before "+form+" after"), form[:12], name)
			assert.NotContains(t, mask.Text("before "+form+" after"), form[len(form)-12:], name)
		}
	})
	t.Run("hides base64 at every alignment, whatever stands around the key", func(t *testing.T) {
		for _, secret := range []string{key, "a-user:" + key, "Basic " + base64.StdEncoding.EncodeToString([]byte("a-user:"+key))} {
			for before := range 7 {
				for after := range 3 {
					text := strings.Repeat("<", before) + secret + strings.Repeat(">", after)
					shown := mask.Text(base64.StdEncoding.EncodeToString([]byte(text)))
					assert.LessOrEqual(t, len(strings.ReplaceAll(shown, "*", "")), 4*(before+after+8)/3, "%d, %d: %s", before, after, shown)
				}
			}
		}
	})
	t.Run("hides a key of 4 to 11 characters as a whole", func(t *testing.T) {
		mask := New("u", "s3cr3t")
		assert.Equal(t, "a ****** and ******!", mask.Text("a s3cr3t and s3cr3t!"))
		assert.Equal(t, "****** first", mask.Text("s3cr3t first"))
		assert.Equal(t, "s3cr3", mask.Text("s3cr3"))
		assert.Equal(t, "it is ****", New("u", "4b1t").Text("it is 4b1t"))
		assert.Equal(t, "it is ***********", New("u", "11character").Text("it is 11character"))
		assert.Equal(t, "abc is in abcde", New("u", "abc").Text("abc is in abcde"), "a key of three letters would mask half of every text")
	})
	t.Run("hides the key in the name of a header, in the case of net/http", func(t *testing.T) {
		mask := New("a-user", "abcd1234-ef56-ab12-cd34-ef0d7bb2c9f4")
		for _, prefix := range []string{"", "X", "X-", "My-Own-"} {
			name := http.CanonicalHeaderKey(prefix + "abcd1234-ef56-ab12-cd34-ef0d7bb2c9f4")
			masked := mask.Header(http.Header{name: {"x"}})
			assert.NotContains(t, strings.ToLower(fmt.Sprint(masked)), "ef56-ab12", prefix)
		}
	})
}

// formsOf are the forms that are promised, made by other means than the masker's.
func formsOf(username, key string) map[string]string {
	pair := []byte(username + ":" + key)
	return map[string]string{
		"the key":              key,
		"in a query":           url.QueryEscape(key),
		"in a path":            url.PathEscape(key),
		"in a query, lower":    lowerEscapes(url.QueryEscape(key)),
		"in HTML":              html.EscapeString(key),
		"base64":               base64.StdEncoding.EncodeToString(pair),
		"base64 for URLs":      base64.URLEncoding.EncodeToString(pair),
		"base64 in a query":    url.QueryEscape(base64.StdEncoding.EncodeToString(pair)),
		"base64 of the key":    base64.StdEncoding.EncodeToString([]byte(key)),
		"base64 of the header": base64.StdEncoding.EncodeToString([]byte("Basic " + base64.StdEncoding.EncodeToString(pair))),
	}
}

func lowerEscapes(s string) string {
	for i := range s {
		if s[i] == '%' {
			s = s[:i] + strings.ToLower(s[i:i+3]) + s[i+3:]
		}
	}
	return s
}

// Whatever a text is, no part of the key is in it once it was masked, and nothing
// else is changed in length.
func FuzzMasker(f *testing.F) {
	for _, body := range []string{key, "x" + key[:12], key[:11] + key, html.EscapeString(key), `{"a":"` + key + `"}`} {
		f.Add([]byte(body))
	}
	mask := New("a-user", key)
	f.Fuzz(func(t *testing.T, body []byte) {
		masked := mask.Text(string(body))
		assert.Len(t, masked, len(body))
		for i := 0; i+12 <= len(key); i++ {
			assert.NotContains(t, masked, key[i:i+12])
		}
		assert.Equal(t, masked, mask.Text(masked), "masked once is masked")
	})
}
