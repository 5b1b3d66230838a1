package conformance_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the suite where a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// isAbridged reports whether a fault meets but a share of the calls and settings:
// with -short, and under the race detector, which makes a case ten times as long
// and looks for races, not for what an answer is.
func isAbridged() bool {
	return raceEnabled || testing.Short()
}

// share is how many cases one stands for in an abridged suite.
func share() int {
	if raceEnabled {
		return 4
	}
	return 2
}

// The paths of the calls, as the reference has them.
const (
	testsPath       = "/v1/analytics/tests"
	testMetricsPath = "/v1/analytics/insights/test-metrics"
	testTrendsPath  = "/v1/analytics/trends/tests"
	buildsTestsPath = "/v1/analytics/trends/builds_tests"
	errorTrendsPath = "/v1/analytics/trends/errors"
)

// defaultCases is how many random loops are compared with the truth. Under the race
// detector a case takes ten times as long.
func defaultCases() uint64 {
	if raceEnabled {
		return 4
	}
	return 300
}
