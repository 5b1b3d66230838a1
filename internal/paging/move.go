package paging

import (
	"context"
	"slices"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
)

// minOverlap is the overlap of a moved list with what was delivered. The
// service may leave out what lies on an end, and takes whole seconds.
const minOverlap = time.Second

// overlapGrowth is how many times as long the overlap gets if that was not enough.
const overlapGrowth = 8

// leaveList leaves a list that has ended, and reports whether it was the last.
func (l *Loop) leaveList() (isOver bool, err error) {
	if done, err := l.leave(); !done || err != nil {
		return false, err
	}
	if err := l.endPart(); err != nil {
		return false, err
	}
	goesOn, err := l.nextPart()
	return !goesOn, err
}

// leave finds the way on where a list has ended, and reports whether all is
// delivered. It is never told from what the service says alone: a list of
// several pages is asked for once more, from its last records on.
func (l *Loop) leave() (done bool, err error) {
	switch {
	case l.list.last != nil && len(l.list.last.keys()) > 0 && l.isOfNextPart(l.list.last.keys()[len(l.list.last.keys())-1]):
		return true, nil
	case l.list.isMoved && l.list.fresh == 0 && !l.list.isShown && l.list.span != l.part:
		return false, l.widen(l.list.last)
	case l.isComplete():
		return true, nil
	case l.canMove() && !l.stands():
		l.move()
		return false, nil
	case l.list.end == atLimit, l.list.end == leftEarly:
		return l.atEndOfLimit()
	}
	return l.checkBackwards()
}

// isComplete reports whether a list that has ended has shown that there are no
// more records.
func (l *Loop) isComplete() bool {
	switch {
	case l.list.end == atLimit, l.list.end == leftEarly:
		return false
	case l.list.isMoved:
		return l.list.fresh == 0 && l.list.span != l.part && l.list.isShorter(l.before)
	}
	return l.list.end == saysLast && l.list.pages == 1 && l.list.last.from == 0 && (l.isLater || l.opts.After.IsZero()) && !isSuspicious(l.list.last)
}

// isShorter reports whether a list is shorter than the one before it: what cuts one
// cuts the other.
func (s *list) isShorter(before list) bool {
	if before.last == nil {
		return s.pages <= 1
	}
	return s.count < before.count
}

// isSuspicious reports whether a page looks as if the service gave no more of any
// list: it is full, or of a round number of records.
func isSuspicious(p *page) bool {
	n := len(p.keys())
	return n >= p.size || n > 0 && n%50 == 0
}

// stands reports whether the list in turn has brought nothing up to the limit.
func (l *Loop) stands() bool {
	return l.idle > maxIdle
}

// maxChecks is how often the other end of a list may show something new: what
// arrives does.
const maxChecks = 4

// maxIdle is how many lists in a row may bring nothing.
const maxIdle = 3

// atEndOfLimit has no way on, unless the limit was only guessed.
func (l *Loop) atEndOfLimit() (done bool, err error) {
	switch {
	case l.limit < l.opts.ResultWindow && l.refusal == nil && !l.isDoubted:
		l.limit, l.list.end, l.isDoubted, l.idle = l.opts.ResultWindow, goesOn, true, 0
		l.planAnew()
		return false, nil
	case l.delivered.state == orderNotKept:
		return false, l.lost(orderIgnored)
	}
	return false, l.lost("it ends among the records around " + shown(l.delivered.at))
}

// checkBackwards looks at the other end of a list that can't be moved: what is
// new there must come up in its turn.
func (l *Loop) checkBackwards() (done bool, err error) {
	if l.list.end == saysLast && l.list.stood == 0 && l.isFull(l.list.last) {
		l.list.end = goesOn // a full page may be wrong about it
		l.planAnew()
		return false, nil
	}
	if l.first > 0 && l.delivered.state == orderNotKept {
		return true, nil // what was skipped is not known
	}
	l.queue.discard()
	page, err := l.fetch(l.queue.parent, l.list.span, l.opts.Order.reversed(), 0, l.nextSize())
	isNew := func(k Key) bool { return !l.delivered.has(k) }
	switch {
	case err != nil:
		return false, err
	case len(page.Keys) == 0 && l.list.checks > 0 && (l.opts.LongestPeriod > 0 || l.list.span != l.part):
		return true, nil // the records of the period are there, and what was here has vanished
	case l.list.checks >= maxChecks:
		return false, l.lost("it ends before its last records")
	case len(page.Keys) == 0 && (l.list.count > 0 || !l.isLater && (l.count > 0 || !l.opts.After.IsZero())):
		_, err = l.awaitRecords()
	case !slices.ContainsFunc(page.Keys, isNew) && l.delivered.state == orderNotKept && l.list.contradictsItself():
		return false, l.lost(orderIgnored)
	case !slices.ContainsFunc(page.Keys, isNew):
		return true, nil
	case l.list.checks > 0:
		l.list.next = 0
	}
	l.list.checks, l.list.end = l.list.checks+1, goesOn
	l.planAnew()
	return false, err
}

// learnLimit takes the length of a list that ran dry for all that the service
// gives of a list, where the next one shows that there was more.
func (l *Loop) learnLimit() {
	if l.list.isMoved && l.before.end == runsDry && !l.isDoubted && l.before.count >= l.nextSize() {
		l.limit = min(l.limit, l.before.count)
	}
}

// canMove reports whether there is a shorter list that begins with what was
// delivered last.
func (l *Loop) canMove() bool {
	return l.delivered.isTold() && l.isFurther(l.spanFrom(l.delivered.at), l.list.span)
}

// isFurther reports whether a part of the period begins further on than another.
func (l *Loop) isFurther(s, than span) bool {
	if l.opts.Order == NewestFirst {
		return s.end.Before(than.end)
	}
	return s.start.After(than.start)
}

// move begins a new list, of the records from the last delivered one on.
func (l *Loop) move() {
	l.leaveHome()
	if l.list.end != goesOn {
		l.before = l.list
		l.idle++
	}
	l.list = list{span: l.spanFrom(l.delivered.at), isMoved: true}
	l.list.expected = l.delivered.within(l.edge())
	l.list.expectedAll = len(l.list.expected)
	l.plan.careful = false
	l.planAnew()
}

// leaveHome notes where the first list was left.
func (l *Loop) leaveHome() {
	if !l.list.isMoved {
		l.home = l.list
	}
}

// enter turns to the list of a page.
func (l *Loop) enter(p *page) {
	if p.span != l.list.span {
		l.leaveHome()
		l.before = l.list
		l.idle++
		l.list = list{span: p.span, isMoved: true, isShown: true, last: l.list.last, next: p.from}
	}
	if !l.delivered.isOrderUnconfirmed() || len(l.delivered.seen) > l.opts.ResultWindow/2 {
		l.delivered.leaveFirstList()
	}
}

// spanFrom is the part of the user's period that holds every record from at on,
// given that membership goes by a time that is not before the creation: oldest
// first that is all of them, newest first findCarried finds the others.
func (l *Loop) spanFrom(at time.Time) span {
	s := l.part
	if l.opts.Order == NewestFirst {
		end := at.Truncate(time.Second).Add(time.Second + l.overlap)
		s.end = earlier(s.end, later(end, s.start.Add(time.Second)))
		return s
	}
	start := at.Truncate(time.Second).Add(-l.overlap)
	s.start = later(s.start, earlier(start, s.end.Add(-time.Second)))
	return s
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func shown(t time.Time) string {
	return t.UTC().Format(time.RFC3339)
}

// awaitRecords waits until the service shows any records of the period, and
// reports whether it had to. An index that is rebuilt shows none for a while.
func (l *Loop) awaitRecords() (waited bool, err error) {
	l.queue.discard()
	for i := range maxEmpty {
		page, err := l.fetch(l.queue.parent, l.known(), l.opts.Order, 0, min(2, l.limit))
		if err != nil {
			return false, err
		}
		if len(page.Keys) > 0 {
			return i > 0, nil
		}
		if err := l.pause(i + 1); err != nil {
			return false, err
		}
	}
	return false, l.lostSight()
}

// known is a part of the period that has had records.
func (l *Loop) known() span {
	if l.opts.LongestPeriod > 0 {
		return l.behind(l.delivered.at.Add(-time.Minute))
	}
	return l.part
}

// pause waits, longer from time to time.
func (l *Loop) pause(times int) error {
	return l.sleep(l.queue.parent, pauseOf(times))
}

func pauseOf(times int) time.Duration {
	return min(100*time.Millisecond<<min(times-1, 5), 2*time.Second)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fault.OfContext(ctx)
	case <-timer.C:
		return nil
	}
}
