package insights

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/sauceinsights/insights/internal/paging"
)

const defaultPageSize = 100

// AllTests returns every run that opts select, in order of their creation,
// each once. opts.Order is by default [OldestFirst]; opts.Size is the size of
// a page, by default 100, and at most the result window; opts.From skips that
// many runs. A period made by [Last] is fixed at the beginning of each loop,
// by the clock of this machine, or that of [WithClock].
//
// It goes past the service's result window by moving the period, whatever the
// service takes for the ends of a period and whichever of a run's times it
// goes by. It relies on a run being created before it starts and starting
// before it ends, and on runs of the same time keeping their order. Runs that
// arrive during the loop may be delivered or not; they disturb no others.
//
// A loop that can't go on yields one [*IterationError] and ends: its Rest are
// the options that deliver exactly what is missing, also in another process. It
// is [ErrResultWindow] where the service shows no way on: too many runs at once,
// an order that it does not keep, pages that never meet.
// An [*OptionsError] comes bare.
//
// A loop asks for one page, and for the next when that is used up. From then
// on, while it has to wait for pages, it asks for more of them ahead: up to
// [WithConcurrency] requests are in flight, and up to twice as many pages are
// held. When the loop is left, by whichever way, all of them are ended and no
// goroutine stays. It may be ranged over again, which asks again.
func (c *Client) AllTests(ctx context.Context, opts TestsOptions, callOpts ...CallOption) iter.Seq2[Test, error] {
	return func(yield func(Test, error) bool) {
		w, err := c.newWalk(ctx, opts, callOpts, yield)
		if err != nil {
			yield(Test{}, err)
			return
		}
		defer w.loop.Stop()
		if err := w.loop.Run(); err != nil {
			w.loop.Stop() // the caller may go on with Rest inside the loop
			yield(Test{}, w.failed(err))
		}
	}
}

// walk is one range over AllTests.
type walk struct {
	client   *Client
	opts     TestsOptions // with a fixed period and an order
	callOpts []CallOption
	info     *ResponseInfo // the caller's; nil: not asked for
	yield    func(Test, error) bool
	loop     *paging.Loop
}

func (c *Client) newWalk(ctx context.Context, opts TestsOptions, callOpts []CallOption, yield func(Test, error) bool) (*walk, error) {
	call, err := c.newCall(ctx, testsPath, opts, callOpts)
	if err != nil {
		return nil, err
	}
	opts.Period = opts.Period.fixed(c.config.now())
	opts.Order = cmp.Or(opts.Order, OldestFirst)
	w := &walk{client: c, opts: opts, callOpts: callOpts, info: call.info, yield: yield}
	w.loop = paging.New(ctx, paging.Options{
		Start: opts.Period.start, End: opts.Period.end, Order: opts.Order.ofPages(),
		From: opts.From, Size: cmp.Or(opts.Size, defaultPageSize), After: opts.After.position,
		ResultWindow: c.config.resultWindow, Concurrency: c.config.concurrency,
	}, w.fetch)
	return w, nil
}

func (o Order) ofPages() paging.Order {
	if o == NewestFirst {
		return paging.NewestFirst
	}
	return paging.OldestFirst
}

func orderOf(o paging.Order) Order {
	if o == paging.NewestFirst {
		return NewestFirst
	}
	return OldestFirst
}

// fetch makes one request, possibly one of several in flight: so it does not
// fill the caller's ResponseInfo, but has that done when the page's turn has come.
func (w *walk) fetch(ctx context.Context, r paging.Request) (*paging.Page, error) {
	opts, callOpts, page := w.opts, w.callOpts, new(paging.Page)
	opts.After = Cursor{}
	opts.Period, opts.Order, opts.From, opts.Size = Period{start: r.Start, end: r.End}, orderOf(r.Order), r.From, r.Size
	if w.info != nil {
		var info ResponseInfo
		callOpts = slices.Concat(callOpts, []CallOption{CaptureResponse(&info)})
		page.Received = func() { *w.info = info }
	}
	list, err := w.client.Tests(ctx, opts, callOpts...)
	if err != nil {
		return page, err
	}
	page.Keys, page.Told, page.HasMore = keysOf(list.Items), list.saidMore, list.HasMore
	page.Deliver = func(i int) bool { return w.yield(list.Items[i], nil) }
	return page, nil
}

// keysOf are the keys of runs. A run without an ID is told from all others by
// all that it has.
func keysOf(runs []Test) []paging.Key {
	keys := make([]paging.Key, len(runs))
	for i := range runs {
		keys[i] = paging.Key{ID: runs[i].ID, Created: runs[i].CreationTime}
		if runs[i].ID == "" {
			keys[i].ID = fmt.Sprintf("%+v", runs[i])
		}
	}
	return keys
}

// failed is the error for the caller, with what it takes to go on.
func (w *walk) failed(err error) error {
	rest := w.opts
	rest.From, rest.After.position = w.loop.Rest()
	return &IterationError{Delivered: w.loop.Delivered(), Err: err, Rest: rest}
}

// Cursor says where an [Client.AllTests] loop ended, in [TestsOptions.After].
// It goes through text, so that another process can go on. The zero Cursor is
// the beginning.
type Cursor struct{ position paging.Position }

// CursorAfter is the cursor of a program that was killed: t is the creation
// time of the last run that it kept, and ids are the IDs of all runs that it
// kept with that time.
func CursorAfter(t time.Time, ids ...string) Cursor {
	if t.IsZero() {
		return Cursor{paging.Position{Others: slices.Clone(ids)}}
	}
	return Cursor{paging.Position{Time: t.UTC().Round(0), IDs: slices.Clone(ids)}}
}

// IsZero reports whether c is the beginning.
func (c Cursor) IsZero() bool {
	return c.position.IsZero()
}

// MarshalText writes the time and the IDs, for UnmarshalText. It never fails;
// the zero Cursor is the empty text.
func (c Cursor) MarshalText() ([]byte, error) {
	return []byte(c.position.Text()), nil
}

// UnmarshalText reads what MarshalText wrote. Anything else is an error that
// matches [ErrInvalidOptions].
func (c *Cursor) UnmarshalText(text []byte) error {
	position, ok := paging.ParsePosition(string(text))
	if !ok {
		return invalid("Cursor", "is not the text of a cursor")
	}
	*c = Cursor{position}
	return nil
}
