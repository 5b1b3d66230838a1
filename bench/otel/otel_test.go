package otel

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestWithTracer(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	srv := insightstest.New(t)
	srv.Fail(insightstest.Outage(1))
	client := srv.Client(WithTracer(provider.Tracer("test")))
	_, err := client.Tests(t.Context(), insights.TestsOptions{Period: insights.Last(time.Hour), Query: "confidential"})
	require.NoError(t, err)

	ended := spans.Ended()
	require.Len(t, ended, 2, "an attempt each")
	assert.Equal(t, "GET /v1/analytics/tests", ended[0].Name())
	assert.Equal(t, codes.Error, ended[0].Status().Code)
	assert.Equal(t, "Service Unavailable", ended[0].Status().Description)
	assert.Equal(t, codes.Unset, ended[1].Status().Code)
	for _, span := range ended {
		for _, a := range span.Attributes() {
			assert.NotContains(t, a.Value.String(), "confidential", "no query in a span")
		}
	}
}

// TestDocument holds the page to the code.
func TestDocument(t *testing.T) {
	page, err := os.ReadFile("../../docs/opentelemetry.md")
	require.NoError(t, err)
	code, err := os.ReadFile("otel.go")
	require.NoError(t, err)
	_, function, ok := strings.Cut(string(code), "// WithTracer")
	require.True(t, ok)
	assert.Contains(t, string(page), "// WithTracer"+function)
}
