package insights_test

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sauceinsights/insights"
)

// archive is a second service for AllTests, written from the API reference
// alone and sharing nothing with insightstest, so that what one of them takes
// for granted the other may not.
type archive struct {
	habits

	mu       sync.Mutex // guards what follows
	random   *rand.Rand
	runs     []archived
	arrivals []archived // one of them comes with every request
	vanish   []string   // one of them goes with every request
	failures int        // so many requests may still fail
	asked    int
	inFlight int
	most     int // requests in flight at a time
}

// archived is a run as the service knows it, more finely than it may show it.
type archived struct {
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
	window             int    // result window; beyond it requests are refused
	more               string // has_more: honest, always, window
	twice              int    // every so many runs are in the list twice
	failing            int    // one in so many requests fails
	failure            string // how
}

func (a *archive) RoundTrip(request *http.Request) (*http.Response, error) {
	before, after, fails := a.begin()
	defer a.leave()
	if err := pause(request, before); err != nil {
		return nil, err
	}
	if fails && a.failure == "reset" {
		return nil, errors.New("connection reset by the archive")
	}
	status, body := http.StatusInternalServerError, `{"message": "out of order"}`
	if !fails {
		status, body = a.answer(request.URL.Query())
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: request,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, pause(request, after)
}

func (a *archive) begin() (before, after time.Duration, fails bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	a.inFlight++
	a.most = max(a.most, a.inFlight)
	if a.failing > 0 && a.failures > 0 && a.random.IntN(a.failing) == 0 {
		a.failures--
		fails = true
	}
	return a.delay(), a.delay(), fails
}

func (a *archive) delay() time.Duration {
	return time.Duration(a.random.IntN(30)) * time.Millisecond
}

func (a *archive) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inFlight--
}

// answer is one page, after what has come and gone since the last one.
func (a *archive) answer(query url.Values) (status int, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.arrivals) > 0 {
		a.runs, a.arrivals = append(a.runs, a.arrivals[0]), a.arrivals[1:]
	}
	if len(a.vanish) > 0 {
		gone := a.vanish[0]
		a.vanish = a.vanish[1:]
		a.runs = slices.DeleteFunc(slices.Clone(a.runs), func(r archived) bool { return r.id == gone })
	}
	from, _ := strconv.Atoi(cmp.Or(query.Get("from"), "0"))
	size, _ := strconv.Atoi(cmp.Or(query.Get("size"), "10"))
	if from+size > a.window {
		return http.StatusBadRequest, `{"message": "result window is too large"}`
	}
	list := a.list(query.Get("start"), query.Get("end"), query.Get("desc") == "true")
	reachable := list[:min(len(list), a.window)]
	page := reachable[min(from, len(reachable)):min(from+min(size, a.largestPage), len(reachable))]
	more := from+len(page) < len(list)
	switch a.more {
	case "always":
		more = true
	case "window":
		more = from+len(page) < len(reachable)
	}
	return http.StatusOK, a.encode(page, more)
}

// list is every run of a period, in order.
func (a *archive) list(start, end string, newestFirst bool) (list []archived) {
	from, err := time.Parse("2006-01-02T15:04:05Z", start)
	if err != nil {
		panic(err)
	}
	to, err := time.Parse("2006-01-02T15:04:05Z", end)
	if err != nil {
		panic(err)
	}
	for _, r := range a.runs {
		if a.isIn(r, from, to) {
			list = append(list, r)
		}
	}
	a.sort(list, newestFirst)
	if a.twice == 0 {
		return list
	}
	var repeated []archived
	for _, r := range list {
		repeated = append(repeated, r)
		if r.hash%uint32(a.twice) == 0 {
			repeated = append(repeated, r)
		}
	}
	return repeated
}

func (a *archive) isIn(r archived, from, to time.Time) bool {
	at := a.memberTime(r)
	if a.wholeSeconds {
		at = at.Truncate(time.Second)
	}
	switch {
	case at.IsZero(), at.Before(from), at.After(to):
		return false
	case a.startOpen && at.Equal(from), a.endOpen && at.Equal(to):
		return false
	}
	return true
}

// memberTime is the time by which a run belongs to a period: the service
// leaves out a run without it, or goes by the one before.
func (a *archive) memberTime(r archived) time.Time {
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

func (a *archive) sort(list []archived, newestFirst bool) {
	switch a.order {
	case "oldest":
		newestFirst = false
	case "newest":
		newestFirst = true
	}
	slices.SortFunc(list, func(x, y archived) int {
		order, ties := a.compare(x, y), cmp.Compare(x.hash, y.hash)
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

func (a *archive) compare(x, y archived) int {
	switch a.order {
	case "id":
		return cmp.Compare(x.hash, y.hash)
	case "ended":
		return cmp.Or(x.end, x.created).Compare(cmp.Or(y.end, y.created))
	}
	return x.created.Compare(y.created)
}

// archivedRun is a run that was only created. Its hash tells it from the runs
// of the same time.
func archivedRun(id string, created time.Time) archived {
	h := fnv.New32a()
	_, _ = io.WriteString(h, id)
	return archived{id: id, hash: h.Sum32(), created: created}
}

func (a *archive) encode(page []archived, more bool) string {
	items := make([]string, len(page))
	for i, r := range page {
		items[i] = fmt.Sprintf(`{"id": %q, "owner": "o", "status": "passed", "creation_time": %s, "start_time": %s, "end_time": %s}`,
			r.id, a.show(r.created), a.show(r.started), a.show(r.end))
	}
	return fmt.Sprintf(`{"meta": {"status": 200}, "items": [%s], "has_more": %t}`, strings.Join(items, ","), more)
}

func (a *archive) show(at time.Time) string {
	switch {
	case at.IsZero():
		return "null"
	case a.shown == "seconds":
		return at.UTC().Format(`"2006-01-02T15:04:05Z"`)
	case a.shown == "rounded":
		return at.UTC().Round(time.Second).Format(`"2006-01-02T15:04:05+00:00"`)
	}
	return at.UTC().Format(`"2006-01-02T15:04:05.000Z"`)
}

// visit is a loop over an archive.
type visit struct {
	archive *archive
	opts    insights.TestsOptions
	width   int
	killed  bool
}

func (v visit) String() string {
	a := v.archive
	return fmt.Sprintf("%d runs, %d arriving, %d vanishing; order %q, from %d, size %d, concurrency %d, killed %t; %+v",
		len(a.runs), len(a.arrivals), len(a.vanish), v.opts.Order, v.opts.From, v.opts.Size, v.width, v.killed, a.habits)
}

func pick[T any](random *rand.Rand, from ...T) T {
	return from[random.IntN(len(from))]
}

func randomVisit(number uint64) visit {
	random := rand.New(rand.NewPCG(number, 77))
	a := &archive{random: random, habits: randomHabits(random)}
	a.runs = randomArchived(random, "r", random.IntN(120))
	v := visit{archive: a, width: 1 + random.IntN(6), opts: insights.TestsOptions{
		Period: insights.Between(dawn, dusk),
		Order:  pick(random, insights.OldestFirst, insights.NewestFirst),
		Size:   pick(random, 1, 2, 3, 5, 8, 13, 21, 40),
	}}
	switch random.IntN(6) {
	case 0:
		a.arrivals = randomArchived(random, "late", 40)
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
		a.failing, a.failures, a.failure = 1+random.IntN(6), 1+random.IntN(10), pick(random, "reset", "500")
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
		a.vanish, a.order = nil, "asked" // pages of one record can't overlap
	}
	a.window = a.crowded() + 6 + random.IntN(60)
	return v
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
		more:         pick(random, "honest", "honest", "always", "window"),
	}
	if h.shown == "rounded" {
		h.wholeSeconds = false // that a time is shown in a second in which it does not belong is too much
	}
	if random.IntN(8) == 0 {
		h.twice = 1 + random.IntN(20)
	}
	return h
}

// randomArchived are runs that may be spread, crowded into seconds, under way
// for long, never started, or all of one second.
func randomArchived(random *rand.Rand, name string, n int) []archived {
	tenths := pick(random, 3000, 3000, 600, 60, 8)
	first := random.IntN(3000 - tenths + 1)
	longest := pick(random, 1, 5, 90, 400)
	runs := make([]archived, n)
	for i := range runs {
		created := dawn.Add(time.Duration(first+random.IntN(tenths)) * 100 * time.Millisecond)
		if random.IntN(10) == 0 {
			created = created.Add(-time.Duration(random.IntN(60)) * time.Second)
		}
		r := archivedRun(fmt.Sprint(name, i), created)
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
