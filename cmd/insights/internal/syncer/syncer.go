// Package syncer fills a store with the runs of an account, and keeps it up to date.
//
// The service lists a run up to half an hour late, and its status may change for a
// day. So a poll reads again what was created in the hour before the last one,
// every hour what was in the last 6 hours, and every day what was in the last 48.
// How far it has read is the time of the poll, never that of the newest run: what
// is listed late is older than that.
//
// Runs and the place to go on from are kept in one transaction: a process that is
// killed at any moment loses nothing, and the next one goes on.
package syncer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/report"
)

// Syncer fills a store.
type Syncer struct {
	Client *insights.Client
	Store  *store.Store
	Source string // whose runs these are; a store has those of one only
	Options
}

// Options are the choices of a [Syncer].
type Options struct {
	Since         time.Duration // how far the first poll goes back
	Retention     time.Duration // delete runs that are older; 0: none
	WithoutErrors bool          // keep no texts of errors
	Now           func() time.Time
}

// Result says what a poll came to.
type Result struct {
	store.Written
	Start, End time.Time // the period that was read
	Deleted    int64     // runs older than the retention
	// Reconciled compares the period with what the service counts, after what
	// differed was read once more; nil: that could not be told, for Unreconciled.
	Reconciled   *report.Reconciliation
	Unreconciled error
	RateLimit    insights.RateLimit // what the service said of it last
	ReadAgain    int                // intervals that were read once more, as they differed
}

// How far polls go back before the one before, and how often.
const (
	everyPoll = time.Hour
	everyHour = 6 * time.Hour
	everyDay  = 48 * time.Hour
)

// pageSize is how many runs are kept in a transaction.
const pageSize = 1000

// ErrOtherSource says that a store has the runs of another user or service.
var ErrOtherSource = errors.New("name another store")

// Poll reads what is new, and what may have changed. It finishes first what was
// stopped before.
func (s Syncer) Poll(ctx context.Context) (Result, error) {
	return s.finishAnd(ctx, s.plan)
}

// Read reads a period once more, whatever was read of it, and finishes first what was
// stopped before. It does not move how far polls have come.
func (s Syncer) Read(ctx context.Context, from, to time.Time) (Result, error) {
	return s.finishAnd(ctx, func(store.State) *store.Reading {
		return &store.Reading{Poll: s.Now(), Start: from, End: to, Reach: store.ReachAsked}
	})
}

// finishAnd finishes what was stopped before, and then reads what is planned.
func (s Syncer) finishAnd(ctx context.Context, plan func(store.State) *store.Reading) (Result, error) {
	st, err := s.Store.State(ctx)
	if err != nil {
		return Result{}, err
	}
	if st.Reading == nil {
		return s.poll(ctx, plan)
	}
	before, err := s.poll(ctx, plan)
	if err != nil {
		return before, err
	}
	r, err := s.poll(ctx, plan)
	r.Add(before.Written)
	r.Start, r.Deleted = earlier(before.Start, r.Start), r.Deleted+before.Deleted
	r.End = later(before.End, r.End)
	return r, err
}

func (s Syncer) poll(ctx context.Context, plan func(store.State) *store.Reading) (r Result, err error) {
	st, err := s.Store.State(ctx)
	if err != nil {
		return r, err
	}
	if st.Source != "" && st.Source != s.Source {
		return r, fmt.Errorf("store %s has the runs of %s, and not of %s: %w", s.Store.Name(), st.Source, s.Source, ErrOtherSource)
	}
	st.Source = s.Source
	if st.Reading == nil {
		st.Reading = plan(st)
	}
	r.Start, r.End = st.Reading.Start, st.Reading.End
	if r.Written, err = s.read(ctx, &st, &r.RateLimit); err != nil {
		return r, err
	}
	if err := s.reconcile(ctx, &r); err != nil {
		return r, err
	}
	if s.WithoutErrors { // each time: the sync that changed runs may have been killed before this
		if err := s.Store.DeleteUnusedErrors(ctx); err != nil {
			return r, err
		}
	}
	if s.Retention > 0 {
		r.Deleted, err = s.Store.DeleteBefore(ctx, s.Now().Add(-s.Retention))
	}
	return r, err
}

// plan is what a poll reads.
func (s Syncer) plan(st store.State) *store.Reading {
	now := s.Now().Truncate(time.Second)
	reading := &store.Reading{Poll: now, End: now}
	switch {
	case st.Watermark.IsZero():
		reading.Reach, reading.Start = store.ReachFirst, now.Add(-s.Since)
	case now.Sub(st.Daily) >= 24*time.Hour:
		reading.Reach, reading.Start = store.ReachDay, st.Watermark.Add(-everyDay)
	case now.Sub(st.Hourly) >= time.Hour:
		reading.Reach, reading.Start = store.ReachHour, st.Watermark.Add(-everyHour)
	default:
		reading.Reach, reading.Start = store.ReachPoll, st.Watermark.Add(-everyPoll)
	}
	return reading
}

// read keeps the runs of the period that the state says is being read, and then
// that it was read.
func (s Syncer) read(ctx context.Context, st *store.State, limit *insights.RateLimit) (all store.Written, err error) {
	opts := insights.TestsOptions{
		Period: insights.Between(st.Reading.Start, st.Reading.End),
		Order:  insights.OldestFirst, After: st.Reading.Cursor,
	}
	var page []insights.Test
	keep := func() error {
		w, err := s.Store.Write(ctx, page, *st)
		all.Add(w)
		page = page[:0]
		return err
	}
	var cursor insights.Cursor
	var info insights.ResponseInfo
	defer func() { *limit = info.RateLimit }()
	for run, err := range s.Client.AllTests(ctx, opts, insights.CaptureCursor(&cursor), insights.CaptureResponse(&info)) {
		if err != nil {
			_ = keep() // what came before is kept; if it can't be, it is read again
			return all, err
		}
		page = append(page, s.kept(run))
		st.Reading.Cursor = cursor
		if len(page) < pageSize {
			continue
		}
		if err := keep(); err != nil {
			return all, err
		}
	}
	st.Advance()
	return all, keep()
}

// kept is a run as the store is to have it.
func (s Syncer) kept(run insights.Test) insights.Test {
	if s.WithoutErrors {
		run.Error = ""
	}
	return run
}
