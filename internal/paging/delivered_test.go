package paging

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPosition(t *testing.T) {
	t.Run("the order is known after some steps", testTheOrderIsKnownAfterSomeSteps)
}

// That the service keeps the order is known after so many steps in order, of runs
// that are new or not, and not after runs of the same time.
func testTheOrderIsKnownAfterSomeSteps(t *testing.T) {
	for steps, early := range map[int]bool{0: true, minSteps - 1: true, minSteps: false} {
		for name, after := range map[string]Position{"new": {}, "known": {Time: firstOfMay.Add(time.Hour)}} {
			d := deliveredUpTo(after, OldestFirst)
			d.state = firstList
			for i := range steps + 1 {
				for same := range 3 {
					d.add(Key{ID: fmt.Sprint(i, same), Created: created(i)})
				}
			}
			assert.Equal(t, early, d.isOrderUnconfirmed(), "%d steps of runs that are %s", steps, name)
		}
	}
}
