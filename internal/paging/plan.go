package paging

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
)

// page is some records of a list, from the moment they are asked for.
type page struct {
	task
	window     span
	from, size int
	move       *move // leads to window; nil: it is that of the page before
	list       *Page
}

// mark is where a page lies in its list, and when its first run was created.
type mark struct {
	from int
	at   time.Time
}

func (p *page) mark() (mark, bool) {
	if len(p.list.Keys) == 0 || p.list.Keys[0].Created.IsZero() {
		return mark{}, false
	}
	return mark{p.from, p.list.Keys[0].Created}, true
}

// plan is the next page to be asked for. It is a guess, made before the pages
// in front of it have come: loop.page finds out whether it was right.
type plan struct {
	window span
	from   int
	stride int   // records from one page to the next
	move   *move // out of window, prepared; nil: not yet
}

// askAhead fills the queue. What can't be planned ahead is asked for when its
// turn has come. It fails where there is no way on, as there may be more runs
// behind: that a service tells of no more says little where it gives no more.
func (l *Loop) askAhead() error {
	for len(l.ahead.queue) < l.ahead.reach {
		p := l.planned()
		if p == nil {
			break
		}
		l.ask(p)
	}
	if len(l.ahead.queue) > 0 || l.askRemainder() || l.moveOn() {
		return nil
	}
	if l.delivered.disordered {
		return l.lost(orderIgnored)
	}
	return l.lost("it ends among the runs around " + shown(l.delivered.at))
}

// planned is the page after those asked for, or nil if that can't be told yet.
func (l *Loop) planned() *page {
	if l.plan.move == nil && l.room() <= l.lead() {
		l.plan.move = l.prepareMove()
	}
	var through *move
	if l.room() <= l.plan.stride {
		if through = l.followMove(); through == nil {
			return nil
		}
	}
	p := &page{window: l.plan.window, from: l.plan.from, size: min(l.size, l.room()), move: through}
	l.plan.from += l.plan.stride
	return p
}

// room is how many records the service gives from the planned page on.
func (l *Loop) room() int {
	return l.opts.ResultWindow - l.plan.from
}

// lead is the room in which a move is prepared. Newest first that takes a
// request, which is to be answered when the room is used up.
func (l *Loop) lead() int {
	if l.opts.Order == NewestFirst {
		return 2 * l.opts.Concurrency * l.plan.stride
	}
	return l.plan.stride
}

// askRemainder asks for the last records of the window, and reports whether
// there are any. Only behind them it is left without a prepared move: they may
// be all, or show that the service ignores the order.
func (l *Loop) askRemainder() bool {
	room := l.room()
	if room <= 0 || room == 1 && !l.probe { // the shared record alone is no news
		return false
	}
	l.ask(&page{window: l.window, from: l.next, size: room})
	return true
}

const (
	orderIgnored = "the service ignores the order that it was asked for"
	pagesApart   = "neighbouring pages of the service do not meet"
)

func (l *Loop) lost(why string) error {
	return &fault.Error{Kind: fault.ResultWindow, Text: fmt.Sprintf("%s: %s: narrow the options, or raise WithResultWindow if the service allows", fault.ResultWindow, why)}
}

// keepPlan keeps what was asked for ahead unless the last page shows that it
// does not begin where it should. A page that need not touch what was
// delivered must be asked for after what it follows has come.
func (l *Loop) keepPlan() {
	if len(l.ahead.queue) == 0 {
		l.plan.from = l.next
		return
	}
	head := l.ahead.queue[0]
	if head.move == nil && (head.from > l.next || l.probe) {
		l.planAnew()
	}
}

func (l *Loop) planAnew() {
	l.ahead.discard()
	l.plan = plan{window: l.window, from: l.next, stride: l.plan.stride}
}

func (l *Loop) ask(p *page) {
	l.ahead.queue = append(l.ahead.queue, p)
	l.ahead.start(&p.task, func(ctx context.Context) (err error) {
		p.list, err = l.fetch(ctx, p.window, l.opts.Order, p.from, p.size)
		return err
	})
}

// fetch makes one request.
func (l *Loop) fetch(ctx context.Context, window span, order Order, from, size int) (*Page, error) {
	list, err := l.source(ctx, Request{Start: window.start, End: window.end, Order: order, From: from, Size: size})
	if err != nil && from > 0 && errors.Is(err, fault.InvalidRequest) {
		err = &fault.Error{Kind: fault.ResultWindow, Text: fmt.Sprintf("%s: record %d was refused: %s", fault.ResultWindow, from, err), Cause: err}
	}
	return list, err
}

func shown(t time.Time) string {
	return t.UTC().Format(time.RFC3339)
}
