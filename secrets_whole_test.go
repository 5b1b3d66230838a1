//go:build !race

package insights

// secretShare is as in secrets_race_test.go: without the race detector, all.
const secretShare = 1
