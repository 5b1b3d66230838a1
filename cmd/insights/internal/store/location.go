package store

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// location is where a store is.
type location struct {
	file string // of SQLite; empty: PostgreSQL
	dsn  string // of PostgreSQL
}

// parseLocation reads the name of a file, or the address of PostgreSQL.
func parseLocation(text string) (location, error) {
	name, isSQLite := strings.CutPrefix(text, "sqlite:")
	switch {
	case strings.TrimSpace(name) == "":
		return location{}, errors.New("the store is not named: want a file, or postgres://USER@HOST/DATABASE")
	case isSQLite:
		return location{file: name}, nil
	case strings.HasPrefix(text, "postgres://"), strings.HasPrefix(text, "postgresql://"):
		return location{dsn: text}, checkAddress(text)
	case strings.Contains(text, "://"):
		return location{}, fmt.Errorf("%q is neither a file nor the address of PostgreSQL, which begins with postgres://", scheme(text)+"://…")
	case keywordsInText.MatchString(text):
		return location{}, errors.New("the store is named by keywords such as host=, which is no file: want postgres://USER@HOST/DATABASE")
	}
	return location{file: text}, nil
}

var keywordsInText = regexp.MustCompile(`(?i)(^|\s)(host|hostaddr|port|dbname|user|password|passfile|service)\s*=`)

// checkAddress refuses an address in which the password can't be told from the rest
// with certainty, for part of it would be shown. The error shows nothing of it.
func checkAddress(text string) error {
	_, rest, _ := strings.Cut(text, "://")
	user, host, hasUser := strings.Cut(rest, "@")
	if !hasUser {
		user, host = "", rest
	}
	_, err := url.PathUnescape(user)
	if err != nil || strings.ContainsAny(user, "/?#") || strings.ContainsAny(host, "@#") || strings.ContainsFunc(rest, unicode.IsSpace) {
		return errors.New("the address of PostgreSQL can't be read, and is not shown as it may hold a password: write @ / ? # % and spaces in it as %40 %2F %3F %23 %25 %20, or leave the password to PGPASSWORD")
	}
	return nil
}

func scheme(text string) string {
	before, _, _ := strings.Cut(text, "://")
	return before
}

// String names the store without a password.
func (l location) String() string {
	if l.file != "" {
		return l.file
	}
	address, err := url.Parse(l.dsn)
	if err != nil {
		return "PostgreSQL"
	}
	shown := url.URL{Scheme: "postgres", Host: address.Host, Path: address.Path}
	if address.User != nil {
		shown.User = url.User(address.User.Username())
	}
	return shown.String()
}

var passwordInText = regexp.MustCompile(`(?i)(password=)[^&\s]*|(://[^/@\s:]*:)[^@\s]*@`)

// masked returns an error whose text shows no password of the address.
func (l location) masked(err error) error {
	if err == nil || l.file != "" {
		return err
	}
	text := passwordInText.ReplaceAllString(err.Error(), "$1$2****")
	for _, secret := range l.secrets() {
		text = strings.ReplaceAll(text, secret, "****")
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// secrets are the passwords of the address, in each form in which they can be
// shown.
func (l location) secrets() []string {
	address, err := url.Parse(l.dsn)
	if err != nil {
		return []string{l.dsn}
	}
	found := []string{address.Query().Get("password")}
	if address.User != nil {
		password, _ := address.User.Password()
		found = append(found, password)
	}
	var all []string
	for _, secret := range found {
		if secret != "" {
			all = append(all, secret, url.QueryEscape(secret), url.PathEscape(secret))
		}
	}
	return all
}
