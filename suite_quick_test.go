//go:build quick && !race

package insights_test

// Quick is for whoever runs the suite a thousand times.
const (
	defaultCases   = 12
	triesOnceWrong = true
	isAbridged     = true
	share          = 2
)
