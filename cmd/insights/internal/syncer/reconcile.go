package syncer

import (
	"context"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/report"
)

// reconcile compares the period that was read with what the service counts. What
// differs is read once more, and what still does is kept for the view
// reconciliation. That the counts can't be had proves nothing, and is no failure.
func (s Syncer) reconcile(ctx context.Context, r *Result) error {
	first, err := s.compare(ctx, r.Start, r.End)
	if err != nil {
		r.Unreconciled = err
		return ctx.Err()
	}
	r.Reconciled = first
	if len(first.Differences) > 0 {
		if err := s.readAgain(ctx, r, first); err != nil {
			return err
		}
		if r.Reconciled, err = s.compare(ctx, r.Start, r.End); err != nil {
			r.Reconciled, r.Unreconciled = nil, err
			return ctx.Err()
		}
	}
	return s.Store.WriteReconciliation(ctx, r.Start, r.End, r.Reconciled)
}

// readAgain reads the intervals that differ. They lie in the period.
func (s Syncer) readAgain(ctx context.Context, r *Result, found *report.Reconciliation) error {
	st, err := s.Store.State(ctx)
	if err != nil {
		return err
	}
	for _, d := range found.Differences {
		start, end := later(d.Start, r.Start), earlier(d.Start.Add(found.Interval), r.End)
		if !start.Before(end) {
			continue
		}
		r.ReadAgain++
		w, err := s.readInterval(ctx, start, end, st)
		r.Add(w)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s Syncer) readInterval(ctx context.Context, start, end time.Time, st store.State) (store.Written, error) {
	var runs []insights.Test
	for run, err := range s.Client.AllTests(ctx, insights.TestsOptions{Period: insights.Between(start, end), Order: insights.OldestFirst}) {
		if err != nil {
			return store.Written{}, err
		}
		runs = append(runs, s.kept(run))
	}
	return s.Store.Write(ctx, runs, st)
}

// compare counts what is kept of a period, beside what the service counts.
func (s Syncer) compare(ctx context.Context, start, end time.Time) (*report.Reconciliation, error) {
	period := insights.Between(start, end)
	start, end = period.Bounds(start) // whole seconds
	delivered, err := report.NewDelivered(intervalFor(end.Sub(start)))
	if err != nil {
		return nil, err
	}
	for run, err := range s.Store.Runs(ctx, store.Selection{From: start, To: end.Add(time.Nanosecond)}) {
		if err != nil {
			return nil, err
		}
		delivered.Add(run)
	}
	return report.ReconcileDelivered(ctx, s.Client, insights.TestsOptions{Period: period}, delivered)
}

// mostByTheHour is the longest period that is compared hour by hour: the answer for
// a longer one would be long too.
const mostByTheHour = 31 * 24 * time.Hour

func intervalFor(d time.Duration) time.Duration {
	if d > mostByTheHour {
		return 24 * time.Hour
	}
	return time.Hour
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
