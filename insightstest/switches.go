package insightstest

import (
	"net/http"
	"slices"
	"time"

	"github.com/sauceinsights/insights"
)

// The rows that the comments below name are those of the list of open
// questions about the API: what is not known, and what a client does about it.

// selection says which runs a request selects.
type selection struct {
	ends          Ends
	membership    Membership
	scope         insights.Scope
	partial       bool
	platforms     PlatformNames
	familyNames   bool
	longestPeriod time.Duration // 0: any
}

// Ends says which ends belong to a period.
type Ends int

// The ways of a service with the ends of a period.
const (
	InclusiveEnds Ends = iota // start ≤ time ≤ end
	ExclusiveEnd              // start ≤ time < end
	ExclusiveEnds             // start < time < end
)

// WithEnds says which ends belong to a period; default [InclusiveEnds]
// (row 1).
func WithEnds(e Ends) Option {
	must(e >= InclusiveEnds && e <= ExclusiveEnds, "WithEnds", "%d is unknown", e)
	return func(s *settings) { s.ends = e }
}

// Membership is the time of a run that decides whether it lies in a period.
type Membership int

// The times of a run. ByStart takes the creation of one that never started.
const (
	ByCreation Membership = iota
	ByStart
	ByEnd
)

// WithMembership says which of a run's times must lie in the period; default
// [ByCreation] (row 2). The order of lists is by creation in any case.
func WithMembership(m Membership) Option {
	must(m >= ByCreation && m <= ByEnd, "WithMembership", "%d is unknown", m)
	return func(s *settings) { s.membership = m }
}

// WithDefaultScope says whose runs a request without scope and owner selects;
// default [insights.ScopeOrganization], that is, all (row 37).
func WithDefaultScope(scope insights.Scope) Option {
	must(scope == insights.ScopeMe || scope == insights.ScopeOrganization, "WithDefaultScope", "%q is not me or organization", scope)
	return func(s *settings) { s.scope = scope }
}

// WithPartialMatch lets query, build and error match a part of the value, in
// any case, instead of all of it exactly (row 18).
func WithPartialMatch() Option {
	return func(s *settings) { s.partial = true }
}

// PlatformNames are the names that os and browser are compared with.
type PlatformNames int

// The names of a run's system and browser.
const (
	EitherName     PlatformNames = iota
	RawName                      // os, browser
	NormalizedName               // os_normalized, browser_normalized
)

// WithPlatformNames says which names os and browser match; default
// [EitherName] (row 17).
func WithPlatformNames(n PlatformNames) Option {
	must(n >= EitherName && n <= NormalizedName, "WithPlatformNames", "%d is unknown", n)
	return func(s *settings) { s.platforms = n }
}

// WithFamilyNames gives every run the family of its system and its browser as os
// and browser ("Windows", "Chrome") and the name with the version as
// os_normalized and browser_normalized ("Windows 11", "Chrome 137.0"), whichever
// way round the run that was added has them: so the real service was seen to do
// it. By default runs are shown as they were added; those of [Generate] have the
// version in os and browser, as the reference has it. Trends count by the names
// with the version either way.
func WithFamilyNames() Option {
	return func(s *settings) { s.familyNames = true }
}

// WithLongestPeriod refuses longer periods; by default every length is allowed
// (row 7).
func WithLongestPeriod(d time.Duration) Option {
	must(d > 0, "WithLongestPeriod", "%s is not positive", d)
	return func(s *settings) { s.longestPeriod = d }
}

// paging says how /tests divides a list.
type paging struct {
	maxPage       int
	refuseLarger  bool
	largerStatus  int // of the refusal; 0: that of other parameters
	resultWindow  int
	order         insights.Order
	orderIsFixed  bool
	hasMore       HasMore
	listIntervals bool
}

// WithLargestPage cuts a larger size down to n runs without a word; default
// 1,000 (row 8).
func WithLargestPage(n int) Option {
	must(n > 0, "WithLargestPage", "%d is not positive", n)
	return func(s *settings) { s.maxPage = n }
}

// WithLargerPagesRefused refuses a size beyond [WithLargestPage] instead of
// cutting it down (row 8).
func WithLargerPagesRefused() Option {
	return func(s *settings) { s.refuseLarger = true }
}

// WithLargerPagesStatus does that with a status of its own, such as 413
// (row 8).
func WithLargerPagesStatus(code int) Option {
	must(isRefusal(code), "WithLargerPagesStatus", "%d is not 4xx", code)
	return func(s *settings) { s.refuseLarger, s.largerStatus = true, code }
}

// WithResultWindow refuses requests with from+size beyond n; default 10,000
// (row 8). The client of [Server.Client] knows n.
func WithResultWindow(n int) Option {
	must(n >= 2, "WithResultWindow", "%d is less than 2", n)
	return func(s *settings) { s.resultWindow = n }
}

// WithDefaultOrder says how a list is ordered without desc; default
// [insights.OldestFirst] (row 11).
func WithDefaultOrder(o insights.Order) Option {
	must(isOrder(o), "WithDefaultOrder", "%q is no order", o)
	return func(s *settings) { s.order = o }
}

// WithFixedOrder orders every list in one way and ignores desc (row 11).
func WithFixedOrder(o insights.Order) Option {
	must(isOrder(o), "WithFixedOrder", "%q is no order", o)
	return func(s *settings) { s.order, s.orderIsFixed = o, true }
}

func isOrder(o insights.Order) bool {
	return o == insights.OldestFirst || o == insights.NewestFirst
}

// HasMore says what the has_more of a page means.
type HasMore int

// The meanings of has_more.
const (
	HasMoreIfTrue HasMore = iota // there are more runs
	HasMoreIfFull                // the page has as many runs as were asked for
	HasMoreIfAny                 // the page is not empty
	HasMoreAlways                // nothing: it is true even on an empty page
	HasMoreAbsent                // nothing: pages don't have it
	HasMoreNull                  // nothing: it is null
)

// WithHasMore says what the has_more of /tests means; default [HasMoreIfTrue].
// Under each of the next three an empty page can follow one with has_more
// (row 10). For a single page without it, see [LoseMember].
func WithHasMore(h HasMore) Option {
	must(h >= HasMoreIfTrue && h <= HasMoreNull, "WithHasMore", "%d is unknown", h)
	return func(s *settings) { s.hasMore = h }
}

// WithListedIntervals accepts as interval only those that the newer
// documentation lists: 1m, 15m, 1h, 6h, 12h, 1d (the default), 7d and 30d
// (row 20). By default every width is accepted, and required.
func WithListedIntervals() Option {
	return func(s *settings) { s.listIntervals = true }
}

// dialogue says which requests are understood, and how others are refused.
type dialogue struct {
	dialect            *insights.Dialect // nil: both
	strict             bool
	noUnixTime         bool
	optionalPeriod     bool
	optionalQuery      bool
	statusList         bool
	noErrorTrends      bool
	invalidStatus      int
	unauthorizedStatus int
	shape              ErrorShape
	retryAfterDate     bool
}

// WithDialect understands the parameter names of one dialect only; names of
// the other are unknown, and so ignored (row 12). By default both are
// understood. The client of [Server.Client] speaks d.
func WithDialect(d insights.Dialect) Option {
	must(d == insights.DialectReference || d == insights.DialectRenamed, "WithDialect", "%d is unknown", d)
	return func(s *settings) { s.dialect = &d }
}

// WithStrictParameters refuses parameters that the call does not have, and the
// second of those that it has once, with status 422; by default both are
// ignored (row 12).
func WithStrictParameters() Option {
	return func(s *settings) { s.strict = true }
}

// WithoutUnixTime refuses start and end in Unix seconds (row 4).
func WithoutUnixTime() Option {
	return func(s *settings) { s.noUnixTime = true }
}

// WithOptionalPeriod answers requests without a period from all runs, as the
// newer documentation has it (row 6).
func WithOptionalPeriod() Option {
	return func(s *settings) { s.optionalPeriod = true }
}

// WithOptionalQuery answers test-metrics without query from the runs of all
// tests, as the real service was seen to do.
func WithOptionalQuery() Option {
	return func(s *settings) { s.optionalQuery = true }
}

// WithStatusList accepts status more than once and selects the runs that have
// one of them, as the newer documentation has it; by default only the first
// counts (row 15).
func WithStatusList() Option {
	return func(s *settings) { s.statusList = true }
}

// WithoutErrorTrends answers 404 to /trends/errors, which the newer
// documentation no longer has (row 31).
func WithoutErrorTrends() Option {
	return func(s *settings) { s.noErrorTrends = true }
}

// WithInvalidStatus sets the status of a refused parameter; default 400, and
// 422 in the newer documentation (row 36).
func WithInvalidStatus(code int) Option {
	must(isRefusal(code), "WithInvalidStatus", "%d is not 4xx", code)
	return func(s *settings) { s.invalidStatus = code }
}

// WithUnauthorizedStatus sets the status of wrong credentials; default 401
// (row 36).
func WithUnauthorizedStatus(code int) Option {
	must(isRefusal(code), "WithUnauthorizedStatus", "%d is not 4xx", code)
	return func(s *settings) { s.unauthorizedStatus = code }
}

func isRefusal(code int) bool {
	return code >= http.StatusBadRequest && code < http.StatusInternalServerError
}

// ErrorShape is the form of the body of a refusal.
type ErrorShape int

// The shapes that are documented or were seen somewhere.
const (
	ErrorMessage    ErrorShape = iota // {"message": "…", "meta": {"status": 400}}
	ErrorDetail                       // {"detail": "…"}
	ErrorDetailList                   // {"detail": [{"loc": ["query", "size"], "msg": "…", "type": "value_error"}]}
	ErrorFields                       // {"size": ["…"]}
	ErrorText                         // the bare message
	ErrorHTML                         // a page
	ErrorEmpty                        // nothing
)

// WithErrorShape sets the form of refusals; default [ErrorMessage] (row 28).
func WithErrorShape(shape ErrorShape) Option {
	must(shape >= ErrorMessage && shape <= ErrorEmpty, "WithErrorShape", "%d is unknown", shape)
	return func(s *settings) { s.shape = shape }
}

// WithRetryAfterDate writes Retry-After as a date, where [WithServerLimit]
// refuses; by default it is a number of seconds (row 35).
func WithRetryAfterDate() Option {
	return func(s *settings) { s.retryAfterDate = true }
}

// form says how answers are written.
type form struct {
	fields        Fields
	errored       insights.Status
	trendErrored  insights.Status // in the totals of trends; empty: as errored
	times         TimeForm
	bucketTimes   BucketTimeForm
	status        string // of meta, as it is written
	trendStatus   string // of the meta of trends; empty: as status
	decimals      bool
	decimalTotals bool
	nulls         bool
	nullTimes     bool
	extra         bool
	zeroStatuses  bool
	means         bool
	odd           bool
	zone          time.Duration // east of UTC, of times that say they are UTC
}

// Fields are the members that the objects of answers have.
type Fields int

// The members that are documented, or were seen (row 24).
const (
	// FieldsOfToday are those of the reference, and those that today's service
	// adds in every capture: runs of /tests have the 16 fields that the reference
	// shows for test-metrics, trends are by browser too, and test-metrics have an
	// avgRunTime.
	FieldsOfToday Fields = iota
	// FieldsOfReference are exactly those of the API reference: 12 of a run in
	// /tests, and trends by os, owner and status only.
	FieldsOfReference
	// FieldsSeenLive are exactly those of the captured answers: every run has 17
	// fields, with an org_id; trends split failures and errors too; the totals of
	// trends have error and fail; builds have an owner, duration_absolute and
	// duration_test_max; trends by error have all_items_count.
	FieldsSeenLive
	// FieldsDocumented are those of the newer documentation: 16 of a run in
	// /tests, and trends in 15 ways. Runs have no device and no framework here, so
	// those lists are empty.
	FieldsDocumented
)

// WithFields sets which members the objects of answers have; default
// [FieldsOfToday] (row 24).
func WithFields(f Fields) Option {
	must(f >= FieldsOfToday && f <= FieldsDocumented, "WithFields", "%d is unknown", f)
	return func(s *settings) { s.fields = f }
}

// WithErrorSpelling sets the status that runs which did not get to their end
// have in answers: [insights.StatusErrored], the default, or
// [insights.StatusError] (row 14). As a filter both mean the same.
func WithErrorSpelling(spelling insights.Status) Option {
	must(spelling.IsError(), "WithErrorSpelling", "%q is neither errored nor error", spelling)
	return func(s *settings) { s.errored = spelling }
}

// TimeForm is how the times of runs are written.
type TimeForm int

// The forms of times (row 22).
const (
	TimesInSeconds      TimeForm = iota // 2017-03-01T12:13:39Z
	TimesInMilliseconds                 // 2017-03-01T12:13:39.000Z
	TimesWithOffset                     // 2017-03-01T12:13:39+00:00
	TimesWithoutZone                    // 2017-03-01T12:13:39
)

// WithTimes sets how times are written; default [TimesInSeconds] (row 22). A
// time between two seconds is cut, not rounded, if the form has no fraction.
func WithTimes(f TimeForm) Option {
	must(f >= TimesInSeconds && f <= TimesWithoutZone, "WithTimes", "%d is unknown", f)
	return func(s *settings) { s.times = f }
}

// BucketTimeForm is how the timestamp of a trend bucket is written.
type BucketTimeForm int

// The forms of timestamps (row 21). The numbers come with a datetime beside
// them.
const (
	BucketText         BucketTimeForm = iota // "2017-03-09T12:00:00.000Z"
	BucketSeconds                            // 1489060800
	BucketMilliseconds                       // 1489060800000
)

// WithBucketTimes sets how timestamps of trend buckets are written; default
// [BucketText] (row 21).
func WithBucketTimes(f BucketTimeForm) Option {
	must(f >= BucketText && f <= BucketMilliseconds, "WithBucketTimes", "%d is unknown", f)
	return func(s *settings) { s.bucketTimes = f }
}

// WithTextStatus writes meta.status as this text; by default it is the number
// 200 (row 23).
func WithTextStatus(text string) Option {
	return func(s *settings) { s.status = string(appendText(nil, text)) }
}

// WithTextTrendStatus does that in trends only, as the newer documentation and
// the vendor's own client have it (row 23).
func WithTextTrendStatus(text string) Option {
	return func(s *settings) { s.trendStatus = string(appendText(nil, text)) }
}

// WithDecimals writes every count and length of time as 25.0; by default whole
// numbers are written as 25 (row 25).
func WithDecimals() Option {
	return func(s *settings) { s.decimals = true }
}

// WithDecimalTotals writes the three times of test-metrics as 25.0, as the real
// service was seen to do, and nothing else (row 25).
func WithDecimalTotals() Option {
	return func(s *settings) { s.decimalTotals = true }
}

// WithNullTimes writes null for missing times, as the real service was seen to
// do; by default they are left out (row 22).
func WithNullTimes() Option {
	return func(s *settings) { s.nullTimes = true }
}

// WithNulls writes null for empty texts, missing times, empty lists and the
// fastest and slowest of no runs. By default they are "", left out, [] and
// left out (rows 22, 24 and 26).
func WithNulls() Option {
	return func(s *settings) { s.nulls = true }
}

// WithExtraFields adds fields that no documentation of v1 has to every object,
// and further aggregations to trends (row 24).
func WithExtraFields() Option {
	return func(s *settings) { s.extra = true }
}

// WithTrendErrorSpelling is [WithErrorSpelling] for the statuses of trends
// only, which were seen to differ from those of runs (row 14).
func WithTrendErrorSpelling(spelling insights.Status) Option {
	must(spelling.IsError(), "WithTrendErrorSpelling", "%q is neither errored nor error", spelling)
	return func(s *settings) { s.trendErrored = spelling }
}

// WithZeroStatuses lists all four statuses in the sums of test-metrics and of
// trends, also those that no run has (row 24).
func WithZeroStatuses() Option {
	return func(s *settings) { s.zeroStatuses = true }
}

// WithMeanTimes gives totalRunTime and totalQueueTime as means over the runs;
// by default they are sums (row 27).
func WithMeanTimes() Option {
	return func(s *settings) { s.means = true }
}

// statuses are those that a filter knows.
var statuses = []insights.Status{
	insights.StatusPassed, insights.StatusErrored, insights.StatusError, insights.StatusFailed, insights.StatusComplete,
}

func isStatus(s insights.Status) bool {
	return slices.Contains(statuses, s)
}
