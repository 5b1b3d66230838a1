//go:build race || quick

package insights_test

// The race detector makes a case ten times as long; quick is for whoever runs
// the suite a thousand times.
const defaultCases = 6

const underRace = true
