package paging

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// truthful is a service without a fault, with a record a second. What it says of
// more may be nothing, or the same of every page.
func truthful(records, largestPage int, more string) *service {
	return serving(10_000, func(r request) (reply, error) {
		r.Size = min(r.Size, largestPage)
		page := onePerSecond(records, r, created)
		page.hasMore = page.hasMore && more == "honest" || more == "always"
		page.silent = more == "silent"
		return page, nil
	})
}

// TestLoopRequestsAtMost bounds what a loop costs, with numbers that no -update
// writes. Of the same list a request more or less may be sent, as those asked for ahead
// are called off.
func TestLoopRequestsAtMost(t *testing.T) {
	type cost struct{ ofTwo, ofTen, ofFifty, growing int } // by the size of the pages
	for _, test := range []struct {
		order       Order
		window      int
		largestPage int
		more        string
		records     int
		most        cost
	}{
		{OldestFirst, 10_000, 1000, "honest", 1, cost{1, 1, 1, 1}},
		{OldestFirst, 10_000, 1000, "honest", 10, cost{12, 3, 1, 1}},
		{OldestFirst, 10_000, 1000, "honest", 250, cost{253, 31, 9, 4}},
		{OldestFirst, 60, 1000, "honest", 250, cost{256, 33, 8, 7}},
		{OldestFirst, 10_000, 7, "honest", 250, cost{253, 45, 45, 44}},
		{NewestFirst, 10_000, 1000, "honest", 1, cost{1, 1, 1, 1}},
		{NewestFirst, 10_000, 1000, "honest", 10, cost{15, 4, 1, 1}},
		{NewestFirst, 10_000, 1000, "honest", 250, cost{256, 32, 10, 5}},
		{NewestFirst, 60, 1000, "honest", 250, cost{272, 36, 15, 12}},
		{NewestFirst, 10_000, 7, "honest", 250, cost{256, 46, 46, 45}},
		{OldestFirst, 10_000, 1000, "always", 1, cost{8, 8, 8, 7}},
		{OldestFirst, 10_000, 1000, "always", 250, cost{258, 38, 16, 11}},
		{NewestFirst, 10_000, 1000, "always", 1, cost{14, 14, 14, 13}},
		{NewestFirst, 10_000, 1000, "always", 250, cost{261, 39, 17, 12}},
		{OldestFirst, 60, 1000, "silent", 250, cost{262, 40, 12, 11}},
		{NewestFirst, 60, 1000, "silent", 250, cost{276, 43, 21, 16}},
	} {
		name := fmt.Sprintf("%d records in order %d, %s, of at most %d, by %d", test.records, test.order, test.more, test.window, test.largestPage)
		t.Run(name, func(t *testing.T) {
			for size, most := range map[int]int{2: test.most.ofTwo, 10: test.most.ofTen, 50: test.most.ofFifty, growing: test.most.growing} {
				s := truthful(test.records, test.largestPage, test.more)
				ids, err := s.ids(t, Options{Order: test.order, Size: size, ResultWindow: test.window})
				require.NoError(t, err)
				assert.Len(t, ids, test.records)
				assert.LessOrEqual(t, s.asked, most, "pages of %d", size)
			}
		})
	}
}
