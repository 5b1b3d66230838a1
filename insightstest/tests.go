package insightstest

import "iter"

// writeTests answers /tests: one page of the selected runs.
func (a *answerer) writeTests(w *writer) {
	page, more := a.page()
	w.openAnswer()
	w.open("items", '[')
	for _, e := range page {
		w.buf = append(w.buf, e.run.listItem(&a.form)...)
	}
	w.closeList()
	switch a.hasMore {
	case HasMoreAbsent:
	case HasMoreNull:
		w.raw("has_more", "null")
	default:
		w.boolean("has_more", a.saysMore(len(page), more))
	}
	w.close('}')
}

// page returns what from and size cut out of the selected runs, and whether
// there are any after it.
func (a *answerer) page() (page []*entry, more bool) {
	if a.isAll() && a.keepsOrder() {
		return a.pageOfAll()
	}
	runs := a.inOrder()
	position := 0
	for e := range runs {
		if position >= a.params.from+a.params.size {
			return page, true
		}
		if position >= a.params.from {
			page = append(page, e)
		}
		position++
	}
	return page, false
}

func (a *answerer) inOrder() iter.Seq[*entry] {
	runs := a.oldestFirst()
	if a.unordered {
		return byHash(runs)
	}
	if a.params.newestFirst {
		runs = a.newestFirst()
	}
	if a.params.otherReplica {
		runs = a.tiesReversed(runs)
	}
	if a.uncreated != nil {
		runs = uncreatedLast(runs)
	}
	return runs
}

// keepsOrder reports whether the list is as the store has it.
func (a *answerer) keepsOrder() bool {
	return !a.params.otherReplica && a.uncreated == nil && !a.unordered
}

// pageOfAll is page where every candidate is selected: it touches no run but
// those of the page.
func (a *answerer) pageOfAll() (page []*entry, more bool) {
	all := a.candidates()
	from := min(a.params.from, len(all))
	to := min(from+a.params.size, len(all))
	page = make([]*entry, 0, to-from)
	for i := from; i < to; i++ {
		if a.params.newestFirst {
			page = append(page, &all[len(all)-1-i])
		} else {
			page = append(page, &all[i])
		}
	}
	return page, to < len(all)
}

// saysMore returns has_more, true or not.
func (a *answerer) saysMore(length int, more bool) bool {
	switch a.hasMore {
	case HasMoreIfFull:
		return length == a.params.asked
	case HasMoreIfAny:
		return length > 0
	case HasMoreAlways:
		return true
	default:
		return more && !a.params.isEnd
	}
}

// listItem returns the run as an element of /tests, with a comma. It is written
// once: a page is then copied together.
func (r *run) listItem(f *form) []byte {
	if item := r.item.Load(); item != nil {
		return *item
	}
	w := &writer{form: *f, buf: make([]byte, 0, 512)}
	w.run("", r, fields{build: true, further: f.fields != FieldsOfReference})
	r.item.Store(&w.buf)
	return w.buf
}

// fields says which fields of a run an answer has.
type fields struct {
	build   bool
	further bool // the four that only the 16-field form has
}

// groupFields are those of a run within a build or an error.
func (w *writer) groupFields() fields {
	all := w.extra || w.fields == FieldsSeenLive
	return fields{build: all, further: all}
}

func (w *writer) run(key string, r *run, f fields) {
	w.open(key, '{')
	w.text("id", r.ID)
	w.text("owner", r.Owner)
	w.text("ancestor", r.Ancestor)
	w.text("name", r.Name)
	if f.build {
		w.text("build", r.Build)
	}
	w.runTimes(r, f)
	w.text("status", string(r.Status))
	w.text("error", r.Error)
	w.text("os", r.OS)
	if f.further {
		w.text("os_normalized", r.OSNormalized)
	}
	w.text("browser", r.Browser)
	if f.further {
		w.text("browser_normalized", r.BrowserNormalized)
	}
	w.text("details_url", r.DetailsURL)
	if w.fields == FieldsSeenLive {
		w.text("org_id", organization)
	}
	w.extras()
	w.close('}')
}

// organization is the org_id of all runs.
const organization = "e5c6d03308cdcee662772e258a7c6c48"

func (w *writer) runTimes(r *run, f fields) {
	if r.isUncreated {
		w.raw("creation_time", "null")
	} else {
		w.time("creation_time", r.CreationTime)
	}
	if f.further {
		w.time("start_time", r.StartTime)
	}
	w.time("end_time", r.EndTime)
	if f.further {
		w.seconds("duration", r.Duration)
	}
}

// runList writes the newest runs of a group, and whether there are more.
func (w *writer) runList(key string, newest []*run, total int) {
	w.open(key, '[')
	for _, r := range newest {
		w.run("", r, w.groupFields())
	}
	w.closeList()
	w.boolean("has_more", total > len(newest))
}
