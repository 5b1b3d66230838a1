package insightstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// Variant is a service that may be behind the API, as a combination of options.
type Variant struct {
	Name    string
	Options []Option
}

// Variants are the services that code should be right with, since nobody says
// which of them the real one is. With each of them the runs that a request
// should give can be had with a correct client; what differs is how. Their
// names have no blanks.
//
//	for _, v := range insightstest.Variants() {
//		t.Run(v.Name, func(t *testing.T) {
//			srv := insightstest.New(t, v.Options...)
//			…
//		})
//	}
//
// as-documented-today has no /trends/errors, and no intervals but those that
// [WithListedIntervals] lists. Not among them, for their results can't be the
// same: [WithFixedOrder], [WithPartialMatch], [WithPlatformNames],
// [WithDefaultScope], [WithLongestPeriod] and [WithArrivals].
func Variants() []Variant {
	return []Variant{
		{"default", nil},
		{"fields-of-the-reference", []Option{WithFields(FieldsOfReference)}},
		{"exclusive-end", []Option{WithEnds(ExclusiveEnd)}},
		{"exclusive-ends", []Option{WithEnds(ExclusiveEnds)}},
		{"by-start", []Option{WithMembership(ByStart)}},
		{"by-end", []Option{WithMembership(ByEnd)}},
		{"by-start-exclusive-end", []Option{WithMembership(ByStart), WithEnds(ExclusiveEnd)}},
		{"by-end-exclusive-ends", []Option{WithMembership(ByEnd), WithEnds(ExclusiveEnds)}},
		{"newest-first", []Option{WithDefaultOrder(insights.NewestFirst)}},
		{"small-pages", []Option{WithLargestPage(7)}},
		{"small-result-window", []Option{WithResultWindow(200), WithLargestPage(50)}},
		{"small-result-window-by-end-exclusive-end", []Option{WithResultWindow(200), WithLargestPage(50), WithMembership(ByEnd), WithEnds(ExclusiveEnd)}},
		{"has-more-if-full", []Option{WithHasMore(HasMoreIfFull)}},
		{"has-more-if-any", []Option{WithHasMore(HasMoreIfAny)}},
		{"has-more-always", []Option{WithHasMore(HasMoreAlways)}},
		{"renamed-parameters", []Option{WithDialect(insights.DialectRenamed)}},
		{"reference-parameters-only", []Option{WithDialect(insights.DialectReference), WithStrictParameters(), WithoutUnixTime()}},
		{"status-error", []Option{WithErrorSpelling(insights.StatusError)}},
		{"times-in-milliseconds", []Option{WithTimes(TimesInMilliseconds), WithBucketTimes(BucketMilliseconds)}},
		{"times-with-offset", []Option{WithTimes(TimesWithOffset), WithBucketTimes(BucketSeconds)}},
		{"times-without-zone", []Option{WithTimes(TimesWithoutZone)}},
		{"decimals", []Option{WithDecimals()}},
		{"nulls", []Option{WithNulls()}},
		{"extra-fields", []Option{WithExtraFields()}},
		{"hostile", []Option{WithNulls(), WithDecimals(), WithExtraFields()}},
		{"status-in-words", []Option{WithTextStatus("complete")}},
		{"family-names", []Option{WithFamilyNames()}},
		{"gzip", []Option{WithGzip()}},
		{"as-documented-today", asDocumentedToday()},
		{"as-seen-live", asSeenLive()},
	}
}

// asDocumentedToday returns the newer revision of the documentation.
func asDocumentedToday() []Option {
	return []Option{
		WithDialect(insights.DialectRenamed), WithDefaultOrder(insights.NewestFirst), WithOptionalPeriod(), WithoutUnixTime(),
		WithListedIntervals(), WithStatusList(), WithoutErrorTrends(), WithFields(FieldsDocumented),
		WithTimes(TimesInMilliseconds), WithBucketTimes(BucketSeconds), WithTextTrendStatus("complete"),
		WithInvalidStatus(http.StatusUnprocessableEntity), WithErrorShape(ErrorDetailList),
	}
}

// asSeenLive returns what others have captured from the real service; testdata
// has the captures.
func asSeenLive() []Option {
	return []Option{
		WithDefaultOrder(insights.NewestFirst), WithFields(FieldsSeenLive), WithFamilyNames(), WithOptionalQuery(),
		WithErrorSpelling(insights.StatusError), WithTrendErrorSpelling(insights.StatusErrored), WithZeroStatuses(),
		WithTimes(TimesWithOffset), WithNullTimes(), WithBucketTimes(BucketMilliseconds), WithDecimalTotals(), WithGzip(),
	}
}

// Departures are services that depart from what a client may assume; services
// elsewhere have done all of it. With each of them a correct client finds every
// run that a request should give, or says that it can't; it never ends without
// a word. Like those of [Variants], their names have no blanks.
func Departures() []Variant {
	const limit, largest = 200, 50
	limited := func(b Beyond, opts ...Option) []Option {
		return append([]Option{WithListLimit(limit, b), WithLargestPage(largest)}, opts...)
	}
	return []Variant{
		{"has-more-absent", []Option{WithHasMore(HasMoreAbsent), WithLargestPage(largest)}},
		{"has-more-null", []Option{WithHasMore(HasMoreNull), WithLargestPage(largest)}},
		{"lists-cut", limited(BeyondCut)},
		{"lists-end", limited(BeyondEnded)},
		{"lists-repeat", limited(BeyondRepeated)},
		{"lists-empty", limited(BeyondEmpty)},
		{"lists-refused", limited(BeyondRefused)},
		{"lists-refused-422", limited(BeyondRefused, WithInvalidStatus(http.StatusUnprocessableEntity))},
		{"large-pages-refused", []Option{WithLargestPage(largest), WithLargerPagesRefused()}},
		{"large-pages-413", []Option{WithLargestPage(largest), WithLargerPagesStatus(http.StatusRequestEntityTooLarge)}},
		{"period-of-29-days", []Option{WithLongestPeriod(29 * 24 * time.Hour)}},
		{"two-replicas", []Option{WithReplicas()}},
		{"errors-inside", []Option{WithErrorsInside(5)}},
		{"odd-scalars", []Option{WithOddScalars()}},
		{"clock-ahead", []Option{WithClockSkew(10 * time.Minute)}},
		{"clock-behind", []Option{WithClockSkew(-10 * time.Minute)}},
		{"shown-zone", []Option{WithShownZone(2 * time.Hour)}},
		{"start-rounded-up", []Option{WithStartRoundedUp(time.Minute), WithResultWindow(limit)}},
		{"second-creation", []Option{WithSecondCreation(laterIfRare)}},
		{"no-creation-time", []Option{WithoutCreationTime(isRare), WithMembership(ByStart)}},
		{"no-order", []Option{WithoutOrder(), WithLargestPage(1)}},
		{"newest-first-always", []Option{WithFixedOrder(insights.NewestFirst)}},
	}
}

// isRare returns true for one run in about a hundred.
func isRare(t insights.Test) bool {
	return hash(t.ID)%100 == 0
}

func laterIfRare(t insights.Test) time.Duration {
	if isRare(t) {
		return 10 * time.Minute
	}
	return 0
}

// Named returns the options of the [Variants] and [Departures] with these
// names, so that they combine: of two that set the same, the last counts. A name may be a list with
// commas. An unknown one is an error that lists the known ones.
func Named(names ...string) ([]Option, error) {
	var opts []Option
	for _, name := range strings.Split(strings.Join(names, ","), ",") {
		v, known := variant(strings.TrimSpace(name))
		if !known {
			return nil, fmt.Errorf("insightstest: no variant is named %q: take one of %s", name, strings.Join(variantNames(), ", "))
		}
		opts = append(opts, v.Options...)
	}
	return opts, nil
}

func variant(name string) (Variant, bool) {
	all := slices.Concat(Variants(), Departures())
	i := slices.IndexFunc(all, func(v Variant) bool { return v.Name == name })
	if i < 0 {
		return Variant{}, false
	}
	return all[i], true
}

func variantNames() []string {
	var names []string
	for _, v := range slices.Concat(Variants(), Departures()) {
		names = append(names, v.Name)
	}
	return names
}
