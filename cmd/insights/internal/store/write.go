package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sauceinsights/insights"
)

// Written says what became of runs.
type Written struct {
	New, Changed, Unchanged int
}

// Add adds what became of more runs.
func (w *Written) Add(more Written) {
	w.New += more.New
	w.Changed += more.Changed
	w.Unchanged += more.Unchanged
}

var columns = []string{"created", "key", "test", "build", "owner", "status", "platform", "cause", "link", "started", "ended", "duration", "ancestor"}

// lasting are the columns that tell a run from others; the rest may change.
const lasting = 2

// writeRuns keeps runs. Those that are there as they are now are not written.
func (s *Store) writeRuns(ctx context.Context, tx transaction, runs []insights.Test) (Written, error) {
	records := make([]record, len(runs))
	for i, run := range runs {
		var err error
		if records[i], err = s.dictionaries.record(ctx, tx.Tx, run); err != nil {
			return Written{}, err
		}
	}
	if s.isPostgres() {
		return copyRecords(ctx, tx, records)
	}
	return insertRecords(ctx, tx.Tx, records)
}

// insertRecords is for SQLite, where a statement costs no way.
func insertRecords(ctx context.Context, tx *sql.Tx, records []record) (w Written, err error) {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO run ("+strings.Join(columns, ", ")+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
	if err != nil {
		return w, err
	}
	defer func() { err = closed(insert, err) }()
	changing := columns[lasting:]
	update, err := tx.PrepareContext(ctx, "UPDATE run SET ("+strings.Join(changing, ", ")+") = (?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"+
		" WHERE created = ?1 AND key = ?2 AND ("+strings.Join(changing, ", ")+") IS NOT (?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")
	if err != nil {
		return w, err
	}
	defer func() { err = closed(update, err) }()
	for _, r := range records {
		isNew, err := affects(ctx, insert, r)
		if err != nil {
			return w, err
		}
		if isNew {
			w.New++
			continue
		}
		isChanged, err := affects(ctx, update, r)
		switch {
		case err != nil:
			return w, err
		case isChanged:
			w.Changed++
		default:
			w.Unchanged++
		}
	}
	return w, nil
}

func closed(statement *sql.Stmt, err error) error {
	if failed := statement.Close(); err == nil {
		return failed
	}
	return err
}

func affects(ctx context.Context, statement *sql.Stmt, r record) (bool, error) {
	result, err := statement.ExecContext(ctx, r.values()...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// copyRecords is for PostgreSQL: all records go in one piece to a table of this
// transaction, and from there to where they belong.
func copyRecords(ctx context.Context, tx transaction, records []record) (w Written, err error) {
	if _, err := tx.ExecContext(ctx, "CREATE TEMPORARY TABLE came (LIKE run) ON COMMIT DROP"); err != nil {
		return w, err
	}
	err = tx.conn.Raw(func(driver any) error {
		rows := pgx.CopyFromSlice(len(records), func(i int) ([]any, error) { return records[i].values(), nil })
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"came"}, columns, rows)
		return err
	})
	if err != nil {
		return w, err
	}
	list := strings.Join(columns, ", ")
	var assignments, before, after []string
	for _, column := range columns[lasting:] {
		assignments = append(assignments, column+" = excluded."+column)
		before, after = append(before, "run."+column), append(after, "excluded."+column)
	}
	query := "WITH written AS (INSERT INTO run (" + list + ") SELECT DISTINCT ON (created, key) " + list + " FROM came" + //nolint:gosec // names of our own columns
		" ON CONFLICT (created, key) DO UPDATE SET " + strings.Join(assignments, ", ") +
		" WHERE (" + strings.Join(before, ", ") + ") IS DISTINCT FROM (" + strings.Join(after, ", ") + ")" +
		" RETURNING xmax = 0 AS isnew) SELECT count(*) FILTER (WHERE isnew), count(*) FILTER (WHERE NOT isnew) FROM written"
	if err := tx.QueryRowContext(ctx, query).Scan(&w.New, &w.Changed); err != nil {
		return w, err
	}
	w.Unchanged = len(records) - w.New - w.Changed
	_, err = tx.ExecContext(ctx, "DROP TABLE came")
	return w, err
}
