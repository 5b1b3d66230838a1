package insightstest

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sauceinsights/insights"
)

// params are the parameters of one request, checked.
type params struct {
	first, last  int64 // the period, both ends inclusive, in microseconds since 1970
	scope        insights.Scope
	owners       []string
	status       insights.Status
	name         string
	build        string
	missingBuild bool
	errorText    string
	os, browser  []string
	newestFirst  bool
	from, size   int
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
	if r.err == nil {
		r.err = &refusal{r.invalidStatus, parameter, fmt.Sprintf(format, args...)}
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
	for name := range r.values {
		if !slices.Contains(known, name) && r.err == nil {
			r.err = &refusal{422, name, "unknown parameter: " + name}
		}
	}
}

var commonParameters = []string{"start", "end", "time_range", "scope", "owner", "status"}

func (r *reader) readAccount(p *params) {
	p.scope = insights.Scope(r.values.Get("scope"))
	p.owners = r.list("owner")
	p.status = insights.Status(r.values.Get("status"))
	scopes := []insights.Scope{"", insights.ScopeMe, insights.ScopeOrganization, insights.ScopeSingle}
	if !slices.Contains(scopes, p.scope) {
		r.refuse("scope", "scope must be me, organization or single.")
	}
	if p.scope == insights.ScopeSingle && len(p.owners) == 0 {
		r.refuse("owner", "owner is required with scope single.")
	}
	if p.status != "" && !isStatus(p.status) {
		r.refuse("status", "status must be passed, errored, failed or complete.")
	}
}

// readTests reads the parameters that /tests alone has.
func readTests(r *reader, p *params) {
	p.build = r.values.Get("build")
	p.errorText = r.values.Get("error")
	p.name = r.values.Get(r.understood("query", "name"))
	p.missingBuild = r.missingBuild()
	p.newestFirst = r.order() == insights.NewestFirst
	p.from = r.number("from", 0, 0)
	p.size = r.number("size", 1, min(10, r.largestPage))
	if p.size > r.largestPage && r.refuseLarger {
		r.refuse("size", "size must not be greater than %d.", r.largestPage)
	}
	p.size = min(p.size, r.largestPage)
	if p.from > r.resultWindow-p.size {
		r.refuse("from", "Result window is too large, from + size must be less than or equal to: [%d].", r.resultWindow)
	}
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

// understood is the one of two names that counts: the one that the server's
// dialect has, or, where it has both, the one that was sent.
func (r *reader) understood(reference, renamed string) string {
	if r.dialect != nil {
		return []string{reference, renamed}[*r.dialect]
	}
	if r.values.Has(renamed) {
		return renamed
	}
	return reference
}

func (r *reader) missingBuild() bool {
	name := r.understood("missing_build", "build_missing")
	if name == "missing_build" {
		return r.values.Has(name)
	}
	return r.flag(name, false)
}

func (r *reader) order() insights.Order {
	isNewest := r.settings.order == insights.NewestFirst
	if !r.orderIsFixed {
		isNewest = r.flag(r.understood("desc", "descending"), isNewest)
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
	if p.name == "" {
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
