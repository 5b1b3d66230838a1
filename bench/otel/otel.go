// Package otel is the adapter of docs/opentelemetry.md, so that it compiles and is
// tried.
package otel

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/sauceinsights/insights"
)

// WithTracer makes a span of every attempt, without its query.
func WithTracer(tracer trace.Tracer) insights.Option {
	return insights.WithOnAttempt(func(ctx context.Context, a insights.Attempt) {
		end := time.Now()
		_, span := tracer.Start(ctx, a.Method+" "+a.Path, trace.WithTimestamp(end.Add(-a.Duration)), trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(attribute.String("http.request.method", a.Method), attribute.String("url.path", a.Path),
				attribute.Int("http.response.status_code", a.StatusCode), attribute.Int("http.request.resend_count", a.Number-1)))
		switch {
		case a.Err != nil:
			span.SetStatus(codes.Error, insights.Kind(a.Err))
		case a.StatusCode >= 400:
			span.SetStatus(codes.Error, http.StatusText(a.StatusCode))
		}
		span.End(trace.WithTimestamp(end))
	})
}
