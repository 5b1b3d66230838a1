package insightstest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// judge is a test whose verdict is looked at.
type judge struct {
	testing.TB
	cleanups []func()
	errors   []string
	skipped  bool
	failed   bool
}

func (j *judge) Helper()          {}
func (j *judge) Cleanup(f func()) { j.cleanups = append(j.cleanups, f) }
func (j *judge) Skipped() bool    { return j.skipped }
func (j *judge) Failed() bool     { return j.failed }
func (j *judge) Errorf(format string, a ...any) {
	j.errors = append(j.errors, fmt.Sprintf(format, a...))
}
func (j *judge) Fatal(a ...any) { panic(fatal(fmt.Sprint(a...))) }
func (j *judge) end() {
	for _, f := range j.cleanups {
		f()
	}
}

// fatal is what the judge's Fatal panics with.
type fatal string

func TestNew(t *testing.T) {
	day := insights.TestsOptions{Period: insights.Last(24 * time.Hour)}
	t.Run("the server closes with the test", func(t *testing.T) {
		j := &judge{TB: t}
		srv := insightstest.New(j, insightstest.InMemory())
		_, err := srv.Client().Tests(t.Context(), day)
		require.NoError(t, err)
		j.end()
		assert.Empty(t, j.errors)
		_, err = srv.Dial(t.Context(), "", "")
		assert.ErrorContains(t, err, "connection refused")
	})
	t.Run("a fault that was never met fails the test", func(t *testing.T) {
		j := &judge{TB: t}
		srv := insightstest.New(j)
		srv.Fail(insightstest.Outage(1).On(insightstest.PathBuildsTests).After(3), insightstest.Hang(-1).On(insightstest.PathErrorTrends), insightstest.Throttle(5, 0))
		_, err := srv.Client().Tests(t.Context(), day)
		require.ErrorIs(t, err, insights.ErrRateLimited)
		j.end()
		assert.Equal(t, []string{
			`insightstest: no request met the fault "status 503 on /v1/analytics/trends/builds_tests after 3": what it should show was not tested`,
			`insightstest: no request met the fault "no answer on /v1/analytics/trends/errors": what it should show was not tested`,
		}, j.errors, "one that was met in part is no error")
	})
	t.Run("faults that were taken away don't count", func(t *testing.T) {
		j := &judge{TB: t}
		srv := insightstest.New(j)
		srv.Fail(insightstest.Outage(1))
		srv.Recover()
		j.end()
		assert.Empty(t, j.errors)
	})
	t.Run("a test that was skipped or failed gets no further error", func(t *testing.T) {
		for _, j := range []*judge{{TB: t, skipped: true}, {TB: t, failed: true}} {
			insightstest.New(j).Fail(insightstest.Outage(1))
			j.end()
			assert.Empty(t, j.errors)
		}
	})
	t.Run("a mistake is fatal, and without New it panics", func(t *testing.T) {
		const text = "insightstest: Fail: the status 99 is none that ends an exchange: use 200 to 599"
		j := &judge{TB: t}
		srv := insightstest.New(j)
		assert.PanicsWithValue(t, fatal(text), func() { srv.Fail(insightstest.Reply(1, 99, "")) })
		assert.PanicsWithValue(t, text, func() { start(t).Fail(insightstest.Reply(1, 99, "")) })
		assert.Empty(t, srv.Pending())
		j.end()
	})
}

func TestServerPending(t *testing.T) {
	srv, hc := start(t), plain(t)
	assert.Empty(t, srv.Pending())
	srv.Fail(insightstest.Outage(3).After(1), insightstest.Throttle(0, time.Second))
	ask(t, hc, request(t, srv, insightstest.PathTests, around()))
	ask(t, hc, request(t, srv, insightstest.PathTests, around()))
	pending := srv.Pending()
	require.Len(t, pending, 1)
	assert.Equal(t, 2, pending[0].Count, "the first request was let pass, and met the other")
	assert.Equal(t, http.StatusServiceUnavailable, pending[0].Status)
	srv.Recover()
	assert.Empty(t, srv.Pending())
}

func TestFaultValidate(t *testing.T) {
	tests := map[string]struct {
		fault insightstest.Fault
		want  string // empty: it is right
	}{
		"the zero fault":             {insightstest.Fault{}, ""},
		"a path with a typing error": {insightstest.Outage(1).On("/v1/analytics/test"), `the path "/v1/analytics/test" is none of the five calls`},
		"a negative skip":            {insightstest.Outage(1).After(-1), "it skips -1 requests"},
		"a negative delay":           {insightstest.Slow(1, -time.Second), "the delay -1s is negative"},
		"a status of two digits":     {insightstest.Reply(1, 99, ""), "the status 99"},
		"an interim status":          {insightstest.Reply(1, 103, ""), "the status 103"},
		"the last status":            {insightstest.Reply(1, 599, ""), ""},
		"a status beyond":            {insightstest.Reply(1, 600, ""), "the status 600"},
		"a body that can't be sent":  {insightstest.Reply(1, 304, "x"), "an answer with status 304 has no body"},
		"no body is all right":       {insightstest.Reply(1, 204, ""), ""},
		"a header without a name":    {insightstest.Fault{Header: http.Header{"": {"x"}}}, `"" is not the name`},
		"a header with a blank":      {insightstest.Fault{Header: http.Header{"Retry After": {"1"}}}, `"Retry After" is not the name`},
		"a header of two lines":      {insightstest.Fault{Header: http.Header{"Retry-After": {"1\r\nX: y"}}}, "the value of Retry-After"},
		"an unknown ending":          {insightstest.Fault{Ending: 5}, "the ending 5"},
		"a negative ending":          {insightstest.Fault{Ending: -1}, "the ending -1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.fault.Validate()
			if test.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, test.want)
			}
		})
	}
}

func TestFaultString(t *testing.T) {
	assert.Equal(t, "status 429 on /v1/analytics/tests after 2", insightstest.Throttle(1, 0).On(insightstest.PathTests).After(2).String())
	assert.Equal(t, "the true answer, cut off", insightstest.Truncate(1).String())
	assert.Equal(t, "no answer", insightstest.Hang(1).String())
}
