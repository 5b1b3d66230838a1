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
func dsnOf(file string, pragmas ...string) string {
	u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{
		"_pragma": append(pragmas, "busy_timeout(10000)", "synchronous(NORMAL)", "foreign_keys(OFF)"),
		"_txlock": {"immediate"},
	}.Encode()}
	return u.String()
}

// migrate brings the tables up to date, forward only. It makes none if a store is to
// be there.
func (s *Store) migrate(ctx context.Context, isThere bool) error {
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	if s.isPostgres() {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	if s.isPostgres() {
		if err := s.refuseOthers(ctx); err != nil {
			return err
		}
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
	if is == 0 && isThere {
		return ErrNone
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

// ErrNotOurs says that a database has tables of another program.
var ErrNotOurs = errors.New("it was left as it is: name another, the store needs a database of its own")

// refuseOthers finds out, before anything is written, whether this is a database, and
// whether it is empty or a store.
func (s *Store) refuseOthers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	query := "SELECT count(*), count(CASE WHEN name = 'count_difference' THEN 1 END), coalesce(min(name), '') FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'"
	if s.isPostgres() {
		query = "SELECT count(*), count(CASE WHEN tablename = 'count_difference' THEN 1 END), coalesce(min(tablename), '') FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename <> 'goose_db_version'"
	}
	var tables, ours int
	var one string
	err := s.db.QueryRowContext(ctx, query).Scan(&tables, &ours, &one)
	switch {
	case err != nil && !s.isPostgres():
		return fmt.Errorf("it can't be read as SQLite, and was left as it is: %w", err)
	case err != nil:
		return err
	case tables > 0 && ours == 0:
		return fmt.Errorf("it has tables of another program, such as %q: %w", one, ErrNotOurs)
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
