package paging

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
)

// How often in a row a loop asks again where the service contradicts itself.
const (
	maxInRow    = 12 // pages that do not meet, in a row
	maxRewinds  = 32 // pages that do not meet, with others in between
	maxUnsteady = 6  // records of one time in another order than before
	maxEmpty    = 14 // empty lists where there were records
	maxRestarts = 2  // lists that show nothing of what was delivered
	tinyLimit   = 10 // records of a list that shows none in larger pages
	maxMisses   = 12 // moved lists that do not show what was delivered
)

// judge says whether p is the page that comes next. If it is not, it says what
// to ask for instead.
func (l *Loop) judge(p *page) (accepted bool, err error) {
	if p.err != nil {
		return false, l.failed(p)
	}
	if len(p.keys()) == 0 && l.size.isTrial(p.size) {
		l.size.small = true // it may reach beyond what the service gives
		l.planAnew()
		return false, nil
	}
	if !l.keepsOrder(p) {
		span := l.list.span
		if err := l.noteDisorder(p); err != nil || l.list.span != span || p.span != span {
			return false, err
		}
	}
	return l.place(p)
}

// place says whether p goes on where the records before it ended.
func (l *Loop) place(p *page) (accepted bool, err error) {
	switch isPlanned := p.span != l.list.span; {
	case isPlanned && l.followsOn(p):
		l.enter(p)
		return true, nil
	case isPlanned, l.list.last != nil && p.from > l.list.next: // the plan was wrong
		l.plan.careful = l.plan.careful || isPlanned
		l.planAnew()
		return false, nil
	case l.list.last == nil && l.list.isMoved:
		return l.opensMoved(p)
	case l.list.last == nil:
		return l.opens(p)
	}
	return l.continues(p)
}

// continues judges a page of the list in turn that is not its first.
func (l *Loop) continues(p *page) (accepted bool, err error) {
	switch {
	case len(p.keys()) == 0:
		return false, l.ranDry(p)
	case !l.list.behind && !l.meets(p):
		return false, l.rewind()
	case l.list.isMoved && l.leavesGap(p):
		return false, l.widen(p)
	case l.list.behind:
		return true, nil
	case l.isUnsteady(p):
		return false, l.readGroupAgain()
	}
	return true, nil
}

// failed finds out what the error of a page means.
func (l *Loop) failed(p *page) error {
	switch {
	case p.span != l.list.span:
		l.plan.careful = true
		l.planAnew()
		return nil
	case p.from > l.list.next, l.size.shrink(p.size, p.err):
		l.planAnew()
		return nil
	case p.from == 0, !isRefusal(p.err):
		return p.err
	case l.list.last == nil:
		l.list.next = 0
		l.planAnew()
		return nil
	}
	l.limit, l.refusal = max(2, l.list.count), p.err
	l.list.end = atLimit
	return nil
}

// isRefusal reports whether the service refused a request for what it asks.
func isRefusal(err error) bool {
	return errors.Is(err, fault.InvalidRequest) || errors.Is(err, fault.NotFound)
}

// keepsOrder reports whether a page fits the order, as far as that is known to be
// kept.
func (l *Loop) keepsOrder(p *page) bool {
	return l.delivered.state == orderNotKept || l.isInOrder(p) && !l.delivered.contradicts(p.keys())
}

// noteDisorder notes that the service ignores the order, or gives records another
// time than before, so that the order tells nothing. Inside the first list that
// is no loss; a part of the period can't be told without an order.
func (l *Loop) noteDisorder(p *page) error {
	switch {
	case !l.list.isMoved && p.span == l.list.span:
		l.delivered.state = orderNotKept
	case !l.doWithoutOrder():
		return l.lost(orderIgnored)
	}
	return nil
}

// isInOrder looks at the seam too if the page shares nothing with the one before.
func (l *Loop) isInOrder(p *page) bool {
	keys := p.keys()
	if l.list.behind && l.list.last != nil && p.span == l.list.span {
		news := slices.DeleteFunc(slices.Clone(keys), l.delivered.knows)
		keys = slices.Concat(l.list.last.keys(), news)
	}
	return inOrder(keys, l.opts.Order) && inOrder(p.keys(), l.opts.Order)
}

// followsOn reports whether the page of a planned list goes on where the page
// before it ended.
func (l *Loop) followsOn(p *page) bool {
	keys := p.keys()
	return len(keys) > 0 && !keys[0].Created.IsZero() && l.delivered.has(keys[0]) && l.list.last != nil &&
		(isContinued(l.list.last.keys(), keys) || !slices.ContainsFunc(keys, func(k Key) bool { return !l.delivered.has(k) }))
}

// opens judges the first page of all.
func (l *Loop) opens(p *page) (bool, error) {
	if len(p.keys()) == 0 && l.list.dry == 2 {
		l.limit = l.opts.ResultWindow
	}
	switch {
	case len(p.keys()) == 0 && p.from > 0, !l.isLater && !l.needsNoOverlap(p):
		l.list.next = 0
		l.planAnew()
		return false, nil
	case len(p.keys()) == 0 && !p.list.saysLast() && l.list.dry < 2:
		if l.list.dry++; l.list.dry == 2 {
			l.limit = min(l.limit, tinyLimit) // a page may reach beyond all that the service gives of a list
		}
		l.planAnew()
		return false, l.pause(l.list.dry)
	}
	if !l.isLater {
		l.first, l.skip = p.from, l.opts.From-p.from
	}
	return true, nil
}

// opensMoved judges the first page of a moved list: it must show something of
// what was delivered last. If not, the service does not filter by the times that
// it shows, or has lost its records for a while.
func (l *Loop) opensMoved(p *page) (bool, error) {
	carried, err := p.move.carried()
	if errors.Is(err, fault.ResultWindow) && !errors.Is(err, errUnseen) && l.doWithoutOrder() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if len(p.keys()) == 0 && len(carried) > 0 && l.list.dry == 0 {
		return false, l.ranDry(p)
	}
	for _, r := range carried {
		l.show(r.Key)
	}
	if l.leavesGap(p) && !l.mayBeAll(p) {
		return false, l.widen(p)
	}
	l.enter(p)
	l.carried = carried
	return true, nil
}

// doWithoutOrder goes back to the first list if the service does not keep the
// order by which it was asked for once more, or left early. That is no loss: the
// IDs of the first list are still held.
func (l *Loop) doWithoutOrder() bool {
	if l.delivered.state != firstList || l.home.last == nil || l.home.end == atLimit && l.limit-l.home.next < 2 {
		return false
	}
	l.delivered.state, l.list = orderNotKept, l.home
	if l.list.end != saysLast || l.isFull(l.list.last) {
		l.list.end = goesOn
	}
	l.planAnew()
	return true
}

// leavesGap reports whether a page of a moved list has something new, or nothing
// at all, before the list has shown what was delivered last.
func (l *Loop) leavesGap(p *page) bool {
	for _, k := range p.keys() {
		if !l.delivered.has(k) {
			break
		}
		l.show(k)
	}
	if l.list.isShown && 2*len(l.list.expected) <= l.list.expectedAll {
		l.misses = 0
		return false
	}
	last := len(p.keys()) - 1
	return last < 0 || !l.delivered.has(p.keys()[last]) || !l.isFull(p) && !p.list.HasMore
}

// show notes that a moved list shows a record that was delivered: one of the last,
// or any if the list is the whole part of the period.
func (l *Loop) show(k Key) {
	if !l.delivered.has(k) {
		return
	}
	delete(l.list.expected, k.ID)
	if l.list.span == l.part {
		l.list.isShown, l.list.expected = true, nil
	}
	l.list.isShown = l.list.isShown || l.opts.Order.compare(l.edge(), k.Created) <= 0
}

// edge is where the overlap of the list in turn with what was delivered begins.
// Some services round the times that they show.
func (l *Loop) edge() time.Time {
	if l.opts.Order == NewestFirst {
		return l.list.span.end.Add(time.Second)
	}
	return l.list.span.start.Add(-time.Second)
}

// mayBeAll reports whether nothing can be missing though nothing delivered is
// shown: the position came from the caller, and may be in front of all records.
func (l *Loop) mayBeAll(p *page) bool {
	return l.list.span == l.part && l.count == 0 && (len(p.keys()) > 0 || len(l.opts.After.IDs) == 0)
}

// widen moves the list further back, up to the user's own end.
func (l *Loop) widen(p *page) error {
	if l.misses++; l.misses > maxMisses {
		return l.lostSight()
	}
	if p == nil || len(p.keys()) == 0 {
		waited, err := l.awaitRecords()
		if waited || err != nil {
			l.planAnew()
			return err
		}
	}
	if l.list.span == l.part {
		l.planAnew()
		return l.pause(l.misses)
	}
	l.overlap *= overlapGrowth
	if l.misses > 2 && l.spanFrom(l.delivered.at) == l.part && l.home.end == atLimit {
		return l.lost("it does not filter by the times that it shows")
	}
	l.move()
	return nil
}

// ranDry judges an empty page where there should be one: of a list that has shown
// nothing new it is believed when it comes twice.
func (l *Loop) ranDry(p *page) error {
	l.list.saysMore = p.list.HasMore
	l.list.dry++
	if l.list.fresh > 0 && l.canMove() || l.list.dry > 1 {
		l.list.end = runsDry
		return nil
	}
	_, err := l.awaitRecords()
	l.planAnew()
	return err
}

// meets reports whether nothing can have slipped between a page and what was
// delivered. In front of the first record there is nothing but what came too late,
// unless all that was delivered has vanished.
func (l *Loop) meets(p *page) bool {
	if slices.ContainsFunc(p.keys(), l.delivered.knows) {
		return true
	}
	if p.from > 0 {
		return false
	}
	if l.list.inRow > 1 && l.restarts < maxRestarts {
		l.restarts++
		return true
	}
	return slices.ContainsFunc(p.keys(), l.delivered.has)
}

// rewind asks for an earlier page where two do not meet: what was in front of the
// later one has vanished.
func (l *Loop) rewind() error {
	l.list.rewinds++
	l.list.inRow++
	if l.list.inRow > maxInRow || l.list.rewinds > maxRewinds {
		return l.lost(pagesApart)
	}
	l.list.next = max(0, l.list.next-min(cmp.Or(l.capacity, l.limit), l.nextSize())<<(l.list.inRow-1))
	l.planAnew()
	return nil
}

// isUnsteady reports whether the records around a seam come in another order than
// before. Where the pages share all records of the last time that is no harm.
func (l *Loop) isUnsteady(p *page) bool {
	if l.list.rereads || !l.list.isCapped && l.delivered.state != orderNotKept {
		return false
	}
	return !isContinued(l.list.last.keys(), p.keys())
}

func (l *Loop) readGroupAgain() error {
	l.list.unsteady++
	l.list.rereads = true
	if l.list.unsteady > maxUnsteady {
		return l.lost("it orders records of the same time anew for each page: larger pages may help")
	}
	l.list.next = max(0, min(l.list.groupAt, l.list.last.from))
	if l.delivered.state == orderNotKept {
		l.list.next = max(0, l.list.last.from-1)
	}
	l.planAnew()
	return nil
}

const (
	orderIgnored = "the service ignores the order that it was asked for"
	pagesApart   = "neighbouring pages of the service do not meet"
)

func (l *Loop) lost(why string) *fault.Error {
	text := fmt.Sprintf("%s: %s", fault.ResultWindow, why)
	if l.refusal != nil {
		text += fmt.Sprintf("; it refused record %d (%s)", l.limit, strings.TrimPrefix(l.refusal.Error(), "insights: "))
	}
	return &fault.Error{Kind: fault.ResultWindow, Text: text + ": narrow the options, or raise WithResultWindow if the service allows", Cause: l.refusal}
}

// errUnseen says that the service shows no records where there were some, which no
// other order helps with.
var errUnseen = errors.New("it no longer shows what it has given")

func (l *Loop) lostSight() error {
	err := l.lost(errUnseen.Error())
	err.Cause = errUnseen
	return err
}
