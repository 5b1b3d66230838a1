package exchange

import (
	"errors"
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the suite where a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

var errReset = errors.New("connection reset by peer")

// inMemory is a transport without a network, so that time can stand still.
type inMemory func(*http.Request) (*http.Response, error)

func (f inMemory) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
