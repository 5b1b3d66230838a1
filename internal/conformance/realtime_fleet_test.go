//go:build realtime

package conformance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

const processOfFleet = "INSIGHTS_TEST_PROCESS_OF_FLEET"

// sendAway is a service that refuses the first requests of a fleet all at once,
// and notes when each comes back.
type sendAway struct {
	*httptest.Server
	fleet int

	mu      sync.Mutex // guards what follows
	refused int
	all     chan struct{} // closed when all have come
	at      time.Time     // when they were refused
	back    []time.Duration
}

func newSendAway(t *testing.T, fleet int) *sendAway {
	s := &sendAway{fleet: fleet, all: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *sendAway) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if !s.isFirst() {
		_, _ = fmt.Fprint(w, `{"items":[]}`)
		return
	}
	<-s.all
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusTooManyRequests)
}

func (s *sendAway) isFirst() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == s.fleet {
		s.back = append(s.back, time.Since(s.at))
		return false
	}
	if s.refused++; s.refused == s.fleet {
		s.at = time.Now()
		close(s.all)
	}
	return true
}

// TestRealtimeRetryAfterOfAFleet shows that processes which are all asked to come
// back at the same time do not come at the same time.
func TestRealtimeRetryAfterOfAFleet(t *testing.T) {
	if address := os.Getenv(processOfFleet); address != "" {
		c, err := insights.NewClient("", insights.Credentials{Username: "a-user", AccessKey: "a-key"}, insights.WithBaseURL(address))
		require.NoError(t, err)
		require.NoError(t, askTests(t.Context(), c))
		return
	}
	const fleet = 20
	s := newSendAway(t, fleet)
	var processes sync.WaitGroup
	for range fleet {
		processes.Go(func() {
			child := exec.Command(os.Args[0], "-test.run", "^TestRealtimeRetryAfterOfAFleet$", "-test.timeout", "1m")
			child.Env = append(os.Environ(), processOfFleet+"="+s.URL)
			out, err := child.CombinedOutput()
			assert.NoError(t, err, "%s", out)
		})
	}
	processes.Wait()
	require.Len(t, s.back, fleet)
	perTenth := map[time.Duration]int{}
	for _, after := range s.back {
		assert.GreaterOrEqual(t, after, time.Second, "never earlier than asked for")
		perTenth[after.Truncate(100*time.Millisecond)]++
	}
	for tenth, n := range perTenth {
		assert.LessOrEqual(t, n, fleet/2, "came back within the tenth of a second after %s", tenth)
	}
	assert.GreaterOrEqual(t, len(perTenth), 4)
}
