package insightstest

import (
	"cmp"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// What /trends/builds_tests shows at most, by the reference.
const (
	maxBuilds   = 25
	maxOfAGroup = 10
)

// group is the runs with the same build or the same error.
type group struct {
	name       string
	count      int
	newest     []*run // at most maxOfAGroup
	byStatus   map[string]int
	duration   insights.Seconds // the sum of the runs'
	longest    insights.Seconds
	start, end time.Time
}

func (g *group) include(r *run) {
	if len(g.newest) < maxOfAGroup {
		g.newest = append(g.newest, r)
	}
	g.count++
	g.byStatus[string(r.Status)]++
	g.duration += r.Duration
	g.longest = max(g.longest, r.Duration)
	start := r.StartTime
	if start.IsZero() {
		start = r.CreationTime
	}
	if g.count == 1 || start.Before(g.start) {
		g.start = start
	}
	if g.count == 1 || r.EndTime.After(g.end) {
		g.end = r.EndTime
	}
}

// span returns the time from the first start to the last end; 0: none has ended.
func (g *group) span() insights.Seconds {
	if g.end.IsZero() {
		return 0
	}
	return insights.Seconds(g.end.Sub(g.start).Seconds())
}

// groups puts the selected runs into groups, that of the newest run first.
func (a *answerer) groups(names []string, number func(*entry) int32) []*group {
	var inOrder []*group
	byNumber := make([]*group, len(names))
	for e := range a.newestFirst() {
		g := byNumber[number(e)]
		if g == nil {
			g = &group{name: names[number(e)], byStatus: make(map[string]int)}
			byNumber[number(e)] = g
			inOrder = append(inOrder, g)
		}
		g.include(e.run)
	}
	return inOrder
}

// writeBuilds answers /trends/builds_tests: the builds with the newest runs,
// and of each its newest runs.
func (a *answerer) writeBuilds(w *writer) {
	var builds []*group
	loose := new(group)
	for _, g := range a.groups(a.builds, func(e *entry) int32 { return e.build }) {
		if g.name == "" {
			loose = g
		} else {
			builds = append(builds, g)
		}
	}
	w.openAnswer()
	w.builds(builds)
	w.open("tests_missing_build", '{')
	w.runList("items", loose.newest, loose.count)
	w.close('}')
	w.close('}')
}

func (w *writer) builds(builds []*group) {
	w.open("builds", '{')
	w.open("items", '[')
	for _, b := range builds[:min(len(builds), maxBuilds)] {
		w.build(b)
	}
	w.closeList()
	w.boolean("has_more", len(builds) > maxBuilds)
	w.close('}')
}

func (w *writer) build(b *group) {
	w.open("", '{')
	w.text("name", b.name)
	w.count("tests_count", b.count)
	w.seconds("duration", b.duration)
	w.time("start_time", b.start)
	w.time("end_time", b.end)
	w.runList("tests", b.newest, b.count)
	w.open("aggs", '{')
	w.namedCounts("status", b.byStatus)
	w.close('}')
	if w.fields == FieldsSeenLive {
		w.text("owner", b.newest[0].Owner)
		w.seconds("duration_absolute", b.span())
		w.seconds("duration_test_max", b.longest)
	}
	w.extras()
	w.close('}')
}

// writeErrors answers /trends/errors: the runs that have an error, by its
// message, the most frequent first.
func (a *answerer) writeErrors(w *writer) {
	groups := a.groups(a.errors, func(e *entry) int32 { return e.failure })
	groups = slices.DeleteFunc(groups, func(g *group) bool { return g.name == "" })
	slices.SortFunc(groups, func(x, y *group) int {
		return cmp.Or(cmp.Compare(y.count, x.count), cmp.Compare(x.name, y.name))
	})
	w.openAnswer()
	if w.fields == FieldsSeenLive {
		w.count("all_items_count", total(groups))
	}
	w.open("buckets", '[')
	for _, g := range groups {
		w.open("", '{')
		w.text("name", g.name)
		w.count("count", g.count)
		w.runList("items", g.newest, g.count)
		w.extras()
		w.close('}')
	}
	w.closeList()
	w.close('}')
}

// total returns the number of runs in groups.
func total(groups []*group) int {
	n := 0
	for _, g := range groups {
		n += g.count
	}
	return n
}
