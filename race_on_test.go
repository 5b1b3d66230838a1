//go:build race

package insights_test

// The race detector makes a case ten times as long.
const defaultCases = 60

const underRace = true
