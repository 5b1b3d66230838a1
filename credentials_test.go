package insights

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	testUser = "robin"
	testKey  = "0b9f4c7e-51d2-4a86-93ce-d7f8a6b21e40"
)

var testCreds = Credentials{Username: testUser, AccessKey: testKey}

func assertNoKey(t *testing.T, text string) {
	t.Helper()
	if part := shownPart(text); part != "" {
		assert.Failf(t, "the access key shows", "%q in %s", part, text)
	}
}

// shownPart returns 8 characters of the key, or of a form in which it is sent
// or could be printed, that text holds; "" if it holds none.
func shownPart(text string) string {
	const length = 8
	// The first 8 characters of the pair in base64 are those of the user name.
	pair := base64.StdEncoding.EncodeToString([]byte(testUser + ":" + testKey))[length:]
	key := []byte(testKey)
	text = strings.ToLower(text)
	for _, form := range []string{testKey, pair, base64.StdEncoding.EncodeToString(key), hex.EncodeToString(key), fmt.Sprint(key)} {
		form = strings.ToLower(form)
		for i := 0; i+length <= len(form); i++ {
			if part := form[i : i+length]; strings.Contains(text, part) {
				return part
			}
		}
	}
	return ""
}

func TestCredentialsFromEnv(t *testing.T) {
	t.Run("names what is missing", func(t *testing.T) {
		tests := map[string]struct {
			user, key string
			want      []string
		}{
			"both":      {"", "", []string{"SAUCE_USERNAME", "SAUCE_ACCESS_KEY"}},
			"user name": {"", testKey, []string{"SAUCE_USERNAME"}},
			"key":       {testUser, "", []string{"SAUCE_ACCESS_KEY"}},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Setenv(envUsername, test.user)
				t.Setenv(envAccessKey, test.key)

				creds, err := CredentialsFromEnv()
				require.ErrorIs(t, err, ErrInvalidOptions)
				assert.Equal(t, test.want, problemFields(t, err))
				assertNoKey(t, err.Error())
				assert.True(t, creds == Credentials{}, "a value or an error, never both")
			})
		}
	})
	t.Setenv(envUsername, testUser)
	t.Setenv(envAccessKey, testKey)

	creds, err := CredentialsFromEnv()
	require.NoError(t, err)
	// Compared by field: a failed comparison of the whole would say nothing.
	assert.Equal(t, testUser, creds.Username)
	assert.True(t, creds.AccessKey == testKey)
}

func TestCredentials(t *testing.T) {
	t.Run("the search for a key finds one", func(t *testing.T) {
		pair := base64.StdEncoding.EncodeToString([]byte(testUser + ":" + testKey))
		for _, leak := range []string{testKey, testKey[5:13], pair, fmt.Sprintf("%X", testKey), fmt.Sprint([]byte(testKey))} {
			assert.NotEmpty(t, shownPart("before "+leak+" after"), leak)
		}
		assert.Empty(t, shownPart("robin "+testKey[:7]))
	})
	t.Run("hide the key from every verb", func(t *testing.T) {
		type account struct {
			Name  string
			Creds Credentials
			Ptr   *Credentials
			Any   any
		}
		values := map[string]any{
			"value":             testCreds,
			"pointer":           &testCreds,
			"field":             account{"a", testCreds, &testCreds, testCreds},
			"pointer to struct": &account{"a", testCreds, &testCreds, &testCreds},
			"slice":             []Credentials{testCreds, testCreds},
			"array":             [1]Credentials{testCreds},
			"map":               map[string]Credentials{"a": testCreds},
			"map key":           map[Credentials]int{testCreds: 1},
			"slice of any":      []any{testCreds, &testCreds},
		}
		// Without %p and %w: for these fmt asks no method, so that nothing but a
		// Client keeps the key from them. See TestClientHidesTheKey.
		verbs := []string{
			"%v", "%+v", "%#v", "%s", "%q", "%#q", "%+q", "%x", "% x", "%#x", "%X", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%T",
			"%100v", "%-100s", "%.3s", "%.40q", "%020d", "%+100.50x", "%!", "%z",
		}
		for name, value := range values {
			for _, verb := range verbs {
				t.Run(name+" "+verb, func(t *testing.T) {
					assertNoKey(t, fmt.Sprintf(verb, value))
				})
			}
		}
	})
	t.Run("show the user name", func(t *testing.T) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%80v"} {
			assert.Equal(t, "{Username:robin AccessKey:[hidden]}", fmt.Sprintf(verb, testCreds))
		}
	})
	t.Run("hide the key from logs", func(t *testing.T) {
		handlers := map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		}
		for name, handler := range handlers {
			t.Run(name, func(t *testing.T) {
				var out bytes.Buffer
				logger := slog.New(handler(&out)).With("with", testCreds)
				logger.Info("said", "value", testCreds, "pointer", &testCreds,
					"field", struct{ Creds Credentials }{testCreds}, "slice", []Credentials{testCreds})
				assertNoKey(t, out.String())
				assert.Contains(t, out.String(), testUser)
			})
		}
	})
	t.Run("hide the key from encoders", func(t *testing.T) {
		value := struct {
			Creds Credentials
			Ptr   *Credentials
			List  []Credentials
		}{testCreds, &testCreds, []Credentials{testCreds}}
		encoders := map[string]func() ([]byte, error){
			"text":              testCreds.MarshalText,
			"encoding/json":     func() ([]byte, error) { return json.Marshal(value) },
			"json/v2":           func() ([]byte, error) { return jsonv2.Marshal(value) },
			"encoding/json map": func() ([]byte, error) { return json.Marshal(map[Credentials]int{testCreds: 1}) },
			"encoding/gob": func() ([]byte, error) {
				var out bytes.Buffer
				err := gob.NewEncoder(&out).Encode(value)
				return out.Bytes(), err
			},
			"binary":       testCreds.MarshalBinary,
			"encoding/xml": func() ([]byte, error) { return xml.Marshal([]any{testCreds, &testCreds}) },
			"text/template": func() ([]byte, error) {
				var out bytes.Buffer
				err := template.Must(template.New("").Parse(`{{.}} {{.Creds}} {{printf "%#v" .Ptr}}`)).Execute(&out, value)
				return out.Bytes(), err
			},
		}
		for name, encode := range encoders {
			t.Run(name, func(t *testing.T) {
				text, err := encode()
				require.NoError(t, err)
				assertNoKey(t, string(text))
				assert.Contains(t, string(text), testUser)
			})
		}
	})
	t.Run("are refused with what files and shells leave around them", func(t *testing.T) {
		for _, value := range []string{
			`"0b9f4c7e"`, `'0b9f4c7e'`, `"0b9f4c7e`, `0b9f4c7e'`, " 0b9f4c7e", "0b9f4c7e ", "0b9f4c7e\u00a0", "0b9f4c7e\n", "0b9f4c7e\r\n", "\ufeff0b9f4c7e",
			"$SAUCE_ACCESS_KEY", "${SAUCE_ACCESS_KEY}", `" 0b9f4c7e "`,
		} {
			for field, creds := range map[string]Credentials{"Credentials.AccessKey": {testUser, value}, "Credentials.Username": {value, testKey}} {
				_, err := NewClient(USWest1, creds)
				require.NotEmpty(t, problemsOf(err), "%q", value)
				assert.Equal(t, field, problemsOf(err)[0].Field, "%q", value)
				assert.NotContains(t, err.Error(), "0b9f4c7e", "the value may be a key")
			}
		}
	})
	t.Run("may hold quotes and blanks within", func(t *testing.T) {
		_, err := NewClient(USWest1, Credentials{"o'hara smith", `a "b" c$`})
		assert.NoError(t, err)
	})
}
