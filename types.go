package insights

import (
	"maps"
	"math"
	"time"
)

// Status is how a run ended. Any other value than the constants stays as the
// service sent it.
type Status string

// The statuses of the API reference, and StatusError: the live service has been
// seen to say error instead of errored. A filter is sent as it was given.
// [Status.IsError] treats the two alike in a result.
const (
	StatusPassed   Status = "passed"
	StatusFailed   Status = "failed"
	StatusErrored  Status = "errored"  // did not run to its end
	StatusError    Status = "error"    // the same, as the live service spells it
	StatusComplete Status = "complete" // ran to its end, and nobody reported pass or fail
)

// IsError reports whether the run did not get to its end, in either spelling.
func (s Status) IsError() bool {
	return s == StatusErrored || s == StatusError
}

// Seconds is a length of time in seconds, possibly fractional, as the API
// gives it.
type Seconds float64

// Duration converts to a [time.Duration]. Whole seconds are exact. A value
// beyond the range of time.Duration gives the nearest end of it, and NaN gives
// zero.
func (s Seconds) Duration() time.Duration {
	ns := float64(s) * float64(time.Second)
	switch {
	case math.IsNaN(ns):
		return 0
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	}
	return time.Duration(math.Round(ns))
}

// Meta is the envelope's meta object.
type Meta struct {
	Status int `json:"status"` // meta.status; 0 if it is absent or not a number. 400 to 599 makes the call fail, whatever HTTP says
}

// NamedCount is how often a name (of an owner, a status, an OS) occurred.
type NamedCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Test is one run of a test: one Sauce Labs job. Which fields are filled
// depends on the call. The lists of [Client.BuildsTests] and
// [Client.ErrorTrends] have no Build. The reference shows StartTime, Duration,
// OSNormalized and BrowserNormalized for [Client.TestMetrics] only.
//
// Absent and null fields are zero. A value that can't be read is zero too, and
// counted in [ResponseInfo].Unreadable: one odd value costs neither the run nor
// the page. A number in place of a text is kept as text.
type Test struct {
	ID       string `json:"id"` // opaque: not always hexadecimal
	Owner    string `json:"owner"`
	Ancestor string `json:"ancestor"`
	Name     string `json:"name"`
	Build    string `json:"build"` // empty: no build, or not part of this response

	CreationTime time.Time `json:"creation_time,omitzero"` // UTC; the time that lists are ordered by
	StartTime    time.Time `json:"start_time,omitzero"`    // UTC; zero also for a run that never started
	EndTime      time.Time `json:"end_time,omitzero"`      // UTC
	Duration     Seconds   `json:"duration"`               // seconds; zero also if the response has none

	Status Status `json:"status"`
	Error  string `json:"error"` // may have several lines; empty: none

	OS                string `json:"os"`
	OSNormalized      string `json:"os_normalized"`
	Browser           string `json:"browser"` // or a device, such as "iPhone 10.0"
	BrowserNormalized string `json:"browser_normalized"`

	DetailsURL string `json:"details_url"` // as it came, possibly on an internal host; the SDK never fetches it
}

// TestList is one page of runs: the result of [Client.Tests].
type TestList struct {
	Meta    Meta   `json:"meta"`
	Items   []Test `json:"items,omitzero"`
	HasMore bool   `json:"has_more"` // more records after this page; there is no total

	saidMore bool // has_more was there and said yes or no; AllTests takes its absence for neither
}

// TestMetrics sums up the runs of one test: the result of [Client.TestMetrics].
type TestMetrics struct {
	Meta Meta     `json:"meta"`
	Aggs TestAggs `json:"aggs"`
}

// TestAggs are the figures of [TestMetrics]. The reference does not say whether
// the total times are sums or means, and there are examples of both. They stay
// as they came.
type TestAggs struct {
	Count          int            `json:"count"`
	FastestRun     *Test          `json:"fastestRun,omitzero"` // nil if there was no run
	SlowestRun     *Test          `json:"slowestRun,omitzero"` // nil if there was no run
	Statuses       map[Status]int `json:"statuses,omitzero"`   // runs by status; a status without a run may be absent or 0
	TotalQueueTime Seconds        `json:"totalQueueTime"`      // presumably seconds
	TotalRunTime   Seconds        `json:"totalRunTime"`        // presumably seconds
	AvgRunTime     Seconds        `json:"avgRunTime,omitzero"` // seen from the live service, not in the reference
}

// TestTrends is a histogram of runs: the result of [Client.TestTrends].
type TestTrends struct {
	Meta    Meta          `json:"meta"`
	Buckets []TrendBucket `json:"buckets,omitzero"`
	Metrics TrendMetrics  `json:"metrics"`
}

// TrendBucket counts the runs of one interval.
type TrendBucket struct {
	Timestamp time.Time `json:"timestamp,omitzero"` // UTC, the start of the interval; taken from datetime if the response has both
	Count     int       `json:"count"`
	Aggs      TrendAggs `json:"aggs"`
}

// TrendAggs splits the count of a bucket by owner, status and so on.
type TrendAggs struct {
	OS      []NamedCount            `json:"os"`
	Owner   []NamedCount            `json:"owner"`
	Status  []NamedCount            `json:"status"`
	Browser []NamedCount            `json:"browser"`
	Other   map[string][]NamedCount `json:"-"` // every further aggregation, by its key on the wire
}

// TrendMetrics are the totals of a histogram's whole period.
type TrendMetrics struct {
	OS      map[string]int            `json:"os"`
	Owner   map[string]int            `json:"owner"`
	Status  map[string]int            `json:"status"`
	Browser map[string]int            `json:"browser"`
	Other   map[string]map[string]int `json:"-"` // every further aggregation, by its key on the wire
}

// BuildsTests lists runs by build: the result of [Client.BuildsTests]. The call
// has no second page. If HasMore is set, [Client.AllTests] with
// [TestsOptions.Build] or [TestsOptions.MissingBuild] lists the rest.
type BuildsTests struct {
	Meta              Meta      `json:"meta"`
	Builds            BuildList `json:"builds"`
	TestsMissingBuild TestGroup `json:"tests_missing_build"` // runs without a build
}

// BuildList holds the builds of [BuildsTests], at most 25 by the reference.
type BuildList struct {
	Items   []Build `json:"items,omitzero"`
	HasMore bool    `json:"has_more"` // more builds than shown: narrow the period
}

// Build is one build and the first of its runs.
type Build struct {
	Name       string    `json:"name"`
	TestsCount int       `json:"tests_count"` // all runs of the build, also those not in Tests
	Duration   Seconds   `json:"duration"`    // seconds, as given: it differs from EndTime - StartTime
	StartTime  time.Time `json:"start_time,omitzero"`
	EndTime    time.Time `json:"end_time,omitzero"`
	Tests      []Test    `json:"tests,omitzero"` // at most 10 by the reference
	HasMore    bool      `json:"has_more"`       // more runs than Tests holds
	Aggs       BuildAggs `json:"aggs"`
}

// BuildAggs counts the runs of a build by status.
type BuildAggs struct {
	Status []NamedCount `json:"status,omitzero"`
}

// TestGroup is a list of runs that the service may have cut off.
type TestGroup struct {
	Items   []Test `json:"items,omitzero"`
	HasMore bool   `json:"has_more"` // more runs than Items holds
}

// ErrorTrends lists runs by error message: the result of [Client.ErrorTrends].
type ErrorTrends struct {
	Meta    Meta          `json:"meta"`
	Buckets []ErrorBucket `json:"buckets,omitzero"`
}

// ErrorBucket is one error message and the first of the runs that ended with
// it. [Client.AllTests] with [TestsOptions.Error] lists the rest.
type ErrorBucket struct {
	Name    string `json:"name"` // the message; may have several lines
	Count   int    `json:"count"`
	Items   []Test `json:"items,omitzero"`
	HasMore bool   `json:"has_more"` // more runs than Items holds
}

// StatusCounts returns the number of runs by status (aggs.statuses). A status
// without a run may be absent or 0. The map belongs to the caller. It is nil if
// the response has no counts.
//
// The API has counts in two shapes. [TestTrends.StatusCounts],
// [TrendBucket.StatusCounts] and [Build.StatusCounts] return the same shape.
func (m TestMetrics) StatusCounts() map[Status]int { return maps.Clone(m.Aggs.Statuses) }

// StatusCounts returns the number of runs in the whole period by status
// (metrics.status). The map belongs to the caller. It is nil if the response has
// no counts.
func (t TestTrends) StatusCounts() map[Status]int {
	if t.Metrics.Status == nil {
		return nil
	}
	counts := make(map[Status]int, len(t.Metrics.Status))
	for status, n := range t.Metrics.Status {
		counts[Status(status)] = n
	}
	return counts
}

// StatusCounts returns the number of runs in the interval by status
// (aggs.status). The map belongs to the caller. It is nil if the response has no
// counts.
func (b TrendBucket) StatusCounts() map[Status]int { return statusCounts(b.Aggs.Status) }

// StatusCounts returns the number of runs of the build by status (aggs.status).
// It counts all runs, and Tests holds the first of them. The map belongs to the
// caller. It is nil if the response has no counts.
func (b Build) StatusCounts() map[Status]int { return statusCounts(b.Aggs.Status) }

// statusCounts adds up a name that comes twice.
func statusCounts(list []NamedCount) map[Status]int {
	if list == nil {
		return nil
	}
	counts := make(map[Status]int, len(list))
	for _, c := range list {
		counts[Status(c.Name)] += c.Count
	}
	return counts
}
