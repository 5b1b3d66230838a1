package ratelimit

import (
	"container/list"
	"context"
	"time"
)

// line is where requests stand behind each other. Nobody overtakes; whoever
// leaves moves the others up. It is guarded by the lock of [Limits].
type line struct {
	requests list.List // of *request, the head first
}

// request is one that waits to be sent.
type request struct {
	ctx      context.Context
	maxWait  time.Duration
	announce func(time.Duration)
	told     time.Time // the end of the wait that was announced

	isAdmitted bool // by the shared limiter

	place  *list.Element
	turn   chan struct{} // closed when it need not stand in the line any longer
	refuse error         // why, where it is not the head
}

// join puts a request at the end of the line, if the wait that is to be expected
// there fits its deadline.
func (l Limits) join(r *request) (wait time.Duration, err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	ahead := l.line.requests.Len()
	now := time.Now()
	wait = l.estimate(now, r, ahead)
	if wait > 0 && !r.fits(now.Add(wait)) {
		return wait, noTime(wait)
	}
	r.turn = make(chan struct{})
	r.place = l.line.requests.PushBack(r)
	if ahead == 0 {
		close(r.turn)
	}
	return wait, nil
}

// leave takes a request out of the line, if it is still in it.
func (l Limits) leave(r *request) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.line.leave(r)
}

// leave makes the next one the head, if it was r.
func (l *line) leave(r *request) {
	if r.place == nil {
		return
	}
	wasHead := l.requests.Front() == r.place
	l.remove(r)
	if next := l.requests.Front(); wasHead && next != nil {
		close(next.Value.(*request).turn)
	}
}

func (l *line) remove(r *request) {
	l.requests.Remove(r.place)
	r.place = nil
}

// refuseLate takes out of the line behind its head whoever can't be sent before
// its deadline any more.
func (l Limits) refuseLate() {
	if l.line == nil {
		return
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	now, ahead := time.Now(), 1
	for place := l.line.requests.Front().Next(); place != nil; {
		r := place.Value.(*request)
		place = place.Next()
		if wait := l.estimate(now, r, ahead); !r.fits(now.Add(wait)) {
			r.refuse = noTime(wait)
			l.line.remove(r)
			close(r.turn)
			continue
		}
		ahead++
	}
}

// fits reports whether something can still happen at a time.
func (r *request) fits(at time.Time) bool {
	deadline, ok := r.ctx.Deadline()
	return !ok || at.Before(deadline)
}

// awaitTurn waits until the request is the head of the line.
func (r *request) awaitTurn() error {
	select {
	case <-r.turn:
		return r.refuse
	case <-r.ctx.Done():
		return calledOff(r.ctx)
	}
}

// announceOnce tells of a wait, where it lasts longer than one that was told of.
func (r *request) announceOnce(d time.Duration) {
	if end := time.Now().Add(d); d > 0 && end.After(r.told) {
		r.told = end
		r.announce(d)
	}
}
