package insightstest

import "iter"

// answerer is one request and the runs at its moment.
type answerer struct {
	*settings
	params *params
	*snapshot
	filter *filter
}

func newAnswerer(s *settings, p *params, runs *snapshot) *answerer {
	return &answerer{
		settings: s,
		params:   p,
		snapshot: runs,
		filter:   newFilter(p, &s.selection, s.username, &runs.vocabulary),
	}
}

// candidates are the runs that may lie in the period: by their time of
// creation and how far the other times are from it.
func (a *answerer) candidates() []entry {
	first, last := a.params.first, a.params.last
	switch a.membership {
	case ByStart:
		return a.created(first-a.lags.maxStart, last-a.lags.minStart)
	case ByEnd:
		return a.created(first-a.lags.maxEnd, last-a.lags.minEnd)
	default:
		return a.created(first, last)
	}
}

// isAll reports whether every candidate is selected.
func (a *answerer) isAll() bool {
	return a.membership == ByCreation && a.filter.isEmpty()
}

// memberTime returns the time that decides whether a run lies in the period.
func (a *answerer) memberTime(e *entry) int64 {
	switch a.membership {
	case ByStart:
		return e.started
	case ByEnd:
		return e.ended
	default:
		return e.created
	}
}

func (a *answerer) selects(e *entry) bool {
	t := a.memberTime(e)
	return a.params.first <= t && t <= a.params.last && a.filter.matches(e)
}

// oldestFirst are the selected runs.
func (a *answerer) oldestFirst() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		candidates := a.candidates()
		for i := range candidates {
			if e := &candidates[i]; a.selects(e) && !yield(e) {
				return
			}
		}
	}
}

// newestFirst is exactly the reverse of oldestFirst.
func (a *answerer) newestFirst() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		candidates := a.candidates()
		for i := len(candidates) - 1; i >= 0; i-- {
			if e := &candidates[i]; a.selects(e) && !yield(e) {
				return
			}
		}
	}
}
