package insightstest

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// params are the parameters of one request, checked.
type params struct {
	first, last  int64 // the period, both ends inclusive, in microseconds since 1970
	scope        insights.Scope
	owners       []string
	statuses     []insights.Status
	name         string
	build        string
	missingBuild bool
	errorText    string
	os, browser  []string
	newestFirst  bool
	from, size   int
	asked        int  // size before the limit of the list
	otherReplica bool // see WithReplicas
	isEnd        bool // the list ends at its limit
	interval     time.Duration
}

// reader reads the parameters of a request. The first mistake is kept, and
// what is read after it is of no use.
type reader struct {
	*settings
	values url.Values
	err    *refusal
}

func (r *reader) refuse(parameter, format string, args ...any) {
	r.refuseWith(0, parameter, format, args...)
}

// refuseWith is refuse with a status; 0: that of other parameters.
func (r *reader) refuseWith(status int, parameter, format string, args ...any) {
	if r.err == nil {
		r.err = &refusal{orDefault(status, r.invalidStatus), parameter, fmt.Sprintf(format, args...)}
	}
}

// readParams checks the parameters of a call.
func readParams(s *settings, c *call, values url.Values) (*params, *refusal) {
	r := &reader{settings: s, values: values}
	r.checkNames(c)
	p := new(params)
	r.readPeriod(p)
	r.readAccount(p)
	c.read(r, p)
	return p, r.err
}

func (r *reader) checkNames(c *call) {
	if !r.strict {
		return
	}
	known := slices.Concat(commonParameters, c.parameters, r.dialectNames(c))
	for _, name := range slices.Sorted(maps.Keys(r.values)) {
		switch {
		case !slices.Contains(known, name):
			r.refuseWith(http.StatusUnprocessableEntity, name, "unknown parameter: %s", name)
		case len(r.values[name]) > 1 && !r.isList(name):
			r.refuseWith(http.StatusUnprocessableEntity, name, "%s was given more than once", name)
		}
	}
}

// isList reports whether a parameter may be repeated.
func (r *reader) isList(name string) bool {
	return name == "owner" || name == "os" || name == "browser" || name == "status" && r.statusList
}

var commonParameters = []string{"start", "end", "time_range", "scope", "owner", "status"}

func (r *reader) readAccount(p *params) {
	p.scope = insights.Scope(r.values.Get("scope"))
	p.owners = r.list("owner")
	p.statuses = r.statuses()
	scopes := []insights.Scope{"", insights.ScopeMe, insights.ScopeOrganization, insights.ScopeSingle}
	if !slices.Contains(scopes, p.scope) {
		r.refuse("scope", "scope must be me, organization or single.")
	}
	if p.scope == insights.ScopeSingle && len(p.owners) == 0 {
		r.refuse("owner", "owner is required with scope single.")
	}
	if slices.ContainsFunc(p.statuses, func(s insights.Status) bool { return !isStatus(s) }) {
		r.refuse("status", "status must be passed, errored, failed or complete.")
	}
}

func (r *reader) statuses() []insights.Status {
	var list []insights.Status
	for _, s := range r.list("status") {
		list = append(list, insights.Status(s))
	}
	if !r.statusList && len(list) > 1 {
		return list[:1]
	}
	return list
}

// readTests reads the parameters that /tests alone has.
func readTests(r *reader, p *params) {
	p.build = r.values.Get("build")
	p.errorText = r.values.Get("error")
	p.name = r.values.Get(r.spelled("query", "name"))
	p.missingBuild = r.missingBuild()
	p.newestFirst = r.order() == insights.NewestFirst
	p.from = r.number("from", 0, 0)
	p.size = r.number("size", 1, min(10, r.maxPage))
	if p.size > r.maxPage && r.refuseLarger {
		r.refuseWith(r.largerStatus, "size", "size must not be greater than %d.", r.maxPage)
	}
	p.size = min(p.size, r.maxPage)
	p.asked = p.size
	if p.from > r.resultWindow-p.size {
		r.refuse("from", "Result window is too large, from + size must be less than or equal to: [%d].", r.resultWindow)
	}
	r.limitList(p)
}

// dialectNames are the parameters of /tests that the two dialects name
// differently.
func (r *reader) dialectNames(c *call) []string {
	switch {
	case c.path != PathTests:
		return nil
	case r.dialect == nil:
		return slices.Concat(referenceNames, renamedNames)
	case *r.dialect == insights.DialectRenamed:
		return renamedNames
	}
	return referenceNames
}

var (
	referenceNames = []string{"query", "missing_build", "desc"}
	renamedNames   = []string{"name", "build_missing", "descending"}
)

// spelled returns the one of two names that counts: the one that the server's
// dialect has, or, where it has both, the one that was sent.
func (r *reader) spelled(reference, renamed string) string {
	if r.dialect != nil {
		return []string{reference, renamed}[*r.dialect]
	}
	if r.values.Has(renamed) {
		return renamed
	}
	return reference
}

func (r *reader) missingBuild() bool {
	name := r.spelled("missing_build", "build_missing")
	if name == "missing_build" {
		return r.values.Has(name)
	}
	return r.flag(name, false)
}

func (r *reader) order() insights.Order {
	isNewest := r.settings.order == insights.NewestFirst
	if !r.orderIsFixed {
		isNewest = r.flag(r.spelled("desc", "descending"), isNewest)
	}
	if isNewest {
		return insights.NewestFirst
	}
	return insights.OldestFirst
}

func (r *reader) flag(name string, byDefault bool) bool {
	text := r.values.Get(name)
	if text == "" {
		return byDefault
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		r.refuse(name, "%s must be true or false.", name)
	}
	return value
}

func (r *reader) number(name string, least, byDefault int) int {
	text := r.values.Get(name)
	if text == "" {
		return byDefault
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > math.MaxInt32 {
		r.refuse(name, "%s must be a whole number, at least %d.", name, least)
	}
	return n
}

// list are the values of a parameter that is repeated, without empty ones.
func (r *reader) list(name string) []string {
	return slices.DeleteFunc(slices.Clone(r.values[name]), func(v string) bool { return v == "" })
}

func readPlatforms(r *reader, p *params) {
	p.os, p.browser = r.list("os"), r.list("browser")
}

func readMetrics(r *reader, p *params) {
	readPlatforms(r, p)
	p.name = r.values.Get("query")
	if p.name == "" && !r.optionalQuery {
		r.refuse("query", "query parameter is required.")
	}
}

func readTrends(r *reader, p *params) {
	readPlatforms(r, p)
	text := r.values.Get("interval")
	if text == "" && r.listIntervals {
		text = "1d"
	}
	interval, ok := parseLength(text)
	switch {
	case text == "":
		r.refuse("interval", "interval parameter is required.")
	case !ok || r.listIntervals && !slices.Contains(listedIntervals, text):
		r.refuse("interval", "interval must be a whole number and one of d, h, m, s.")
	}
	p.interval = interval
}

var listedIntervals = []string{"1m", "15m", "1h", "6h", "12h", "1d", "7d", "30d"}

// endOfTime bounds a period that a request left open, in microseconds, with
// room for sums.
const endOfTime = 1 << 61

// readPeriod reads the two forms of a period: start and end, or time_range.
func (r *reader) readPeriod(p *params) {
	start, end, length := r.values.Get("start"), r.values.Get("end"), r.values.Get("time_range")
	switch {
	case length != "" && (start != "" || end != ""):
		r.refuse("time_range", "start and end, or time_range: not both.")
	case length != "":
		r.readTimeRange(p, length)
	case start != "" && end != "":
		r.readEnds(p, start, end)
	case start == "" && end == "" && r.optionalPeriod:
		p.first, p.last = -endOfTime, endOfTime
	default:
		r.refuse("start", "start and end parameters are required.")
	}
}

// readTimeRange accepts a leading minus, as the real service was seen to do.
func (r *reader) readTimeRange(p *params, text string) {
	d, ok := parseLength(strings.TrimPrefix(text, "-"))
	if !ok {
		r.refuse("time_range", "time_range must be a whole number and one of d, h, m, s.")
	}
	now := r.serviceTime()
	r.setPeriod(p, now.Add(-d), now)
}

func (r *reader) readEnds(p *params, start, end string) {
	from, to := r.instant("start", start), r.instant("end", end)
	if r.err == nil && !from.Before(to) {
		r.refuse("start", "start must be before end.")
	}
	r.setPeriod(p, from, to)
}

func (r *reader) setPeriod(p *params, start, end time.Time) {
	if r.longestPeriod > 0 && end.Sub(start) > r.longestPeriod {
		r.refuse("start", "the period must not be longer than %s.", r.longestPeriod)
	}
	p.first, p.last = start.UnixMicro(), end.UnixMicro()
	if unit := r.startUnit.Microseconds(); unit > 0 {
		p.first = unit * -floorDiv(-p.first, unit)
	}
	if r.ends == ExclusiveEnds {
		p.first++
	}
	if r.ends != InclusiveEnds {
		p.last--
	}
}

// instant reads a time in RFC 3339 or in Unix seconds.
func (r *reader) instant(name, text string) time.Time {
	if seconds, err := strconv.ParseInt(text, 10, 40); err == nil && !r.noUnixTime {
		return time.Unix(seconds, 0)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.refuse(name, "%s must be a time as 2006-01-02T15:04:05Z.", name)
	}
	return t
}

// parseLength reads a whole number, greater than zero, and a unit.
func parseLength(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	unit, known := lengthUnits[text[len(text)-1]]
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 31)
	if !known || err != nil || n == 0 || n > uint64(maxLength/unit) { //nolint:gosec // a unit is above zero
		return 0, false
	}
	return time.Duration(n) * unit, true
}

const maxLength = 1<<63 - 1

var lengthUnits = map[byte]time.Duration{
	's': time.Second,
	'm': time.Minute,
	'h': time.Hour,
	'd': 24 * time.Hour,
}
