//go:build !race && !quick

package insights_test

// How much of the suite is run: how many random loops are compared with the
// truth, whether the cases that were once wrong are among them, and whether a
// fault meets but a share of the calls and settings. The race detector (suite_race_test.go)
// and mutation testing (suite_quick_test.go) do with less.
const (
	defaultCases   = 300
	triesOnceWrong = true
	isAbridged     = false
	share          = 1
)
