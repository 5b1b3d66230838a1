package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/sauceinsights/insights/cmd/insights/internal/filelock"
)

// ErrLocked says that another process fills the store.
var ErrLocked = errors.New("another process syncs this store")

// advisoryLock is the number of this command's lock in PostgreSQL.
const advisoryLock = 7_283_647_001

// Lock keeps other processes from filling the store until unlock, or until this
// process ends, however. It does not wait: a lock that another has is [ErrLocked].
func (s *Store) Lock(ctx context.Context) (unlock func(), err error) {
	if !s.isPostgres() {
		unlock, err := filelock.Take(s.file + ".lock")
		if errors.Is(err, filelock.ErrTaken) {
			return nil, fmt.Errorf("store %s: %w", s.location, ErrLocked)
		}
		return unlock, err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", s.location, s.masked(err))
	}
	var isOurs bool
	err = conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", advisoryLock).Scan(&isOurs)
	if err == nil && !isOurs {
		err = ErrLocked
	}
	if err != nil {
		_ = conn.Close() // the error that counts is the other
		return nil, fmt.Errorf("store %s: %w", s.location, s.masked(err))
	}
	return func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", advisoryLock) // it ends with the connection too
		_ = conn.Close()
	}, nil
}
