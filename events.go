package insights

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/sauceinsights/insights/internal/ratelimit"
)

// Attempt is what became of one request, for [WithOnAttempt]. It holds no
// query string and no credential.
type Attempt struct {
	Method        string        // GET
	Path          string        // one of five, such as /v1/analytics/tests: fit for a metric's label
	Number        int           // 1 for the first attempt of a call
	StatusCode    int           // 0: there was no answer
	Err           error         // why there was no complete answer; nil where the status tells all
	Duration      time.Duration // from sending to the last byte
	Wait          time.Duration // before the next attempt; 0 also where there is none
	ServerOrdered bool          // Wait is what the service ordered with Retry-After
	Bytes         int64         // of the body as far as it was read, decompressed
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

// noteworthyPace is the shortest wait for a rate limit that is logged as a
// warning; shorter ones are how pacing works.
const noteworthyPace = time.Second

// report tells the event of an attempt, and logs it.
func (x *exchange) report(ctx context.Context, a answer) {
	if x.config.onAttempt == nil && x.config.logger == nil {
		return
	}
	attempt := x.attempt(a)
	if log := x.config.logger; log != nil {
		log.LogAttrs(ctx, slog.LevelDebug, "insights: attempt", slog.Any("attempt", attempt))
		if attempt.Wait > 0 {
			log.LogAttrs(ctx, slog.LevelWarn, "insights: waiting to try again", slog.Any("attempt", attempt))
		}
	}
	if x.config.onAttempt != nil {
		x.config.onAttempt(ctx, attempt)
	}
}

func (x *exchange) attempt(a answer) Attempt {
	event := Attempt{
		Method:        http.MethodGet,
		Path:          x.call.path,
		Number:        x.attempts,
		StatusCode:    a.status,
		Duration:      time.Since(x.sent),
		Wait:          x.wait,
		ServerOrdered: x.ordered,
	}
	if a.failure != errStatus {
		event.Err = a.failure
	}
	if a.body != nil {
		event.Bytes = int64(len(a.body.data))
	}
	return event
}

// reportPace logs a wait for a rate limit.
func (x *exchange) reportPace(ctx context.Context, d time.Duration) {
	if x.config.logger != nil && d >= noteworthyPace {
		x.config.logger.LogAttrs(ctx, slog.LevelWarn, "insights: waiting for the rate limit",
			slog.String("path", x.call.path), slog.Duration("wait", d))
	}
}

// reportUnreadable logs that values of an answer could not be read.
func (x *exchange) reportUnreadable(ctx context.Context) {
	if x.config.logger != nil && x.unreadable.Count > 0 {
		x.config.logger.LogAttrs(ctx, slog.LevelWarn, "insights: values of the answer could not be read",
			slog.String("path", x.call.path), slog.Int("count", x.unreadable.Count), slog.String("first", x.mask.Text(x.unreadable.First)))
	}
}

// capture fills the caller's ResponseInfo.
func (x *exchange) capture() {
	if x.call.info == nil {
		return
	}
	quota, _ := ratelimit.QuotaOf(x.last.header, time.Now())
	*x.call.info = ResponseInfo{
		StatusCode: x.last.status,
		Header:     x.last.header.Clone(),
		RequestID:  x.requestID(),
		RateLimit:  RateLimit(quota),
		Attempts:   x.attempts,
		Elapsed:    time.Since(x.started),
		Unreadable: x.unreadable.Count,
	}
}
