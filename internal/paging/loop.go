package paging

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
)

// errLeft says that the caller left the loop.
var errLeft = errors.New("the loop was left")

// Options say which records a loop delivers, and how it asks for them.
type Options struct {
	Start, End   time.Time // of the period, in whole seconds
	Order        Order
	From         int      // so many records are skipped
	Size         int      // records to a page
	After        Position // where an earlier loop ended
	ResultWindow int      // how far the service pages with from
	Concurrency  int      // most requests in flight
}

// Loop delivers every record of a list once. All but the requests is done on
// the goroutine that calls Run.
type Loop struct {
	source Source
	opts   Options
	size   int // records to a page

	window   span   // what the page in turn is of: opts.span, or a part of it
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
	late      []record // runs that a moved window hides, in order
	skip      int      // runs still to be left out
	count     int      // runs given to the caller
}

// New returns a loop over the records that opts name. Stop must be called when
// it is no longer needed.
func New(ctx context.Context, opts Options, source Source) *Loop {
	l := &Loop{
		source: source, opts: opts,
		size:      min(max(2, opts.Size), opts.ResultWindow),
		window:    span{opts.Start, opts.End},
		next:      max(0, opts.From-1), // see beginsClear
		probe:     true,
		ahead:     newPrefetch(ctx, opts.Concurrency),
		delivered: deliveredUpTo(opts.After, opts.Order),
	}
	if l.next+l.size > opts.ResultWindow || !opts.After.IsZero() {
		l.next = 0
	}
	l.plan = plan{window: l.window, from: l.next, stride: l.size - 1}
	return l
}

// Stop ends all requests in flight and waits for them.
func (l *Loop) Stop() {
	l.ahead.stop()
}

// Delivered is how many records the caller was given.
func (l *Loop) Delivered() int {
	return l.count
}

// Run delivers the records, and fails where it can't deliver them all. That the
// caller leaves is no failure.
func (l *Loop) Run() error {
	if err := l.run(); err != errLeft {
		return err
	}
	return nil
}

// run delivers page after page.
func (l *Loop) run() error {
	if l.delivered.moved {
		l.moveOn()
	}
	for {
		p, err := l.page()
		if err != nil {
			return err
		}
		if p == nil {
			return l.deliverLate(func(record) bool { return true })
		}
		l.begin(p)
		fresh, err := l.deliver(p.list)
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
func (l *Loop) page() (*page, error) {
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
			if err := l.enter(p.move); l.last != nil || !errors.Is(err, fault.ResultWindow) {
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
func (l *Loop) leaveEndless() error {
	most, held := l.opts.ResultWindow, l.delivered.held()
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
func (l *Loop) take() (*page, error) {
	p, err := l.ahead.take()
	if p.list != nil && p.list.Received != nil {
		p.list.Received()
	}
	if ended := l.ahead.parent.Err(); ended != nil {
		return nil, cmp.Or(err, fault.OfContext(l.ahead.parent))
	}
	if err != nil {
		return p, l.ifDue(p, err)
	}
	return p, l.checkOrder(p)
}

func (l *Loop) ifDue(p *page, err error) error {
	if p.move == nil && p.from > l.next {
		return nil
	}
	return err
}

func (l *Loop) accepts(p *page) bool {
	switch {
	case p.err != nil, p.move != nil && l.delivered.disordered:
		return false
	case l.last == nil && p.move == nil:
		return p.from == l.next && l.beginsClear(p)
	case l.probe && p.move == nil:
		return p.from == l.next
	}
	return p.from == 0 || slices.ContainsFunc(p.list.Keys, l.delivered.knows)
}

// begin notes where the first page lies.
func (l *Loop) begin(p *page) {
	if l.last == nil {
		l.first, l.skip = p.from, l.opts.From-p.from
	}
}

// beginsClear reports whether a first page shows all runs of the time of the
// first one to be delivered: those before it, which the options skip, must be
// known where a cursor or a moved window comes back to that time.
func (l *Loop) beginsClear(p *page) bool {
	skipped := l.opts.From - p.from
	items := p.list.Keys[:min(len(p.list.Keys), skipped+1)]
	return p.from == 0 || len(items) == 0 || slices.ContainsFunc(items, func(t Key) bool {
		return !t.Created.IsZero() && !t.Created.Equal(items[0].Created)
	})
}

// checkOrder notes that the service ignores the order, or gives runs another time
// than before, so that the order tells nothing. Inside the first window
// that is no loss; a part of the period can't be told without an order.
func (l *Loop) checkOrder(p *page) error {
	if l.delivered.disordered || inOrder(p.list.Keys, l.opts.Order) && !l.delivered.contradicts(p.list.Keys) {
		return nil
	}
	l.delivered.disordered = true
	if l.delivered.moved || p.move != nil {
		return l.lost(orderIgnored)
	}
	return nil
}

// deliver gives the caller what is new on a page, and says how much that was.
func (l *Loop) deliver(page *Page) (fresh int, err error) {
	for i := range page.Keys {
		r := page.record(i)
		err := l.deliverLate(func(late record) bool {
			return !r.Created.IsZero() && l.opts.Order.compare(late.Created, r.Created) <= 0
		})
		if err != nil {
			return fresh, err
		}
		if !l.delivered.add(r.Key) {
			continue
		}
		fresh++
		if err := l.emit(r); err != nil {
			return fresh, err
		}
	}
	return fresh, nil
}

// deliverLate gives the caller the late records whose turn it is.
func (l *Loop) deliverLate(isDue func(record) bool) error {
	for len(l.late) > 0 && isDue(l.late[0]) {
		r := l.late[0]
		l.late = l.late[1:]
		if !l.delivered.add(r.Key) {
			continue
		}
		if err := l.emit(r); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) emit(r record) error {
	if l.skip > 0 {
		l.skip--
		return nil
	}
	l.count++
	if !r.page.Deliver(r.index) {
		return errLeft
	}
	return nil
}

// turnOver turns to the page after p, of whose runs so many were new.
// Neighbours share a record, so that what arrives in between can't push a run
// past the seam.
func (l *Loop) turnOver(p *page, fresh int) {
	n := len(p.list.Keys)
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
func (l *Loop) atEnd() bool {
	if l.last == nil {
		return false
	}
	n := len(l.last.list.Keys)
	isFull := n >= l.last.size && !l.told || l.last.from+n >= l.opts.ResultWindow
	return n == 0 || !l.last.list.HasMore && !isFull
}

// Rest is what it takes to go on: how many records to skip, and after what.
func (l *Loop) Rest() (from int, after Position) {
	if l.count == 0 {
		return l.opts.From, l.opts.After
	}
	if after = l.delivered.position(); after.Time.IsZero() {
		from = l.first // the records before are not among those that it tells
	}
	return from, after
}
