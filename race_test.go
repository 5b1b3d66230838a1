//go:build race

package insights_test

// The race detector makes a case ten times as long, and looks for races: that
// an answer is right is for the whole suite to find out.
const defaultCases = 4
