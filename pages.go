package insights

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/sauceinsights/insights/internal/fault"
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
		l, err := c.newLoop(ctx, opts, callOpts, yield)
		if err != nil {
			yield(Test{}, err)
			return
		}
		defer l.ahead.stop()
		if err := l.run(); err != nil && err != errStopped {
			l.ahead.stop() // the caller may go on with Rest inside the loop
			yield(Test{}, l.failed(err))
		}
	}
}

// errStopped says that the caller left the loop.
var errStopped = errors.New("the loop was left")

// loop is one range over AllTests. All but the requests is done on the
// goroutine that ranges.
type loop struct {
	client   *Client
	callOpts []CallOption
	info     *ResponseInfo // the caller's; nil: not asked for
	opts     TestsOptions  // as given, with a fixed period and an order
	size     int           // records to a page
	yield    func(Test, error) bool

	window   Period // what the page in turn is of: opts.Period, or a part of it
	next     int    // the first record of that page
	probe    bool   // that page need not touch what was delivered
	first    int    // the first record of the first page
	last     *page  // the page before
	told     bool   // a page said that there were more: so the service does say it
	marks    []mark // the pages of window so far
	setbacks int    // pages of window that began no further on than the one before
	gained   int    // runs of window that were new
	plan     plan
	ahead    *prefetch

	delivered *delivered
	late      []Test // runs that a moved window hides, in order
	skip      int    // runs still to be left out
	count     int    // runs given to the caller
}

func (c *Client) newLoop(ctx context.Context, opts TestsOptions, callOpts []CallOption, yield func(Test, error) bool) (*loop, error) {
	after := opts.After
	opts.After = Cursor{}
	call, err := c.newCall(ctx, testsPath, opts, callOpts)
	if err != nil {
		return nil, err
	}
	opts.After = after
	opts.Period = opts.Period.fixed(c.config.now())
	opts.Order = cmp.Or(opts.Order, OldestFirst)
	l := &loop{
		client: c, callOpts: callOpts, info: call.info, opts: opts, yield: yield,
		size:      min(max(2, cmp.Or(opts.Size, defaultPageSize)), c.config.resultWindow),
		window:    opts.Period,
		next:      max(0, opts.From-1), // see beginsClear
		probe:     true,
		ahead:     newPrefetch(ctx, c.config.concurrency),
		delivered: deliveredUpTo(after, opts.Order),
	}
	if l.next+l.size > c.config.resultWindow || !after.IsZero() {
		l.next = 0
	}
	l.plan = plan{window: l.window, from: l.next, stride: l.size - 1}
	return l, nil
}

// run delivers page after page.
func (l *loop) run() error {
	if l.delivered.moved {
		l.moveOn()
	}
	for {
		p, err := l.page()
		if err != nil {
			return err
		}
		if p == nil {
			return l.deliverLate(func(Test) bool { return true })
		}
		l.begin(p)
		fresh, err := l.deliver(p.list.Items)
		if err != nil {
			return err
		}
		l.turnOver(p, fresh)
	}
}

// page is the page whose turn it is, or nil at the end. It must touch what was
// delivered, or runs could have slipped between the two. If it does not, what
// was asked for ahead is thrown away and asked for again, from an earlier
// record on where need be.
func (l *loop) page() (*page, error) {
	for back := l.plan.stride; !l.atEnd(); {
		if err := l.leaveEndless(); err != nil {
			return nil, err
		}
		if err := l.askAhead(); err != nil {
			return nil, err
		}
		p, err := l.take()
		if err != nil {
			return nil, err
		}
		if l.accepts(p) {
			if err := l.enter(p.move); l.last != nil || !errors.Is(err, ErrResultWindow) {
				return p, err
			}
			l.planAnew() // a loop that begins at a cursor can do without a move so far
			continue
		}
		if p.move == nil && p.from <= l.next {
			l.next, back = max(0, l.next-back), 2*back
		}
		l.planAnew()
		if p.move != nil {
			l.moveOn()
		}
	}
	return nil, nil
}

// mostSetbacks is how often a loop may go back in a window for nothing. Runs that
// vanish cause some of that; with a service whose pages never meet it would have
// no end.
const mostSetbacks = 32

// leaveEndless begins a new list where the one in turn gives pages without end,
// or more runs than a window can hold. It fails where there is no new one, and
// nothing is gained any more.
func (l *loop) leaveEndless() error {
	most, held := l.client.config.resultWindow, l.delivered.held()
	if l.last == nil || l.setbacks <= mostSetbacks && held <= most {
		return nil
	}
	l.planAnew()
	if (held > most || !l.delivered.isEarly()) && l.moveOn() {
		return nil
	}
	switch {
	case held > most || l.gained > most:
		return l.lost("it gives more runs than that")
	case l.setbacks > mostSetbacks+l.gained:
		return l.lost(pagesApart)
	}
	return nil
}

// take waits for the first page of the queue. An error counts if that page
// begins where the next one must.
func (l *loop) take() (*page, error) {
	p, err := l.ahead.take()
	if l.info != nil {
		*l.info = p.info
	}
	if ended := l.ahead.parent.Err(); ended != nil {
		return nil, cmp.Or(err, fault.OfContext(l.ahead.parent))
	}
	if err != nil {
		return p, l.ifDue(p, err)
	}
	return p, l.checkOrder(p)
}

func (l *loop) ifDue(p *page, err error) error {
	if p.move == nil && p.from > l.next {
		return nil
	}
	return err
}

func (l *loop) accepts(p *page) bool {
	switch {
	case p.list == nil, p.move != nil && l.delivered.disordered:
		return false
	case l.last == nil && p.move == nil:
		return p.from == l.next && l.beginsClear(p)
	case l.probe && p.move == nil:
		return p.from == l.next
	}
	return p.from == 0 || slices.ContainsFunc(p.list.Items, l.delivered.knows)
}

// begin notes where the first page lies.
func (l *loop) begin(p *page) {
	if l.last == nil {
		l.first, l.skip = p.from, l.opts.From-p.from
	}
}

// beginsClear reports whether a first page shows all runs of the time of the
// first one to be delivered: those before it, which the options skip, must be
// known where a cursor or a moved window comes back to that time.
func (l *loop) beginsClear(p *page) bool {
	skipped := l.opts.From - p.from
	items := p.list.Items[:min(len(p.list.Items), skipped+1)]
	return p.from == 0 || len(items) == 0 || slices.ContainsFunc(items, func(t Test) bool {
		return !t.CreationTime.IsZero() && !t.CreationTime.Equal(items[0].CreationTime)
	})
}

// checkOrder notes that the service ignores the order, or gives runs another time
// than before, so that the order tells nothing. Inside the first window
// that is no loss; a part of the period can't be told without an order.
func (l *loop) checkOrder(p *page) error {
	if l.delivered.disordered || inOrder(p.list.Items, l.opts.Order) && !l.delivered.contradicts(p.list.Items) {
		return nil
	}
	l.delivered.disordered = true
	if l.delivered.moved || p.move != nil {
		return l.lost(orderIgnored)
	}
	return nil
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
		if !l.delivered.add(t) {
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
		if !l.delivered.add(t) {
			continue
		}
		if err := l.emit(t); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) emit(t Test) error {
	if l.skip > 0 {
		l.skip--
		return nil
	}
	l.count++
	if !l.yield(t, nil) {
		return errStopped
	}
	return nil
}

// turnOver turns to the page after p, of whose runs so many were new.
// Neighbours share a record, so that what arrives in between can't push a run
// past the seam.
func (l *loop) turnOver(p *page, fresh int) {
	n := len(p.list.Items)
	if m, ok := p.mark(); ok {
		l.marks = append(l.marks, m)
	}
	l.probe = fresh == 0 && n == 1 // nothing but the shared record: is there anything behind it?
	if l.last != nil && p.move == nil && p.from <= l.last.from && !l.probe {
		l.setbacks++
	}
	l.next = p.from + max(0, n-1)
	if l.probe {
		l.next++
	}
	if n < p.size || n > l.plan.stride {
		l.plan.stride = max(1, n-1) // the service has its own idea of a page
	}
	l.last, l.told, l.gained = p, l.told || p.list.HasMore, l.gained+fresh
	l.keepPlan()
}

// atEnd reports whether the last page was the last of all. That a full page is
// that is believed of a service only that has said of another that it is not.
func (l *loop) atEnd() bool {
	if l.last == nil {
		return false
	}
	n := len(l.last.list.Items)
	isFull := n >= l.last.size && !l.told || l.last.from+n >= l.client.config.resultWindow
	return n == 0 || !l.last.list.HasMore && !isFull
}

// failed is the error for the caller, with what it takes to go on.
func (l *loop) failed(err error) error {
	rest := l.opts
	if l.count > 0 {
		rest.From, rest.After = 0, l.delivered.cursor()
	}
	if l.count > 0 && rest.After.time.IsZero() {
		rest.From = l.first // the runs before are not among those that it tells
	}
	return &IterationError{Delivered: l.count, Err: err, Rest: rest}
}
