package paging

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sauceinsights/insights/internal/fault"
)

// TestMain fails the suite where a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

var (
	firstOfMay = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

	errEndless = errors.New("the service has lost its patience")
	refused    = &fault.Error{Kind: fault.InvalidRequest}
	down       = &fault.Error{Kind: fault.Server}
)

func created(i int) time.Time { return firstOfMay.Add(time.Duration(i) * time.Second) }

// request is a request for a page, with its number.
type request struct {
	Request
	number int
}

// reply is what a service in memory answers.
type reply struct {
	keys    []Key
	hasMore bool
	silent  bool // it does not say whether there are more
}

// service answers in memory, one request at a time.
type service struct {
	answer func(request) (reply, error)
	limit  int // of requests; after that the service loses its patience

	latency func(Request) time.Duration // in virtual time; nil: none

	mu    sync.Mutex // guards asked
	asked int
}

func (s *service) fetch(yield func(Key) bool) Source {
	return func(ctx context.Context, r Request) (*Page, error) {
		if s.latency != nil {
			_ = sleep(ctx, s.latency(r))
		}
		if ctx.Err() != nil {
			return nil, fault.OfContext(ctx)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked++
		if s.asked > s.limit {
			return nil, errEndless
		}
		a, err := s.answer(request{r, s.asked})
		if err != nil {
			return nil, err
		}
		return &Page{Keys: a.keys, Told: !a.silent, HasMore: a.hasMore, Deliver: func(i int) bool { return yield(a.keys[i]) }}, nil
	}
}

func serving(limit int, answer func(request) (reply, error)) *service {
	return &service{answer: answer, limit: limit}
}

// readUntil delivers so many records, or all of them if most is negative, and
// says what it takes to go on.
func (s *service) readUntil(ctx context.Context, opts Options, most int, onRecord ...func()) (got []Key, rest Options, err error) {
	opts = opts.withDefaults()
	loop := New(ctx, opts, s.fetch(func(k Key) bool {
		got = append(got, k)
		s.mu.Lock() // a page that was asked for ahead may be under way
		defer s.mu.Unlock()
		for _, f := range onRecord {
			f()
		}
		return len(got) != most
	}))
	if s.latency == nil {
		loop.sleep = func(context.Context, time.Duration) error { return nil }
	} else {
		loop.queue.slots = make(chan struct{}, 64) // no request has to wait: which of them would is chance
	}
	defer loop.Stop()
	err = loop.Run()
	opts.From, opts.After = loop.Rest()
	return got, opts, err
}

// withDefaults fills in what a test leaves open: an hour, pages of 100, one
// request at a time and the documented result window.
func (o Options) withDefaults() Options {
	if o.Start.IsZero() {
		o.Start, o.End = firstOfMay, firstOfMay.Add(time.Hour)
	}
	o.Size = orElse(o.Size, 100)
	if o.Size == growing {
		o.Size = 0
	}
	o.ResultWindow = orElse(o.ResultWindow, 10_000)
	o.Concurrency = orElse(o.Concurrency, 1)
	return o
}

// growing is the size of pages that grow.
const growing = -1

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func (s *service) ids(t testing.TB, opts Options) (ids []string, err error) {
	got, _, err := s.readUntil(t.Context(), opts, -1)
	return idsOf(got), err
}

func idsOf(keys []Key) []string {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.ID
	}
	return ids
}
