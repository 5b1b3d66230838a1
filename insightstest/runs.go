package insightstest

import (
	"fmt"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// The statuses of a run that has not ended. What the real service calls them is
// not known; any status that is none of the documented ones does the same.
const (
	StatusQueued     insights.Status = "queued" // it has no start either
	StatusInProgress insights.Status = "in progress"
)

// Add adds runs. They are served from the next request on, ordered by
// creation time, and among equal ones in the order in which they were added.
// A run whose ID is known takes the place of the old one. Add may be called
// while requests are answered.
//
// What every run has on the real service is filled in if it is missing: an
// ID, the server's account as owner, the owner as ancestor, now as creation
// time, [insights.StatusComplete], an address for DetailsURL, and of start,
// end and duration what follows from the others. A run without a start, of
// status errored and with no duration, is one that never started. A run without
// an end and a duration whose status is none of the documented ones, such as
// [StatusInProgress], goes on until [Server.Update] ends it. Times are kept to
// the microsecond, in UTC.
func (s *Server) Add(tests ...insights.Test) {
	now := s.now()
	s.publish(s.completed(tests, now), now)
}

// AddAt adds runs that appear at a time, by the server's clock ([WithClock]).
// Until then nothing finds them. A creation time that is missing is at.
func (s *Server) AddAt(at time.Time, tests ...insights.Test) {
	if now := s.now(); !at.After(now) {
		s.publish(s.completed(tests, at), now)
		return
	}
	runs := s.completed(tests, at)
	for i := range runs {
		s.store.putLater(at.UnixMicro(), &runs[i])
	}
}

// Test returns the run with an ID as the server holds it, and whether there is
// one.
func (s *Server) Test(id string) (insights.Test, bool) {
	s.store.snapshot(s.now().UnixMicro()) // what is due is there
	r := s.store.find(id)
	if r == nil {
		return insights.Test{}, false
	}
	return r.Test, true
}

// Update changes the run with an ID; one that is not there is a mistake, see
// [Server]. A run that gets one of the documented statuses and has no end ends
// now. Otherwise, if change moves the start or the end, the duration follows,
// and if it sets the duration, the end does. Two updates of one run come one
// after the other; change must not call Update.
func (s *Server) Update(id string, change func(*insights.Test)) {
	s.updating.Lock()
	defer s.updating.Unlock()
	before, known := s.Test(id)
	if !known {
		s.helper()
		s.mistake("Update", "there is no run with the ID %q", id)
	}
	now, after := s.now(), before
	change(&after)
	if after.ID != id {
		s.helper()
		s.mistake("Update", "the ID %q was changed to %q", id, after.ID)
	}
	s.publish(s.completed([]insights.Test{retimed(before, after, now)}, now), now)
}

// retimed returns the run after a change, without the times that no longer fit.
func retimed(before, after insights.Test, now time.Time) insights.Test {
	moved := !after.StartTime.Equal(before.StartTime) || !after.EndTime.Equal(before.EndTime)
	longer := after.Duration != before.Duration
	switch {
	case after.EndTime.IsZero() && !longer && isStatus(after.Status):
		after.EndTime = kept(now)
	case moved && !longer:
		after.Duration = 0
	case longer && !moved:
		after.EndTime = time.Time{}
	}
	return after
}

// Remove removes the runs with these IDs, as if they had never been there. One
// that is not there is a mistake; see [Server].
func (s *Server) Remove(ids ...string) {
	for _, id := range ids {
		s.store.snapshot(s.now().UnixMicro())
		if !s.store.remove(id) {
			s.helper()
			s.mistake("Remove", "there is no run with the ID %q", id)
		}
	}
}

// Reset makes the server what it was at its start: without runs, faults and
// requests, and with full limits. [WithArrivals] counts from 1 again. Requests
// that are under way end as they would have.
func (s *Server) Reset() {
	s.faults.clear()
	s.store.clear()
	s.log.forget()
	s.limiter.fill()
	s.asked.Store(0)
	s.lists.Store(0)
	s.arriving.Lock()
	defer s.arriving.Unlock()
	s.arrived = 0
}

// publish puts runs into the store as [WithLateness] and [WithLateStatus] have
// it.
func (s *Server) publish(runs []run, now time.Time) {
	if s.settings.lateness == 0 && s.settings.lateStatus == 0 {
		s.store.put(runs)
		return
	}
	for i := range runs {
		s.publishLate(&runs[i], now)
	}
}

func (s *Server) publishLate(r *run, now time.Time) {
	end := r.EndTime
	if end.IsZero() {
		end = r.CreationTime
	}
	visible, settled := end.Add(s.settings.lateness), end.Add(s.settings.lateStatus)
	if settled.After(now) && settled.After(visible) && isStatus(r.Status) {
		undecided := &run{Test: r.Test, twin: s.settings.twin(r.Test), isUncreated: r.isUncreated}
		undecided.Status, undecided.Error = insights.StatusComplete, ""
		s.putAt(visible, undecided, now)
		visible = settled
	}
	s.putAt(visible, r, now)
}

func (s *Server) putAt(at time.Time, r *run, now time.Time) {
	if at.After(now) {
		s.store.putLater(at.UnixMicro(), r)
	} else {
		s.store.put([]run{{Test: r.Test, twin: r.twin, isUncreated: r.isUncreated}})
	}
}

// completed are the runs with what they lack; see [Server.Add].
func (s *Server) completed(tests []insights.Test, now time.Time) []run {
	runs := make([]run, len(tests))
	for i, t := range tests {
		runs[i].Test = s.complete(t, now)
		runs[i].twin = s.settings.twin(runs[i].Test)
		runs[i].isUncreated = s.settings.isUncreated(runs[i].Test)
	}
	return runs
}

func (s *Server) complete(t insights.Test, now time.Time) insights.Test {
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
		t.DetailsURL = s.settings.detailsURL(t.Owner, t.ID)
	}
	if s.settings.familyNames {
		t.OS, t.OSNormalized = familyFirst(t.OS, t.OSNormalized)
		t.Browser, t.BrowserNormalized = familyFirst(t.Browser, t.BrowserNormalized)
	}
	return completeTimes(t, now)
}

// isRunning reports whether a run goes on.
func isRunning(t insights.Test) bool {
	return !isStatus(t.Status) && t.EndTime.IsZero() && t.Duration == 0
}

func completeTimes(t insights.Test, now time.Time) insights.Test {
	if t.CreationTime.IsZero() {
		t.CreationTime = t.StartTime
	}
	if t.CreationTime.IsZero() {
		t.CreationTime = now.Truncate(time.Second)
	}
	if t.StartTime.IsZero() && hasStarted(t) {
		t.StartTime = t.CreationTime
	}
	if t.Duration == 0 && !t.StartTime.IsZero() && t.EndTime.After(t.StartTime) {
		t.Duration = insights.Seconds(t.EndTime.Sub(t.StartTime).Seconds())
	}
	if t.EndTime.IsZero() && !isRunning(t) {
		t.EndTime = endOf(t)
	}
	t.CreationTime, t.StartTime, t.EndTime = kept(t.CreationTime), kept(t.StartTime), kept(t.EndTime)
	return t
}

func hasStarted(t insights.Test) bool {
	return t.Duration > 0 || !t.Status.IsError() && t.Status != StatusQueued
}

func endOf(t insights.Test) time.Time {
	if t.StartTime.IsZero() {
		return t.CreationTime
	}
	return t.StartTime.Add(t.Duration.Duration())
}

func kept(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

func orElse[S ~string](value, other S) S {
	if value == "" {
		return other
	}
	return value
}

// detailsURL returns the documented form of the address of a run.
func detailsURL(account, id string) string {
	return "https://saucelabs.com/rest/v1.1/" + account + "/jobs/" + id
}

func (s *settings) detailsURL(account, id string) string {
	if s.fields == FieldsSeenLive {
		return "https://api.internal-host.example/rest/v1.1/jobs/" + id // on another host, without the account
	}
	return detailsURL(account, id)
}

// familyFirst orders the two names of a system or a browser: the version is in
// the one with a digit, or else in the longer one. A name on its own is both.
func familyFirst(a, b string) (family, versioned string) {
	a, b = orElse(a, b), orElse(b, a)
	if hasDigit(a) == hasDigit(b) && len(a) > len(b) || hasDigit(a) && !hasDigit(b) {
		return b, a
	}
	return a, b
}

func hasDigit(s string) bool {
	return strings.ContainsAny(s, "0123456789")
}
