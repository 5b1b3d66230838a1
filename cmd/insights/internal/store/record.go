package store

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// record is a run as it is kept: what many share is a number of a dictionary.
type record struct {
	created             int64
	key                 []byte
	test, status        int64
	platform            int64
	build, owner, cause sql.NullInt64
	link                sql.NullInt64
	started, ended      sql.NullInt64
	duration            sql.NullFloat64
	ancestor            []byte
}

// values are in the order of the table's columns.
func (r record) values() []any {
	return []any{r.created, r.key, r.test, r.build, r.owner, r.status, r.platform, r.cause, r.link, r.started, r.ended, r.duration, r.ancestor}
}

// place tells a record from others.
func (r record) place() string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(r.created))) + string(r.key) //nolint:gosec // only to tell them apart
}

func (r record) equals(other record) bool {
	isSame := bytes.Equal(r.key, other.key) && bytes.Equal(r.ancestor, other.ancestor)
	r.key, r.ancestor, other.key, other.ancestor = nil, nil, nil, nil
	return isSame && reflect.DeepEqual(r, other)
}

const (
	keyLength = 16
	idMark    = "{id}"
)

// keyOf tells a run from others. One without an ID is told by what does not change
// while it lasts.
func keyOf(run insights.Test) []byte {
	if run.ID != "" {
		return keyOfText(run.ID)
	}
	lasting := run
	lasting.Status, lasting.Error, lasting.EndTime, lasting.Duration = "", "", time.Time{}, 0
	text, err := json.Marshal(lasting)
	if err != nil {
		text = []byte(run.Name) // a run of the wire can always be written
	}
	sum := sha256.Sum256(text)
	return append([]byte{0, 1}, sum[:keyLength]...)
}

func keyOfText(id string) []byte {
	if id == "" {
		return nil
	}
	if raw, err := hex.DecodeString(id); err == nil && len(raw) == keyLength && id == strings.ToLower(id) {
		return raw
	}
	if len(id) == keyLength-1 {
		return append([]byte{0, 0}, id...)
	}
	return append([]byte{0}, id...)
}

// idOf is the ID behind a key.
func idOf(key []byte) string {
	switch {
	case len(key) == 0:
		return ""
	case len(key) == keyLength:
		return hex.EncodeToString(key)
	case len(key) > 1 && key[0] == 0 && key[1] == 1:
		return ""
	case len(key) > 1 && key[0] == 0 && key[1] == 0:
		return string(key[2:])
	}
	return string(key[1:])
}

func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// after is how long after the creation a time is; not valid if there is none.
func after(t time.Time, created int64) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixNano() - created, Valid: true}
}

func timeAfter(created int64, d sql.NullInt64) time.Time {
	if !d.Valid {
		return time.Time{}
	}
	return time.Unix(0, created+d.Int64).UTC()
}

// seconds is not valid for 0, which takes no room then, and for what no database
// keeps.
func seconds(s insights.Seconds) sql.NullFloat64 {
	f := float64(s)
	return sql.NullFloat64{Float64: f, Valid: f != 0 && !math.IsNaN(f) && !math.IsInf(f, 0)}
}

// clean is text that both databases keep.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// cleaned is a run whose texts both databases keep.
func cleaned(run insights.Test) insights.Test {
	for _, text := range []*string{&run.ID, &run.Owner, &run.Ancestor, &run.Name, &run.Build, &run.Error, &run.OS, &run.OSNormalized, &run.Browser, &run.BrowserNormalized, &run.DetailsURL, (*string)(&run.Status)} {
		*text = clean(*text)
	}
	return run
}

// patternOf is an address without the ID in it, so that all runs share it.
func patternOf(run insights.Test) string {
	if run.ID == "" || run.DetailsURL == "" || strings.Contains(run.DetailsURL, idMark) {
		return run.DetailsURL
	}
	return strings.ReplaceAll(run.DetailsURL, run.ID, idMark)
}

// How much of a message package report looks at, and keeps, in bytes.
const (
	mostNormalized = 64 << 10
	longestCause   = 2000
)

// causeOf is what a message has in common with others of the same cause, as in
// package report.
func causeOf(message string) string {
	return clean(cut(report.NormalizeError(cut(message, mostNormalized)), longestCause))
}

// cut shortens a text to at most n bytes, between two characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
