package redact

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// key has no part that is like another one.
const key = "Qz7-wXv!kLm/pRt&yUi2hGf<nBs"

func TestHeaderIsMaskedInTheCaseOfNetHTTP(t *testing.T) {
	mask := New("a-user", "abcd1234-ef56-ab12-cd34-ef0d7bb2c9f4")
	for _, prefix := range []string{"", "X", "X-", "My-Own-"} {
		name := http.CanonicalHeaderKey(prefix + "abcd1234-ef56-ab12-cd34-ef0d7bb2c9f4")
		masked := mask.Header(http.Header{name: {"x"}})
		assert.NotContains(t, strings.ToLower(fmt.Sprint(masked)), "ef56-ab12", prefix)
	}
}

func TestMaskerHidesPartsOfTheKey(t *testing.T) {
	mask := New("a-user", key)
	for text, want := range map[string]string{
		key:                        strings.Repeat("*", len(key)),
		"a" + key[:8] + "b":        "a********b",
		key[:7] + " " + "ordinary": key[:7] + " ordinary",
		"":                         "",
		"short":                    "short",
		key[3:12] + key:            strings.Repeat("*", 9+len(key)),
	} {
		assert.Equal(t, want, mask.Text(text))
	}
	page := strings.Repeat(`{"id":"0b1c2d3e4f","name":"a test","error":"","status":"passed"},`, 2000)
	assert.False(t, mask.Hides(page), "an ordinary answer stays as it is")
	for offset := range 40 {
		hidden := []byte(strings.Repeat("x", offset) + key[4:12] + "tail")
		mask(hidden)
		assert.Equal(t, strings.Repeat("x", offset)+"********tail", string(hidden))
		last := []byte(strings.Repeat("x", offset) + key[4:12])
		mask(last)
		assert.Equal(t, strings.Repeat("x", offset)+"********", string(last))
	}
}

func TestUnescapeReadsAsAJSONReaderDoes(t *testing.T) {
	for text, want := range map[string]string{
		``:                          ``,
		`plain`:                     `plain`,
		`\u0051\u00e9\/\"\\`:        `Qé/"\`,
		`\ud83d\ude00\ud83dx\ude00`: "😀\uFFFDx\uFFFD",
		`\ud83d\u0041`:              "\uFFFDA",
		`\x51\xzz\x5`:               `Qxzzx5`,
		`\u00`:                      `u00`,
		`\u00zz`:                    `u00zz`,
		`cut off \`:                 `cut off \`,
		`\é`:                        `é`,
	} {
		assert.Equal(t, want, string(Unescape([]byte(text))), text)
	}
}

func TestMaskerHidesABodyThatIsASingleText(t *testing.T) {
	body := []byte(`"\u0051` + key[1:] + `"`)
	New("a-user", key).All(body)
	assert.Equal(t, `"`+strings.Repeat("*", len(body)-2)+`"`, string(body))
}

func TestMaskerHidesAShortKeyAsAWhole(t *testing.T) {
	mask := New("u", "s3cr3t")
	assert.Equal(t, "a ****** and ******!", mask.Text("a s3cr3t and s3cr3t!"))
	assert.Equal(t, "****** first", mask.Text("s3cr3t first"))
	assert.Equal(t, "s3cr3", mask.Text("s3cr3"))
	assert.Equal(t, "it is ****", New("u", "4b1t").Text("it is 4b1t"))
	assert.Equal(t, "abc is in abcde", New("u", "abc").Text("abc is in abcde"), "a key of three letters would mask half of every text")
}
