package paging

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
)

// archive is a service in memory: what the API's reference leaves open it may do
// either way (habits), and it may break what every client has to rely on (vices).
type archive struct {
	habits
	vices

	random    *rand.Rand
	runs      []run
	lists     map[period][]run // those that were asked for, until a run comes or goes
	arrivals  []run            // one of them comes with every request
	vanish    []string         // one of them goes with every request
	timeless  bool             // some runs have no creation time
	longest   time.Duration    // a longer period is refused; 0: none is
	failures  int              // so many requests may still fail
	asked     int
	received  int  // records that came with the answers
	began     bool // a record was delivered
	alone     bool // the first page said that it was the last, and looked like it
	sinceNew  int  // requests since a record was delivered
	mostSince int
}

// period is what a list was asked for.
type period struct {
	start, end time.Time
	order      Order
}

// run is a record as the service knows it, more finely than it may show it.
type run struct {
	id                    string
	hash                  uint32
	created, started, end time.Time // zero: null
}

// habits are what the reference leaves open.
type habits struct {
	startOpen, endOpen bool // the ends of a period do not belong to it
	member             string
	wholeSeconds       bool   // of times, where a period is compared
	shown              string // how times are shown
	order              string // asked, oldest, newest, id or ended
	tiesTurn           bool   // newest first is oldest first backward, runs of the same time too
	nullsFirst         bool
	largestPage        int
	window             int    // result window
	more               string // has_more: honest, always, full, any or window
	twice              int    // every so many runs are in the list twice
	failing            int    // one in so many requests fails
}

// vices are what no client can rely on.
type vices struct {
	silent      int           // has_more is left out on one in so many pages; 0: on none
	falseEnd    int           // has_more is false on one in so many pages
	cut         int           // a list has no more records than this; 0: as many as it has
	cutBy       string        // empty, false, again, refuse, missing
	randomPages bool          // a page has fewer records than there are
	emptyFrom   int           // from this request on the list is empty
	emptyFor    int           // for so many requests
	emptyMore   string        // what they say of more: false, true or nothing
	replicas    int           // each orders runs of the same time in its own way
	zone        time.Duration // times are shown later than they are compared
	minutes     bool          // the start is rounded up to the minute
	ignoresFrom bool
	fromBase    int // the index of the first record
	refusesSize int // larger pages are refused; 0: none
	shuffles    bool
}

func (a *archive) fetch(_ context.Context, r Request) (answer reply, err error) {
	defer func() { a.received += len(answer.keys) }()
	if *traced {
		defer func() { a.trace(r, answer, err) }()
	}
	a.asked++
	a.sinceNew++
	a.mostSince = max(a.mostSince, a.sinceNew)
	if a.asked > 30_000 {
		return reply{}, errEndless
	}
	if a.failing > 0 && a.failures > 0 && a.random.IntN(a.failing) == 0 {
		a.failures--
		return reply{}, down
	}
	a.change()
	if a.longest > 0 && r.End.Sub(r.Start) > a.longest {
		return reply{}, refused
	}
	if a.refusesSize > 0 && r.Size > a.refusesSize || r.From < 0 {
		return reply{}, refused
	}
	if a.emptyFrom > 0 && a.began && a.asked >= a.emptyFrom && a.asked < a.emptyFrom+a.emptyFor {
		return reply{hasMore: a.emptyMore == "true", silent: a.emptyMore == "nothing"}, nil
	}
	return a.page(r)
}

func (a *archive) change() {
	if len(a.arrivals)+len(a.vanish) > 0 {
		clear(a.lists)
	}
	if len(a.arrivals) > 0 {
		a.runs, a.arrivals = append(a.runs, a.arrivals[0]), a.arrivals[1:]
	}
	if len(a.vanish) > 0 {
		gone := a.vanish[0]
		a.vanish = a.vanish[1:]
		a.runs = slices.DeleteFunc(slices.Clone(a.runs), func(r run) bool { return r.id == gone })
	}
}

func (a *archive) page(r Request) (reply, error) {
	from, size := r.From, r.Size
	if a.ignoresFrom {
		from = 0
	}
	from = max(0, from-a.fromBase)
	if from+size > a.window {
		return reply{}, refused
	}
	list := a.list(r.Start, r.End, r.Order)
	reach := min(len(list), a.window)
	if a.cut > 0 && len(list) > a.cut {
		reach = min(reach, a.cut)
		switch {
		case a.cutBy == "refuse" && from+size > a.cut:
			return reply{}, refused
		case a.cutBy == "missing" && from >= a.cut:
			return reply{}, &fault.Error{Kind: fault.NotFound}
		case a.cutBy == "again" && from >= reach:
			from = max(0, reach-size)
		}
	}
	size = min(size, a.largestPage)
	if a.randomPages && size > 1 {
		size = 1 + a.random.IntN(size)
	}
	keys := list[min(from, reach):min(from+size, reach)]
	more := from+len(keys) < len(list)
	if a.cut > 0 && len(list) > a.cut && a.cutBy != "empty" {
		more = from+len(keys) < reach
	}
	switch a.more {
	case "always":
		more = true
	case "full":
		more = len(keys) == min(r.Size, a.largestPage)
	case "any":
		more = len(keys) > 0
	case "window":
		more = from+len(keys) < reach
	}
	if a.falseEnd > 0 && a.began && a.random.IntN(a.falseEnd) == 0 {
		more = false
	}
	silent := a.silent > 0 && a.random.IntN(a.silent) == 0
	if !a.began && r.From == 0 {
		a.alone = !more && !silent && len(keys) < r.Size && len(keys)%50 > 0 && len(keys) < len(list)
	}
	return reply{keys: a.show(keys), hasMore: more, silent: silent}, nil
}

// list is every run of a period, in order.
func (a *archive) list(start, end time.Time, order Order) []run {
	if a.replicas > 1 || a.shuffles {
		return a.listAnew(start, end, order)
	}
	asked := period{start, end, order}
	list, ok := a.lists[asked]
	if !ok {
		list = a.listAnew(start, end, order)
		a.lists[asked] = list
	}
	return list
}

func (a *archive) listAnew(start, end time.Time, order Order) (list []run) {
	if a.minutes {
		start = start.Add(time.Minute - 1).Truncate(time.Minute)
	}
	for _, r := range a.runs {
		if a.isIn(r, start, end) {
			list = append(list, r)
		}
	}
	a.sort(list, order == NewestFirst)
	if a.twice == 0 {
		return list
	}
	var repeated []run
	for _, r := range list {
		repeated = append(repeated, r)
		if r.hash%uint32(a.twice) == 0 {
			repeated = append(repeated, r)
		}
	}
	return repeated
}

func (a *archive) isIn(r run, from, to time.Time) bool {
	at := a.memberTime(r)
	if at.IsZero() {
		return false
	}
	if a.wholeSeconds {
		at = at.Truncate(time.Second)
	}
	switch {
	case at.Before(from), at.After(to):
		return false
	case a.startOpen && at.Equal(from), a.endOpen && at.Equal(to):
		return false
	}
	return true
}

// memberTime is the time by which a run belongs to a period: the service
// leaves out a run without it, or goes by the one before.
func (a *archive) memberTime(r run) time.Time {
	switch a.member {
	case "started":
		return r.started
	case "ended":
		return r.end
	case "started or created":
		return cmp.Or(r.started, r.created)
	case "ended or created":
		return cmp.Or(r.end, r.started, r.created)
	}
	return r.created
}

func (a *archive) sort(list []run, newestFirst bool) {
	switch a.order {
	case "oldest":
		newestFirst = false
	case "newest":
		newestFirst = true
	}
	tie := func(r run) uint32 { return r.hash }
	if a.replicas > 1 {
		salt := uint32(a.random.IntN(a.replicas)) * 2654435761
		tie = func(r run) uint32 { return (r.hash ^ salt) * 2246822519 }
	}
	if a.shuffles {
		a.random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return
	}
	slices.SortFunc(list, func(x, y run) int {
		order, ties := a.compare(x, y), cmp.Compare(tie(x), tie(y))
		if newestFirst {
			order = -order
			if a.tiesTurn {
				ties = -ties
			}
		}
		if x.created.IsZero() != y.created.IsZero() && a.order != "id" {
			if x.created.IsZero() == a.nullsFirst {
				return -1
			}
			return 1
		}
		return cmp.Or(order, ties)
	})
}

func (a *archive) compare(x, y run) int {
	switch a.order {
	case "id":
		return cmp.Compare(x.hash, y.hash)
	case "ended":
		return cmp.Or(x.end, x.created).Compare(cmp.Or(y.end, y.created))
	}
	return x.created.Compare(y.created)
}

func (a *archive) show(runs []run) []Key {
	keys := make([]Key, len(runs))
	for i, r := range runs {
		keys[i] = Key{ID: r.id, Created: a.showTime(r.created)}
	}
	return keys
}

func (a *archive) showTime(at time.Time) time.Time {
	switch {
	case at.IsZero():
		return at
	case a.shown == "seconds":
		at = at.Truncate(time.Second)
	case a.shown == "rounded":
		at = at.Round(time.Second)
	}
	return at.Add(a.zone)
}

// runAt is a run that was only created. Its hash tells it from the runs of the
// same time.
func runAt(id string, created time.Time) run {
	h := fnv.New32a()
	_, _ = io.WriteString(h, id)
	return run{id: id, hash: h.Sum32(), created: created}
}

// visit is a loop over an archive.
type visit struct {
	*archive
	opts    Options
	killed  bool
	latency func(Request) time.Duration // in virtual time; nil: none
}

func (v visit) String() string {
	return fmt.Sprintf("longest %v; %d runs, %d arriving, %d vanishing; order %v, from %d, size %d, window %d, concurrency %d, killed %t; %+v; %+v",
		v.opts.LongestPeriod, len(v.runs), len(v.arrivals), len(v.archive.vanish), v.opts.Order, v.opts.From, v.opts.Size, v.opts.ResultWindow, v.opts.Concurrency, v.killed, v.habits, v.vices)
}

func pick[T any](random *rand.Rand, from ...T) T {
	return from[random.IntN(len(from))]
}

var (
	dawn = firstOfMay
	dusk = dawn.Add(5 * time.Minute)
)

func randomVisit(number uint64) visit {
	random := rand.New(rand.NewPCG(number, 77))
	a := &archive{random: random, habits: randomHabits(random), lists: make(map[period][]run)}
	a.runs = randomRuns(random, "r", random.IntN(160))
	v := visit{archive: a, opts: Options{
		Start: dawn, End: dusk, Order: pick(random, OldestFirst, NewestFirst), Concurrency: 1 + random.IntN(6),
		Size: pick(random, 1, 2, 3, 5, 8, 13, 21, 40, growing),
	}}
	if random.IntN(5) == 0 {
		a.forgetCreations(random)
	}
	v.disturb(random)
	if random.IntN(6) == 0 && v.opts.From == 0 && len(a.arrivals)+len(a.vanish) == 0 && !a.timeless {
		v.opts.LongestPeriod = pick(random, 150*time.Second, 200*time.Second, 7*time.Minute)
		a.longest, a.order, a.largestPage = v.opts.LongestPeriod, "asked", max(2, a.largestPage)
		if a.longest < 7*time.Minute {
			a.member = pick(random, "created", "started", "started or created") // no run is longer than a part
		}
	}
	a.window = a.crowded() + 6 + random.IntN(60)
	if a.timeless {
		a.window, v.opts.From, a.order, a.largestPage = a.window+len(a.runs)/4, 0, "asked", max(2, a.largestPage)
		a.failing, a.vanish, a.arrivals = 0, nil, nil
	}
	if a.longest > 0 && a.longest < 7*time.Minute {
		a.window = max(a.window, 2*(len(a.runs)+len(a.arrivals))+1) // two parts share up to two minutes
	}
	v.opts.ResultWindow = a.window
	if random.IntN(2) == 0 && a.longest == 0 && !a.timeless {
		v.corrupt(random)
	}
	return v
}

// forgetCreations takes the creation time of some runs away.
func (a *archive) forgetCreations(random *rand.Rand) {
	a.timeless, a.failing = true, 0
	a.member = pick(random, "started", "ended or created", "started or created")
	for i := range a.runs {
		if random.IntN(15) == 0 {
			a.runs[i].created = time.Time{}
		}
	}
}

func (v *visit) disturb(random *rand.Rand) {
	a := v.archive
	switch random.IntN(6) {
	case 0:
		a.arrivals = randomRuns(random, "late", 40)
	case 1:
		for _, r := range a.runs {
			if random.IntN(4) == 0 {
				a.vanish = append(a.vanish, r.id)
			}
		}
		if random.IntN(2) == 0 {
			random.Shuffle(len(a.vanish), func(i, j int) { a.vanish[i], a.vanish[j] = a.vanish[j], a.vanish[i] })
		}
	case 2, 3:
		a.failing, a.failures = 1+random.IntN(6), 1+random.IntN(10)
		if random.IntN(2) == 0 {
			v.opts.From = random.IntN(len(a.runs) + 2)
		}
	case 4:
		v.killed = a.order == "asked"
		if !v.killed || random.IntN(3) == 0 {
			v.killed = false
			v.opts.From = random.IntN(len(a.runs) + 2)
		}
	}
	if v.opts.From > 0 {
		a.twice = 0 // what is skipped, records or runs?
	}
	// Without an order there is nothing to go by where runs vanish, or where
	// From skips some before a failure; and by the end it may look kept.
	switch a.order {
	case "ended":
		a.vanish, a.failing = nil, 0
	case "oldest", "newest", "id":
		a.vanish = nil
		if a.failing > 0 {
			v.opts.From = 0
		}
	}
	if a.largestPage == 1 {
		a.vanish, a.arrivals, a.order = nil, nil, "asked" // pages of one record can't overlap
	}
}

// corrupt gives the archive one vice, or several.
func (v *visit) corrupt(random *rand.Rand) {
	v.habits.order = pick(random, "asked", "asked", "asked", v.habits.order)
	for range min(*most, pick(random, 1, 1, 1, 2, 2, 3)) {
		switch random.IntN(13) {
		case 0:
			v.silent = pick(random, 1, 1, 2, 10)
		case 1:
			v.falseEnd, v.largestPage = pick(random, 2, 5, 20), max(2, v.largestPage)
			v.opts.From = 0
		case 2, 3:
			v.cut, v.cutBy = max(4, v.window/pick(random, 1, 2, 3)), pick(random, "empty", "false", "again", "refuse", "missing")
			if v.cutBy == "again" {
				v.opts.From = 0 // the index of a record tells nothing
			}
		case 4:
			v.randomPages, v.more = true, pick(random, "honest", "always")
			v.killed, v.archive.vanish = false, nil
		case 5, 6:
			v.emptyFrom, v.emptyFor, v.emptyMore = 2+random.IntN(20), pick(random, 1, 2, 4, 8, 12, 40), pick(random, "false", "true", "nothing")
		case 7:
			v.replicas, v.opts.Size, v.largestPage = 2+random.IntN(3), pick(random, 40, growing), 1000
		case 8:
			v.member = "created" // nothing shows that runs which ended earlier are hidden
			v.zone = pick(random, -2*time.Hour, -30*time.Minute, time.Minute, 2*time.Hour, 9*time.Hour)
		case 9:
			v.minutes = true
			v.member = "created" // nothing shows that runs which ended in that minute are hidden
		case 10:
			v.ignoresFrom, v.opts.From, v.order = true, 0, "asked"
		case 11:
			v.fromBase, v.opts.From = 1, 0
		case 12:
			v.refusesSize = pick(random, 100, 250)
		}
	}
}

func randomHabits(random *rand.Rand) habits {
	h := habits{
		startOpen: random.IntN(2) == 0, endOpen: random.IntN(2) == 0,
		member:       pick(random, "created", "started", "ended", "started or created", "ended or created"),
		wholeSeconds: random.IntN(2) == 0,
		shown:        pick(random, "seconds", "milliseconds", "rounded"),
		order:        pick(random, "asked", "asked", "asked", "asked", "asked", "asked", "oldest", "newest", "id", "ended"),
		tiesTurn:     random.IntN(2) == 0,
		nullsFirst:   random.IntN(2) == 0,
		largestPage:  pick(random, 1000, 1000, 1000, 1000, 1000, 1, 2, 4, 10, 10),
		more:         pick(random, "honest", "honest", "always", "full", "any", "window"),
	}
	if h.shown == "rounded" {
		h.wholeSeconds = false // that a time is shown in a second in which it does not belong is too much
	}
	if random.IntN(8) == 0 {
		h.twice = 1 + random.IntN(20)
	}
	return h
}

// randomRuns are runs that may be spread, crowded into seconds, under way for
// long, never started, or all of one second.
func randomRuns(random *rand.Rand, name string, n int) []run {
	tenths := pick(random, 3000, 3000, 600, 60, 8)
	first := random.IntN(3000 - tenths + 1)
	longest := pick(random, 1, 5, 90, 400)
	runs := make([]run, n)
	for i := range runs {
		created := dawn.Add(time.Duration(first+random.IntN(tenths)) * 100 * time.Millisecond)
		if random.IntN(10) == 0 {
			created = created.Add(-time.Duration(random.IntN(60)) * time.Second)
		}
		r := runAt(fmt.Sprint(name, i), created)
		if random.IntN(8) > 0 {
			r.started = created.Add(time.Duration(random.IntN(4000)) * time.Millisecond)
			if random.IntN(8) > 0 {
				r.end = r.started.Add(time.Duration(random.IntN(longest*1000)) * time.Millisecond)
			}
		}
		runs[i] = r
	}
	return runs
}

// crowded is how many runs a result window must hold so that there is a way
// on: those about or under way within a few seconds.
func (a *archive) crowded() (most int) {
	all := slices.Concat(a.runs, a.arrivals)
	if len(all) == 0 {
		return 0
	}
	for at := dawn.Add(-70 * time.Second); at.Before(dusk.Add(10 * time.Second)); at = at.Add(time.Second) {
		n := 0
		for _, r := range all {
			last := cmp.Or(r.end, r.started, r.created)
			if r.created.Before(at.Add(4*time.Second)) && !last.Before(at.Add(-2*time.Second)) {
				n++
				if a.twice > 0 && r.hash%uint32(a.twice) == 0 {
					n++
				}
			}
		}
		most = max(most, n)
	}
	return most
}

// trace prints an exchange.
func (a *archive) trace(r Request, answer reply, err error) {
	const seconds = "15:04:05.000"
	shown := ""
	if n := len(answer.keys); n > 0 {
		first, last := answer.keys[0], answer.keys[n-1]
		shown = fmt.Sprint(first.ID, "@", first.Created.Format(seconds), " .. ", last.ID, "@", last.Created.Format(seconds))
	}
	fmt.Printf("#%d %s-%s order %d from %d size %d: %d [%s] more %t silent %t %v\n", a.asked,
		r.Start.Format(seconds), r.End.Format(seconds), r.Order, r.From, r.Size, len(answer.keys), shown, answer.hasMore, answer.silent, err)
}
