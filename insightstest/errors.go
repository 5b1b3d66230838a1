package insightstest

import (
	"cmp"
	"slices"
)

// writeErrors answers /trends/errors: the runs that have an error, by its
// message, the most frequent first.
func (a *answerer) writeErrors(w *writer) {
	groups := a.groups(a.errors, func(e *entry) int32 { return e.failure })
	groups = slices.DeleteFunc(groups, func(g *group) bool { return g.name == "" })
	slices.SortFunc(groups, func(x, y *group) int {
		return cmp.Or(cmp.Compare(y.count, x.count), cmp.Compare(x.name, y.name))
	})
	w.openAnswer()
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
