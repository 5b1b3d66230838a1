package ratelimit

import (
	"slices"
	"time"
)

// Hour lets no hour see more than a number of requests. It is guarded by
// the lock of [Limits].
type Hour struct {
	most int
	sent []time.Time // of the last hour and to come, in order
}

// NewHour returns a window that lets most requests pass in any hour.
func NewHour(most int) *Hour {
	return &Hour{most: most}
}

// free is the first time at or after at when there is a place: an hour after
// the request that is as many requests back as the window allows.
func (w *Hour) free(now, at time.Time) time.Time {
	over, _ := w.find(now.Add(-time.Hour))
	w.sent = w.sent[over:]
	if len(w.sent) < w.most {
		return at
	}
	next := w.sent[len(w.sent)-w.most].Add(time.Hour)
	if next.After(at) {
		return next
	}
	return at
}

// add takes a place that is free.
func (w *Hour) add(at time.Time) {
	i, _ := w.find(at)
	w.sent = slices.Insert(w.sent, i, at)
}

// remove makes a place free again.
func (w *Hour) remove(at time.Time) {
	if i, found := w.find(at); found {
		w.sent = slices.Delete(w.sent, i, i+1)
	}
}

// find is the index of the first place at or after at, and whether it is at at.
func (w *Hour) find(at time.Time) (i int, found bool) {
	return slices.BinarySearchFunc(w.sent, at, time.Time.Compare)
}
