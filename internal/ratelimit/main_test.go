package ratelimit

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the suite where a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}
