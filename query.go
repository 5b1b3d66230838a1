package insights

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/go-querystring/query"
)

// Scope says whose runs are asked for (parameter scope). The empty Scope sends
// nothing: the service chooses.
type Scope string

// The scopes of the API reference.
const (
	ScopeMe           Scope = "me"           // the account that asks
	ScopeOrganization Scope = "organization" // everyone in its organization
	ScopeSingle       Scope = "single"       // the users named in Owner, which is then required
)

// Order is the order of a list of runs by creation time (parameter desc). The
// empty Order sends nothing: the service chooses, and its documentation has named
// both orders as the default.
type Order string

// The two orders.
const (
	OldestFirst Order = "oldest first" // desc=false
	NewestFirst Order = "newest first" // desc=true
)

// Dialect is a set of parameter names; see [WithDialect].
type Dialect int

// The two dialects. They differ on /tests only. The newer documentation renamed
// three parameters there: query to name, missing_build to build_missing, and desc
// to descending.
const (
	DialectReference Dialect = iota
	DialectRenamed
)

// TestsOptions are the parameters of [Client.Tests] and [Client.AllTests].
// Zero fields are not sent. Values are sent as they are: whether the service
// compares Build, Query and Error exactly or in part is not documented.
type TestsOptions struct {
	Period       Period   // start and end, or time_range; required
	Scope        Scope    // scope
	Owner        []string // owner, once for each; required with ScopeSingle
	Status       Status   // status
	Build        string   // build
	MissingBuild bool     // missing_build: only runs without a build
	Query        string   // query: the test's name
	Error        string   // error: the error message
	Order        Order    // desc
	From         int      // from: records to skip
	Size         int      // size: most records in a page; 0: the service chooses, and AllTests asks for 100, then up to 1,000
	After        Cursor   // where an earlier AllTests ended; only for AllTests, with a Between period, not sent
}

// TestMetricsOptions are the parameters of [Client.TestMetrics]. Zero fields
// are not sent.
type TestMetricsOptions struct {
	Period  Period   // start and end, or time_range; required
	Scope   Scope    // scope
	Owner   []string // owner, once for each; required with ScopeSingle
	Status  Status   // status
	Query   string   // query: the test's name; required
	OS      []string // os, once for each
	Browser []string // browser, once for each
}

// TestTrendsOptions are the parameters of [Client.TestTrends]. Zero fields are
// not sent.
type TestTrendsOptions struct {
	Period   Period        // start and end, or time_range; required
	Interval time.Duration // interval: the width of a bucket, whole seconds; required
	Scope    Scope         // scope
	Owner    []string      // owner, once for each; required with ScopeSingle
	Status   Status        // status
	OS       []string      // os, once for each
	Browser  []string      // browser, once for each
}

// BuildsTestsOptions are the parameters of [Client.BuildsTests]. Zero fields
// are not sent.
type BuildsTestsOptions struct {
	Period  Period   // start and end, or time_range; required
	Scope   Scope    // scope
	Owner   []string // owner, once for each; required with ScopeSingle
	Status  Status   // status
	OS      []string // os, once for each
	Browser []string // browser, once for each
}

// ErrorTrendsOptions are the parameters of [Client.ErrorTrends]. Zero fields
// are not sent.
type ErrorTrendsOptions struct {
	Period  Period   // start and end, or time_range; required
	Scope   Scope    // scope
	Owner   []string // owner, once for each; required with ScopeSingle
	Status  Status   // status
	OS      []string // os, once for each
	Browser []string // browser, once for each
}

// Validate returns an [*OptionsError] with everything that a call with these
// options would refuse, or nil. It sends nothing.
func (o TestsOptions) Validate() error {
	return o.problems().err()
}

// Validate is like [TestsOptions.Validate].
func (o TestMetricsOptions) Validate() error {
	problems := checkSelection(o.Period, o.Scope, o.Owner)
	if o.Query == "" {
		problems.add("Query", "is required: the name of the test")
	}
	problems.checkList("OS", o.OS)
	problems.checkList("Browser", o.Browser)
	return problems.err()
}

// Validate is like [TestsOptions.Validate].
func (o TestTrendsOptions) Validate() error {
	problems := checkSelection(o.Period, o.Scope, o.Owner)
	if o.Interval == 0 {
		problems.add("Interval", "is required: the width of a bucket")
	} else if problem := checkLength(o.Interval); problem != "" {
		problems.add("Interval", problem)
	}
	problems.checkList("OS", o.OS)
	problems.checkList("Browser", o.Browser)
	return problems.err()
}

// Validate is like [TestsOptions.Validate].
func (o BuildsTestsOptions) Validate() error {
	problems := checkSelection(o.Period, o.Scope, o.Owner)
	problems.checkList("OS", o.OS)
	problems.checkList("Browser", o.Browser)
	return problems.err()
}

// Validate is like [TestsOptions.Validate].
func (o ErrorTrendsOptions) Validate() error {
	return BuildsTestsOptions(o).Validate()
}

// singlePage are the options of one page, which begins at no cursor.
type singlePage struct{ TestsOptions }

func (o singlePage) Validate() error {
	problems := o.problems()
	if !o.After.IsZero() {
		problems.add("After", "is for AllTests: use From")
	}
	return problems.err()
}

func (o TestsOptions) problems() problemList {
	problems := checkSelection(o.Period, o.Scope, o.Owner)
	problems.checkNotNegative("From", o.From)
	problems.checkNotNegative("Size", o.Size)
	if !slices.Contains([]Order{"", OldestFirst, NewestFirst}, o.Order) {
		problems.add("Order", fmt.Sprintf("%q is neither OldestFirst nor NewestFirst", string(o.Order)))
	}
	problems.refuse(!o.After.IsZero() && o.Period.last != 0, "Period",
		"is counted back from now, which is later than when the cursor in After was kept: give its ends (Period.Bounds, or the Period of IterationError.Rest)")
	return problems
}

// checkSelection checks what all five calls have in common.
func checkSelection(period Period, scope Scope, owner []string) problemList {
	var problems problemList
	if problem := period.check(); problem != "" {
		problems.add("Period", problem)
	}
	if scope == ScopeSingle && len(owner) == 0 {
		problems.add("Owner", "is required with ScopeSingle")
	}
	problems.checkList("Owner", owner)
	return problems
}

func (l *problemList) checkList(field string, values []string) {
	for i, value := range values {
		if value == "" {
			l.add(fmt.Sprintf("%s[%d]", field, i), "is empty")
		}
	}
}

func (l *problemList) checkNotNegative(field string, n int) {
	if n < 0 {
		l.add(field, fmt.Sprintf("%d is negative", n))
	}
}

// The structs below are the requests on the wire: a field per parameter, in
// the names of the reference.

// selection holds the parameters that all five calls have in common.
type selection struct {
	Start     string `url:"start,omitempty"`
	End       string `url:"end,omitempty"`
	TimeRange string `url:"time_range,omitempty"`
	*whose    `url:",omitempty"`
}

// whose says which runs of the period are asked for. It is nil for all, as in most
// calls: go-querystring takes its time for each field that it sees.
type whose struct {
	Scope  Scope    `url:"scope,omitempty"`
	Owner  []string `url:"owner,omitempty"`
	Status Status   `url:"status,omitempty"`
}

// platforms holds the filters that /tests alone does not have.
type platforms struct {
	OS      []string `url:"os,omitempty"`
	Browser []string `url:"browser,omitempty"`
}

type testsQuery struct {
	selection
	*testsFilters `url:",omitempty"`
	Desc          *bool `url:"desc,omitempty"`
	From          int   `url:"from,omitempty"`
	Size          int   `url:"size,omitempty"`
}

// testsFilters is nil where there are none, as whose is.
type testsFilters struct {
	Build        string   `url:"build,omitempty"`
	MissingBuild presence `url:"missing_build,omitempty"`
	Query        string   `url:"query,omitempty"`
	Error        string   `url:"error,omitempty"`
}

// renamedTestsQuery is testsQuery in [DialectRenamed].
type renamedTestsQuery struct {
	selection
	Build        string `url:"build,omitempty"`
	BuildMissing bool   `url:"build_missing,omitempty"`
	Name         string `url:"name,omitempty"`
	Error        string `url:"error,omitempty"`
	Descending   *bool  `url:"descending,omitempty"`
	From         int    `url:"from,omitempty"`
	Size         int    `url:"size,omitempty"`
}

type testMetricsQuery struct {
	selection
	platforms
	Query string `url:"query"`
}

type testTrendsQuery struct {
	selection
	platforms
	Interval string `url:"interval"`
}

type buildsTestsQuery struct {
	selection
	platforms
}

type errorTrendsQuery = buildsTestsQuery

// presence is a parameter that is on by being there, without a value.
type presence bool

// EncodeValues implements the Encoder of go-querystring. It is for true only.
func (p presence) EncodeValues(key string, values *url.Values) error {
	values.Set(key, "")
	return nil
}

func (o TestsOptions) query(dialect Dialect) any {
	chosen := selectionOf(o.Period, o.Scope, o.Owner, o.Status)
	if dialect == DialectRenamed {
		return renamedTestsQuery{
			selection:    chosen,
			Build:        o.Build,
			BuildMissing: o.MissingBuild,
			Name:         o.Query,
			Error:        o.Error,
			Descending:   o.Order.descending(),
			From:         o.From,
			Size:         o.Size,
		}
	}
	return testsQuery{chosen, o.filters(), o.Order.descending(), o.From, o.Size}
}

// filters are those of the options; nil: none.
func (o TestsOptions) filters() *testsFilters {
	if o.Build == "" && !o.MissingBuild && o.Query == "" && o.Error == "" {
		return nil
	}
	return &testsFilters{o.Build, presence(o.MissingBuild), o.Query, o.Error}
}

func (o TestMetricsOptions) query(Dialect) any {
	return testMetricsQuery{selectionOf(o.Period, o.Scope, o.Owner, o.Status), platforms{o.OS, o.Browser}, o.Query}
}

func (o TestTrendsOptions) query(Dialect) any {
	return testTrendsQuery{selectionOf(o.Period, o.Scope, o.Owner, o.Status), platforms{o.OS, o.Browser}, formatLength(o.Interval)}
}

func (o BuildsTestsOptions) query(Dialect) any {
	return buildsTestsQuery{selectionOf(o.Period, o.Scope, o.Owner, o.Status), platforms{o.OS, o.Browser}}
}

func (o ErrorTrendsOptions) query(Dialect) any {
	return errorTrendsQuery{selectionOf(o.Period, o.Scope, o.Owner, o.Status), platforms{o.OS, o.Browser}}
}

func selectionOf(period Period, scope Scope, owner []string, status Status) selection {
	var s selection
	if scope != "" || len(owner) > 0 || status != "" {
		s.whose = &whose{scope, owner, status}
	}
	if period.last != 0 {
		s.TimeRange = period.String()
	} else {
		s.Start, s.End = formatTime(period.start), formatTime(period.end)
	}
	return s
}

// descending is the value of desc; nil where it is not sent.
func (o Order) descending() *bool {
	if o == "" {
		return nil
	}
	return new(o == NewestFirst)
}

// encode gives the query string of a request struct and of the parameters
// that the caller added with [WithQuery].
func encode(request any, extra url.Values) (string, error) {
	values, err := query.Values(request)
	if err != nil {
		return "", err
	}
	problems := addExtra(values, request, extra)
	// A space as %20, as in the reference: + is one in forms only.
	return strings.ReplaceAll(values.Encode(), "+", "%20"), problems.err()
}

func addExtra(values url.Values, request any, extra url.Values) (problems problemList) {
	if len(extra) == 0 {
		return nil // as almost always
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if slices.Contains(parameterNames(request), name) {
			problems.add("WithQuery", fmt.Sprintf("%q is a parameter that the SDK sends itself: use its field in the options", name))
		}
		values[name] = extra[name]
	}
	return problems
}

// longestParameter returns the field of the options that takes most of a URL, and how
// many bytes that is.
func longestParameter(request any, extra url.Values) (field string, size int) {
	values, _ := query.Values(request) // they were encoded before
	for name, of := range fieldNames(request) {
		if n := len(url.Values{name: values[name]}.Encode()); n > size {
			field, size = of, n
		}
	}
	if n := len(extra.Encode()); n > size {
		field, size = "WithQuery", n
	}
	return field, size
}

// fieldNames are the fields of the options by the names of their parameters.
func fieldNames(request any) map[string]string {
	fields := make(map[string]string)
	for _, field := range reflect.VisibleFields(reflect.TypeOf(request)) {
		name, _, _ := strings.Cut(field.Tag.Get("url"), ",")
		fields[name] = field.Name
	}
	delete(fields, "")
	if _, renamed := fields["name"]; renamed {
		fields["name"] = "Query"
	}
	return fields
}

// parameterNames lists the names that a request struct can send.
func parameterNames(request any) []string {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeOf(request)) {
		if name, _, _ := strings.Cut(field.Tag.Get("url"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}
