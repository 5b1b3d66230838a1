// Package insights is a client of the Sauce Labs Insights API: test results,
// test metrics, test trends, builds and error trends of an account.
//
// A run is one execution of a test (one Sauce Labs job); its type is [Test].
// This program lists the failures of the last day:
//
//	client, err := insights.NewClientFromEnv()
//	if err != nil {
//		log.Fatal(err)
//	}
//	day := insights.TestsOptions{Period: insights.Last(24 * time.Hour)}
//	for run, err := range client.AllTests(ctx, day) {
//		if err != nil {
//			log.Fatal(err)
//		}
//		if run.Status == insights.StatusFailed || run.Status.IsError() {
//			fmt.Println(run.Name, run.Error)
//		}
//	}
//
// # Calls
//
// [Client.Tests], [Client.TestMetrics], [Client.TestTrends],
// [Client.BuildsTests] and [Client.ErrorTrends] make one call each and return
// a value or an error. [Client.AllTests] ranges over all pages of Tests. A
// [Period] is [Last] or [Between]. Options are checked before anything is
// sent. [CaptureResponse] gives the headers and limits of a response, and
// [WithQuery] sends a parameter that the SDK does not know.
//
// # Errors
//
// A mistake in options is an [*OptionsError]. Every other failure is an
// [*APIError], and in a loop an [*IterationError] around it. [errors.Is] with
// one of the Err variables tells the kind, and [Kind] names it in one word.
//
// # Retries and limits
//
// The client retries 408, 429, 500, 502, 503, 504, 520 to 524, 529, 530 and
// connections that fail. It waits for a random time, or as long as Retry-After
// asks for; see [RetryPolicy]. All retries of a client and its clones share a
// budget of 50, and each success gives one back. If the next attempt does not
// fit the deadline of the context, the call ends at once with what the service
// said last. This policy may be refined without a new major version.
//
// A client sends no more than the documented limits allow, and less if the
// service asks for that. Share one client.
//
// # Credentials
//
// No error, log record, event or formatted value shows the access key or a
// part of it, even if a response echoes it. The key is sent to the configured
// scheme, host and port only.
//
// # Testing
//
// Package insightstest is a fake service to test against. Package report turns
// runs into answers.
package insights
