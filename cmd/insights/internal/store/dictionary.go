package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/sauceinsights/insights"
)

// dictionary numbers the rows of a table. What it knows is kept in memory, so that
// each is looked up once.
type dictionary struct {
	table    string
	columns  []string
	distinct int // so many columns tell a row from others
	known    map[string]int64
}

func newDictionary(table string, distinct int, columns ...string) *dictionary {
	return &dictionary{table: table, columns: columns, distinct: distinct, known: make(map[string]int64)}
}

// maxKnown bounds the memory of a dictionary.
const maxKnown = 200_000

// number returns the number of a row, which is made if it is not there.
func (d *dictionary) number(ctx context.Context, tx *sql.Tx, values ...any) (int64, error) {
	key := fmt.Sprintf("%q", values[:d.distinct])
	if n, ok := d.known[key]; ok {
		return n, nil
	}
	n, err := d.find(ctx, tx, values)
	if errors.Is(err, sql.ErrNoRows) {
		if err = d.insert(ctx, tx, values); err == nil {
			n, err = d.find(ctx, tx, values)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("table %s: %w", d.table, err)
	}
	if len(d.known) >= maxKnown {
		clear(d.known)
	}
	d.known[key] = n
	return n, nil
}

func (d *dictionary) find(ctx context.Context, tx *sql.Tx, values []any) (n int64, err error) {
	var conditions []string
	for i, column := range d.columns[:d.distinct] {
		conditions = append(conditions, fmt.Sprintf("%s = $%d", column, i+1))
	}
	query := "SELECT id FROM " + d.table + " WHERE " + strings.Join(conditions, " AND ")
	err = tx.QueryRowContext(ctx, query, values[:d.distinct]...).Scan(&n)
	return n, err
}

func (d *dictionary) insert(ctx context.Context, tx *sql.Tx, values []any) error {
	var places []string
	for i := range values {
		places = append(places, fmt.Sprintf("$%d", i+1))
	}
	query := "INSERT INTO " + d.table + " (" + strings.Join(d.columns, ", ") + ") VALUES (" + strings.Join(places, ", ") + ") ON CONFLICT DO NOTHING" //nolint:gosec // names of our own tables
	_, err := tx.ExecContext(ctx, query, values...)
	return err
}

// dictionaries are those of a store.
type dictionaries struct {
	test, build, owner, status, link, platform, cause *dictionary
}

func newDictionaries() dictionaries {
	return dictionaries{
		test:     newDictionary("test", 1, "name"),
		build:    newDictionary("build", 1, "name"),
		owner:    newDictionary("owner", 1, "name"),
		status:   newDictionary("status", 1, "name"),
		link:     newDictionary("link", 1, "pattern"),
		platform: newDictionary("platform", 4, "os", "os_normalized", "browser", "browser_normalized"),
		cause:    newDictionary("cause", 1, "digest", "error", "cause"),
	}
}

// record numbers what a run shares with others.
func (d dictionaries) record(ctx context.Context, tx *sql.Tx, run insights.Test) (r record, err error) {
	run = cleaned(run)
	r = record{created: nanoseconds(run.CreationTime), key: keyOf(run), duration: seconds(run.Duration), ancestor: keyOfText(run.Ancestor)}
	r.started, r.ended = after(run.StartTime, r.created), after(run.EndTime, r.created)
	number := func(dict *dictionary, values ...any) (n int64) {
		if err == nil {
			n, err = dict.number(ctx, tx, values...)
		}
		return n
	}
	optional := func(dict *dictionary, text string, values ...any) (n sql.NullInt64) {
		if text == "" {
			return n
		}
		return sql.NullInt64{Int64: number(dict, values...), Valid: true}
	}
	r.test, r.status = number(d.test, run.Name), number(d.status, string(run.Status))
	r.platform = number(d.platform, run.OS, run.OSNormalized, run.Browser, run.BrowserNormalized)
	r.build, r.owner = optional(d.build, run.Build, run.Build), optional(d.owner, run.Owner, run.Owner)
	r.link = optional(d.link, run.DetailsURL, patternOf(run))
	r.cause = optional(d.cause, run.Error, digest(run.Error), run.Error, causeOf(run.Error))
	return r, err
}

func digest(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:keyLength]
}
