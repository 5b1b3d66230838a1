package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL
	_ "modernc.org/sqlite"             // the driver of SQLite
)

// Store is a database of runs. Its methods may be called by several goroutines at
// once, but for those that write.
type Store struct {
	db *sql.DB
	location
	dictionaries dictionaries
}

// Open opens a store, or makes it: a file of SQLite, or with postgres://… a database
// of PostgreSQL. A store that a newer version has made, the database of another
// program, and a file that is none, are refused and left as they are. No error shows
// a password.
func Open(ctx context.Context, name string) (*Store, error) {
	return openStore(ctx, name, false)
}

// OpenExisting is [Open] for those that only read: it makes no store, and where there
// is none the error is [ErrNone].
func OpenExisting(ctx context.Context, name string) (*Store, error) {
	return openStore(ctx, name, true)
}

// ErrNone says that there is no store where one is to be read.
var ErrNone = errors.New("there is no store: insights sync makes it")

func openStore(ctx context.Context, name string, isThere bool) (*Store, error) {
	where, err := parseLocation(name)
	if err != nil {
		return nil, err
	}
	s := &Store{location: where, dictionaries: newDictionaries()}
	if err := s.open(ctx, isThere); err != nil {
		return nil, fmt.Errorf("store %s: %w", where, where.masked(err))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, isThere bool) (err error) {
	if s.file != "" {
		err = s.openFile(ctx, isThere)
	} else {
		s.db, err = sql.Open("pgx", s.dsn)
	}
	if err != nil {
		return err
	}
	if err := s.migrate(ctx, isThere); err != nil {
		return errors.Join(err, s.db.Close())
	}
	return nil
}

// openFile makes the file as its owner's alone before SQLite does it otherwise: the
// files beside it take its mode. It finds out whose a file is before SQLite gets a
// reason to write to it.
func (s *Store) openFile(ctx context.Context, isThere bool) (err error) {
	if isThere {
		if _, err := os.Stat(s.file); errors.Is(err, os.ErrNotExist) {
			return ErrNone
		}
	}
	f, err := os.OpenFile(s.file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	name, err := filepath.Abs(s.file)
	if err != nil {
		return err
	}
	if s.db, err = sql.Open("sqlite", dsnOf(name)); err != nil {
		return err
	}
	err = s.refuseOthers(ctx)
	if failed := s.db.Close(); err == nil {
		err = failed
	}
	if err == nil {
		s.db, err = sql.Open("sqlite", dsnOf(name, "journal_mode(WAL)"))
	}
	return err
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// Name names the store, without a password.
func (s *Store) Name() string { return s.location.String() }

func (s *Store) isPostgres() bool { return s.file == "" }

// transaction is a transaction and the connection that it has, for what only the
// driver itself can do.
type transaction struct {
	*sql.Tx
	conn *sql.Conn
}

// inTransaction runs write in a transaction, all of which counts or nothing.
func (s *Store) inTransaction(ctx context.Context, write func(transaction) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return s.masked(err)
	}
	defer func() { _ = conn.Close() }() // it goes back to the pool
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return s.masked(err)
	}
	err = write(transaction{tx, conn})
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		_ = tx.Rollback()                  // it may be over
		s.dictionaries = newDictionaries() // numbers that were made with it are gone
		return fmt.Errorf("store %s: %w", s.location, s.masked(err))
	}
	return nil
}
