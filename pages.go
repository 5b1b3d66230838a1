package insights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/sauceinsights/insights/internal/paging"
)

// maxSkew is how far the service's clock may be off before a period made by Last
// is counted back from its time.
const maxSkew = 5 * time.Second

// AllTests returns every run that opts select, each once, in order of creation
// ([GET /v1/analytics/tests], page after page). The default order is
// [OldestFirst]. opts.From skips that many runs. The first page has 100 runs and
// later ones have up to 1,000; opts.Size sets one size for all pages, at most the
// result window. A period made by [Last] is fixed when a loop begins, by the clock
// of [WithClock]; if the service's clock differs by more than 5 s, by that.
//
// AllTests goes past the result window of the service: it moves the period and
// never widens it. It is right whichever way the service treats the ends of a
// period, and whichever time of a run decides. It relies on two things. A run is
// created before it starts, and starts before it ends. Runs of the same time keep
// their order. A run that arrives during the loop may be delivered or not, and
// disturbs no other.
//
// A loop ends only if the end is shown: a list of several pages is requested once
// more, from its last runs on. Pages of 100 stop for the hourly allowance of 3,500
// requests after about 344,000 runs and 7 minutes, and wait up to 53 minutes
// (a Warn, see [WithLogger]); pages that grow reach about 3 million runs.
// [WithLongestPeriod] splits a period that the service refuses.
//
// A loop that can't go on yields one [*IterationError] and ends. Its Rest are
// options that deliver exactly what is missing, in another process too. The error
// matches [ErrResultWindow] if the service shows no way on: too many runs at once,
// an order that it does not keep, pages that never meet. An [*OptionsError] comes
// unwrapped.
//
// A loop requests one page, and the next when that is used up. If it has to wait
// for pages then, it requests more of them ahead: up to [WithConcurrency] requests
// are in flight, and up to twice as many pages are held. However the loop ends,
// its requests end too and no goroutine stays. The result may be ranged over
// again; each loop asks the service again.
//
// [GET /v1/analytics/tests]: https://docs.saucelabs.com/dev/api/insights/#get-test-results
func (c *Client) AllTests(ctx context.Context, opts TestsOptions, callOpts ...CallOption) iter.Seq2[Test, error] {
	return func(yield func(Test, error) bool) {
		w := &walk{client: c, opts: opts, callOpts: callOpts, yield: yield}
		if err := w.begin(ctx); err != nil {
			yield(Test{}, err)
			return
		}
		defer func() { w.loop.Stop() }()
		err := w.loop.Run()
		if clock, isOff := errors.AsType[*clockError](err); isOff {
			w.isFixed = true
			w.start(ctx, clock.now)
			err = w.loop.Run()
		}
		if err != nil {
			w.loop.Stop() // the caller may go on with Rest inside the loop
			yield(Test{}, w.failed(err))
		}
	}
}

// clockError says that the service's clock differs from the client's, before
// anything was delivered.
type clockError struct{ now time.Time }

func (e *clockError) Error() string {
	return "the service's clock says " + formatTime(e.now)
}

// walk is one range over AllTests.
type walk struct {
	client   *Client
	opts     TestsOptions // as given, with an order
	callOpts []CallOption
	yield    func(Test, error) bool

	call    *call  // what the caller wants captured
	period  Period // with its ends known
	isFixed bool   // by a clock that need not be compared with the service's
	loop    *paging.Loop
}

// begin checks what the caller can get wrong.
func (w *walk) begin(ctx context.Context) (err error) {
	if w.call, err = w.client.newCall(ctx, testsPath, w.opts, w.callOpts); err != nil {
		return err
	}
	w.opts.Order = cmp.Or(w.opts.Order, OldestFirst)
	w.isFixed = w.opts.Period.last == 0
	w.start(ctx, w.client.config.now())
	return nil
}

func (w *walk) start(ctx context.Context, now time.Time) {
	cfg := w.client.config
	w.period = w.opts.Period.fixed(now)
	w.loop = paging.New(ctx, paging.Options{
		Start: w.period.start, End: w.period.end, Order: w.opts.Order.ofPages(),
		From: w.opts.From, Size: w.opts.Size, After: w.opts.After.position,
		ResultWindow: cfg.resultWindow, Concurrency: cfg.concurrency, LongestPeriod: cfg.longestPeriod, Learned: cfg.pageSizes,
	}, w.fetch)
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
	opts, page, info := w.opts, new(paging.Page), new(ResponseInfo)
	opts.After = Cursor{}
	opts.Period, opts.Order, opts.From, opts.Size = Period{start: r.Start, end: r.End}, orderOf(r.Order), r.From, r.Size
	list, err := w.client.Tests(ctx, opts, slices.Concat(w.callOpts, []CallOption{ofPage(info)})...)
	if w.call.info != nil {
		page.Received = func() { *w.call.info = *info }
	}
	if clockErr := w.compareClocks(info); clockErr != nil {
		return page, clockErr
	}
	if err != nil {
		return page, err
	}
	page.Keys, page.Told, page.HasMore = keysOf(list.Items), list.saidMore, list.HasMore
	page.Deliver = func(i int) bool { return w.deliver(list.Items[i]) }
	return page, nil
}

// ofPage captures what is known of one page in place of what the caller wants
// captured of the loop.
func ofPage(info *ResponseInfo) CallOption {
	return func(c *call) error {
		c.info, c.cursor = info, nil
		return nil
	}
}

// compareClocks compares the client's clock with the Date of the first response,
// which is the only one under way.
func (w *walk) compareClocks(info *ResponseInfo) error {
	if w.isFixed {
		return nil
	}
	served, err := http.ParseTime(info.Header.Get("Date"))
	if err != nil {
		return nil
	}
	w.isFixed = true
	if served.Sub(w.client.config.now()).Abs() > maxSkew {
		return &clockError{served}
	}
	return nil
}

func (w *walk) deliver(run Test) bool {
	if w.call.cursor != nil {
		*w.call.cursor = Cursor{w.loop.Position()}
	}
	return w.yield(run, nil)
}

// keysOf are the keys of runs. A run without an ID is told from all others by
// all that it has.
func keysOf(runs []Test) []paging.Key {
	keys := make([]paging.Key, len(runs))
	for i := range runs {
		keys[i] = paging.Key{ID: runs[i].ID, Created: runs[i].CreationTime}
		if runs[i].ID == "" {
			keys[i].ID, keys[i].Unnamed = fmt.Sprintf("%+v", runs[i]), true
		}
	}
	return keys
}

// failed is the error for the caller, with what it takes to go on.
func (w *walk) failed(err error) error {
	rest := w.opts
	rest.Period = w.period
	rest.From, rest.After.position = w.loop.Rest()
	return &IterationError{Delivered: w.loop.Delivered(), Err: err, Rest: rest}
}

// Cursor says where a [Client.AllTests] loop ended, for [TestsOptions.After]. Its
// text lets another process go on. The zero Cursor is the beginning.
type Cursor struct{ position paging.Position }

// CursorAfter returns the cursor for a program that was killed. t is the creation
// time of the last run that the program kept. ids are the IDs of all runs that it
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

// MarshalText returns the time and the IDs as text. It never fails. The zero
// Cursor is the empty text.
func (c Cursor) MarshalText() ([]byte, error) {
	return []byte(c.position.Text()), nil
}

// UnmarshalText reads the text of MarshalText. Anything else is an error that
// matches [ErrInvalidOptions].
func (c *Cursor) UnmarshalText(text []byte) error {
	position, ok := paging.ParsePosition(string(text))
	if !ok {
		return invalid("Cursor", "is not the text of a cursor")
	}
	*c = Cursor{position}
	return nil
}
