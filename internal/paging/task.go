package paging

import "runtime"

// task is work on a goroutine of its own. For whoever waits for it, it ends as
// it ended there: with an error, a panic or [runtime.Goexit].
type task struct {
	done     chan struct{} // closed when nobody writes to it any more
	err      error
	exited   bool // it did not return
	panicked any  // why; nil: by runtime.Goexit
}

func newTask() task {
	return task{done: make(chan struct{})}
}

func (t *task) run(work func() error) {
	defer close(t.done)
	t.exited = true
	defer func() {
		if t.exited {
			t.panicked = recover()
		}
	}()
	t.err = work()
	t.exited = false
}

func (t *task) wait() error {
	<-t.done
	switch {
	case t.panicked != nil:
		panic(t.panicked)
	case t.exited:
		runtime.Goexit()
	}
	return t.err
}

func (t *task) succeeded() bool {
	select {
	case <-t.done:
		return t.err == nil && !t.exited
	default:
		return false
	}
}
