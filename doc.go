// Package insights is a client of the Sauce Labs Insights API: test results,
// test metrics, test trends, builds and error trends of an account.
//
// The shortest useful program lists yesterday's failures:
//
//	client, err := insights.NewClientFromEnv()
//	if err != nil {
//		log.Fatal(err)
//	}
//	failures := insights.TestsOptions{Period: insights.Last(24 * time.Hour), Status: insights.StatusFailed}
//	for run, err := range client.AllTests(ctx, failures) {
//		if err != nil {
//			log.Fatal(err)
//		}
//		fmt.Println(run.Name, run.Error)
//	}
//
// # Calls
//
// [Client.Tests], [Client.TestMetrics], [Client.TestTrends],
// [Client.BuildsTests] and [Client.ErrorTrends] make one call each, and return
// a value or an error. [Client.AllTests] ranges over all pages of Tests. A
// [Period] is [Last] or [Between]. Options are checked before anything is
// sent; [CaptureResponse] gives the headers and limits of an answer, and
// [WithQuery] sends a parameter that the SDK does not know.
//
// # Errors
//
// A mistake in options is an [*OptionsError]; every other failure is an
// [*APIError], and in a loop an [*IterationError] around it. [errors.Is] with
// one of the Err variables tells the kind.
//
// # Retries and limits
//
// Answers 408, 429, 500, 502, 503, 504, 520 to 524, 529 and 530, JSON that breaks
// off and connections that fail are tried again after a random wait, or the one
// that Retry-After asks for; see [RetryPolicy].
// All retries of a client and its clones share a budget of 50, of which each
// success gives one back. When the next attempt does not fit the context's
// deadline the call ends at once, with what the service answered last. This
// policy may be refined without a new major version.
//
// A client sends no more than the documented limits allow, and less where the
// service says so: share one client.
//
// # Credentials
//
// No error, log record, event or formatted value shows the access key or a
// part of it, also where an answer echoes it, and no other origin than the
// configured one is sent it.
//
// Package insightstest is a fake service to test against.
package insights
