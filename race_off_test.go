//go:build !race

package insights_test

const defaultCases = 300

const underRace = false
