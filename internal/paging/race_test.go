//go:build race

package paging

// The race detector makes a case ten times as long, and looks for races only.
const defaultCases = 100
