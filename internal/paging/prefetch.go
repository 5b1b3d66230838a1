package paging

import (
	"context"
	"sync"

	"github.com/sauceinsights/insights/internal/fault"
)

// prefetch makes the requests of a loop ahead of their turn. Only the loop's
// own goroutine uses it; the others that it starts each fill in one task.
type prefetch struct {
	parent    context.Context
	ctx       context.Context
	cancel    context.CancelFunc
	slots     chan struct{} // one for each request in flight
	tasks     sync.WaitGroup
	pages     []*page // asked for, in the order of their turn
	lookahead int     // how many pages may be: it grows while the loop has to wait
	farthest  int     // how many at most
}

// lookaheadGrowth is how many times as long the queue may be once the loop had to
// wait: 1, 4 and 16 pages take two round trips less than 1, 2, 4, 8 and 16.
const lookaheadGrowth = 4

func newPrefetch(ctx context.Context, concurrency int) *prefetch {
	f := &prefetch{parent: ctx, slots: make(chan struct{}, concurrency), lookahead: 1, farthest: 2 * concurrency}
	f.ctx, f.cancel = context.WithCancel(ctx)
	return f
}

// start runs work when a slot is free.
func (f *prefetch) start(t *task, work func(context.Context) error) {
	ctx := f.ctx
	*t = newTask()
	f.tasks.Go(func() {
		t.run(func() error {
			select {
			case <-ctx.Done():
				return fault.OfContext(ctx)
			case f.slots <- struct{}{}:
				defer func() { <-f.slots }()
				return work(ctx)
			}
		})
	})
}

// take takes the first page off the queue and waits for it. If it had to, the
// queue may be longer from now on, up to twice the requests in flight: so a
// loop that is slower than the service, or soon left, asks for little.
func (f *prefetch) take() (*page, error) {
	p := f.pages[0]
	f.pages = f.pages[1:]
	select {
	case <-p.done:
	default:
		f.lookahead = min(lookaheadGrowth*f.lookahead, f.farthest)
	}
	return p, p.wait()
}

// discard ends all that is under way.
func (f *prefetch) discard() {
	f.stop()
	f.pages = nil
	f.ctx, f.cancel = context.WithCancel(f.parent)
}

func (f *prefetch) stop() {
	f.cancel()
	f.tasks.Wait()
}
