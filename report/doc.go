// Package report turns runs into answers: how many passed, which tests are
// flaky or broken, which errors they share, what changed since the period
// before, and whether a build is good enough.
//
// [Summarize] reads [insights.Client.AllTests], or any other sequence of runs,
// once and in memory that grows with the number of distinct names, not of
// runs. A [Gate] judges the [Summary], [Compare] sets it against another one,
// and [WriteText], [WriteMarkdown] and [WriteJSON] show it. [WriteJUnit],
// [WriteCSV] and [WriteNDJSON] write the runs themselves.
//
//	summary, err := report.Summarize(client.AllTests(ctx, opts), report.Options{})
//	if err != nil {
//		return err // the summary holds what came before, marked Partial
//	}
//	gate := report.Gate{MinPassRate: 0.95, MaxBroken: new(0)}
//	if err := gate.Check(summary); err != nil {
//		return err // a *GateError with every rule that was broken
//	}
//
// A period without a decided run has no pass rate, neither 0% nor 100%, and
// passes no gate: nothing is concluded from what is missing. docs/definitions.md
// says what every figure means, and how often the verdicts are wrong.
//
// The functions share no state and may run at the same time; a Summary may be
// read by several goroutines at once.
package report
