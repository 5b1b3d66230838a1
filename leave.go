package insights

import (
	"context"
	"net/http"
	"time"
)

// patience is how long a transport may take to notice that its context has
// ended.
const patience = 50 * time.Millisecond

// orLeave is what attempt returns. Where that does not end with ctx, as the
// transport of a caller may not, it is left behind, and ends for nobody: a
// call is not to hang because of it.
func orLeave(ctx context.Context, attempt func() (*http.Response, error)) (*http.Response, error) {
	var resp *http.Response
	t := newTask()
	go t.run(func() (err error) {
		resp, err = attempt()
		return err
	})
	select {
	case <-t.done:
		return resp, t.wait()
	case <-ctx.Done():
	}
	select {
	case <-t.done:
		return resp, t.wait()
	case <-time.After(patience):
		return nil, timeoutOr(ctx, ctx.Err())
	}
}
