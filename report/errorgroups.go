package report

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// ErrorGroup is the runs whose error messages are the same but for what
// changes from run to run; see [NormalizeError] and Options.Normalize. Every run with a message is
// in a group, whatever its status.
type ErrorGroup struct {
	Message   string    `json:"message"` // normalized; cut after 2,000 bytes
	Count     int       `json:"count"`   // runs
	Tests     []string  `json:"tests"`   // distinct names, sorted; the first 100 that were met
	MoreTests bool      `json:"more_tests,omitempty"`
	FirstSeen time.Time `json:"first_seen,omitzero"`
	LastSeen  time.Time `json:"last_seen,omitzero"`
	Sample    string    `json:"sample"`     // the latest message as it came; cut after 2,000 bytes
	SampleRun string    `json:"sample_run"` // the ID of its run
}

const maxTestsPerError = 100

// errorGroups gathers up to max groups. Later messages that belong to none of
// them are only counted.
type errorGroups struct {
	max       int
	normalize func(string) string
	groups    map[string]*errorRecord
	others    int
	seed      maphash.Seed
	known     map[uint64]*errorRecord // by the hash of the message as it came: most repeat
}

type errorRecord struct {
	ErrorGroup
	tests map[string]struct{}
}

// maxKnownMessages bounds errorGroups.known.
const maxKnownMessages = 1000

func newErrorGroups(limit int, normalize func(string) string) errorGroups {
	return errorGroups{
		max: limit, normalize: normalize, seed: maphash.MakeSeed(),
		groups: make(map[string]*errorRecord), known: make(map[uint64]*errorRecord),
	}
}

func (g *errorGroups) add(run insights.Test, at time.Time, order *arrivals) {
	if run.Error == "" {
		return
	}
	if record := g.record(run.Error); record != nil {
		record.add(run, at, order)
		return
	}
	g.others++
}

// maxNormalized is how much of a message tells its cause, in bytes. The rest
// costs nothing.
const maxNormalized = 64 << 10

// record finds or begins the group of a message; nil if there is no room.
func (g *errorGroups) record(message string) *errorRecord {
	message = cut(message, maxNormalized)
	hash := maphash.String(g.seed, message)
	if record, ok := g.known[hash]; ok {
		return record
	}
	record := g.group(strings.Clone(cutError(g.normalize(message))))
	if len(g.known) < maxKnownMessages {
		g.known[hash] = record
	}
	return record
}

func (g *errorGroups) group(normalized string) *errorRecord {
	record, ok := g.groups[normalized]
	if !ok && len(g.groups) < g.max {
		record = &errorRecord{ErrorGroup: ErrorGroup{Message: normalized}, tests: make(map[string]struct{})}
		g.groups[normalized] = record
	}
	return record
}

func (r *errorRecord) add(run insights.Test, at time.Time, order *arrivals) {
	r.Count++
	if r.Count == 1 || order.isNewer(at, r.LastSeen) {
		r.Sample, r.SampleRun = cutError(run.Error), run.ID
	}
	r.FirstSeen = earlier(r.FirstSeen, at)
	r.LastSeen = later(r.LastSeen, at)
	if _, ok := r.tests[run.Name]; ok {
		return
	}
	if len(r.tests) == maxTestsPerError {
		r.MoreTests = true
		return
	}
	r.tests[run.Name] = struct{}{}
}

func (g *errorGroups) sorted() []ErrorGroup {
	sorted := make([]ErrorGroup, 0, len(g.groups))
	for _, record := range g.groups {
		group := record.ErrorGroup
		group.Tests = slices.Sorted(maps.Keys(record.tests))
		sorted = append(sorted, group)
	}
	slices.SortFunc(sorted, func(a, b ErrorGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Message, b.Message))
	})
	return sorted
}
