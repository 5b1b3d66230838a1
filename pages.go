package insights

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"
)

const defaultPageSize = 100

// AllTests returns every run that opts select, in order of their creation,
// each once. opts.Order is by default [OldestFirst]; opts.Size is the size of
// a page, by default 100, and at most the result window; opts.From skips that
// many runs. A period made by [Last] is fixed at the beginning of each loop,
// by the clock of this machine.
//
// It goes past the service's result window by moving the period, whatever the
// service takes for the ends of a period and whichever of a run's times it
// goes by. It relies on a run being created before it starts and starting
// before it ends, and on runs of the same time keeping their order. Runs that
// arrive during the loop may be delivered or not; they disturb no others.
//
// A loop that can't go on yields one [*IterationError] and ends: its Rest are
// the options that deliver exactly what is missing, also in another process.
// An [*OptionsError] comes bare. A loop asks for a page when the one before is
// used up, holds one page and starts no goroutine. It may be ranged over again,
// which asks again.
func (c *Client) AllTests(ctx context.Context, opts TestsOptions, callOpts ...CallOption) iter.Seq2[Test, error] {
	return func(yield func(Test, error) bool) {
		l, err := c.newLoop(ctx, opts, callOpts, yield)
		if err != nil {
			yield(Test{}, err)
			return
		}
		if err := l.run(ctx); err != nil && err != errStopped {
			yield(Test{}, l.failed(err))
		}
	}
}

// errStopped says that the caller left the loop.
var errStopped = errors.New("the loop was left")

// loop is one range over AllTests. What was delivered is known by where it
// lies in the order, so that no more than the IDs of one time, and those of
// the first window, are held.
type loop struct {
	client   *Client
	callOpts []CallOption
	opts     TestsOptions // as given, with a fixed period, an order and a size
	yield    func(Test, error) bool

	window    Period // what is asked for at present; opts.Period, or a part of it
	moved     bool   // window is a part
	from      int    // the next page's first record in window
	anyPage   bool   // the next page need not touch what was delivered
	size      int    // records of a page
	late      []Test // runs that a moved window hides, in order
	skip      int    // runs still to be left out
	delivered int

	at         time.Time           // creation time of the last run
	atIDs      map[string]struct{} // the runs with that time
	seen       map[string]bool     // the runs of the first window, and all without a time, for which it is true
	disordered bool                // the service ignores the order
}

func (c *Client) newLoop(ctx context.Context, opts TestsOptions, callOpts []CallOption, yield func(Test, error) bool) (*loop, error) {
	after := opts.After
	opts.After = Cursor{}
	if _, err := c.newCall(ctx, testsPath, opts, callOpts); err != nil {
		return nil, err
	}
	opts.After = after
	opts.Period = opts.Period.fixed(time.Now())
	if opts.Order == "" {
		opts.Order = OldestFirst
	}
	l := &loop{client: c, callOpts: callOpts, opts: opts, yield: yield, window: opts.Period, anyPage: true}
	l.size = min(max(2, pageSize(opts.Size)), c.config.resultWindow)
	l.from = opts.From
	if l.from+l.size > c.config.resultWindow || !after.IsZero() {
		l.from, l.skip = 0, opts.From
	}
	l.at, l.atIDs, l.seen = after.time, make(map[string]struct{}), make(map[string]bool)
	for _, id := range after.ids {
		l.atIDs[id] = struct{}{}
		l.seen[id] = after.time.IsZero()
	}
	return l, nil
}

func pageSize(size int) int {
	if size == 0 {
		return defaultPageSize
	}
	return size
}

// run delivers page after page, and moves the window where the service would
// refuse the next page.
func (l *loop) run(ctx context.Context) error {
	if !l.at.IsZero() {
		l.moved = true
		if _, err := l.move(ctx); err != nil {
			return err
		}
	}
	for {
		page, err := l.page(ctx)
		if err != nil {
			return err
		}
		fresh, err := l.deliver(page.Items)
		if err != nil {
			return err
		}
		more, err := l.advance(ctx, page, fresh)
		if err != nil {
			return err
		}
		if !more {
			return l.deliverLate(func(Test) bool { return true })
		}
	}
}

// page fetches the next page. It must touch what was delivered, or runs could
// have slipped between the two; if it does not, an earlier one is asked for.
func (l *loop) page(ctx context.Context) (*TestList, error) {
	for back := l.size - 1; ; back *= 2 {
		size := min(l.size, l.client.config.resultWindow-l.from)
		page, err := l.fetch(ctx, l.window, l.opts.Order, l.from, size)
		if err != nil {
			return nil, err
		}
		if l.anyPage || l.from == 0 || slices.ContainsFunc(page.Items, l.isDelivered) {
			return page, l.checkOrder(page.Items)
		}
		l.from = max(0, l.from-back)
	}
}

func (l *loop) fetch(ctx context.Context, window Period, order Order, from, size int) (*TestList, error) {
	opts := l.opts
	opts.After = Cursor{}
	opts.Period, opts.Order, opts.From, opts.Size = window, order, from, size
	page, err := l.client.Tests(ctx, opts, l.callOpts...)
	if err != nil && from > 0 && errors.Is(err, ErrInvalidRequest) {
		return nil, &failure{kind: ErrResultWindow, text: fmt.Sprintf("%s: record %d was refused: %s", ErrResultWindow, from, err), cause: err}
	}
	return page, err
}

// checkOrder notes that the service ignores the order. Inside the first window
// that is no loss; a part of the period can't be told without an order.
func (l *loop) checkOrder(items []Test) error {
	if l.disordered || inOrder(items, l.opts.Order) {
		return nil
	}
	l.disordered = true
	if l.moved {
		return l.lost("the service ignores the order that it was asked for")
	}
	return nil
}

func inOrder(items []Test, order Order) bool {
	return slices.IsSortedFunc(items, func(a, b Test) int {
		if a.CreationTime.IsZero() || b.CreationTime.IsZero() {
			return 0
		}
		return order.compare(a.CreationTime, b.CreationTime)
	})
}

func (o Order) compare(a, b time.Time) int {
	if o == NewestFirst {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// isDelivered reports whether a run was delivered, or lies before the last one
// that was and so arrived too late.
func (l *loop) isDelivered(t Test) bool {
	if _, found := l.seen[t.ID]; found {
		return true
	}
	if l.disordered || l.at.IsZero() || t.CreationTime.IsZero() {
		return false
	}
	if order := l.opts.Order.compare(t.CreationTime, l.at); order != 0 {
		return order < 0
	}
	_, found := l.atIDs[t.ID]
	return found
}

// deliver yields what is new among items, and says how much that was.
func (l *loop) deliver(items []Test) (fresh int, err error) {
	for _, t := range items {
		err := l.deliverLate(func(late Test) bool {
			return !t.CreationTime.IsZero() && l.opts.Order.compare(late.CreationTime, t.CreationTime) <= 0
		})
		if err != nil {
			return fresh, err
		}
		if l.isDelivered(t) {
			continue
		}
		fresh++
		if err := l.emit(t); err != nil {
			return fresh, err
		}
	}
	return fresh, nil
}

// deliverLate yields the late runs whose turn it is.
func (l *loop) deliverLate(isDue func(Test) bool) error {
	for len(l.late) > 0 && isDue(l.late[0]) {
		t := l.late[0]
		l.late = l.late[1:]
		if l.isDelivered(t) {
			continue
		}
		if err := l.emit(t); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) emit(t Test) error {
	l.note(t)
	if l.skip > 0 {
		l.skip--
		return nil
	}
	l.delivered++
	if !l.yield(t, nil) {
		return errStopped
	}
	return nil
}

// note remembers a run as delivered.
func (l *loop) note(t Test) {
	timeless := t.CreationTime.IsZero()
	if !l.moved || timeless {
		l.seen[t.ID] = timeless
	}
	if timeless {
		return
	}
	if !t.CreationTime.Equal(l.at) {
		l.at, l.atIDs = t.CreationTime, make(map[string]struct{}, 1)
	}
	l.atIDs[t.ID] = struct{}{}
}

// advance turns to the page after one with that many new runs, and reports
// whether there is one. Neighbours share a record, so that what arrives in
// between can't push a run past the seam.
func (l *loop) advance(ctx context.Context, page *TestList, fresh int) (more bool, err error) {
	window, n := l.client.config.resultWindow, len(page.Items)
	if n == 0 || !page.HasMore && l.from+n < window {
		return false, nil
	}
	l.anyPage = fresh == 0 && n == 1 // nothing but the shared record: is there anything behind it?
	l.from += n - 1
	if l.anyPage {
		l.from++
	}
	if window-l.from >= 2 {
		return true, nil
	}
	moved, err := l.move(ctx)
	if err == nil && !moved && page.HasMore {
		err = l.lost(l.whyStuck())
	}
	return moved, err
}

func (l *loop) whyStuck() string {
	if l.disordered {
		return "the service ignores the order that it was asked for"
	}
	return fmt.Sprintf("it ends among the runs around %s", formatTime(l.at))
}

func (l *loop) lost(why string) error {
	return &failure{kind: ErrResultWindow, text: fmt.Sprintf("%s: %s: narrow the options, or raise WithResultWindow if the service allows", ErrResultWindow, why)}
}

// failed is the error for the caller, with what it takes to go on.
func (l *loop) failed(err error) error {
	rest := l.opts
	if l.delivered > 0 {
		rest.From, rest.After = 0, l.cursor()
	}
	return &IterationError{Delivered: l.delivered, Err: err, Rest: rest}
}

func (l *loop) cursor() Cursor {
	if l.disordered || l.at.IsZero() {
		return CursorAfter(time.Time{}, slices.Sorted(maps.Keys(l.seen))...)
	}
	return CursorAfter(l.at, slices.Sorted(maps.Keys(l.atIDs))...)
}
