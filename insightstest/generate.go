package insightstest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// Generate makes n runs as a shop's test suite would leave them between start
// and end, ordered by creation time. The same arguments give the same runs.
//
// Nine of ten runs belong to a build: 10 to 80 runs of one owner within some
// minutes, mostly on working days and in working hours (UTC). There are 200
// test names, 24 owners ([Username] is one of them), 8 systems, 10 browsers
// and 4 devices. Four runs in five passed; the others failed, errored or are
// complete, without a result. Four tests fail always and twenty are flaky. Of
// the failed runs six in seven have an error, of the errored ones all: one of
// about 150 texts, many of several lines, with numbers, IDs and addresses that
// tell runs of the same cause apart. One run in a hundred never started: it has
// no StartTime, no duration, and waited in vain until EndTime.
//
// Times are whole seconds within start and end, both included, and in order:
// creation, start, end. IDs have 32 characters, not all of them hexadecimal.
// It panics if n is negative or no whole second lies within start and end.
func Generate(seed uint64, n int, start, end time.Time) []insights.Test {
	g := newGenerator(seed, checkedSeconds(n, start, end))
	tests := make([]insights.Test, n)
	for i, p := range g.plan(n) {
		tests[i] = g.run(p)
	}
	return tests
}

// seconds is a period in Unix seconds, both ends included.
type seconds struct{ first, last int64 }

func checkedSeconds(n int, start, end time.Time) seconds {
	s := seconds{secondAfter(start), end.Unix()}
	must(n >= 0, "Generate", "%d runs", n)
	must(s.first <= s.last, "Generate", "no second between %s and %s", start, end)
	return s
}

func secondAfter(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// generator makes runs between two seconds, both included.
type generator struct {
	*rand.Rand
	seconds
	names        []string
	environments []environment
	failures     []string
	crashes      []string
}

func newGenerator(seed uint64, period seconds) *generator {
	return &generator{
		Rand:         rand.New(rand.NewPCG(seed, 0x1a51697)),
		seconds:      period,
		names:        testNames(),
		environments: environments(),
		failures:     filled(failures),
		crashes:      filled(crashes),
	}
}

// chance returns true with probability p.
func (g *generator) chance(p float64) bool {
	return g.Float64() < p
}

// burst is runs that were started together; those of a build.
type burst struct {
	build string // empty: a run on its own
	owner string
	isBad bool // half of the build's runs fail
}

// planned is a run of which only the beginning is known.
type planned struct {
	created int64
	burst   *burst
}

// plan spreads n runs over the period.
func (g *generator) plan(n int) []planned {
	plan := make([]planned, 0, n)
	for len(plan) < n {
		at := g.moment()
		b := &burst{owner: g.owner(), isBad: g.chance(0.03)}
		if g.chance(0.1 / (0.1 + 0.9/45)) { // a build has 45 runs on average: one run in ten is loose
			plan = append(plan, planned{at, b})
			continue
		}
		b.build = g.build(at)
		for range min(10+g.IntN(71), n-len(plan)) {
			plan = append(plan, planned{min(at+int64(g.ExpFloat64()*60), g.last), b})
		}
	}
	slices.SortStableFunc(plan, func(a, b planned) int { return cmp.Compare(a.created, b.created) })
	return plan
}

// moment returns a second of the period, more often one at which people work.
func (g *generator) moment() int64 {
	var at int64
	for range 6 {
		at = g.first + g.Int64N(g.last-g.first+1)
		if g.chance(workload(time.Unix(at, 0).UTC())) {
			break
		}
	}
	return at
}

// workload returns how busy people are at that time, up to 1.
func workload(t time.Time) float64 {
	load := 0.2
	if h := t.Hour(); h >= 7 && h < 18 {
		load = 1
	}
	if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
		load /= 4
	}
	return load
}

// build names a build by its project and the minute it was made in.
func (g *generator) build(at int64) string {
	project := projects[g.IntN(len(projects))]
	return fmt.Sprintf("%s-%s.%d", project, time.Unix(at, 0).UTC().Format("20060102.1504"), g.IntN(100))
}

// owner prefers those who come first.
func (g *generator) owner() string {
	position := math.Pow(g.Float64(), 2)
	return owners[int(position*float64(len(owners)))]
}

func (g *generator) run(p planned) insights.Test {
	test := g.IntN(len(g.names))
	env := g.environments[g.IntN(len(g.environments))]
	id := g.id()
	t := insights.Test{
		ID:                id,
		Owner:             p.burst.owner,
		Ancestor:          account,
		Name:              g.names[test],
		Build:             p.burst.build,
		CreationTime:      time.Unix(p.created, 0).UTC(),
		OS:                env.system.raw,
		OSNormalized:      env.system.normalized,
		Browser:           env.browser.raw,
		BrowserNormalized: env.browser.normalized,
		DetailsURL:        detailsURL(account, id),
	}
	t.Status, t.Error = g.outcome(test, p.burst)
	g.time(&t, test, p.created)
	return t
}

const idLetters = "0123456789abcdefghikmnoprstuwy0123456789abcdef0123456789abcdef01" // 64, mostly hexadecimal

func (g *generator) id() string {
	var id [32]byte
	for i := 0; i < len(id); {
		for bits := g.Uint64(); i < len(id) && bits > 0; i++ {
			id[i] = idLetters[bits%64]
			bits >>= 6
		}
	}
	return string(id[:])
}

// The tests by number: the first always fail, the next are flaky.
const (
	brokenTests = 4
	flakyTests  = 20
)

// outcome returns how a run of that test ends.
func (g *generator) outcome(test int, b *burst) (insights.Status, string) {
	switch roll := g.Float64(); {
	case roll < 0.01:
		return insights.StatusErrored, neverStarted
	case roll < 0.04:
		return insights.StatusErrored, pick(g, g.crashes)
	case test < brokenTests: // always for the same reason
		return insights.StatusFailed, g.failures[test*variants+g.IntN(variants)]
	case roll < 0.10:
		return insights.StatusComplete, ""
	case !g.chance(failureRate(test, b)):
		return insights.StatusPassed, ""
	case g.chance(1.0 / 7):
		return insights.StatusFailed, ""
	}
	return insights.StatusFailed, pick(g, g.failures)
}

func pick(g *generator, texts []string) string {
	return texts[g.IntN(len(texts))]
}

func failureRate(test int, b *burst) float64 {
	switch {
	case b.isBad:
		return 0.5
	case test < brokenTests+flakyTests:
		return 0.3
	}
	return 0.03
}

// time gives a run its start, its end and its duration, within the period.
func (g *generator) time(t *insights.Test, test int, created int64) {
	if t.Error == neverStarted {
		t.EndTime = time.Unix(min(created+300, g.last), 0).UTC()
		return
	}
	start := min(created+int64(g.ExpFloat64()*4), g.last)
	end := min(start+g.length(test), g.last)
	t.StartTime = time.Unix(start, 0).UTC()
	t.EndTime = time.Unix(end, 0).UTC()
	t.Duration = insights.Seconds(end - start)
}

// length returns how long a run takes, in seconds: mostly under a minute, and
// seldom very long.
func (g *generator) length(test int) int64 {
	usual := 15 + float64(test*37%120) // each test has its own
	return int64(min(1800, usual*math.Exp(0.5*g.NormFloat64())))
}
