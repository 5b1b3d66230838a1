package web

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/dashboard"
)

// loader has what pages of one period are made of, and reads it again when it is
// old: once at a time, however many viewers there are. Meanwhile they see what was
// there before.
type loader struct {
	source Source
	isDemo bool
	length time.Duration // of the period
	now    func() time.Time
	life   context.Context // of the server: what is read outlives a viewer

	progress atomic.Int64 // runs read so far

	mu      sync.Mutex // guards what follows
	input   *dashboard.Input
	boards  map[dashboard.Filter]*dashboard.Board // of input
	err     error                                 // why the last reading failed; nil: it did not
	read    time.Time                             // when it ended
	reading chan struct{}                         // closed when the reading that is under way ends; nil: there is none
}

// maxBoards bounds the memory of filters.
const maxBoards = 64

// await returns what there is after at most so long, and whether it is still being
// read. Without anything the board is nil.
func (l *loader) await(ctx context.Context, f dashboard.Filter, most time.Duration) (board *dashboard.Board, err error) {
	l.mu.Lock()
	if l.reading == nil && (l.input == nil || l.now().Sub(l.read) > l.source.Lasts()) && l.life.Err() == nil {
		l.reading = make(chan struct{})
		go l.load(l.reading)
	}
	reading, isThere := l.reading, l.input != nil
	l.mu.Unlock()
	if reading != nil && !isThere {
		timer := time.NewTimer(most)
		defer timer.Stop()
		select {
		case <-reading:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return l.board(f)
}

// board computes the board of a filter once.
func (l *loader) board(f dashboard.Filter) (*dashboard.Board, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.input == nil {
		return nil, l.err
	}
	if b, ok := l.boards[f]; ok {
		return b, l.err
	}
	in := *l.input
	in.Filter = f
	b, err := dashboard.New(in)
	if err != nil {
		return nil, err
	}
	if len(l.boards) >= maxBoards {
		clear(l.boards)
	}
	l.boards[f] = b
	return b, l.err
}

// load reads the period, and as much before it.
func (l *loader) load(done chan struct{}) {
	l.progress.Store(0)
	now := l.now().UTC().Truncate(time.Second)
	in := &dashboard.Input{Source: l.source.Name(), IsDemo: l.isDemo, From: now.Add(-l.length), To: now, Now: now}
	err := l.fill(in)
	l.mu.Lock()
	defer l.mu.Unlock()
	defer close(done)
	l.reading, l.read, l.err = nil, l.now(), err
	if err == nil {
		l.input, l.boards = in, make(map[dashboard.Filter]*dashboard.Board)
	}
}

func (l *loader) fill(in *dashboard.Input) error {
	l.source.Fill(l.life, in)
	var runs []insights.Test
	for run, err := range l.source.Runs(l.life, in.From.Add(-l.length), in.To) {
		if err != nil {
			return err
		}
		runs = append(runs, run)
		l.progress.Add(1)
	}
	in.Runs = runs
	return nil
}

// BoardOf reads a period at once, for a page that is not served.
func BoardOf(ctx context.Context, source Source, period string, isDemo bool, now time.Time) (*dashboard.Board, error) {
	l := &loader{source: source, isDemo: isDemo, length: lengthOf(period), now: func() time.Time { return now }, life: ctx}
	done := make(chan struct{})
	l.load(done)
	return l.board(dashboard.Filter{})
}
