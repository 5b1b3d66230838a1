package ratelimit

import (
	"slices"
	"time"
)

// Hour lets no hour see more than a number of requests. It is guarded by the lock
// of [Limits].
type Hour struct {
	allowance int
	sent      []time.Time // of the last hour, in order
}

// NewHour returns a limit of that many requests in any hour, at least 1.
func NewHour(allowance int) *Hour {
	return &Hour{allowance: allowance}
}

// free is the first time at or after from when a request may pass that has so
// many ahead of it: an hour after the one that is as many requests back as the
// hour allows.
func (h *Hour) free(from time.Time, ahead int) time.Time {
	sent := h.within(from)
	over := len(sent) + ahead - h.allowance
	switch {
	case over < 0:
		return from
	case over < len(sent):
		return later(from, sent[over].Add(time.Hour))
	}
	hours := min(1+(over-len(sent))/h.allowance, int(maxSpan/time.Hour))
	return from.Add(time.Duration(hours) * time.Hour)
}

// take counts a request that is sent now.
func (h *Hour) take(now time.Time) {
	h.sent = append(h.within(now), now)
}

// within are the requests of the hour before a time.
func (h *Hour) within(before time.Time) []time.Time {
	first, _ := slices.BinarySearchFunc(h.sent, before.Add(-time.Hour), func(sent, limit time.Time) int {
		if sent.After(limit) {
			return 1
		}
		return -1
	})
	return h.sent[first:]
}
