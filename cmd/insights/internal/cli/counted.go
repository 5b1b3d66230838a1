package cli

import (
	"context"
	"fmt"
	"sync"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
)

// counted counts the requests of a client, for the metrics of insights serve.
type counted struct {
	mu       sync.Mutex // guards requests
	requests map[string]int
}

// option lets a client tell of its attempts.
func (c *counted) option() insights.Option {
	return insights.WithOnAttempt(func(_ context.Context, a insights.Attempt) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.requests == nil {
			c.requests = make(map[string]int)
		}
		c.requests[fmt.Sprintf("%s %d", a.Path, a.StatusCode)]++
	})
}

// take is what was counted since the last time. failed is how the poll ended, and
// limit what the service says that is left.
func (c *counted) take(failed error, limit insights.RateLimit) store.Polls {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := store.Polls{Done: 1, Requests: c.requests}
	if failed != nil {
		p.Failed = 1
	}
	if (limit != insights.RateLimit{}) {
		p.Remaining = &limit.Remaining
	}
	c.requests = nil
	return p
}
