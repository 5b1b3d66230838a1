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

// Loop delivers every record of a list once. All but the requests is done on
// the goroutine that calls Run.
type Loop struct {
	source Source
	opts   Options
	size   pageSize
	queue  *prefetch
	plan   plan
	sleep  func(context.Context, time.Duration) error

	part      span          // of the period: all of it, or as much as the service takes at a time
	list      list          // in turn
	before    list          // before it
	home      list          // the first one
	overlap   time.Duration // of a moved list with what was delivered
	limit     int           // records that the service gives of a list
	capacity  int           // records that came at a time, at most
	ties      int           // records of the same time on a page, at most
	sawShort  bool          // a page that was not full was followed by something new
	misses    int           // moved lists in a row that did not show what was delivered
	restarts  int           // lists that were read from their first record though it was new
	idle      int           // lists in a row that brought nothing
	isDoubted bool          // a guess at the limit was wrong
	refusal   error         // why the limit is what it is; nil: nobody said

	delivered *delivered
	carried   []record // records that a moved list hides, in order
	isLater   bool     // part is not the first
	first     int      // index of the first record of the first page
	skip      int      // records still to be left out
	count     int      // records given to the caller
}

// New returns a loop over the records that opts name. Stop must be called when
// it is no longer needed.
func New(ctx context.Context, opts Options, source Source) *Loop {
	l := &Loop{
		source: source, opts: opts,
		sleep:     sleep,
		size:      newPageSize(opts.Size, opts.Learned),
		queue:     newPrefetch(ctx, opts.Concurrency),
		overlap:   minOverlap,
		limit:     opts.ResultWindow,
		ties:      1,
		delivered: deliveredUpTo(opts.After, opts.Order),
	}
	l.part = l.partAt(opts.After.Time)
	l.list = list{span: l.part, next: max(0, opts.From-1), behind: true}
	if l.list.next+l.nextSize() > l.limit || !opts.After.IsZero() {
		l.list.next = 0
	}
	l.planAnew()
	return l
}

// Stop ends all requests in flight and waits for them.
func (l *Loop) Stop() {
	l.queue.stop()
}

// Position is where to go on behind the record that was delivered last.
func (l *Loop) Position() Position {
	return l.delivered.position()
}

// Delivered is how many records the caller was given.
func (l *Loop) Delivered() int {
	return l.count
}

// Run delivers the records, and fails where it can't deliver them all. That the
// caller leaves is no failure.
func (l *Loop) Run() error {
	if l.opts.Order == OldestFirst || l.delivered.state != moved { // a moved list looks for them itself
		if err := l.lookAcross(); err != nil {
			return err
		}
	}
	if l.delivered.state == moved {
		l.move()
	}
	for {
		p, err := l.page()
		switch {
		case err != nil:
			return ended(err)
		case p == nil:
			return nil
		}
		if len(l.delivered.seen) > l.opts.ResultWindow && l.delivered.state == moved {
			return l.lost("too many records have no creation time")
		}
		fresh, err := l.deliver(p.list)
		if err != nil {
			return ended(err)
		}
		l.turn(p, fresh)
	}
}

func ended(err error) error {
	if err == errLeft {
		return nil
	}
	return err
}

// page is the page whose turn it is, or nil at the end.
func (l *Loop) page() (*page, error) {
	for {
		if l.list.end != goesOn {
			if isOver, err := l.leaveList(); isOver || err != nil {
				return nil, err
			}
		}
		l.fill()
		if len(l.queue.pages) == 0 {
			l.list.end = l.endOfPlan()
			continue
		}
		p, err := l.take()
		if err != nil {
			return nil, err
		}
		if accepted, err := l.judge(p); accepted || err != nil {
			return p, err
		}
	}
}

// take waits for the first page of the queue. That the context has ended is an
// error of the loop; another error is one of the page.
func (l *Loop) take() (*page, error) {
	p, err := l.queue.take()
	if p.list != nil && p.list.Received != nil {
		p.list.Received()
	}
	if l.queue.parent.Err() != nil {
		return nil, cmp.Or(err, fault.OfContext(l.queue.parent))
	}
	return p, nil
}

// deliver gives the caller what is new on a page, and says how much that was.
func (l *Loop) deliver(page *Page) (fresh int, err error) {
	for i := range page.Keys {
		r := page.record(i)
		err := l.deliverCarried(func(carried record) bool {
			return !r.Created.IsZero() && l.opts.Order.compare(carried.Created, r.Created) <= 0
		})
		if err != nil {
			return fresh, err
		}
		if l.isOfNextPart(r.Key) || !l.delivered.add(r.Key) {
			continue
		}
		fresh++
		if err := l.emit(r); err != nil {
			return fresh, err
		}
	}
	return fresh, nil
}

// deliverCarried gives the caller the carried records whose turn it is.
func (l *Loop) deliverCarried(isDue func(record) bool) error {
	for len(l.carried) > 0 && isDue(l.carried[0]) {
		r := l.carried[0]
		l.carried = l.carried[1:]
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

// turn turns to the page after p, of whose records so many were new. Neighbours
// share the records of the last time, so that neither what arrives in between
// nor another order of theirs pushes a record past the seam.
func (l *Loop) turn(p *page, fresh int) {
	n := len(p.keys())
	l.size.came(p.size, n, p.list.HasMore)
	l.ties = max(l.ties, min(maxTies(p.keys()), max(1, n/2)))
	l.capacity = max(l.capacity, n)
	l.sawShort = l.sawShort || fresh > 0 && l.list.last != nil && !l.isFull(l.list.last)
	if fresh > 0 && l.list.fresh == 0 {
		l.learnLimit()
		l.idle = 0
	}
	l.list.turn(p, fresh, l.isFull(p), l.isBelieved(p, fresh), l.limit)
	if fresh > 0 && (!l.list.isCapped || l.delivered.state == orderNotKept) {
		l.list.unsteady = 0
	}
	if n > 0 && l.isOfNextPart(p.keys()[n-1]) {
		l.list.end = saysLast
	}
	l.keepPlan()
}

// isFull reports whether a page has as many records as the service gives.
func (l *Loop) isFull(p *page) bool {
	return len(p.keys()) >= min(p.size, l.capacity)
}

// isBelieved reports whether a page may be the last if it says so. A full one, or any
// of a service that has gone on behind a shorter one, is not taken for it where no
// other list can be asked for once more.
func (l *Loop) isBelieved(p *page, fresh int) bool {
	return !l.isFull(p) && !l.sawShort || l.delivered.state != orderNotKept && !(l.list.isMoved && l.list.fresh+fresh == 0)
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

// needsNoOverlap reports whether a first page shows all records of the time of the
// first one to be delivered: those before it, which the options skip, must be
// known where a position or a moved list comes back to that time.
func (l *Loop) needsNoOverlap(p *page) bool {
	skipped := l.opts.From - p.from
	keys := p.keys()[:min(len(p.keys()), skipped+1)]
	return p.from == 0 || len(keys) == 0 || slices.ContainsFunc(keys, func(k Key) bool {
		return !k.Created.IsZero() && !k.Created.Equal(keys[0].Created)
	})
}
