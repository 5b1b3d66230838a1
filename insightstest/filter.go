package insightstest

import (
	"slices"
	"strings"

	"github.com/sauceinsights/insights"
)

// filter lists, for every field, the numbers in the dictionary that it lets
// through; nil lets all through.
type filter struct {
	names, builds, owners, statuses, errors, systems, browsers []bool
}

func (f *filter) matches(e *entry) bool {
	return lets(f.names, e.name) && lets(f.builds, e.build) && lets(f.owners, e.owner) &&
		lets(f.statuses, e.status) && lets(f.errors, e.failure) &&
		lets(f.systems, e.system) && lets(f.browsers, e.browser)
}

func (f *filter) isEmpty() bool {
	return f.names == nil && f.builds == nil && f.owners == nil && f.statuses == nil &&
		f.errors == nil && f.systems == nil && f.browsers == nil
}

func lets(allowed []bool, number int32) bool {
	return allowed == nil || allowed[number]
}

// newFilter compiles the filters of a request for the words of a snapshot.
func newFilter(p *params, s *selection, username string, words *vocabulary) *filter {
	return &filter{
		names:    textFilter(words.names, p.name, s.partial),
		builds:   buildFilter(words.builds, p.build, p.missingBuild, s.partial),
		owners:   ownerFilter(words.owners, p, s.scope, username),
		statuses: statusFilter(words.statuses, p.statuses),
		errors:   textFilter(words.errors, p.errorText, s.partial),
		systems:  platformFilter(words.systems, p.os, s.platforms),
		browsers: platformFilter(words.browsers, p.browser, s.platforms),
	}
}

// letting marks the values that a test lets through.
func letting[V any](values []V, test func(V) bool) []bool {
	allowed := make([]bool, len(values))
	for i, v := range values {
		allowed[i] = test(v)
	}
	return allowed
}

func textFilter(values []string, wanted string, partial bool) []bool {
	if wanted == "" {
		return nil
	}
	if !partial {
		return letting(values, func(v string) bool { return v == wanted })
	}
	lower := strings.ToLower(wanted)
	return letting(values, func(v string) bool { return strings.Contains(strings.ToLower(v), lower) })
}

func buildFilter(builds []string, wanted string, missing, partial bool) []bool {
	allowed := textFilter(builds, wanted, partial)
	if !missing {
		return allowed
	}
	return letting(builds, func(b string) bool { return b == "" && wanted == "" })
}

// ownerFilter returns the scope, narrowed by the owners that are named.
func ownerFilter(owners []string, p *params, byDefault insights.Scope, username string) []bool {
	scope := p.scope
	if scope == "" && len(p.owners) == 0 {
		scope = byDefault
	}
	mine := scope == insights.ScopeMe
	if !mine && len(p.owners) == 0 {
		return nil
	}
	return letting(owners, func(o string) bool {
		return (!mine || o == username) && (len(p.owners) == 0 || slices.Contains(p.owners, o))
	})
}

func statusFilter(values []string, wanted []insights.Status) []bool {
	if len(wanted) == 0 {
		return nil
	}
	return letting(values, func(v string) bool {
		s := insights.Status(v)
		return slices.ContainsFunc(wanted, func(w insights.Status) bool { return s == w || s.IsError() && w.IsError() })
	})
}

func platformFilter(values []platform, wanted []string, names PlatformNames) []bool {
	if len(wanted) == 0 {
		return nil
	}
	return letting(values, func(v platform) bool {
		return names != NormalizedName && slices.Contains(wanted, v.raw) ||
			names != RawName && slices.Contains(wanted, v.normalized)
	})
}
