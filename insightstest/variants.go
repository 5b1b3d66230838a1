package insightstest

import (
	"net/http"

	"github.com/sauceinsights/insights"
)

// Variant is a service that may be behind the API, as a combination of options.
type Variant struct {
	Name    string
	Options []Option
}

// Variants are the services that code should be right with, since nobody says
// which of them the real one is. With each of them the runs that a request
// should give can be had with a correct client; what differs is how.
//
//	for _, v := range insightstest.Variants() {
//		t.Run(v.Name, func(t *testing.T) {
//			srv := insightstest.NewServer(v.Options...)
//			defer srv.Close()
//			…
//		})
//	}
//
// Not among them, for their results can't be the same: [WithFixedOrder],
// [WithPartialMatch], [WithPlatformNames], [WithDefaultScope],
// [WithoutErrorTrends], [WithLongestPeriod] and [WithArrivals].
func Variants() []Variant {
	return []Variant{
		{"default", nil},
		{"fields of the reference", []Option{WithReferenceFields()}},
		{"exclusive end", []Option{WithEnds(ExclusiveEnd)}},
		{"exclusive ends", []Option{WithEnds(ExclusiveEnds)}},
		{"by start", []Option{WithMembership(ByStart)}},
		{"by end", []Option{WithMembership(ByEnd)}},
		{"by start, exclusive end", []Option{WithMembership(ByStart), WithEnds(ExclusiveEnd)}},
		{"by end, exclusive ends", []Option{WithMembership(ByEnd), WithEnds(ExclusiveEnds)}},
		{"newest first", []Option{WithDefaultOrder(insights.NewestFirst)}},
		{"small pages", []Option{WithLargestPage(7)}},
		{"small result window", []Option{WithResultWindow(200), WithLargestPage(50)}},
		{"small result window, by end, exclusive end", []Option{WithResultWindow(200), WithLargestPage(50), WithMembership(ByEnd), WithEnds(ExclusiveEnd)}},
		{"has_more of a full page", []Option{WithHasMore(HasMoreIfFull)}},
		{"has_more of any page", []Option{WithHasMore(HasMoreIfAny)}},
		{"has_more always", []Option{WithHasMore(HasMoreAlways)}},
		{"renamed parameters", []Option{WithDialect(insights.DialectRenamed)}},
		{"parameters of the reference only", []Option{WithDialect(insights.DialectReference), WithStrictParameters(), WithoutUnixTime()}},
		{"status error", []Option{WithErrorSpelling(insights.StatusError)}},
		{"times in milliseconds", []Option{WithTimes(TimesInMilliseconds), WithBucketTimes(BucketMilliseconds)}},
		{"times with offset", []Option{WithTimes(TimesWithOffset), WithBucketTimes(BucketSeconds)}},
		{"times without zone", []Option{WithTimes(TimesWithoutZone)}},
		{"decimals", []Option{WithDecimals()}},
		{"nulls", []Option{WithNulls()}},
		{"extra fields", []Option{WithExtraFields()}},
		{"status in words", []Option{WithTextStatus("complete")}},
		{"gzip", []Option{WithGzip()}},
		{"as documented today", asDocumentedToday()},
		{"as seen live", asSeenLive()},
	}
}

// asDocumentedToday is the newer revision of the documentation.
func asDocumentedToday() []Option {
	return []Option{
		WithDialect(insights.DialectRenamed), WithDefaultOrder(insights.NewestFirst), WithOptionalPeriod(), WithoutUnixTime(),
		WithTimes(TimesInMilliseconds), WithBucketTimes(BucketSeconds), WithTextStatus("complete"), WithExtraFields(),
		WithInvalidStatus(http.StatusUnprocessableEntity), WithErrorShape(ErrorDetailList),
	}
}

// asSeenLive is what others have captured from the real service.
func asSeenLive() []Option {
	return []Option{
		WithDefaultOrder(insights.NewestFirst), WithErrorSpelling(insights.StatusError), WithTimes(TimesWithOffset),
		WithBucketTimes(BucketMilliseconds), WithNulls(), WithZeroStatuses(), WithDecimals(), WithExtraFields(), WithGzip(),
	}
}
