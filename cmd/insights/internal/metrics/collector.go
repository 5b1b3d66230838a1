package metrics

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/report"
)

// The figures, by the conventions of Prometheus.
var (
	runsTotal  = prometheus.NewDesc("insights_runs_total", "Settled runs by status, operating system and browser.", []string{"status", "os", "browser"}, nil)
	durations  = prometheus.NewDesc("insights_run_duration_seconds", "Run times of settled runs.", nil, nil)
	errorsDesc = prometheus.NewDesc("insights_run_errors_total", "Settled runs by the cause of their error: the 20 most frequent, and the others.", []string{"cause"}, nil)
	queueTimes = prometheus.NewDesc("insights_run_queue_seconds", "How long settled runs waited from their creation to their start.", nil, nil)
	polls      = prometheus.NewDesc("insights_sync_polls_total", "Polls that filled the store, by how they ended.", []string{"result"}, nil)
	requests   = prometheus.NewDesc("insights_api_requests_total", "Requests of these polls, by path and status; 0: there was no answer.", []string{"path", "code"}, nil)
	remaining  = prometheus.NewDesc("insights_api_rate_limit_remaining", "Requests that the service had left for the account, at the end of the last poll.", nil, nil)
	unsettled  = prometheus.NewDesc("insights_runs_unsettled", "Runs whose status may still change.", nil, nil)
	flakyTests = prometheus.NewDesc("insights_flaky_tests", "Tests that are flaky by the statistics of 30 days.", nil, nil)
	newlyBad   = prometheus.NewDesc("insights_newly_failing_tests", "Tests that failed in the last day, after passing only.", nil, nil)
	syncedAt   = prometheus.NewDesc("insights_last_sync_timestamp_seconds", "When the store was filled last, as Unix time.", nil, nil)
	differing  = prometheus.NewDesc("insights_unreconciled_intervals", "Intervals in which the service counts other runs than the store has.", nil, nil)
)

// settledAfter is how long after its creation a run's status changes no more: what
// insights sync reads again, once a day, goes back 48 hours.
const settledAfter = 48 * time.Hour

// Bounds of what one scrape may hold: at most 600 series in all.
const (
	maxPlatforms = 12
	maxCauses    = 20
)

var buckets = []float64{5, 15, 30, 60, 120, 300, 600, 1800, 3600}

// collector counts the settled runs of a store. It reads each only once.
type collector struct {
	life context.Context // of the server
	db   *store.Store
	now  func() time.Time

	mu       sync.Mutex // guards what follows
	upTo     time.Time  // runs that were created before are counted
	runs     map[labels]float64
	causes   map[string]float64
	known    map[string]bool // causes that have a series of their own
	times    histogram
	queues   histogram
	platform map[[2]string]bool
}

// histogram counts lengths of time.
type histogram struct {
	n    uint64
	sum  float64
	upTo map[float64]uint64
}

func newHistogram() histogram { return histogram{upTo: make(map[float64]uint64)} }

// add leaves out what can't be: a negative time, or one of more than a day.
func (h *histogram) add(seconds float64) {
	if seconds < 0 || seconds > 24*3600 {
		return
	}
	h.n++
	h.sum += seconds
	for _, bound := range buckets {
		if seconds <= bound {
			h.upTo[bound]++
		}
	}
}

type labels struct{ status, os, browser string }

func newCollector(ctx context.Context, db *store.Store, now func() time.Time) *collector {
	return &collector{
		life: ctx, db: db, now: now, runs: make(map[labels]float64), causes: make(map[string]float64), known: make(map[string]bool),
		times: newHistogram(), queues: newHistogram(), platform: make(map[[2]string]bool),
	}
}

// Describe names the figures.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{runsTotal, durations, queueTimes, errorsDesc, polls, requests, remaining, unsettled, flakyTests, newlyBad, syncedAt, differing} {
		ch <- desc
	}
}

// Collect counts what has settled since the last scrape.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state, err := c.db.State(c.life)
	if err == nil {
		err = c.countSettled(state)
	}
	var open int
	if err == nil {
		open, err = c.countUnsettled()
	}
	var found store.Counted
	if err == nil {
		found, err = c.db.Counted(c.life)
	}
	var asked store.Polls
	if err == nil {
		asked, err = c.db.Polls(c.life)
	}
	if err != nil {
		ch <- prometheus.NewInvalidMetric(runsTotal, err)
		return
	}
	gauge := func(desc *prometheus.Desc, value float64) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
	gauge(unsettled, float64(open))
	gauge(flakyTests, float64(found.Flaky))
	gauge(newlyBad, float64(found.NewlyFailing))
	gauge(differing, float64(found.Unreconciled))
	if !state.Watermark.IsZero() {
		gauge(syncedAt, float64(state.Watermark.Unix()))
	}
	sendPolls(ch, asked)
	c.sendCounters(ch)
}

func sendPolls(ch chan<- prometheus.Metric, p store.Polls) {
	ch <- prometheus.MustNewConstMetric(polls, prometheus.CounterValue, float64(p.Done-p.Failed), "done")
	ch <- prometheus.MustNewConstMetric(polls, prometheus.CounterValue, float64(p.Failed), "failed")
	for request, n := range p.Requests {
		path, code, _ := strings.Cut(request, " ")
		ch <- prometheus.MustNewConstMetric(requests, prometheus.CounterValue, float64(n), path, code)
	}
	if p.Remaining != nil {
		ch <- prometheus.MustNewConstMetric(remaining, prometheus.GaugeValue, float64(*p.Remaining))
	}
}

func (c *collector) sendCounters(ch chan<- prometheus.Metric) {
	for l, n := range c.runs {
		ch <- prometheus.MustNewConstMetric(runsTotal, prometheus.CounterValue, n, l.status, l.os, l.browser)
	}
	for cause, n := range c.causes {
		ch <- prometheus.MustNewConstMetric(errorsDesc, prometheus.CounterValue, n, cause)
	}
	ch <- prometheus.MustNewConstHistogram(durations, c.times.n, c.times.sum, maps.Clone(c.times.upTo))
	ch <- prometheus.MustNewConstHistogram(queueTimes, c.queues.n, c.queues.sum, maps.Clone(c.queues.upTo))
}

// countSettled counts the runs that a sync can change no more: they are older than
// what the last one read again.
func (c *collector) countSettled(state store.State) error {
	if state.Watermark.IsZero() {
		return nil
	}
	to := state.Watermark.Add(-settledAfter)
	if !to.After(c.upTo) {
		return nil
	}
	var runs []insights.Test
	for run, err := range c.db.Runs(c.life, store.Selection{From: c.upTo, To: to}) {
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	c.chooseCauses(runs)
	for _, run := range runs {
		c.count(run)
	}
	c.upTo = to
	return nil
}

// chooseCauses gives the most frequent causes of the first scrape a series of their
// own, and keeps to that: a series that comes and goes is no counter.
func (c *collector) chooseCauses(runs []insights.Test) {
	counts := make(map[string]int)
	for _, run := range runs {
		if run.Error != "" {
			counts[causeOf(run)]++
		}
	}
	names := slices.SortedFunc(maps.Keys(counts), func(x, y string) int { return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y)) })
	for _, name := range names {
		if len(c.known) >= maxCauses {
			return
		}
		c.known[name] = true
	}
}

// maxLabel is how many bytes of a cause stand in a label.
const maxLabel = 120

func causeOf(run insights.Test) string {
	cause := []rune(report.NormalizeError(run.Error))
	return string(cause[:min(len(cause), maxLabel)])
}

func (c *collector) count(run insights.Test) {
	c.runs[c.labelsOf(run)]++
	if run.Error != "" {
		cause := causeOf(run)
		if !c.known[cause] {
			cause = "other"
		}
		c.causes[cause]++
	}
	if run.Duration > 0 {
		c.times.add(float64(run.Duration))
	}
	if !run.StartTime.IsZero() {
		c.queues.add(run.StartTime.Sub(run.CreationTime).Seconds())
	}
}

// labelsOf has one of the known statuses, and of the platforms the first that were
// met: no figure may grow for ever.
func (c *collector) labelsOf(run insights.Test) labels {
	status := "other"
	switch {
	case run.Status == insights.StatusPassed, run.Status == insights.StatusFailed, run.Status == insights.StatusComplete:
		status = string(run.Status)
	case run.Status.IsError():
		status = "errored"
	}
	platform := [2]string{cmp.Or(run.OSNormalized, run.OS, "none"), cmp.Or(run.BrowserNormalized, run.Browser, "none")}
	if !c.platform[platform] && len(c.platform) >= maxPlatforms {
		platform = [2]string{"other", "other"}
	}
	c.platform[platform] = true
	return labels{status, platform[0], platform[1]}
}

func (c *collector) countUnsettled() (n int, err error) {
	for _, err := range c.db.Runs(c.life, store.Selection{From: later(c.upTo, time.Unix(0, 1))}) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
