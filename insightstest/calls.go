package insightstest

import (
	"net/http"
	"slices"
)

// The paths of the five calls, for [Fault.Path] and [Request.Path].
const (
	PathTests       = "/v1/analytics/tests"
	PathTestMetrics = "/v1/analytics/insights/test-metrics"
	PathTestTrends  = "/v1/analytics/trends/tests"
	PathBuildsTests = "/v1/analytics/trends/builds_tests"
	PathErrorTrends = "/v1/analytics/trends/errors"
)

// call is one of the five.
type call struct {
	path       string
	parameters []string // besides those of all calls and those of a dialect
	read       func(*reader, *params)
	write      func(*answerer, *writer) *refusal
}

var platformParameters = []string{"os", "browser"}

var calls = []*call{
	{PathTests, []string{"build", "error", "from", "size"}, readTests, always((*answerer).writeTests)},
	{PathTestMetrics, append(platformParameters, "query"), readMetrics, always((*answerer).writeMetrics)},
	{PathTestTrends, append(platformParameters, "interval"), readTrends, (*answerer).writeTrends},
	{PathBuildsTests, platformParameters, readPlatforms, always((*answerer).writeBuilds)},
	{PathErrorTrends, platformParameters, readPlatforms, always((*answerer).writeErrors)},
}

// always is the write of a call that refuses nothing once its parameters are
// read.
func always(write func(*answerer, *writer)) func(*answerer, *writer) *refusal {
	return func(a *answerer, w *writer) *refusal {
		write(a, w)
		return nil
	}
}

// route finds the call of a request, or says why it has none.
func (s *Server) route(r *http.Request) (*call, *refusal) {
	i := slices.IndexFunc(calls, func(c *call) bool { return c.path == r.URL.Path })
	switch {
	case i < 0 || s.settings.noErrorTrends && r.URL.Path == PathErrorTrends:
		return nil, &refusal{status: http.StatusNotFound, message: "Not found."}
	case r.Method != http.MethodGet:
		return nil, &refusal{status: http.StatusMethodNotAllowed, message: "Method not allowed: use GET."}
	}
	return calls[i], nil
}
