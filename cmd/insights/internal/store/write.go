package store

import (
	"context"
	"database/sql"
	"math"
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

// insertRecords is for SQLite, where a statement costs no way: it reads what is there
// in one, and writes what differs from it.
func insertRecords(ctx context.Context, tx *sql.Tx, records []record) (w Written, err error) {
	there, err := recordsBetween(ctx, tx, records)
	if err != nil {
		return w, err
	}
	list := strings.Join(columns, ", ")
	write, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO run ("+list+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") //nolint:gosec // names of our own columns
	if err != nil {
		return w, err
	}
	defer func() {
		if failed := write.Close(); err == nil {
			err = failed
		}
	}()
	for _, r := range records {
		before, isThere := there[r.place()]
		switch {
		case isThere && before.equals(r):
			w.Unchanged++
			continue
		case isThere:
			w.Changed++
		default:
			w.New++
		}
		there[r.place()] = r
		if _, err := write.ExecContext(ctx, r.values()...); err != nil {
			return w, err
		}
	}
	return w, nil
}

// recordsBetween returns the records from the oldest of some to the newest, and those
// without a creation time if one of them has none.
func recordsBetween(ctx context.Context, tx *sql.Tx, records []record) (there map[string]record, err error) {
	oldest, newest, undated := int64(math.MaxInt64), int64(math.MinInt64), int64(1)
	for _, r := range records {
		if r.created == 0 {
			undated = 0
			continue
		}
		oldest, newest = min(oldest, r.created), max(newest, r.created)
	}
	rows, err := tx.QueryContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM run WHERE created <> 0 AND created BETWEEN ? AND ? OR created = 0 AND ? = 0", oldest, newest, undated) //nolint:gosec // names of our own columns
	if err != nil {
		return nil, err
	}
	defer func() {
		if failed := rows.Close(); err == nil {
			err = failed
		}
	}()
	there = make(map[string]record, len(records))
	for rows.Next() {
		var r record
		if err := rows.Scan(&r.created, &r.key, &r.test, &r.build, &r.owner, &r.status, &r.platform, &r.cause, &r.link, &r.started, &r.ended, &r.duration, &r.ancestor); err != nil {
			return nil, err
		}
		there[r.place()] = r
	}
	return there, rows.Err()
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
	query := "WITH written AS (INSERT INTO run (" + list + ") SELECT DISTINCT ON (created, key) " + list + " FROM came" +
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
