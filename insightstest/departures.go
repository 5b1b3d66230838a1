package insightstest

import (
	"cmp"
	"hash/fnv"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sauceinsights/insights"
)

// departures says how a service departs from what a client may assume. Nobody
// has seen the real one do any of this; services elsewhere have. A client is
// right with them if it finds every run, or says that it can't.
type departures struct {
	listLimit int // 0: none
	beyond    Beyond

	errorsInside int // one answer in so many; 0: none
	replicas     bool
	skew         time.Duration
	unordered    bool
	uncreated    func(insights.Test) bool          // nil: none
	startUnit    time.Duration                     // 0: as it is
	second       func(insights.Test) time.Duration // nil: none has
}

// Beyond is what a service answers beyond the limit of a list.
type Beyond int

// The ways of a service with records beyond its limit.
const (
	// BeyondRefused refuses pages that reach beyond the limit, with the status of
	// [WithInvalidStatus].
	BeyondRefused Beyond = iota
	// BeyondEmpty answers such pages with an empty list; has_more is what it would
	// be otherwise.
	BeyondEmpty
	// BeyondCut ends the page at the limit and answers later ones with an empty
	// list; has_more stays true.
	BeyondCut
	// BeyondEnded does the same, and has_more is false from the limit on.
	BeyondEnded
	// BeyondRepeated answers pages that reach beyond the limit with the last page
	// before it.
	BeyondRepeated
)

// WithListLimit gives at most the first n runs of any list of /tests, whatever
// is asked for. Unlike [WithResultWindow], the client of [Server.Client] does
// not know n: it has to find out.
func WithListLimit(n int, b Beyond) Option {
	must(n >= 1, "WithListLimit", "%d is not positive", n)
	must(b >= BeyondRefused && b <= BeyondRepeated, "WithListLimit", "%d is unknown", b)
	return func(s *settings) { s.listLimit, s.beyond = n, b }
}

// limitList moves what a request asks for to what the limit lets it have.
func (r *reader) limitList(p *params) {
	if r.listLimit == 0 || p.from+p.size < r.listLimit {
		return
	}
	reachesBeyond := p.from+p.size > r.listLimit
	switch r.beyond {
	case BeyondRefused:
		if reachesBeyond {
			r.refuse("from", "Result window is too large, from + size must be less than or equal to: [%d].", r.listLimit)
		}
	case BeyondEmpty:
		if reachesBeyond {
			p.size = 0
		}
	case BeyondRepeated:
		p.from = max(0, min(p.from, r.listLimit-p.size))
		p.size = min(p.size, r.listLimit)
	default:
		p.from = min(p.from, r.listLimit)
		p.size = min(p.size, r.listLimit-p.from)
		p.isEnd = r.beyond == BeyondEnded
	}
}

// WithErrorsInside answers one request in every with an error inside a 200:
// {"meta":{"status":503},"error":"…","items":null}. Requests that are refused
// don't count.
func WithErrorsInside(every int) Option {
	must(every >= 1, "WithErrorsInside", "%d is not positive", every)
	return func(s *settings) { s.errorsInside = every }
}

// errorInside returns the answer 200 that says that it is none.
func errorInside(status int) []byte {
	w := new(writer)
	w.open("", '{')
	w.open("meta", '{')
	w.integer("status", int64(status))
	w.close('}')
	w.text("error", http.StatusText(status))
	w.raw("items", "null")
	w.close('}')
	return w.bytes()
}

// WithReplicas answers /tests from two replicas in turn, which order runs of
// one time differently: the second the other way round. Times are equal as they
// are written: of one second, or of one millisecond with [TimesInMilliseconds].
func WithReplicas() Option {
	return func(s *settings) { s.replicas = true }
}

// tiesReversed returns a list with the runs of each time the other way round.
func (a *answerer) tiesReversed(runs iter.Seq[*entry]) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		var ties []*entry
		give := func() bool {
			for _, e := range slices.Backward(ties) {
				if !yield(e) {
					return false
				}
			}
			ties = ties[:0]
			return true
		}
		for e := range runs {
			if len(ties) > 0 && a.shownTime(ties[0]) != a.shownTime(e) && !give() {
				return
			}
			ties = append(ties, e)
		}
		give()
	}
}

// shownTime returns the creation as far as it is written.
func (a *answerer) shownTime(e *entry) int64 {
	unit := time.Second
	if a.times == TimesInMilliseconds {
		unit = time.Millisecond
	}
	return floorDiv(e.created, unit.Microseconds())
}

// WithShownZone writes the times of runs as of a zone that is east of UTC,
// without saying so; periods are still compared in UTC.
func WithShownZone(east time.Duration) Option {
	return func(s *settings) { s.zone = east }
}

// WithStartRoundedUp rounds the start of a period up to a whole multiple of
// unit since 1970: to the minute, say.
func WithStartRoundedUp(unit time.Duration) Option {
	must(unit >= time.Second, "WithStartRoundedUp", "%s is less than a second", unit)
	return func(s *settings) { s.startUnit = unit }
}

// WithSecondCreation lists some runs twice, with the same ID: once as they are,
// and once as created later by what later returns. 0 is a run that is there
// once. later must always return the same for the same run.
func WithSecondCreation(later func(insights.Test) time.Duration) Option {
	must(later != nil, "WithSecondCreation", "the function is nil")
	return func(s *settings) { s.second = later }
}

// twin returns the run as it is listed a second time; nil: it is not.
func (s *settings) twin(t insights.Test) *run {
	if s.second == nil {
		return nil
	}
	later := s.second(t)
	if later == 0 {
		return nil
	}
	t.CreationTime = kept(t.CreationTime.Add(later))
	return &run{Test: t}
}

// WithoutCreationTime writes null as the creation time of the runs for which
// which is true, and lists them after all others, in either order. The time
// that they were added with still decides whether they lie in a period. which
// must always return the same for the same run.
func WithoutCreationTime(which func(insights.Test) bool) Option {
	must(which != nil, "WithoutCreationTime", "the function is nil")
	return func(s *settings) { s.uncreated = which }
}

// uncreatedLast returns a list with the runs that show no creation time at its
// end.
func uncreatedLast(runs iter.Seq[*entry]) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		var last []*entry
		for e := range runs {
			if e.run.isUncreated {
				last = append(last, e)
			} else if !yield(e) {
				return
			}
		}
		for _, e := range last {
			if !yield(e) {
				return
			}
		}
	}
}

func (s *settings) isUncreated(t insights.Test) bool {
	return s.uncreated != nil && s.uncreated(t)
}

// WithoutOrder lists runs in an order that follows from their IDs and is always
// the same, and ignores desc (row 11): no time can be told from a place in the
// list.
func WithoutOrder() Option {
	return func(s *settings) { s.unordered = true }
}

// byHash returns a list in the order of WithoutOrder.
func byHash(runs iter.Seq[*entry]) iter.Seq[*entry] {
	return slices.Values(slices.SortedStableFunc(runs, func(x, y *entry) int {
		return cmp.Compare(hash(x.run.ID), hash(y.run.ID))
	}))
}

func hash(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // a hash takes everything
	return h.Sum64()
}

// WithOddScalars writes values in types that nobody expects of them: numbers as
// texts ("25"), texts that are numbers as numbers (build 42), an empty error as
// false, a missing time as "", and meta.status as "200".
func WithOddScalars() Option {
	return func(s *settings) { s.odd, s.status = true, `"200"` }
}

// oddText returns a text as WithOddScalars writes it; "" is as any other.
func oddText(key, value string) string {
	if key == "error" && value == "" {
		return "false"
	}
	if n, err := strconv.ParseInt(value, 10, 52); err == nil && strconv.FormatInt(n, 10) == value {
		return value
	}
	return ""
}

// WithClockSkew lets the service's clock be ahead of that of its clients by
// ahead, or behind if it is negative: the Date of answers, time_range and all
// that [WithClock] lists for the service go by it, the client of
// [Server.Client] does not.
func WithClockSkew(ahead time.Duration) Option {
	return func(s *settings) { s.skew = ahead }
}
