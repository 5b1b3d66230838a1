//go:build !race

package paging

const defaultCases = 2_000
