package store

import (
	"context"
	"fmt"
	"time"

	"github.com/sauceinsights/insights/report"
)

// Findings are what package report makes of the runs: what no SQL says.
type Findings struct {
	Flaky       []report.TestStats
	NewFailures []report.FirstFailure
}

// How far back findings look.
const (
	flakyDays  = 30 // for flaky tests
	latestDays = 1  // for new failures: these days, against those before
	beforeDays = 7
)

// Find asks package report about the runs of the last 30 days, and for new failures
// of the last day against the 7 before it.
func (s *Store) Find(ctx context.Context, now time.Time) (Findings, error) {
	day := 24 * time.Hour
	month, err := s.summary(ctx, now.Add(-flakyDays*day), now)
	if err != nil {
		return Findings{}, err
	}
	latest, err := s.summary(ctx, now.Add(-latestDays*day), now)
	if err != nil {
		return Findings{}, err
	}
	before, err := s.summary(ctx, now.Add(-(latestDays+beforeDays)*day), now.Add(-latestDays*day))
	if err != nil {
		return Findings{}, err
	}
	changes, err := report.Compare(before, latest, report.CompareOptions{})
	if err != nil {
		return Findings{}, err
	}
	return Findings{Flaky: month.FlakyTests(), NewFailures: changes.Facts.FirstFailures}, nil
}

func (s *Store) summary(ctx context.Context, from, to time.Time) (*report.Summary, error) {
	return report.Summarize(s.Runs(ctx, Selection{From: from, To: to}), report.Options{})
}

// WriteFindings replaces what the views flaky_tests and new_failures show.
func (s *Store) WriteFindings(ctx context.Context, found Findings) error {
	return s.inTransaction(ctx, func(tx transaction) error {
		for _, table := range []string{"flaky", "new_failure"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		for _, t := range found.Flaky {
			if _, err := tx.ExecContext(ctx, "INSERT INTO flaky (name, runs, passed, failed, errored, judged, flips) VALUES ($1, $2, $3, $4, $5, $6, $7)",
				clean(t.Name), t.Counts.Runs, t.Counts.Passed, t.Counts.Failed, t.Counts.Errored, t.Judged, t.Flips); err != nil {
				return err
			}
		}
		for _, f := range found.NewFailures {
			c := f.After.Counts
			if _, err := tx.ExecContext(ctx, "INSERT INTO new_failure (name, passes_before, runs, failed, errored) VALUES ($1, $2, $3, $4, $5)",
				f.Test.Name, f.Passes, c.Runs, c.Failed, c.Errored); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteReconciliation replaces, for a period, what the view reconciliation shows:
// the intervals in which the service counts other runs than there are.
func (s *Store) WriteReconciliation(ctx context.Context, from, to time.Time, r *report.Reconciliation) error {
	return s.inTransaction(ctx, func(tx transaction) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM count_difference WHERE interval_start >= $1 AND interval_start < $2", from.Unix(), to.Unix()); err != nil {
			return err
		}
		for _, d := range r.Differences {
			if _, err := tx.ExecContext(ctx, "INSERT INTO count_difference (interval_start, interval_seconds, stored, counted) VALUES ($1, $2, $3, $4) ON CONFLICT (interval_start) DO UPDATE SET interval_seconds = excluded.interval_seconds, stored = excluded.stored, counted = excluded.counted",
				d.Start.Unix(), int(r.Interval/time.Second), d.Delivered, d.Counted); err != nil {
				return fmt.Errorf("reconciliation: %w", err)
			}
		}
		return nil
	})
}

// Counted is how many findings there are.
type Counted struct {
	Flaky, NewlyFailing, Unreconciled int
}

// Counted counts the findings of the last sync.
func (s *Store) Counted(ctx context.Context) (c Counted, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM flaky), (SELECT count(*) FROM new_failure), (SELECT count(*) FROM count_difference)").Scan(&c.Flaky, &c.NewlyFailing, &c.Unreconciled)
	if err != nil {
		return c, fmt.Errorf("store %s: %w", s.location, s.masked(err))
	}
	return c, nil
}
