package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// Options are the choices of [Summarize]. The zero Options are the defaults.
type Options struct {
	CompleteAs CompleteAs `json:"complete_as"` // what a complete run counts as; empty: ignored

	// PerPlatform tells the runs of a test apart by OS and browser. Where
	// it is false, a test that passes on one browser and fails on the next
	// looks flaky.
	PerPlatform bool `json:"per_platform"`

	MinRuns   int     `json:"min_runs"`   // fewest judged runs of a flaky test; 0 means 5
	MinRate   float64 `json:"min_rate"`   // lowest flip rate of a flaky test, up to 1; 0 means 0.05
	MinBroken int     `json:"min_broken"` // fewest decided runs, all failures, of a broken test; 0 means 1

	// Quarantine lists the tests that may fail. Their runs are in all figures,
	// and a Gate leaves them out.
	Quarantine []Quarantine `json:"quarantine,omitempty"`

	// Exclude and Since leave runs out of Summary.Tests, and so out of what is
	// flaky, broken or slow. All other figures keep them.
	Exclude []ExcludedInterval   `json:"exclude,omitempty"` // outages
	Since   map[string]time.Time `json:"since,omitempty"`   // by test name: runs created earlier do not count, as the test was fixed then

	// Normalize replaces what differs between error messages of the same cause;
	// nil: [NormalizeError]. It gets the first 64 KiB of a message at most.
	Normalize func(message string) string `json:"-"`

	MaxErrorGroups int `json:"max_error_groups"` // most groups of errors; 0 means 1,000. Errors beyond them are in Summary.OtherErrors.
}

// ExcludedInterval is a time, such as that of an outage, in which runs are not held against a test. A run is in it
// if it was created at Start or later, and before End. A zero Start or End is
// no bound.
type ExcludedInterval struct {
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
}

// Contains reports whether t lies in the interval.
func (e ExcludedInterval) Contains(t time.Time) bool {
	return !t.Before(e.Start) && (e.End.IsZero() || t.Before(e.End))
}

// Validate reports everything that [Summarize] would refuse, as an
// [*insights.OptionsError], or nil.
func (o Options) Validate() error {
	var p problems
	p.check(o.CompleteAs.orDefault().valid(), "CompleteAs", fmt.Sprintf("%q is none of ignored, passed, failed", string(o.CompleteAs)))
	p.check(o.MinRuns >= 0, "MinRuns", "is negative")
	p.check(o.MinBroken >= 0, "MinBroken", "is negative")
	p.check(o.MaxErrorGroups >= 0, "MaxErrorGroups", "is negative")
	p.check(isShare(o.MinRate), "MinRate", "is not between 0 and 1")
	for i, q := range o.Quarantine {
		p.check(q.problem() == "", fmt.Sprintf("Quarantine[%d]", i), q.problem())
	}
	for i, e := range o.Exclude {
		p.check(e.End.IsZero() || e.Start.Before(e.End), fmt.Sprintf("Exclude[%d]", i), "does not start before it ends")
	}
	return p.err()
}

// withDefaults returns a copy that later changes by the caller do not reach.
func (o Options) withDefaults() Options {
	o.Quarantine = slices.Clone(o.Quarantine)
	o.Exclude, o.Since = slices.Clone(o.Exclude), maps.Clone(o.Since)
	o.CompleteAs = o.CompleteAs.orDefault()
	if o.MinRuns == 0 {
		o.MinRuns = 5
	}
	if o.MinRate == 0 {
		o.MinRate = 0.05
	}
	if o.MinBroken == 0 {
		o.MinBroken = 1
	}
	if o.Normalize == nil {
		o.Normalize = NormalizeError
	}
	if o.MaxErrorGroups == 0 {
		o.MaxErrorGroups = 1000
	}
	return o
}

// recorded returns what a Summary keeps: all that can be written down.
func (o Options) recorded() Options {
	o.Normalize = nil
	return o
}

// counts reports whether a run is held for or against its test.
func (o Options) counts(run insights.Test, created time.Time) bool {
	if since, ok := o.Since[run.Name]; ok && created.Before(since) {
		return false
	}
	for _, e := range o.Exclude {
		if e.Contains(created) {
			return false
		}
	}
	return true
}

// problems collects the mistakes in one options struct.
type problems []insights.Problem

func (p *problems) check(ok bool, field, reason string) {
	if !ok {
		*p = append(*p, insights.Problem{Field: field, Reason: reason})
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &insights.OptionsError{Problems: p}
}

func isShare(f float64) bool {
	return !math.IsNaN(f) && f >= 0 && f <= 1
}
