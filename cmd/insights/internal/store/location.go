package store

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
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
		return location{dsn: text}, nil
	case strings.Contains(text, "://"):
		return location{}, fmt.Errorf("%q is neither a file nor the address of PostgreSQL, which begins with postgres://", scheme(text)+"://…")
	}
	return location{file: text}, nil
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
