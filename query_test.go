package insights

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noonQuery is what Between(noon, nextNoon) sends.
const noonQuery = "end=2021-05-02T12%3A00%3A00Z&start=2021-05-01T12%3A00%3A00Z"

// nasty are values with all that means something in a query string.
var nasty = []string{
	"line one\nline two\r\n", "a&b=c", "1+1", "100%", "%41", "a;b", "a,b", "#x?y", `"q" 'q'`, " lead and trail ", "é ü 測試 🧪", "OS X El Capitan (10.11)", "\x00\xff", "\t",
}

func problemFields(t *testing.T, err error) []string {
	t.Helper()
	var options *OptionsError
	require.ErrorAs(t, err, &options)
	fields := make([]string, len(options.Problems))
	for i, problem := range options.Problems {
		fields[i] = problem.Field
		assert.NotEmpty(t, problem.Reason)
	}
	return fields
}

// queryOf is the query string that valid options send.
func queryOf(t *testing.T, opts options, dialect Dialect) string {
	t.Helper()
	require.NoError(t, opts.Validate())
	text, err := encode(opts.query(dialect), nil)
	require.NoError(t, err)
	return text
}

func TestTestsOptions(t *testing.T) {
	t.Run("are sent in the reference's names, or the newer ones", func(t *testing.T) {
		week := Last(7 * day)
		pair := Between(noon, nextNoon)
		tests := map[string]struct {
			opts      TestsOptions
			reference string
			renamed   string // empty: the same
		}{
			"row 19: time_range is unsigned":      {TestsOptions{Period: week}, "time_range=7d", ""},
			"row 3: start and end in UTC":         {TestsOptions{Period: pair}, noonQuery, ""},
			"scope me":                            {TestsOptions{Period: week, Scope: ScopeMe}, "scope=me&time_range=7d", ""},
			"scope organization":                  {TestsOptions{Period: week, Scope: ScopeOrganization}, "scope=organization&time_range=7d", ""},
			"row 37: scope single with owner":     {TestsOptions{Period: week, Scope: ScopeSingle, Owner: []string{"ann"}}, "owner=ann&scope=single&time_range=7d", ""},
			"row 37: owner with another scope":    {TestsOptions{Period: week, Scope: ScopeMe, Owner: []string{"ann"}}, "owner=ann&scope=me&time_range=7d", ""},
			"row 37: owner without a scope":       {TestsOptions{Period: week, Owner: []string{"ann"}}, "owner=ann&time_range=7d", ""},
			"row 16: a list repeats the key":      {TestsOptions{Period: week, Owner: []string{"bob", "ann", "a,b"}}, "owner=bob&owner=ann&owner=a%2Cb&time_range=7d", ""},
			"row 15: one status":                  {TestsOptions{Period: week, Status: StatusPassed}, "status=passed&time_range=7d", ""},
			"status failed":                       {TestsOptions{Period: week, Status: StatusFailed}, "status=failed&time_range=7d", ""},
			"status complete":                     {TestsOptions{Period: week, Status: StatusComplete}, "status=complete&time_range=7d", ""},
			"row 14: errored is sent as given":    {TestsOptions{Period: week, Status: StatusErrored}, "status=errored&time_range=7d", ""},
			"row 14: error is sent as given":      {TestsOptions{Period: week, Status: StatusError}, "status=error&time_range=7d", ""},
			"row 14: a new status is sent":        {TestsOptions{Period: week, Status: "skipped"}, "status=skipped&time_range=7d", ""},
			"row 18: build":                       {TestsOptions{Period: week, Build: "build 1"}, "build=build%201&time_range=7d", ""},
			"row 12: missing_build has no value":  {TestsOptions{Period: week, MissingBuild: true}, "missing_build=&time_range=7d", "build_missing=true&time_range=7d"},
			"row 12: query":                       {TestsOptions{Period: week, Query: "log in"}, "query=log%20in&time_range=7d", "name=log%20in&time_range=7d"},
			"row 18: error, with a line end":      {TestsOptions{Period: week, Error: "a\nb"}, "error=a%0Ab&time_range=7d", ""},
			"row 11: newest first":                {TestsOptions{Period: week, Order: NewestFirst}, "desc=true&time_range=7d", "descending=true&time_range=7d"},
			"row 11: oldest first is said too":    {TestsOptions{Period: week, Order: OldestFirst}, "desc=false&time_range=7d", "descending=false&time_range=7d"},
			"from":                                {TestsOptions{Period: week, From: 1}, "from=1&time_range=7d", ""},
			"row 13: the page size is size":       {TestsOptions{Period: week, Size: 100}, "size=100&time_range=7d", ""},
			"an empty list sends nothing":         {TestsOptions{Period: week, Owner: []string{}}, "time_range=7d", ""},
			"a cursor is not a parameter":         {TestsOptions{Period: Between(noon, nextNoon), After: CursorAfter(noon, "id")}, "end=2021-05-02T12%3A00%3A00Z&start=2021-05-01T12%3A00%3A00Z", ""},
			"the sample request of the reference": {TestsOptions{Period: pair, Size: 10, From: 10, Build: "build-123"}, "build=build-123&" + "end=2021-05-02T12%3A00%3A00Z&from=10&size=10&start=2021-05-01T12%3A00%3A00Z", ""},
			"all together": {
				TestsOptions{
					Period: pair, Scope: ScopeSingle, Owner: []string{"ann", "bob"}, Status: StatusFailed, Build: "b 1", MissingBuild: true,
					Query: "q+1", Error: "e&f", Order: NewestFirst, From: 20, Size: 10,
				},
				"build=b%201&desc=true&end=2021-05-02T12%3A00%3A00Z&error=e%26f&from=20&missing_build=&owner=ann&owner=bob&query=q%2B1&scope=single&size=10&start=2021-05-01T12%3A00%3A00Z&status=failed",
				"build=b%201&build_missing=true&descending=true&end=2021-05-02T12%3A00%3A00Z&error=e%26f&from=20&name=q%2B1&owner=ann&owner=bob&scope=single&size=10&start=2021-05-01T12%3A00%3A00Z&status=failed",
			},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				assert.Equal(t, test.reference, queryOf(t, test.opts, DialectReference))
				renamed := test.renamed
				if renamed == "" {
					renamed = test.reference
				}
				assert.Equal(t, renamed, queryOf(t, test.opts, DialectRenamed))
			})
		}
	})
}

func TestClientQueries(t *testing.T) {
	t.Run("go out as the reference has them", func(t *testing.T) {
		t.Run("of the other calls are the documented ones", func(t *testing.T) {
			week := Last(7 * day)
			pair := Between(noon, nextNoon)
			tests := map[string]struct {
				opts options
				want string
			}{
				"metrics, required only":  {TestMetricsOptions{Period: week, Query: "log in"}, "query=log%20in&time_range=7d"},
				"metrics, start and end":  {TestMetricsOptions{Period: pair, Query: "q"}, "end=2021-05-02T12%3A00%3A00Z&query=q&start=2021-05-01T12%3A00%3A00Z"},
				"metrics, scope":          {TestMetricsOptions{Period: week, Query: "q", Scope: ScopeMe}, "query=q&scope=me&time_range=7d"},
				"metrics, owner":          {TestMetricsOptions{Period: week, Query: "q", Owner: []string{"a", "b"}}, "owner=a&owner=b&query=q&time_range=7d"},
				"metrics, status":         {TestMetricsOptions{Period: week, Query: "q", Status: StatusPassed}, "query=q&status=passed&time_range=7d"},
				"metrics, row 16 os":      {TestMetricsOptions{Period: week, Query: "q", OS: []string{"Linux", "OS X El Capitan (10.11)"}}, "os=Linux&os=OS%20X%20El%20Capitan%20%2810.11%29&query=q&time_range=7d"},
				"metrics, row 17 browser": {TestMetricsOptions{Period: week, Query: "q", Browser: []string{"Chrome 54.0", "a,b"}}, "browser=Chrome%2054.0&browser=a%2Cb&query=q&time_range=7d"},
				"metrics, all together": {
					TestMetricsOptions{Period: pair, Scope: ScopeSingle, Owner: []string{"ann"}, Status: StatusError, Query: "q", OS: []string{"Linux"}, Browser: []string{"Chrome"}},
					"browser=Chrome&end=2021-05-02T12%3A00%3A00Z&os=Linux&owner=ann&query=q&scope=single&start=2021-05-01T12%3A00%3A00Z&status=error",
				},

				"trends, required only":         {TestTrendsOptions{Period: week, Interval: time.Hour}, "interval=1h&time_range=7d"},
				"trends, row 20 minutes are m":  {TestTrendsOptions{Period: week, Interval: time.Minute}, "interval=1m&time_range=7d"},
				"trends, row 20 days":           {TestTrendsOptions{Period: week, Interval: 48 * time.Hour}, "interval=2d&time_range=7d"},
				"trends, row 20 any width":      {TestTrendsOptions{Period: week, Interval: 61 * time.Second}, "interval=61s&time_range=7d"},
				"trends, row 20 wider than all": {TestTrendsOptions{Period: Last(time.Hour), Interval: day}, "interval=1d&time_range=1h"},
				"trends, start and end":         {TestTrendsOptions{Period: pair, Interval: time.Hour}, "end=2021-05-02T12%3A00%3A00Z&interval=1h&start=2021-05-01T12%3A00%3A00Z"},
				"trends, scope":                 {TestTrendsOptions{Period: week, Interval: time.Hour, Scope: ScopeMe}, "interval=1h&scope=me&time_range=7d"},
				"trends, owner":                 {TestTrendsOptions{Period: week, Interval: time.Hour, Owner: []string{"a", "b"}}, "interval=1h&owner=a&owner=b&time_range=7d"},
				"trends, status":                {TestTrendsOptions{Period: week, Interval: time.Hour, Status: StatusPassed}, "interval=1h&status=passed&time_range=7d"},
				"trends, row 16 os":             {TestTrendsOptions{Period: week, Interval: time.Hour, OS: []string{"A", "B"}}, "interval=1h&os=A&os=B&time_range=7d"},
				"trends, row 16 browser":        {TestTrendsOptions{Period: week, Interval: time.Hour, Browser: []string{"A", "B"}}, "browser=A&browser=B&interval=1h&time_range=7d"},
				"trends, all together": {
					TestTrendsOptions{Period: pair, Interval: 15 * time.Minute, Scope: ScopeSingle, Owner: []string{"ann"}, Status: StatusError, OS: []string{"Linux"}, Browser: []string{"Chrome"}},
					"browser=Chrome&end=2021-05-02T12%3A00%3A00Z&interval=15m&os=Linux&owner=ann&scope=single&start=2021-05-01T12%3A00%3A00Z&status=error",
				},
			}
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					assert.Equal(t, test.want, queryOf(t, test.opts, DialectReference))
					assert.Equal(t, test.want, queryOf(t, test.opts, DialectRenamed), "the dialects differ on /tests only")
				})
			}
		})
		t.Run("of BuildsTests and ErrorTrends are alike", func(t *testing.T) {
			week := Last(7 * day)
			tests := map[string]struct {
				opts BuildsTestsOptions
				want string
			}{
				"required only":  {BuildsTestsOptions{Period: week}, "time_range=7d"},
				"start and end":  {BuildsTestsOptions{Period: Between(noon, nextNoon)}, noonQuery},
				"scope":          {BuildsTestsOptions{Period: week, Scope: ScopeOrganization}, "scope=organization&time_range=7d"},
				"owner":          {BuildsTestsOptions{Period: week, Owner: []string{"a", "b"}}, "owner=a&owner=b&time_range=7d"},
				"status":         {BuildsTestsOptions{Period: week, Status: StatusErrored}, "status=errored&time_range=7d"},
				"row 16 os":      {BuildsTestsOptions{Period: week, OS: []string{"A", "B"}}, "os=A&os=B&time_range=7d"},
				"row 16 browser": {BuildsTestsOptions{Period: week, Browser: []string{"A", "B"}}, "browser=A&browser=B&time_range=7d"},
				"all together": {
					BuildsTestsOptions{Period: week, Scope: ScopeSingle, Owner: []string{"ann"}, Status: StatusError, OS: []string{"Linux"}, Browser: []string{"Chrome"}},
					"browser=Chrome&os=Linux&owner=ann&scope=single&status=error&time_range=7d",
				},
			}
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					for _, opts := range []options{test.opts, ErrorTrendsOptions(test.opts)} {
						assert.Equal(t, test.want, queryOf(t, opts, DialectReference))
						assert.Equal(t, test.want, queryOf(t, opts, DialectRenamed), "the dialects differ on /tests only")
					}
				})
			}
		})
		// The samples of the reference are compared decoded: it does not escape the
		// colon. Those of test-metrics are in Unix seconds, which the SDK never sends (row 4).
		t.Run("equal the reference's sample requests", func(t *testing.T) {
			pair := Between(noon, nextNoon)
			tests := map[string]struct {
				opts   options
				sample string
			}{
				"tests":        {TestsOptions{Period: pair, Size: 10, From: 10, Build: "build-123"}, "start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z&size=10&from=10&build=build-123"},
				"trends":       {TestTrendsOptions{Period: pair, Interval: time.Hour, OS: []string{"Linux"}}, "interval=1h&start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z&os=Linux"},
				"builds_tests": {BuildsTestsOptions{Period: pair}, "start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z"},
				"errors":       {ErrorTrendsOptions{Period: pair, Scope: ScopeOrganization}, "start=2021-05-01T12:00:00Z&end=2021-05-02T12:00:00Z&scope=organization"},
				"test-metrics": {
					TestMetricsOptions{Period: Between(time.Unix(1515687172, 0), time.Unix(1516291972, 0)), Query: "AnalyticsSeleniumTest on OS X 10.10"},
					"start=2018-01-11T16:12:52Z&end=2018-01-18T16:12:52Z&query=AnalyticsSeleniumTest%20on%20OS%20X%2010.10",
				},
			}
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					want, err := url.ParseQuery(test.sample)
					require.NoError(t, err)
					sent := queryOf(t, test.opts, DialectReference)
					got, err := url.ParseQuery(sent)
					require.NoError(t, err)
					assert.Equal(t, want, got)
					assert.NotContains(t, sent, "+", "a space is %20, as in the reference")
				})
			}
		})
		t.Run("send every field", func(t *testing.T) {
			notSent := []string{"After"}
			for _, zero := range []options{TestsOptions{}, TestMetricsOptions{}, TestTrendsOptions{}, BuildsTestsOptions{}, ErrorTrendsOptions{}} {
				for _, dialect := range []Dialect{DialectReference, DialectRenamed} {
					without, err := encode(zero.query(dialect), nil)
					require.NoError(t, err)
					for field := range reflect.TypeOf(zero).Fields() {
						changed := withField(zero, field)
						with, err := encode(changed.query(dialect), nil)
						require.NoError(t, err)
						if slices.Contains(notSent, field.Name) {
							assert.Equal(t, without, with, "%T.%s", zero, field.Name)
						} else {
							assert.NotEqual(t, without, with, "%T.%s", zero, field.Name)
						}
					}
				}
			}
		})
		t.Run("escape every value and refuse none", func(t *testing.T) {
			for _, value := range nasty {
				t.Run(fmt.Sprintf("%q", value), func(t *testing.T) {
					sent := queryOf(t, TestsOptions{
						Period: Last(day), Scope: Scope(value), Owner: []string{value, value}, Status: Status(value), Build: value, Query: value, Error: value,
					}, DialectReference)
					assert.Regexp(t, "^[-A-Za-z0-9_.~%&=]*$", sent)
					got, err := url.ParseQuery(sent)
					require.NoError(t, err)
					assert.Equal(t, url.Values{
						"time_range": {"1d"}, "scope": {value}, "owner": {value, value}, "status": {value}, "build": {value}, "query": {value}, "error": {value},
					}, got)
				})
			}
		})
		t.Run("leave the options alone", func(t *testing.T) {
			owner := []string{"bob", "ann"}
			extra := url.Values{"b": {"2", "1"}}
			request := TestsOptions{Period: Last(day), Owner: owner}.query(DialectReference)

			first, err := encode(request, extra)
			require.NoError(t, err)
			second, err := encode(request, extra)
			require.NoError(t, err)

			assert.Equal(t, first, second)
			assert.Equal(t, []string{"bob", "ann"}, owner)
			assert.Equal(t, url.Values{"b": {"2", "1"}}, extra)
		})
		t.Run("are an error where they can't be encoded", func(t *testing.T) {
			_, err := encode(42, nil)
			assert.Error(t, err)
		})
	})
}

// withField returns opts with one field set.
func withField(opts options, field reflect.StructField) options {
	changed := reflect.New(reflect.TypeOf(opts)).Elem()
	changed.Set(reflect.ValueOf(opts))
	examples := []any{
		Last(time.Hour), ScopeMe, []string{"x"}, StatusPassed, "x", true, NewestFirst, 7, time.Hour, CursorAfter(noon, "id"),
	}
	for _, example := range examples {
		if value := reflect.ValueOf(example); value.Type() == field.Type {
			changed.FieldByIndex(field.Index).Set(value)
		}
	}
	return changed.Interface().(options)
}

func TestWithQuery(t *testing.T) {
	t.Run("sends the caller's parameters", func(t *testing.T) {
		opts := TestsOptions{Period: Last(day), Build: "b"}

		got, err := encode(opts.query(DialectReference), url.Values{"org_id": {"x y", "z"}, "name": {"row 12"}, "Size": {"1"}})
		require.NoError(t, err)
		assert.Equal(t, "Size=1&build=b&name=row%2012&org_id=x%20y&org_id=z&time_range=1d", got)
	})
	t.Run("refuses a name that the SDK sends itself", func(t *testing.T) {
		shared := []string{"start", "end", "time_range", "scope", "owner", "status"}
		platforms := append(slices.Clone(shared), "os", "browser")
		tests := map[string]struct {
			opts    options
			dialect Dialect
			names   []string
		}{
			"tests":                  {TestsOptions{}, DialectReference, append(slices.Clone(shared), "build", "missing_build", "query", "error", "desc", "from", "size")},
			"row 12: renamed /tests": {TestsOptions{}, DialectRenamed, append(slices.Clone(shared), "build", "build_missing", "name", "error", "descending", "from", "size")},
			"metrics":                {TestMetricsOptions{}, DialectReference, append(slices.Clone(platforms), "query")},
			"trends":                 {TestTrendsOptions{}, DialectReference, append(slices.Clone(platforms), "interval")},
			"builds":                 {BuildsTestsOptions{}, DialectReference, platforms},
			"errors":                 {ErrorTrendsOptions{}, DialectReference, platforms},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				request := test.opts.query(test.dialect)
				assert.ElementsMatch(t, test.names, parameterNames(request))

				extra := url.Values{"new": {""}}
				for _, parameter := range test.names {
					extra.Set(parameter, "x")
				}
				_, err := encode(request, extra)
				require.ErrorIs(t, err, ErrInvalidOptions)
				assert.Equal(t, slices.Repeat([]string{"WithQuery"}, len(test.names)), problemFields(t, err), "all at once")

				_, again := encode(request, extra)
				assert.EqualError(t, again, err.Error(), "always in the same order")
			})
		}
	})
}

// everyCall returns valid options of all five calls with these in common.
func everyCall(period Period, scope Scope, owner ...string) []options {
	return []options{
		TestsOptions{Period: period, Scope: scope, Owner: owner},
		TestMetricsOptions{Period: period, Scope: scope, Owner: owner, Query: "q"},
		TestTrendsOptions{Period: period, Scope: scope, Owner: owner, Interval: time.Hour},
		BuildsTestsOptions{Period: period, Scope: scope, Owner: owner},
		ErrorTrendsOptions{Period: period, Scope: scope, Owner: owner},
	}
}

func TestOptionsValidate(t *testing.T) {
	t.Run("checks what all calls have in common", func(t *testing.T) {
		tests := map[string]struct {
			period Period
			scope  Scope
			owner  []string
			want   []string // nil: accepted
		}{
			"a length":                         {period: Last(day)},
			"start and end":                    {period: Between(noon, nextNoon)},
			"row 7: a very long period":        {period: Last(10 * 365 * day)},
			"single with owner":                {period: Last(day), scope: ScopeSingle, owner: []string{"a", "b"}},
			"row 37: owner with another scope": {period: Last(day), scope: ScopeMe, owner: []string{"a"}},
			"a scope of tomorrow":              {period: Last(day), scope: "team"},
			"a blank owner":                    {period: Last(day), owner: []string{" "}},
			"row 6: no period":                 {want: []string{"Period"}},
			"row 5: start without end":         {period: Between(noon, time.Time{}), want: []string{"Period"}},
			"row 5: end without start":         {period: Between(time.Time{}, noon), want: []string{"Period"}},
			"row 19: a negative length":        {period: Last(-day), want: []string{"Period"}},
			"row 37: single without owner":     {period: Last(day), scope: ScopeSingle, want: []string{"Owner"}},
			"empty owners":                     {period: Last(day), owner: []string{"", "a", ""}, want: []string{"Owner[0]", "Owner[2]"}},
			"single with an empty owner":       {period: Last(day), scope: ScopeSingle, owner: []string{""}, want: []string{"Owner[0]"}},
			"all at once":                      {scope: ScopeSingle, want: []string{"Period", "Owner"}},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				for _, opts := range everyCall(test.period, test.scope, test.owner...) {
					requireProblems(t, opts.Validate(), test.want)
				}
			})
		}
	})
	t.Run("checks the options of each call", func(t *testing.T) {
		week := Last(7 * day)
		blank := []string{"a", ""}
		tests := map[string]struct {
			opts options
			want []string
		}{
			"tests, negative from":                {TestsOptions{Period: week, From: -1}, []string{"From"}},
			"tests, negative size":                {TestsOptions{Period: week, Size: -1}, []string{"Size"}},
			"tests, row 8: any size":              {TestsOptions{Period: week, From: 1_000_000, Size: 1_000_000}, nil},
			"tests, order":                        {TestsOptions{Period: week, Order: "desc"}, []string{"Order"}},
			"tests, build and missing build":      {TestsOptions{Period: week, Build: "b", MissingBuild: true}, nil},
			"tests, a cursor is for AllTests":     {TestsOptions{Period: Between(noon, nextNoon), After: CursorAfter(noon, "id")}, nil},
			"a cursor and a period that moves on": {TestsOptions{Period: week, After: CursorAfter(noon, "id")}, []string{"Period"}},
			"one page refuses a cursor":           {singlePage{TestsOptions{Period: Between(noon, nextNoon), After: CursorAfter(noon, "id")}}, []string{"After"}},
			"one page":                            {singlePage{TestsOptions{Period: week}}, nil},
			"metrics, no test":                    {TestMetricsOptions{Period: week}, []string{"Query"}},
			"trends, no interval":                 {TestTrendsOptions{Period: week}, []string{"Interval"}},
			"trends, negative interval":           {TestTrendsOptions{Period: week, Interval: -time.Hour}, []string{"Interval"}},
			"trends, fractional interval":         {TestTrendsOptions{Period: week, Interval: 1500 * time.Millisecond}, []string{"Interval"}},
			"tests, all at once": {
				singlePage{TestsOptions{Scope: ScopeSingle, Order: "up", From: -1, Size: -2, After: CursorAfter(noon, "id")}},
				[]string{"Period", "Owner", "From", "Size", "Order", "After"},
			},
			"metrics, all at once": {TestMetricsOptions{Owner: blank, OS: blank, Browser: blank}, []string{"Period", "Owner[1]", "Query", "OS[1]", "Browser[1]"}},
			"trends, all at once":  {TestTrendsOptions{Owner: blank, OS: blank, Browser: blank}, []string{"Period", "Owner[1]", "Interval", "OS[1]", "Browser[1]"}},
			"builds, all at once":  {BuildsTestsOptions{Owner: blank, OS: blank, Browser: blank}, []string{"Period", "Owner[1]", "OS[1]", "Browser[1]"}},
			"errors, all at once":  {ErrorTrendsOptions{Owner: blank, OS: blank, Browser: blank}, []string{"Period", "Owner[1]", "OS[1]", "Browser[1]"}},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				requireProblems(t, test.opts.Validate(), test.want)
			})
		}
	})
}

// requireProblems checks that err reports the problems of exactly these fields.
func requireProblems(t *testing.T, err error, fields []string) {
	t.Helper()
	if fields == nil {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, ErrInvalidOptions)
	require.Equal(t, fields, problemFields(t, err))
}

func TestOptionsError(t *testing.T) {
	t.Run("says everything at once", func(t *testing.T) {
		err := fmt.Errorf("nightly report: %w", TestTrendsOptions{Period: Last(-day), Interval: 1500 * time.Millisecond, OS: []string{""}}.Validate())

		require.ErrorIs(t, err, ErrInvalidOptions)
		require.NotErrorIs(t, err, ErrInvalidRequest)
		options, ok := errors.AsType[*OptionsError](err)
		require.True(t, ok)
		assert.Equal(t, []Problem{
			{"Period", "the length -24h0m0s is not positive"},
			{"Interval", "the length 1.5s is not whole seconds"},
			{"OS[0]", "is empty"},
		}, options.Problems)
		assert.EqualError(t, options, "insights: invalid options: Period: the length -24h0m0s is not positive; Interval: the length 1.5s is not whole seconds; OS[0]: is empty")
	})
}

func FuzzQuery(f *testing.F) {
	for _, value := range nasty {
		f.Add(value, value, value, value, value, true, byte(1), 10, 20, int64(3600))
	}
	f.Add("", "", "", "", "", false, byte(0), 0, 0, int64(0))
	f.Fuzz(func(t *testing.T, owner, status, build, text, message string, missing bool, order byte, from, size int, seconds int64) {
		opts := TestsOptions{
			Period: Last(time.Duration(seconds) * time.Second),
			Owner:  []string{owner, "a,b", owner}, Status: Status(status), Build: build, MissingBuild: missing,
			Query: text, Error: message, Order: []Order{"", OldestFirst, NewestFirst}[order%3], From: from, Size: size,
		}
		if opts.Validate() != nil {
			return
		}
		sent := queryOf(t, opts, DialectReference)
		require.Regexp(t, "^[-A-Za-z0-9_.~%&=]*$", sent)
		got, err := url.ParseQuery(sent)
		require.NoError(t, err)
		require.Equal(t, wantedQuery(opts), got)
	})
}

// wantedQuery is what the reference says that opts are on the wire.
func wantedQuery(opts TestsOptions) url.Values {
	want := url.Values{"time_range": {opts.Period.String()}, "owner": opts.Owner}
	set := func(name, value string, given bool) {
		if given {
			want.Set(name, value)
		}
	}
	set("status", string(opts.Status), opts.Status != "")
	set("build", opts.Build, opts.Build != "")
	set("missing_build", "", opts.MissingBuild)
	set("query", opts.Query, opts.Query != "")
	set("error", opts.Error, opts.Error != "")
	set("desc", fmt.Sprint(opts.Order == NewestFirst), opts.Order != "")
	set("from", fmt.Sprint(opts.From), opts.From != 0)
	set("size", fmt.Sprint(opts.Size), opts.Size != 0)
	return want
}

// What is asked of the summaries arrives as it was given. FuzzQuery does the
// same for the lists of runs.
func FuzzSummaryQuery(f *testing.F) {
	for _, value := range nasty {
		f.Add(value, value, value, value, value, int64(3600))
	}
	f.Fuzz(func(t *testing.T, owner, status, text, system, browser string, seconds int64) {
		period, interval := Last(time.Hour), time.Duration(seconds)*time.Second
		owners, systems, browsers := []string{owner, owner}, []string{system, "a,b"}, []string{browser}
		for _, opts := range []options{
			TestMetricsOptions{Period: period, Owner: owners, Status: Status(status), Query: text, OS: systems, Browser: browsers},
			TestTrendsOptions{Period: period, Interval: interval, Owner: owners, Status: Status(status), OS: systems, Browser: browsers},
			BuildsTestsOptions{Period: period, Owner: owners, Status: Status(status), OS: systems, Browser: browsers},
			ErrorTrendsOptions{Period: period, Owner: owners, Status: Status(status), OS: systems, Browser: browsers},
		} {
			if opts.Validate() != nil {
				continue
			}
			want := url.Values{"time_range": {"1h"}, "owner": owners, "os": systems, "browser": browsers}
			switch opts := opts.(type) {
			case TestMetricsOptions:
				want.Set("query", text)
			case TestTrendsOptions:
				want.Set("interval", Last(opts.Interval).String())
			}
			if status != "" {
				want.Set("status", status)
			}
			got, err := url.ParseQuery(queryOf(t, opts, DialectReference))
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}
