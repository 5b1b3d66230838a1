package exchange

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Attempt is what became of one request. It holds no query string and no
// credential.
type Attempt struct {
	Method        string
	Path          string
	Number        int
	StatusCode    int
	Err           error
	Duration      time.Duration
	Wait          time.Duration
	ServerOrdered bool
	Bytes         int64
}

// LogValue implements [slog.LogValuer].
func (a Attempt) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("method", a.Method),
		slog.String("path", a.Path),
		slog.Int("number", a.Number),
		slog.Int("status", a.StatusCode),
		slog.Duration("duration", a.Duration),
		slog.Int64("bytes", a.Bytes),
	}
	if a.Err != nil {
		attrs = append(attrs, slog.String("error", a.Err.Error()))
	}
	if a.Wait > 0 {
		attrs = append(attrs, slog.Duration("wait", a.Wait), slog.Bool("server_ordered", a.ServerOrdered))
	}
	return slog.GroupValue(attrs...)
}

// report tells the event of an attempt, and logs it.
func report(next step) step {
	return func(ctx context.Context, a *attempt) {
		next(ctx, a)
		x := a.of
		if x.OnAttempt == nil && x.Logger == nil {
			return
		}
		event := x.event(a)
		x.log(ctx, event)
		if x.OnAttempt != nil {
			x.OnAttempt(ctx, event)
		}
	}
}

func (x *exchange) log(ctx context.Context, event Attempt) {
	if x.Logger == nil {
		return
	}
	x.Logger.LogAttrs(ctx, slog.LevelDebug, "insights: attempt", slog.Any("attempt", event))
	if event.Wait > 0 {
		x.Logger.LogAttrs(ctx, slog.LevelWarn, "insights: waiting to try again", slog.Any("attempt", event))
	}
}

func (x *exchange) event(a *attempt) Attempt {
	event := Attempt{
		Method:        http.MethodGet,
		Path:          x.call.Path,
		Number:        a.number,
		StatusCode:    a.status,
		Duration:      a.duration,
		Wait:          a.wait,
		ServerOrdered: a.serverRequested,
	}
	if a.failure != errStatus {
		event.Err = a.failure
	}
	if a.body != nil {
		event.Bytes = int64(len(a.body.data))
	}
	return event
}
