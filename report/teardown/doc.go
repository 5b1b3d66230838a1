// Package teardown reports on the runs that tests caused on Sauce Labs, after
// the tests and within a few seconds. In a test file write
//
//	var hook = teardown.New()
//
//	func TestMain(m *testing.M) { os.Exit(hook.Main(m)) }
//
// and call hook.SessionStarted() wherever a test opens a session. The exit code
// is that of the tests, whatever becomes of the report: if there is none, one
// line on standard error says why.
//
// No service is asked for anything unless INSIGHTS_TEARDOWN is 1. Then
//
//   - SAUCE_USERNAME, SAUCE_ACCESS_KEY and SAUCE_REGION are the account; its own
//     runs since the tests began are reported.
//   - INSIGHTS_BUILD is the name of the build that the tests give to their runs.
//   - INSIGHTS_TEARDOWN_BUDGET is the most time for the report; default 5s.
//   - INSIGHTS_TEARDOWN_FILE is a file for the report, since go test hides what a
//     package that passes writes to standard error: JUnit if it ends in .xml,
//     Markdown if it ends in .md, else text.
//   - GITHUB_STEP_SUMMARY, which GitHub Actions sets, gets the report as Markdown.
//
// # One report for a build
//
// go test ./... runs each package in a process of its own, and many of them may
// belong to one build. They share what they know in a folder of the temporary
// folder, behind a lock of the system that ends with its process: when the first of them began, and how many sessions
// all of them opened. Each reports on the whole build as it is when the package
// ends; the file, and the section in the job summary, are replaced by whoever
// ends later. So there is one report in the end, and it is that of all packages.
// What they share is forgotten six hours after its last use.
//
// A run of go test that is answered from its cache runs no test, opens no session
// and writes no report; go test -count=1 does not use the cache. Nothing is asked
// for either with -list, nor if no session was started under -run, -bench or
// -fuzz, as then it may be that no test ran.
package teardown
