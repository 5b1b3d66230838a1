package insights

import (
	"context"
	"net/http"
	"runtime"
	"time"
)

// patience is how long a transport may take to notice that its context has
// ended.
const patience = 50 * time.Millisecond

// orLeave is what attempt returns. Where that does not end with ctx, as the
// transport of a caller may not, it is left behind, and ends for nobody: a
// call is not to hang because of it.
func orLeave(ctx context.Context, attempt func() (*http.Response, error)) (*http.Response, error) {
	done := make(chan *ending, 1)
	go func() {
		e := &ending{exited: true}
		defer func() {
			if e.exited {
				e.panicked = recover()
			}
			done <- e
		}()
		e.resp, e.err = attempt()
		e.exited = false
	}()
	select {
	case e := <-done:
		return e.here()
	case <-ctx.Done():
	}
	select {
	case e := <-done:
		return e.here()
	case <-time.After(patience):
		return nil, timeoutOr(ctx, ctx.Err())
	}
}

// ending is how an attempt ended in another goroutine.
type ending struct {
	resp     *http.Response
	err      error
	exited   bool // it did not return
	panicked any  // why; nil: by runtime.Goexit
}

// here ends in the same way in the goroutine of the caller.
func (e *ending) here() (*http.Response, error) {
	switch {
	case e.panicked != nil:
		panic(e.panicked)
	case e.exited:
		runtime.Goexit()
	}
	return e.resp, e.err
}
