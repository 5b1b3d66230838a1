//go:build !race && !quick

package insights_test

const defaultCases = 300

const underRace = false
