// Package insightstest is a fake Insights service that behaves: it holds test
// runs and answers the five calls of the API from them, over HTTP, as the real
// one would. Test the code that you build on package insights against it.
//
//	func TestReport(t *testing.T) {
//		srv := insightstest.New(t) // closes with the test
//		srv.Add(insights.Test{Name: "Checkout", Status: insights.StatusFailed, Error: "no total"})
//
//		err := report(t.Context(), srv.Client()) // your code, with a client of the server
//		…
//	}
//
// [Server.Client] makes a client that does as in production, without rate
// limits and with tiny waits if the service asks for none. Code that makes
// its own client is given [Server.URL] and [Server.Credentials]. A run is one
// execution of a test (one Sauce Labs job); its type is [insights.Test].
//
// # Runs
//
// [Server.Add] takes runs and fills in what they lack. [Generate] makes as
// many as you like: builds, flaky tests, errors of several lines, runs that
// never started; [GenerateTruth] says what they were made from. Runs live:
// [Server.Update] changes them, [Server.AddAt] lets them appear at a time,
// [WithLateness] some time after they ended. Filters, pages and sums follow from
// the runs that are there, so no answer has to be written by hand, and no two
// contradict each other.
//
// # Faults
//
// [Server.Fail] spoils the next answers, and [Fault] says how. Most faults have
// a function:
//
//	srv.Fail(insightstest.Throttle(2, time.Second))                         // 429 twice
//	srv.Fail(insightstest.Truncate(1).On(insightstest.PathTests).After(3)) // the fourth page breaks off
//
// A server made by [New] fails the test if a fault was never met. [InMemory]
// makes hours of waiting pass at once in a bubble of testing/synctest.
// [WithServerLimit] refuses what comes too fast, on the clock of [WithClock].
//
// # What was asked
//
// [Server.Requests] lists the requests with their parameters and the status of
// their answers. [Server.WaitForRequests] waits for them, without sleeping.
//
// # Doubts
//
// Much of the real service is not documented, or seen to differ: whether the
// end of a period belongs to it, which of a run's times counts, the default
// order, how a time is written. The server is as the API reference says, with
// the fields that today's service sends; each doubt has an [Option] for the
// other answer. [Variants] lists the services that your code should be right
// with, [Departures] those in which it must find everything or say that it
// can't; [Named] combines them by name.
//
// # On its own
//
// The command insights-server, in cmd of this package, serves generated runs,
// or those of a file, to clients in any language.
package insightstest
