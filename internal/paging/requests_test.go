package paging

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLoopRequests holds what loops ask of some small services, request by request:
// testdata/requests.txt is made to be read. Where a change asks something else, write
// it anew with -update, and see whether each request is worth its place in the limit
// of the user.
func TestLoopRequests(t *testing.T) {
	var text strings.Builder
	for _, w := range walks {
		synctest.Test(t, func(*testing.T) { w.write(&text) })
	}
	compare(t, "testdata/requests.txt", text.String())
}

// walk is a loop over so many records of a service, one a second, within five
// minutes. It asks for pages of ten unless its options say otherwise.
type walk struct {
	name    string
	records int
	opts    Options
	make    func(*archive) // what is not honest about the service; nil: nothing
}

var walks = []walk{
	// Lists that end within the result window.
	{"there is nothing", 0, Options{}, nil},
	{"one page has all", 9, Options{}, nil},
	{"one page has all, and is full", 10, Options{}, nil},
	{"a list of several pages is looked at once more, from its last records on", 25, Options{}, nil},
	{"the same, newest first", 25, Options{Order: NewestFirst}, nil},
	{"pages of one record are pages of two, that share one", 4, Options{Size: 1}, nil},
	{"what is skipped is not asked for", 25, Options{From: 12}, nil},
	{"a loop goes on behind another one", 25, Options{After: Position{Time: second(12), IDs: []string{"12"}}}, nil},
	{"the same, newest first", 25, Options{After: Position{Time: second(12), IDs: []string{"12"}}, Order: NewestFirst}, nil},
	{"a loop goes on behind one that did not know the order yet", 25, Options{After: Position{Time: second(2), IDs: []string{"2"}, Others: []string{"0", "1"}, Early: true}}, nil},
	{"records of one time are shared up to half a page", 60, Options{}, sameTime(20, 33)},

	// Pages that grow.
	{"pages grow when the first has come", 2500, Options{Size: growing}, nil},
	{"pages grow to what comes", 700, Options{Size: growing}, func(a *archive) { a.largestPage = 250 }},
	{"pages stay small where larger ones are refused", 350, Options{Size: growing}, func(a *archive) { a.refusesSize = 100 }},

	// Past the result window.
	{"lists begin later", 70, Options{ResultWindow: 30}, nil},
	{"lists end earlier, newest first, and what they hide is looked for", 70, Options{ResultWindow: 30, Order: NewestFirst}, nil},
	{"runs that ended late are carried over, newest first", 70, Options{ResultWindow: 30, Order: NewestFirst}, endingLate},
	{"a list of as many records as the window holds", 30, Options{ResultWindow: 30}, nil},
	{"a list of one more", 31, Options{ResultWindow: 30}, nil},
	{"a window full of records of one time has no way on", 70, Options{ResultWindow: 30}, sameTime(10, 50)},

	// Requests ahead of their turn.
	{"one, four, and up to twice the concurrency are ahead", 150, Options{Concurrency: 4}, nil},
	{"the next list is asked for ahead", 120, Options{Concurrency: 4, ResultWindow: 30}, nil},
	{"no list is asked for ahead, newest first", 70, Options{Concurrency: 4, ResultWindow: 30, Order: NewestFirst}, nil},
	{"one page that grows is tried alone", 2500, Options{Concurrency: 4, Size: growing}, nil},

	// A period that is longer than the service takes.
	{"parts share a minute", 180, Options{Size: 50, LongestPeriod: 2 * time.Minute}, nil},
	{"the same, newest first", 180, Options{Size: 50, LongestPeriod: 2 * time.Minute, Order: NewestFirst}, nil},
	{"runs that ended in a later part are carried over", 180, Options{Size: 50, LongestPeriod: 2 * time.Minute}, endingLate},
	{"the same, newest first", 180, Options{Size: 50, LongestPeriod: 2 * time.Minute, Order: NewestFirst}, endingLate},
	{"parts without records", 20, Options{LongestPeriod: 150 * time.Second}, nil},

	// Services that say something else than they give, or give less than they have.
	{"there is always more", 25, Options{}, func(a *archive) { a.more = "always" }},
	{"there is always more, newest first", 25, Options{Order: NewestFirst}, func(a *archive) { a.more = "always" }},
	{"nothing is said of more", 25, Options{}, func(a *archive) { a.silent = 1 }},
	{"every page is the last one", 25, Options{}, func(a *archive) { a.falseEnd = 1 }},
	{"a list is cut", 50, Options{}, func(a *archive) { a.cut, a.cutBy = 20, "empty" }},
	{"a list is cut, and said to be over", 50, Options{}, func(a *archive) { a.cut, a.cutBy = 20, "false" }},
	{"a list is cut, and its last page comes again", 50, Options{}, func(a *archive) { a.cut, a.cutBy = 20, "again" }},
	{"a list is cut, and more of it refused", 50, Options{}, func(a *archive) { a.cut, a.cutBy = 20, "refuse" }},
	{"a list is cut, and more of it is not found, newest first", 50, Options{Order: NewestFirst}, func(a *archive) { a.cut, a.cutBy = 20, "missing" }},
	{"there is nothing for a while", 40, Options{}, func(a *archive) { a.emptyFrom, a.emptyFor, a.emptyMore = 3, 4, "false" }},
	{"there is nothing from some time on", 40, Options{}, func(a *archive) { a.emptyFrom, a.emptyFor, a.emptyMore = 3, 100, "true" }},
	{"from tells nothing", 40, Options{}, func(a *archive) { a.ignoresFrom = true }},
	{"the first record is the one at 1", 40, Options{}, func(a *archive) { a.fromBase = 1 }},
	{"pages have as many records as they like", 40, Options{}, func(a *archive) { a.randomPages = true }},

	// Times and orders that tell little.
	{"the order is another one", 40, Options{}, func(a *archive) { a.order = "newest" }},
	{"there is no order", 40, Options{ResultWindow: 30}, func(a *archive) { a.order = "id" }},
	{"records of one time come in another order each time", 40, Options{}, func(a *archive) { sameTime(10, 30)(a); a.replicas = 3 }},
	{"periods go by another clock", 70, Options{ResultWindow: 30}, func(a *archive) { a.zone = 10 * time.Second }},
	{"periods begin at whole minutes", 170, Options{ResultWindow: 130, Size: 50}, func(a *archive) { a.minutes = true }},
	{"records without a time lie behind the window", 70, Options{ResultWindow: 30}, timeless(5, 68, 69)},
	{"records without a time come first", 70, Options{ResultWindow: 30}, func(a *archive) { timeless(5, 68, 69)(a); a.nullsFirst = true }},
	{"records vanish in front of the next page", 40, Options{}, func(a *archive) { a.vanish = []string{"0", "1", "2", "3"} }},
	{"records arrive", 40, Options{}, func(a *archive) {
		a.arrivals = []run{runAt("early", second(3)), runAt("late", second(50)), runAt("later", second(51))}
	}},
}

func second(i int) time.Time { return dawn.Add(time.Duration(i) * time.Second) }

// sameTime gives the records from one to another the same time.
func sameTime(from, to int) func(*archive) {
	return func(a *archive) {
		for i := from; i < to; i++ {
			a.runs[i].created = second(from)
		}
	}
}

// timeless takes the time of some records away. They belong to the period still.
func timeless(indexes ...int) func(*archive) {
	return func(a *archive) {
		a.member = "started"
		for i := range a.runs {
			a.runs[i].started = a.runs[i].created
		}
		for _, i := range indexes {
			a.runs[i].created = time.Time{}
		}
	}
}

// endingLate makes the runs belong to a period by their end, and some end late.
func endingLate(a *archive) {
	a.member = "ended"
	for i := range a.runs {
		a.runs[i].end = a.runs[i].created
		if i%10 == 0 {
			a.runs[i].end = second(i + 30)
		}
	}
}

func (w walk) archive() *archive {
	a := &archive{random: rand.New(rand.NewPCG(1, 1)), lists: make(map[period][]run), habits: habits{
		member: "created", shown: "milliseconds", order: "asked", more: "honest", largestPage: 1000, window: orElse(w.opts.ResultWindow, 10_000),
	}}
	for i := range w.records {
		a.runs = append(a.runs, runAt(fmt.Sprint(i), second(i)))
	}
	if w.make != nil {
		w.make(a)
	}
	return a
}

// write writes what the loop asked, and what it got.
func (w walk) write(to *strings.Builder) {
	var all []exchange
	a, begin := w.archive(), time.Now()
	s := &service{limit: 1000, latency: aSecond, answer: func(r request) (reply, error) {
		answer, err := a.fetch(context.Background(), r.Request)
		all = append(all, exchange{time.Since(begin) - aSecond(r.Request), r.Request, answer, err})
		return answer, err
	}}
	opts := w.opts
	opts.Size = orElse(opts.Size, 10)
	opts.Start, opts.End = dawn, later(dusk, second(w.records))
	got, _, err := s.readUntil(context.Background(), opts, -1, func() { a.began = true })
	slices.SortStableFunc(all, exchange.compare)
	fmt.Fprintf(to, "# %s\n", w.name)
	var list exchange
	for i, x := range all {
		if i == 0 || !x.isOf(list) {
			list = x
			fmt.Fprintf(to, "  %s to %s, %s\n", x.Start.Format(time.TimeOnly), x.End.Format(time.TimeOnly), map[Order]string{OldestFirst: "oldest first", NewestFirst: "newest first"}[x.Order])
		}
		fmt.Fprintf(to, "    %4.1f s: from %d size %d -> %s\n", x.at.Seconds(), x.From, x.Size, x.text())
	}
	fmt.Fprintf(to, "  %d delivered, %s\n\n", len(got), end(err))
}

// aSecond is how long a service takes, and a little for each request that tells two
// answers apart.
func aSecond(r Request) time.Duration {
	return time.Second + latency(r)/1_000_000
}

// exchange is a request and its answer.
type exchange struct {
	at time.Duration // since the loop began
	Request
	reply
	err error
}

func (x exchange) isOf(list exchange) bool {
	return x.Start.Equal(list.Start) && x.End.Equal(list.End) && x.Order == list.Order
}

// compare sorts the requests of one moment by what they ask.
func (x exchange) compare(y exchange) int {
	const moment = 100 * time.Millisecond
	return cmp.Or(cmp.Compare(x.at.Round(moment), y.at.Round(moment)),
		x.Start.Compare(y.Start), y.End.Compare(x.End), cmp.Compare(x.Order, y.Order), cmp.Compare(x.From, y.From))
}

func (x exchange) text() string {
	switch {
	case x.err != nil:
		return x.err.Error()
	case x.silent:
		return fmt.Sprint(len(x.keys))
	case x.hasMore:
		return fmt.Sprint(len(x.keys), ", and more")
	}
	return fmt.Sprint(len(x.keys), ", the last")
}
