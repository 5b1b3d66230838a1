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

func (s *Store) each(ctx context.Context, sel Selection, yield func(insights.Test) bool) (err error) {
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	query, args := sel.query()
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() {
		if failed := rows.Close(); err == nil {
			err = failed
		}
	}()
	var r record
	var cause sql.NullString
	for rows.Next() {
		if err := rows.Scan(&r.created, &r.key, &r.test, &r.build, &r.owner, &r.status, &r.platform, &cause, &r.link, &r.started, &r.ended, &r.duration, &r.ancestor); err != nil {
			return err
		}
		if !yield(names.run(r, cause.String)) {
			return nil
		}
	}
	return rows.Err()
}

// query leaves the texts that many runs share to names. The errors are too many to
// be held.
func (sel Selection) query() (string, []any) {
	query := "SELECT r.created, r.key, r.test, r.build, r.owner, r.status, r.platform, c.error, r.link, r.started, r.ended, r.duration, r.ancestor" +
		" FROM run r LEFT JOIN cause c ON c.id = r.cause"
	var conditions []string
	var args []any
	where := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, fmt.Sprintf(condition, len(args)))
	}
	if !sel.From.IsZero() {
		where("r.created >= $%d", sel.From.UnixNano())
	}
	if !sel.To.IsZero() {
		where("r.created <> 0 AND r.created < $%d", sel.To.UnixNano())
	}
	if sel.Build != "" {
		where("r.build = (SELECT id FROM build WHERE name = $%d)", sel.Build)
	}
	if sel.Test != "" {
		where("r.test = (SELECT id FROM test WHERE name = $%d)", sel.Test)
	}
	if sel.Status != "" {
		where("r.status = (SELECT id FROM status WHERE name = $%d)", string(sel.Status))
	}
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

// names are the dictionaries, read whole.
type names struct {
	test, build, owner, status, link map[int64]string
	platform                         map[int64][4]string
}

func (s *Store) names(ctx context.Context) (n names, err error) {
	for _, table := range []struct {
		column, name string
		into         *map[int64]string
	}{{"name", "test", &n.test}, {"name", "build", &n.build}, {"name", "owner", &n.owner}, {"name", "status", &n.status}, {"pattern", "link", &n.link}} {
		if *table.into, err = s.texts(ctx, table.column, table.name); err != nil {
			return n, err
		}
	}
	n.platform, err = s.platforms(ctx)
	return n, err
}

func (s *Store) texts(ctx context.Context, column, table string) (map[int64]string, error) {
	texts := make(map[int64]string)
	err := s.scan(ctx, "SELECT id, "+column+" FROM "+table, func(rows *sql.Rows) error {
		var id int64
		var text string
		err := rows.Scan(&id, &text)
		texts[id] = text
		return err
	})
	return texts, err
}

func (s *Store) platforms(ctx context.Context) (map[int64][4]string, error) {
	platforms := make(map[int64][4]string)
	err := s.scan(ctx, "SELECT id, os, os_normalized, browser, browser_normalized FROM platform", func(rows *sql.Rows) error {
		var id int64
		var p [4]string
		err := rows.Scan(&id, &p[0], &p[1], &p[2], &p[3])
		platforms[id] = p
		return err
	})
	return platforms, err
}

// scan reads each row of a query.
func (s *Store) scan(ctx context.Context, query string, each func(*sql.Rows) error) (err error) {
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() {
		if failed := rows.Close(); err == nil {
			err = failed
		}
	}()
	for rows.Next() {
		if err := each(rows); err != nil {
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
