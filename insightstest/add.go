package insightstest

import (
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
)

// Add adds runs. They are served from the next request on, ordered by
// creation time, and among equal ones in the order in which they were added.
// It may be called while requests are answered.
//
// What every run has on the real service is filled in where it is missing: an
// ID, the server's account as owner, the owner as ancestor, now as creation
// time, [insights.StatusComplete], an address for DetailsURL, and of start,
// end and duration what follows from the others. A run without a start, of
// status errored and with no duration, is one that never started. IDs that are
// given must be different: the server does not check. Times are kept to the
// microsecond, in UTC.
func (s *Server) Add(tests ...insights.Test) {
	runs := make([]run, len(tests))
	for i, t := range tests {
		runs[i].Test = s.complete(t)
	}
	s.store.add(runs)
}

func (s *Server) complete(t insights.Test) insights.Test {
	if t.ID == "" {
		t.ID = fmt.Sprintf("%032d", s.nextID.Add(1))
	}
	t.Owner = orElse(t.Owner, s.settings.username)
	t.Ancestor = orElse(t.Ancestor, t.Owner)
	t.Status = orElse(t.Status, insights.StatusComplete)
	if t.Status.IsError() {
		t.Status = s.settings.errored
	}
	if t.DetailsURL == "" {
		t.DetailsURL = detailsURL(t.Owner, t.ID)
	}
	return s.completeTimes(t)
}

func (s *Server) completeTimes(t insights.Test) insights.Test {
	if t.CreationTime.IsZero() {
		t.CreationTime = t.StartTime
	}
	if t.CreationTime.IsZero() {
		t.CreationTime = s.settings.now().Truncate(time.Second)
	}
	if t.StartTime.IsZero() && (t.Duration > 0 || !t.Status.IsError()) {
		t.StartTime = t.CreationTime
	}
	if t.Duration == 0 && !t.StartTime.IsZero() && t.EndTime.After(t.StartTime) {
		t.Duration = insights.Seconds(t.EndTime.Sub(t.StartTime).Seconds())
	}
	if t.EndTime.IsZero() {
		t.EndTime = endOf(t)
	}
	t.CreationTime, t.StartTime, t.EndTime = kept(t.CreationTime), kept(t.StartTime), kept(t.EndTime)
	return t
}

func endOf(t insights.Test) time.Time {
	if t.StartTime.IsZero() {
		return t.CreationTime
	}
	return t.StartTime.Add(t.Duration.Duration())
}

func kept(t time.Time) time.Time {
	return t.UTC().Truncate(time.Microsecond)
}

func orElse[S ~string](value, other S) S {
	if value == "" {
		return other
	}
	return value
}

// detailsURL is the documented form of the address of a run.
func detailsURL(account, id string) string {
	return "https://saucelabs.com/rest/v1.1/" + account + "/jobs/" + id
}
