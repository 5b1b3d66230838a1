package insights

import (
	"context"
	"time"
)

// patience is how long work may take to notice that its context has ended.
const patience = 50 * time.Millisecond

// endsBy waits for a task, and reports whether it ended with ctx at the latest. One
// that does not is left behind, and ends for nobody: a call is not to hang because
// of it.
func (t *task) endsBy(ctx context.Context) bool {
	select {
	case <-t.done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-t.done:
		return true
	case <-time.After(patience):
		return false
	}
}
