package paging

import (
	"fmt"
	"testing"
)

// TestLoopOfSeeds has random loops that once lost records without an error, or failed
// with one that says nothing of the cause.
func TestLoopOfSeeds(t *testing.T) {
	for what, seeds := range map[string][]uint64{
		"a loop that went on after a kill met a list that was empty for a while": {21502, 44936},
		"pages that were capped, and said that they were the last":               {72593, 88271, 88658, 93144, 96656},
		"a list of runs that end later was cut":                                  {33686, 53471, 96459},
		"the last page came again behind the last record":                        {42628},
		"the list of runs that end later was refused beyond a record":            {34712, 41286, 43278, 88443},
	} {
		t.Run(what, func(t *testing.T) {
			for _, seed := range seeds {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					v := randomVisit(seed)
					text := v.String()
					for _, problem := range v.problems() {
						t.Errorf("%s: %s", problem, text)
					}
				})
			}
		})
	}
}
