package paging

import (
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLoopCosts holds how many requests random loops send, of services with habits and
// vices: users have eight of them a second. Where a change costs something else, write
// testdata/costs.txt anew with -update, and see what became dearer.
func TestLoopCosts(t *testing.T) {
	const loops = 600
	var ledger strings.Builder
	fmt.Fprintln(&ledger, "loop  requests  received  delivered  end")
	requests, records := 0, 0
	for number := range uint64(loops) {
		v := randomVisit(number)
		v.latency = latency
		synctest.Test(t, func(*testing.T) {
			got, err := v.deliver()
			fmt.Fprintf(&ledger, "%4d  %8d  %8d  %9d  %s\n", number, v.asked, v.received, len(got), end(err))
			requests, records = requests+v.asked, records+v.received
		})
	}
	fmt.Fprintf(&ledger, " all  %8d  %8d\n", requests, records)
	compare(t, "testdata/costs.txt", ledger.String())
}

// latency is how long a service takes for a request: for each another time, so that
// which of two answers comes first is the same each time.
func latency(r Request) time.Duration {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, r)
	return time.Second + time.Duration(h.Sum64()%uint64(time.Second))
}
