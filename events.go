package insights

import (
	"context"
	"log/slog"
	"time"

	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/sauceinsights/insights/internal/wire"
)

// Attempt tells how one request went, for [WithOnAttempt]. It holds no query
// string and no credential.
type Attempt struct {
	Method        string        // GET
	Path          string        // one of five, such as /v1/analytics/tests: fit for a metric's label
	Number        int           // 1 for the first attempt of a call
	StatusCode    int           // 0: there was no response
	Err           error         // why there was no complete response; nil if the status says everything
	Duration      time.Duration // from sending to the last byte
	Wait          time.Duration // before the next attempt; 0 also if there is none
	ServerOrdered bool          // the service asked for Wait with Retry-After
	Bytes         int64         // of the body, decompressed, as far as it was read
}

// LogValue implements [slog.LogValuer].
func (a Attempt) LogValue() slog.Value {
	return exchange.Attempt(a).LogValue()
}

// reportUnreadable logs that values of an answer could not be read.
func (c *Client) reportUnreadable(ctx context.Context, path string, unreadable wire.Unreadable) {
	if c.config.logger != nil && unreadable.Count > 0 {
		c.config.logger.LogAttrs(ctx, slog.LevelWarn, "insights: values of the answer could not be read",
			slog.String("path", path), slog.Int("count", unreadable.Count), slog.String("first", c.mask.Text(unreadable.First)))
	}
}
