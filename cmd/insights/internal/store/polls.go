package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Polls is what the polls that filled the store have asked for, since it was made.
type Polls struct {
	Done     int            `json:"done"`
	Failed   int            `json:"failed"`
	Requests map[string]int `json:"requests"` // by path and status, with a blank between them; status 0: there was no answer
	// Remaining is how many requests the service had left for the account at the end of
	// the last poll; nil: it did not say.
	Remaining *int `json:"remaining,omitempty"`
}

// Attempts is how many requests there were in all.
func (p Polls) Attempts() (n int) {
	for _, of := range p.Requests {
		n += of
	}
	return n
}

const pollsName = "polls"

// Polls returns what polls have asked for.
func (s *Store) Polls(ctx context.Context) (p Polls, err error) {
	var text string
	err = s.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = $1", pollsName).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &p)
	}
	if err != nil {
		return p, fmt.Errorf("store %s: its polls: %w", s.location, s.masked(err))
	}
	return p, nil
}

// AddPolls adds what more polls have asked for.
func (s *Store) AddPolls(ctx context.Context, more Polls) error {
	p, err := s.Polls(ctx)
	if err != nil {
		return err
	}
	p.Done, p.Failed, p.Remaining = p.Done+more.Done, p.Failed+more.Failed, more.Remaining
	if p.Requests == nil {
		p.Requests = make(map[string]int)
	}
	for request, n := range more.Requests {
		p.Requests[request] += n
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return s.inTransaction(ctx, func(tx transaction) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", pollsName, string(text))
		return err
	})
}
