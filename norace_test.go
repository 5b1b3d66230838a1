//go:build !race

package insights_test

const defaultCases = 300
