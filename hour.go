package insights

import (
	"slices"
	"time"
)

// hourWindow lets no hour see more than a number of requests. It is guarded by
// the lock of [limits].
type hourWindow struct {
	most int
	sent []time.Time // of the last hour and to come, in order
}

func newHourWindow(most int) *hourWindow {
	return &hourWindow{most: most}
}

// free is the first time at or after at when there is a place: an hour after
// the request that is as many requests back as the window allows.
func (w *hourWindow) free(now, at time.Time) time.Time {
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
func (w *hourWindow) add(at time.Time) {
	i, _ := w.find(at)
	w.sent = slices.Insert(w.sent, i, at)
}

// remove makes a place free again.
func (w *hourWindow) remove(at time.Time) {
	if i, found := w.find(at); found {
		w.sent = slices.Delete(w.sent, i, i+1)
	}
}

// find is the index of the first place at or after at, and whether it is at at.
func (w *hourWindow) find(at time.Time) (i int, found bool) {
	return slices.BinarySearchFunc(w.sent, at, time.Time.Compare)
}
