package insights

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"unicode"
)

// The environment variables that [CredentialsFromEnv] and [NewClientFromEnv] read.
const (
	envUsername  = "SAUCE_USERNAME"
	envAccessKey = "SAUCE_ACCESS_KEY"
	envRegion    = "SAUCE_REGION"
)

// Credentials are the user name and access key of a Sauce Labs account or
// service account, sent as HTTP basic authentication.
//
// They are hard to print by accident. The formatting verbs of fmt, every
// [slog.Handler], and every encoder that honours [encoding.TextMarshaler] or
// [encoding.BinaryMarshaler] show the user name only. The key is still visible
// to code that calls no method of a value: fmt in an unexported field of another
// type, fmt with the misplaced verbs %p and %w, and dumps by reflection. A
// [Client] keeps the key out of reach of these, so keep a Client instead of
// Credentials.
type Credentials struct {
	Username  string
	AccessKey string
}

// CredentialsFromEnv reads SAUCE_USERNAME and SAUCE_ACCESS_KEY. If one is unset
// or empty, the error names it and matches [ErrInvalidOptions].
func CredentialsFromEnv() (Credentials, error) {
	var problems problemList
	creds := credentialsFromEnv(&problems)
	if err := problems.err(); err != nil {
		return Credentials{}, err
	}
	return creds, nil
}

func credentialsFromEnv(problems *problemList) Credentials {
	return Credentials{
		Username:  requireEnv(envUsername, problems),
		AccessKey: requireEnv(envAccessKey, problems),
	}
}

func requireEnv(name string, problems *problemList) string {
	value := os.Getenv(name)
	if value == "" {
		problems.add(name, "this environment variable is not set")
	}
	return value
}

// Format writes the user name and never the key. fmt asks it for every verb
// but %p, %T and %w.
func (c Credentials) Format(f fmt.State, _ rune) {
	// A failed write has nowhere to be reported: fmt itself ignores it.
	_, _ = fmt.Fprintf(f, "{Username:%s AccessKey:[hidden]}", c.Username)
}

// LogValue implements [slog.LogValuer] with the user name alone.
func (c Credentials) LogValue() slog.Value {
	return slog.GroupValue(slog.String("username", c.Username))
}

// MarshalText returns the user name, which keeps the key from encoders. It never
// fails.
func (c Credentials) MarshalText() ([]byte, error) {
	return []byte(c.Username), nil
}

// MarshalBinary returns the user name, which keeps the key from encoding/gob. It
// never fails.
func (c Credentials) MarshalBinary() ([]byte, error) {
	return c.MarshalText()
}

func (c Credentials) check(problems *problemList) {
	if c.Username == "" {
		problems.add("Credentials.Username", "is empty")
	}
	if c.AccessKey == "" {
		problems.add("Credentials.AccessKey", "is empty")
	}
	c.checkCharacters(problems)
}

func (c Credentials) checkCharacters(problems *problemList) {
	if strings.Contains(c.Username, ":") {
		problems.add("Credentials.Username", "holds a colon, which basic authentication can't carry")
	}
	checkAsTyped("Credentials.Username", c.Username, problems)
	checkAsTyped("Credentials.AccessKey", c.AccessKey, problems)
}

// checkAsTyped refuses what files and shells leave around a value, or in its
// place. The service would answer 401, which tells nobody why.
func checkAsTyped(field, value string, problems *problemList) {
	problems.refuse(hasInvisible(value), field, "holds a control character, perhaps a line end from the file it was read from")
	problems.refuse(value != strings.TrimSpace(value) && !hasInvisible(value), field, "begins or ends with a blank")
	problems.refuse(isQuoted(value), field, "stands in quotes, perhaps from an env file: leave them out")
	problems.refuse(strings.HasPrefix(value, "$"), field, "is a variable that nothing has replaced by its value")
}

func isQuoted(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, `"`) || strings.HasPrefix(s, "'") || strings.HasSuffix(s, `"`) || strings.HasSuffix(s, "'")
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, unicode.IsControl)
}

// basicAuth sets the credentials on a request. They are set there and not in
// a transport, so that net/http takes them off if a redirect leaves the host.
func basicAuth(creds Credentials) func(*http.Request) {
	authorized := http.Request{Header: make(http.Header)}
	authorized.SetBasicAuth(creds.Username, creds.AccessKey)
	value := authorized.Header["Authorization"]
	return func(request *http.Request) { request.Header["Authorization"] = value[:1:1] }
}

// hasInvisible reports whether s holds a control character or one that nothing
// shows, such as a byte order mark.
func hasInvisible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}
