package paging

import (
	"cmp"
	"context"
)

// page is some records of a list, from the moment they are asked for.
type page struct {
	task
	span       span
	from, size int
	move       *move // the page is the first of a moved list; nil: it is not
	list       *Page
}

func (p *page) keys() []Key { return p.list.Keys }

// plan is the next page to be asked for. It is a guess, made before the pages
// in front of it have come: judge finds out whether it was right.
type plan struct {
	span    span
	from    int
	careful bool // a planned move was wrong: the next one waits for what is under way
}

// fill fills the queue. What can't be planned yet is asked for when its turn has
// come.
func (l *Loop) fill() {
	for len(l.queue.pages) < l.lookahead() && !l.isTrialUnderWay() {
		p := l.planned()
		if p == nil {
			break
		}
		l.ask(p)
	}
}

// lookahead is how many pages may be asked for. A list that is asked for once more
// is likely to have nothing new, and a page that shares nothing with the one before
// is asked for when that has come.
func (l *Loop) lookahead() int {
	if l.list.behind && l.list.last != nil {
		return 1
	}
	if l.list.isMoved && l.list.fresh == 0 && (l.before.end == saysLast || l.before.end == runsDry) {
		return 1
	}
	return l.queue.lookahead
}

// endOfPlan is why no more pages of the list can be asked for.
func (l *Loop) endOfPlan() ending {
	if l.room() >= l.minRoom() {
		return leftEarly
	}
	return atLimit
}

func (l *Loop) isTrialUnderWay() bool {
	n := len(l.queue.pages)
	return n > 0 && l.size.isTrial(l.queue.pages[n-1].size)
}

// planned is the page after those asked for, or nil if that can't be told yet.
// The last records within the limit are asked for in the first list, where they
// may be all, and where there is no other way on: a moved list gives them with a
// full page.
func (l *Loop) planned() *page {
	size := l.nextSize()
	likely := min(size, cmp.Or(l.capacity, size)) // so many records come
	if l.room() < likely && (l.asksRemainder() || !l.planMove(likely)) {
		if !l.asksRemainder() && (len(l.queue.pages) > 0 || l.canMove()) || l.room() < l.minRoom() {
			return nil
		}
	}
	p := &page{span: l.plan.span, from: l.plan.from, size: min(size, l.room())}
	l.plan.from += max(1, likely-l.ties)
	return p
}

func (l *Loop) asksRemainder() bool {
	return l.delivered.state == firstList && l.plan.span == l.list.span && !l.list.isMoved && l.room() > l.ties
}

func (l *Loop) nextSize() int {
	return min(l.size.next(), l.limit)
}

// room is how many records the service gives from the planned page on.
func (l *Loop) room() int {
	return l.limit - l.plan.from
}

// minRoom is room for a record that is news: the shared one alone is not.
func (l *Loop) minRoom() int {
	if l.list.last == nil || l.list.behind {
		return 1
	}
	return 2
}

// planMove plans the next page in a list that begins at the furthest page that
// has come. What that list hides lies in front of that page, whose index is at
// least so many: so the planned page may begin earlier than needed, never later.
func (l *Loop) planMove(size int) bool {
	far := l.furthest()
	if far == nil || l.plan.careful || l.opts.Order == NewestFirst || !l.delivered.isTold() || len(far.keys()) == 0 || far.keys()[0].Created.IsZero() {
		return false
	}
	moved, from := l.spanFrom(far.keys()[0].Created), l.plan.from-far.from
	if !l.isFurther(moved, l.plan.span) || l.limit-from < size {
		return false
	}
	l.plan.span, l.plan.from = moved, from
	return true
}

// furthest is the last page of the planned span that has come.
func (l *Loop) furthest() *page {
	for i := len(l.queue.pages) - 1; i >= 0; i-- {
		p := l.queue.pages[i]
		if p.span == l.plan.span && p.succeeded() && inOrder(p.keys(), l.opts.Order) {
			return p
		}
	}
	if l.list.last != nil && l.list.span == l.plan.span {
		return l.list.last
	}
	return nil
}

// keepPlan keeps what was asked for ahead unless the last page shows that it
// does not begin where it should. A page that need not touch what was
// delivered must be asked for after what it follows has come.
func (l *Loop) keepPlan() {
	if len(l.queue.pages) == 0 {
		l.planAnew()
		return
	}
	head := l.queue.pages[0]
	if head.span == l.list.span && (head.from > l.list.next || l.list.behind) {
		l.planAnew()
	}
}

func (l *Loop) planAnew() {
	l.queue.discard()
	l.plan.span, l.plan.from = l.list.span, l.list.next
}

func (l *Loop) ask(p *page) {
	if l.opts.Order == NewestFirst && l.list.isMoved && l.list.last == nil && p.from == 0 {
		p.move = l.lookForCarried(p.span)
	}
	l.queue.pages = append(l.queue.pages, p)
	l.queue.start(&p.task, func(ctx context.Context) (err error) {
		p.list, err = l.fetch(ctx, p.span, l.opts.Order, p.from, p.size)
		return err
	})
}

func (l *Loop) fetch(ctx context.Context, s span, order Order, from, size int) (*Page, error) {
	return l.source(ctx, Request{Start: s.start, End: s.end, Order: order, From: from, Size: size})
}
