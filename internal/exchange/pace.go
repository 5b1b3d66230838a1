package exchange

import (
	"context"
	"log/slog"
	"time"
)

// noteworthyPace is the shortest wait for a rate limit that is logged as a
// warning; shorter ones are how pacing works.
const noteworthyPace = time.Second

// pace waits until the request may be sent.
func pace(next step) step {
	return func(ctx context.Context, a *attempt) {
		x := a.of
		if err := x.takeTurn(ctx); err != nil {
			*a, x.last = x.last, attempt{} // what came before is all there is to tell
			a.willRetry, a.stop = false, err
			return
		}
		x.retries = false
		x.attempts++
		a.number = x.attempts
		next(ctx, a)
	}
}

func (x *exchange) takeTurn(ctx context.Context) error {
	return x.Limits.Wait(ctx, x.Retry.MaxWait, func(d time.Duration) { x.reportPace(ctx, d) })
}

// reportPace logs a wait for a rate limit.
func (x *exchange) reportPace(ctx context.Context, d time.Duration) {
	if x.Logger != nil && d >= noteworthyPace {
		x.Logger.LogAttrs(ctx, slog.LevelWarn, "insights: waiting for the rate limit",
			slog.String("path", x.call.Path), slog.Duration("wait", d))
	}
}
