package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// Selection says which runs. The zero Selection is all of them.
type Selection struct {
	From, To time.Time       // created from the first on and before the second; zero: without an end
	Build    string          // empty: of any build
	Test     string          // the name; empty: of any test
	Status   insights.Status // empty: any
	Newest   bool            // the newest first, and not the oldest
	Limit    int             // at most so many; 0: all
}

// Runs returns runs by creation time. Those without one are the oldest, and in no
// period.
func (s *Store) Runs(ctx context.Context, sel Selection) iter.Seq2[insights.Test, error] {
	return func(yield func(insights.Test, error) bool) {
		if err := s.each(ctx, sel, func(run insights.Test) bool { return yield(run, nil) }); err != nil {
			yield(insights.Test{}, fmt.Errorf("store %s: %w", s.location, s.masked(err)))
		}
	}
}

// each reads the names and the runs in one transaction, so that a sync between them
// brings no run whose names are unknown.
func (s *Store) each(ctx context.Context, sel Selection, yield func(insights.Test) bool) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: s.snapshot()})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	names, err := namesIn(ctx, tx)
	if err != nil {
		return err
	}
	query, args := sel.query()
	return scan(ctx, tx, query, args, func(rows *sql.Rows) (goOn bool, err error) {
		var r record
		var message sql.NullString
		if err := rows.Scan(&r.created, &r.key, &r.test, &r.build, &r.owner, &r.status, &r.platform, &message, &r.link, &r.started, &r.ended, &r.duration, &r.ancestor); err != nil {
			return false, err
		}
		return yield(names.run(r, message.String)), nil
	})
}

// snapshot is the level at which all statements of a transaction see the same. Each
// transaction of SQLite does.
func (s *Store) snapshot() sql.IsolationLevel {
	if s.isPostgres() {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

// query leaves the texts that many runs share to names. The errors are too many to
// be held.
func (sel Selection) query() (string, []any) {
	query := "SELECT r.created, r.key, r.test, r.build, r.owner, r.status, r.platform, c.error, r.link, r.started, r.ended, r.duration, r.ancestor" +
		" FROM run r LEFT JOIN cause c ON c.id = r.cause"
	conditions, args := sel.conditions()
	if len(conditions) > 0 {
		query += " WHERE " + strings.Join(conditions, " AND ")
	}
	direction := ""
	if sel.Newest {
		direction = " DESC"
	}
	query += " ORDER BY r.created" + direction + ", r.key" + direction
	if sel.Limit > 0 {
		args = append(args, sel.Limit)
		query += fmt.Sprintf(" LIMIT $%d", len(args))
	}
	return query, args
}

func (sel Selection) conditions() (conditions []string, args []any) {
	where := func(isAsked bool, condition string, arg any) {
		if isAsked {
			args = append(args, arg)
			conditions = append(conditions, fmt.Sprintf(condition, len(args)))
		}
	}
	where(!sel.From.IsZero(), "r.created >= $%d", sel.From.UnixNano())
	where(!sel.To.IsZero(), "r.created <> 0 AND r.created < $%d", sel.To.UnixNano())
	where(sel.Build != "", "r.build = (SELECT id FROM build WHERE name = $%d)", sel.Build)
	where(sel.Test != "", "r.test = (SELECT id FROM test WHERE name = $%d)", sel.Test)
	where(sel.Status != "", "r.status = (SELECT id FROM status WHERE name = $%d)", string(sel.Status))
	return conditions, args
}

// names are the dictionaries, read whole.
type names struct {
	test, build, owner, status, link map[int64]string
	platform                         map[int64][4]string
}

func namesIn(ctx context.Context, tx *sql.Tx) (n names, err error) {
	for _, table := range []struct {
		column, name string
		into         *map[int64]string
	}{{"name", "test", &n.test}, {"name", "build", &n.build}, {"name", "owner", &n.owner}, {"name", "status", &n.status}, {"pattern", "link", &n.link}} {
		if *table.into, err = texts(ctx, tx, table.column, table.name); err != nil {
			return n, err
		}
	}
	n.platform, err = platforms(ctx, tx)
	return n, err
}

func texts(ctx context.Context, tx *sql.Tx, column, table string) (map[int64]string, error) {
	texts := make(map[int64]string)
	err := scan(ctx, tx, "SELECT id, "+column+" FROM "+table, nil, func(rows *sql.Rows) (bool, error) {
		var id int64
		var text string
		err := rows.Scan(&id, &text)
		texts[id] = text
		return true, err
	})
	return texts, err
}

func platforms(ctx context.Context, tx *sql.Tx) (map[int64][4]string, error) {
	platforms := make(map[int64][4]string)
	err := scan(ctx, tx, "SELECT id, os, os_normalized, browser, browser_normalized FROM platform", nil, func(rows *sql.Rows) (bool, error) {
		var id int64
		var p [4]string
		err := rows.Scan(&id, &p[0], &p[1], &p[2], &p[3])
		platforms[id] = p
		return true, err
	})
	return platforms, err
}

// scan reads the rows of a query, until one says not to go on.
func scan(ctx context.Context, tx *sql.Tx, query string, args []any, each func(*sql.Rows) (goOn bool, err error)) (err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() {
		if failed := rows.Close(); err == nil {
			err = failed
		}
	}()
	for rows.Next() {
		if goOn, err := each(rows); err != nil || !goOn {
			return err
		}
	}
	return rows.Err()
}

func (n names) run(r record, message string) insights.Test {
	id, platform := idOf(r.key), n.platform[r.platform]
	return insights.Test{
		ID: id, Name: n.test[r.test], Build: n.build[r.build.Int64], Owner: n.owner[r.owner.Int64], Ancestor: idOf(r.ancestor),
		Status: insights.Status(n.status[r.status]), Error: message,
		CreationTime: timeOf(r.created), StartTime: timeAfter(r.created, r.started), EndTime: timeAfter(r.created, r.ended),
		Duration: insights.Seconds(r.duration.Float64),
		OS:       platform[0], OSNormalized: platform[1], Browser: platform[2], BrowserNormalized: platform[3],
		DetailsURL: strings.ReplaceAll(n.link[r.link.Int64], idMark, id),
	}
}
