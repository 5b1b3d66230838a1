package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sauceinsights/insights"
)

// Quarantine is a test that may fail for a while: its runs are reported, and a
// [Gate] leaves them out.
type Quarantine struct {
	Test    string `json:"test"`              // its name
	OS      string `json:"os,omitempty"`      // empty: on every OS
	Browser string `json:"browser,omitempty"` // empty: in every browser
	Reason  string `json:"reason"`            // why it may fail, such as a ticket
	Until   Date   `json:"until"`             // the last day, in UTC: runs that were created later count as ever
}

// Date is a day, in UTC. It is written as 2026-12-31.
type Date struct{ time.Time }

// MarshalText gives the day as 2026-12-31.
func (d Date) MarshalText() ([]byte, error) {
	return []byte(d.Format(time.DateOnly)), nil
}

// UnmarshalText reads a day such as 2026-12-31.
func (d *Date) UnmarshalText(text []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(text)); err != nil {
		return fmt.Errorf("report: %q is not a day such as 2026-12-31", text)
	}
	return nil
}

// MarshalJSON gives the day as text.
func (d Date) MarshalJSON() ([]byte, error) {
	return json.Marshal(d.Format(time.DateOnly))
}

// UnmarshalJSON reads the day as text.
func (d *Date) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	return d.UnmarshalText([]byte(text))
}

// hasEnded reports whether the entry no longer covers a run of that time.
func (q Quarantine) hasEnded(at time.Time) bool {
	return !at.Before(q.Until.AddDate(0, 0, 1))
}

// problem returns why an entry is refused; empty: it is not.
func (q Quarantine) problem() string {
	switch {
	case q.Test == "":
		return "names no test"
	case q.Reason == "":
		return "gives no reason"
	case q.Until.IsZero():
		return "has no end: until is a day such as 2026-12-31"
	}
	return ""
}

// ReadQuarantine reads a JSON list of entries, such as
//
//	[{"test": "login", "browser": "Safari 18", "reason": "SHOP-4711", "until": "2026-12-31"}]
//
// A test, a reason and an end are required. Members that are not known are
// refused: a misspelt one would widen what may fail.
func ReadQuarantine(r io.Reader) ([]Quarantine, error) {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	var list []Quarantine
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("report: quarantine: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("report: quarantine: something follows the list")
	}
	for i, q := range list {
		if reason := q.problem(); reason != "" {
			return nil, fmt.Errorf("report: quarantine: entry %d %s", i+1, reason)
		}
	}
	return list, nil
}

// quarantine finds the entries by the name of the test.
type quarantine map[string][]Quarantine

func newQuarantine(list []Quarantine) quarantine {
	q := make(quarantine, len(list))
	for _, entry := range list {
		q[entry.Test] = append(q[entry.Test], entry)
	}
	return q
}

// reason returns why a run is forgiven; empty: it is not.
func (q quarantine) reason(run insights.Test, at time.Time) string {
	for _, entry := range q[run.Name] {
		if entry.covers(run) && !at.IsZero() && !entry.hasEnded(at) {
			return entry.Reason
		}
	}
	return ""
}

func (q Quarantine) covers(run insights.Test) bool {
	return (q.OS == "" || q.OS == osOf(run)) && (q.Browser == "" || q.Browser == browserOf(run))
}
