package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
)

// Why a period is read, by how often that is done: what the service lists late, or
// changes, is found by the less frequent ones too.
const (
	ReachFirst = "first" // nothing was read before
	ReachPoll  = "poll"
	ReachHour  = "hour"
	ReachDay   = "day"
	ReachAsked = "asked" // by a user: it tells nothing of the rest
)

// State is how far the store is filled. It is written with the runs that it tells
// of, in one transaction.
type State struct {
	Source    string    `json:"source"`           // whose runs these are
	Watermark time.Time `json:"watermark"`        // the time of the last poll that was read to its end; zero: none was
	Hourly    time.Time `json:"hourly,omitzero"`  // of the last one that went 6 hours back
	Daily     time.Time `json:"daily,omitzero"`   // of the last one that went 48 hours back
	Reading   *Reading  `json:"reading,omitzero"` // what is being read; nil: nothing
}

// Reading is a period that is being read, and what of it is kept.
type Reading struct {
	Poll   time.Time       `json:"poll"` // when it began
	Start  time.Time       `json:"start"`
	End    time.Time       `json:"end"`
	Reach  string          `json:"reach"`  // why it goes as far back as it does
	Cursor insights.Cursor `json:"cursor"` // behind the last run that is kept
}

// Advance notes that the period was read to its end.
func (st *State) Advance() {
	poll := st.Reading.Poll
	switch st.Reading.Reach {
	case ReachFirst, ReachDay:
		st.Watermark, st.Hourly, st.Daily = poll, poll, poll
	case ReachHour:
		st.Watermark, st.Hourly = poll, poll
	case ReachPoll:
		st.Watermark = poll
	}
	st.Reading = nil
}

const stateName = "state"

// State returns how far the store is filled.
func (s *Store) State(ctx context.Context) (st State, err error) {
	var text string
	err = s.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = $1", stateName).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return st, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &st)
	}
	if err != nil {
		return st, fmt.Errorf("store %s: its state: %w", s.location, s.masked(err))
	}
	return st, nil
}

func writeState(ctx context.Context, tx transaction, st State) error {
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", stateName, string(text))
	return err
}

// Write keeps runs and the state that tells of them: both, or neither.
func (s *Store) Write(ctx context.Context, runs []insights.Test, st State) (w Written, err error) {
	err = s.inTransaction(ctx, func(tx transaction) error {
		if len(runs) > 0 {
			if w, err = s.writeRuns(ctx, tx, runs); err != nil {
				return err
			}
		}
		return writeState(ctx, tx, st)
	})
	if err != nil {
		return Written{}, err
	}
	return w, nil
}

// DeleteBefore deletes the runs that were created before a time, what only they had,
// and where the service counted other runs then. It returns how many runs that were.
// Runs without a creation time stay.
func (s *Store) DeleteBefore(ctx context.Context, t time.Time) (n int64, err error) {
	err = s.inTransaction(ctx, func(tx transaction) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM count_difference WHERE interval_start < $1", t.Unix()); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM run WHERE created <> 0 AND created < $1", t.UnixNano())
		if err != nil {
			return err
		}
		if n, err = result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		for _, table := range []string{"test", "build", "owner", "platform", "cause", "link"} {
			query := "DELETE FROM " + table + " WHERE id NOT IN (SELECT " + table + " FROM run WHERE " + table + " IS NOT NULL)"
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return err
			}
		}
		return nil
	})
	s.dictionaries = newDictionaries() // numbers may be gone
	return n, err
}

// DeleteUnusedErrors deletes the texts of errors that no run has any longer.
func (s *Store) DeleteUnusedErrors(ctx context.Context) error {
	err := s.inTransaction(ctx, func(tx transaction) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM cause WHERE id NOT IN (SELECT cause FROM run WHERE cause IS NOT NULL)")
		return err
	})
	s.dictionaries = newDictionaries() // numbers may be gone
	return err
}
