//go:build !race

package insightstest_test

// bruteRounds is how often the brute force asks after each part of the runs.
const bruteRounds = 3
