package insightstest

import (
	"maps"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// sums are the figures of /insights/test-metrics. The fastest and the slowest
// are of the runs that started and ended; of equal ones it is the oldest.
type sums struct {
	count            int
	fastest, slowest *run
	byStatus         map[string]int
	queued, ran      insights.Seconds
}

func (a *answerer) sums() *sums {
	s := &sums{byStatus: a.noStatuses(a.errored)}
	for e := range a.oldestFirst() {
		s.count++
		s.byStatus[a.statuses[e.status]]++
		s.ran += e.run.Duration
		if !e.run.StartTime.IsZero() {
			s.queued += insights.Seconds((time.Duration(e.started-e.created) * time.Microsecond).Seconds())
		}
		if !e.run.StartTime.IsZero() && !e.run.EndTime.IsZero() {
			s.rank(e.run)
		}
	}
	return s
}

// rank includes a run that started and ended.
func (s *sums) rank(r *run) {
	if s.fastest == nil || r.Duration < s.fastest.Duration {
		s.fastest = r
	}
	if s.slowest == nil || r.Duration > s.slowest.Duration {
		s.slowest = r
	}
}

// noStatuses returns the sum by status before the first run.
func (a *answerer) noStatuses(errored insights.Status) map[string]int {
	none := make(map[string]int)
	if a.zeroStatuses {
		for _, s := range []insights.Status{insights.StatusComplete, errored, insights.StatusFailed, insights.StatusPassed} {
			none[string(s)] = 0
		}
	}
	return none
}

// writeMetrics answers /insights/test-metrics.
func (a *answerer) writeMetrics(w *writer) {
	s := a.sums()
	w.openAnswer()
	w.open("aggs", '{')
	w.count("count", s.count)
	w.optionalRun("fastestRun", s.fastest)
	w.optionalRun("slowestRun", s.slowest)
	w.countsByName("statuses", s.byStatus)
	a.writeTotals(w, s)
	w.extras()
	w.close('}')
	w.close('}')
}

func (a *answerer) writeTotals(w *writer, s *sums) {
	runs := insights.Seconds(max(1, s.count))
	queued, ran := s.queued, s.ran
	if a.means {
		queued, ran = queued/runs, ran/runs
	}
	w.total("totalQueueTime", queued)
	w.total("totalRunTime", ran)
	if a.fields == FieldsOfToday || a.fields == FieldsSeenLive {
		w.total("avgRunTime", s.ran/runs)
	}
}

func (w *writer) optionalRun(key string, r *run) {
	switch {
	case r != nil:
		w.run(key, r, fields{build: true, further: true})
	case w.nulls:
		w.raw(key, "null")
	}
}

func (w *writer) countsByName(key string, counts map[string]int) {
	w.key(key)
	w.buf = append(w.buf, '{')
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		w.buf = append(appendText(w.buf, name), ':')
		w.count("", counts[name])
	}
	w.close('}')
}
