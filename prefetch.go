package insights

import (
	"context"
	"sync"
)

// prefetch makes the requests of a loop ahead of their turn. Only the loop's
// own goroutine uses it; the others that it starts each fill in one task.
type prefetch struct {
	parent context.Context
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{} // one for each request in flight
	tasks  sync.WaitGroup
	queue  []*page // asked for, in the order of their turn
	reach  int     // how long queue may be: it grows while the loop has to wait
}

func newPrefetch(ctx context.Context, concurrency int) *prefetch {
	f := &prefetch{parent: ctx, slots: make(chan struct{}, concurrency), reach: 1}
	f.ctx, f.cancel = context.WithCancel(ctx)
	return f
}

// task is something under way on a goroutine of its own.
type task struct {
	done     chan struct{} // closed when nobody writes to it any more
	err      error
	panicked any
}

// wait waits for the end of the task, on whose behalf it panics.
func (t *task) wait() error {
	<-t.done
	if t.panicked != nil {
		panic(t.panicked)
	}
	return t.err
}

func (t *task) succeeded() bool {
	select {
	case <-t.done:
		return t.err == nil && t.panicked == nil
	default:
		return false
	}
}

// start runs work when a slot is free.
func (f *prefetch) start(t *task, work func(context.Context) error) {
	ctx := f.ctx
	t.done = make(chan struct{})
	f.tasks.Go(func() {
		defer close(t.done)
		defer func() { t.panicked = recover() }()
		select {
		case <-ctx.Done():
			t.err = contextError(ctx)
		case f.slots <- struct{}{}:
			defer func() { <-f.slots }()
			t.err = work(ctx)
		}
	})
}

// take takes the first page off the queue and waits for it. If it had to, the
// queue may be twice as long from now on, up to twice the requests in flight:
// so a loop that is slower than the service, or soon left, asks for little.
func (f *prefetch) take() (*page, error) {
	p := f.queue[0]
	f.queue = f.queue[1:]
	select {
	case <-p.done:
	default:
		f.reach = min(2*f.reach, 2*cap(f.slots))
	}
	return p, p.wait()
}

// discard ends all that is under way.
func (f *prefetch) discard() {
	f.stop()
	f.queue = nil
	f.ctx, f.cancel = context.WithCancel(f.parent)
}

func (f *prefetch) stop() {
	f.cancel()
	f.tasks.Wait()
}
