package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/cmd/insights/internal/syncer"
)

// syncFlags say what is kept, and where.
type syncFlags struct {
	store         string
	since         lengthFlag
	from, to      timeFlag
	retention     lengthFlag
	withoutErrors bool
	every         lengthFlag
}

func (s *shell) syncCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Keeps all runs in a database, up to date",
		Long: `Keeps all runs of an account in a database: a file of SQLite, or PostgreSQL.

The first sync goes back as far as --since says. Each one after it reads what is
new, and what the service lists late or changes: the hour before the last sync,
6 hours once an hour, and 48 hours once a day. It compares what it has with what
the service counts, and reads once more what differs.

A sync that is stopped, however, loses nothing: the next one goes on. Read the
views with SQL: runs, pass_rate_by_day, flaky_tests, new_failures, error_groups,
slowest_tests, builds, reconciliation.`,
		Example: `  insights sync --store insights.db --every 5m
  insights sync --store postgres://mia@db.example.com/insights
  sqlite3 insights.db 'SELECT * FROM pass_rate_by_day'`,
		Args: cobra.NoArgs,
	}
	f := syncFlags{since: lengthFlag(29 * 24 * time.Hour)}
	f.bind(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := f.check(); err != nil {
			return usage(err)
		}
		return s.sync(cmd.Context(), f)
	}
	return cmd
}

func (f *syncFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	storeFlag(cmd, &f.store)
	flags.Var(&f.since, "since", "how far the first sync goes back: a `length` such as 29d")
	flags.Var(&f.from, "from", "read once more what was created from this `time` on, as in 2026-05-01 or 2026-05-01T12:00:00Z; needs --to")
	flags.Var(&f.to, "to", "the `time` until which --from reads")
	flags.Var(&f.retention, "retention", "delete runs that are older than this `length`, such as 400d; by default none")
	flags.BoolVar(&f.withoutErrors, "without-errors", false, "keep no texts of errors, which may hold what is confidential")
	flags.Var(&f.every, "every", "go on, and sync again after this `length`, such as 5m; by default once")
	complete(cmd, "since", periods...)
	complete(cmd, "every", "1m", "5m", "15m", "1h")
}

// storeFlag adds the flag of all subcommands that need a store.
func storeFlag(cmd *cobra.Command, field *string) {
	cmd.Flags().Var((*filter)(field), "store", "the `store`: a file, or postgres://USER@HOST/DATABASE")
	stands(cmd.Flags(), "store", "INSIGHTS_STORE")
}

func (f *syncFlags) check() error {
	switch isAsked := !f.from.IsZero() || !f.to.IsZero(); {
	case f.store == "":
		return errors.New("--store: the database to fill is missing: a file, or postgres://USER@HOST/DATABASE")
	case isAsked && (f.from.IsZero() || f.to.IsZero()):
		return errors.New("--from and --to need each other")
	case isAsked && !f.from.Before(f.to.Time):
		return errors.New("--from is not before --to")
	case isAsked && f.every > 0:
		return errors.New("--from and --to are read once: leave --every out")
	case f.since == 0:
		return errors.New("--since is 0")
	}
	return nil
}

// sync fills the store once, or again and again.
func (s *shell) sync(ctx context.Context, f syncFlags) error {
	if err := s.account.Check(); err != nil {
		return err
	}
	db, err := store.Open(ctx, f.store)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // all that counts is in transactions
	unlock, err := db.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	var requests counted
	service, err := s.connect(requests.option())
	if err != nil {
		return err
	}
	defer service.Close()
	sync := syncer.Syncer{Client: service.Client, Store: db, Source: s.account.Name(), Options: syncer.Options{
		Since: time.Duration(f.since), Retention: time.Duration(f.retention), WithoutErrors: f.withoutErrors, Now: s.Now,
	}}
	if !f.from.IsZero() {
		return s.syncOnce(ctx, db, &requests, func() (syncer.Result, error) { return sync.Read(ctx, f.from.Time, f.to.Time) })
	}
	return s.syncEvery(ctx, time.Duration(f.every), func() error {
		return s.syncOnce(ctx, db, &requests, func() (syncer.Result, error) { return sync.Poll(ctx) })
	})
}

// syncEvery goes on after a failure that may pass. What never will ends it.
func (s *shell) syncEvery(ctx context.Context, pause time.Duration, once func() error) error {
	for {
		err := once()
		if pause == 0 || ctx.Err() != nil || isForGood(err) {
			return err
		}
		if err != nil {
			s.say(err.Error())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// isForGood says whether no later sync can do better.
func isForGood(err error) bool {
	return errors.Is(err, insights.ErrUnauthorized) || errors.Is(err, insights.ErrForbidden) || errors.Is(err, syncer.ErrOtherSource)
}

// syncOnce says in a line what a sync came to, and refreshes what no SQL says.
func (s *shell) syncOnce(ctx context.Context, db *store.Store, requests *counted, read func() (syncer.Result, error)) error {
	r, err := read()
	asked := requests.take(err, r.RateLimit)
	counting := db.AddPolls(context.WithoutCancel(ctx), asked)
	if err := cmp.Or(err, counting); err != nil {
		return err
	}
	found, err := db.Find(ctx, s.Now())
	if err == nil {
		err = db.WriteFindings(ctx, found)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Stdout, "%s: %s\n", db.Name(), summaryOf(r, asked.Attempts()))
	s.sayDifferences(r)
	return err
}

func summaryOf(r syncer.Result, requests int) string {
	parts := []string{
		humanize.Comma(int64(r.New)) + " new",
		humanize.Comma(int64(r.Changed)) + " changed",
		humanize.Comma(int64(r.Unchanged)) + " unchanged runs of " + insights.Between(r.Start, r.End).String(),
	}
	if r.Deleted > 0 {
		parts = append(parts, humanize.Comma(r.Deleted)+" deleted")
	}
	text := strings.Join(append(parts, humanize.Comma(int64(requests))+" requests"), ", ")
	if r.Reconciled == nil {
		return text + "; could not tell whether the service counts as many"
	}
	return text + fmt.Sprintf("; %s of %s that the service counts", humanize.Comma(int64(r.Reconciled.Delivered)), humanize.Comma(int64(r.Reconciled.Counted)))
}

// sayDifferences says what differs still, or why that could not be told.
func (s *shell) sayDifferences(r syncer.Result) {
	switch {
	case r.Unreconciled != nil:
		s.say("could not tell whether the service counts as many: " + r.Unreconciled.Error())
	case !r.Reconciled.Agrees():
		s.say(fmt.Sprintf("the service counts other runs in %d intervals, which were read once more: the view reconciliation lists them, and the next sync of that time reads them again", len(r.Reconciled.Differences)))
	}
}

// lengthFlag is a length of time such as 5m, 12h or 29d.
type lengthFlag time.Duration

func (f *lengthFlag) String() string {
	if *f == 0 {
		return ""
	}
	return insights.Last(time.Duration(*f)).String()
}

func (f *lengthFlag) Type() string { return "string" }

func (f *lengthFlag) Set(text string) error {
	d, err := length(text)
	if err != nil || d < time.Second {
		return errors.New("it is not a length of time such as 5m, 12h or 29d")
	}
	*f = lengthFlag(d)
	return nil
}

// timeFlag is a day, or a time.
type timeFlag struct{ time.Time }

func (f *timeFlag) String() string {
	if f.IsZero() {
		return ""
	}
	return f.Format(time.RFC3339)
}

func (f *timeFlag) Type() string { return "string" }

func (f *timeFlag) Set(text string) (err error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if f.Time, err = time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return errors.New("it is neither a day such as 2026-05-01 nor a time such as 2026-05-01T12:00:00Z")
}
