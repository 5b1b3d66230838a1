package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// ErrNewer says that a newer version of the command has made the store.
var ErrNewer = errors.New("a newer version of this command has made it: install that one")

// dsnOf is the name under which SQLite opens a file: a reader does not stop the
// writer, and one that waits does so for a while.
func dsnOf(file string) string {
	u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{
		"_pragma": {"journal_mode(WAL)", "busy_timeout(10000)", "synchronous(NORMAL)", "foreign_keys(OFF)"},
		"_txlock": {"immediate"},
	}.Encode()}
	return u.String()
}

// migrate brings the tables up to date, forward only.
func (s *Store) migrate(ctx context.Context) error {
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	if s.isPostgres() {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	if err := s.refuseDamaged(ctx); err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, s.db, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	known := provider.ListSources()
	is, err := s.schema(ctx)
	if err != nil {
		return err
	}
	if latest := known[len(known)-1].Version; is > latest {
		return fmt.Errorf("its schema is %d, and this command knows %d: %w", is, latest, ErrNewer)
	}
	if is == known[len(known)-1].Version {
		return nil
	}
	_, err = provider.Up(ctx)
	return err
}

// refuseDamaged finds out, before anything is written, whether a file is a database.
func (s *Store) refuseDamaged(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if s.isPostgres() {
		return s.db.PingContext(ctx)
	}
	var n int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&n); err != nil {
		return fmt.Errorf("it can't be read as SQLite, and was left as it is: %w", err)
	}
	return nil
}

// schema is the version of the tables, 0 if there are none. It writes nothing.
func (s *Store) schema(ctx context.Context) (version int64, err error) {
	query := "SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'"
	if s.isPostgres() {
		query = "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('goose_db_version')"
	}
	var n int
	if err := s.db.QueryRowContext(ctx, query).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	var latest sql.NullInt64
	err = s.db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version").Scan(&latest)
	return latest.Int64, err
}
