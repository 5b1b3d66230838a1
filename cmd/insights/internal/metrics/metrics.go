// Package metrics shows what a store knows to Prometheus.
//
// A run is counted once, when it is settled: its status changes no more. Until then
// it is among the unsettled, a gauge. So no counter falls, and increase() says how
// many runs there were.
package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sauceinsights/insights/cmd/insights/internal/store"
)

// Handler answers a scrape. What it can't read of the store is an error of the
// scrape, and no figure.
func Handler(ctx context.Context, db *store.Store, now func() time.Time) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(ctx, db, now), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError, MaxRequestsInFlight: 4, Timeout: 20 * time.Second})
}
