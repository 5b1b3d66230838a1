package paging

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNewBegins(t *testing.T) {
	t.Run("a first page must show where its time begins", testAFirstPageMustShowWhereItsTimeBegins)
}

// A first page must show, before From, that no run of its first time is hidden.
func testAFirstPageMustShowWhereItsTimeBegins(t *testing.T) {
	same, later := Key{Created: firstOfMay}, Key{Created: created(1)}
	for name, test := range map[string]struct {
		from  int // of the page; From is 5
		items []Key
		clear bool
	}{
		"the very first":         {0, []Key{same, same}, true},
		"nothing":                {3, nil, true},
		"another time before it": {3, []Key{same, same, later, later}, true},
		"just at it":             {3, []Key{same, same, later}, true},
		"behind it":              {3, []Key{same, same, same, later}, false},
		"far behind it":          {4, []Key{same, same, same, same, same, same, same, same, later}, false},
		"no time":                {3, []Key{same, {}, {}}, false},
	} {
		l := &Loop{opts: Options{From: 5}}
		assert.Equal(t, test.clear, l.needsNoOverlap(&page{from: test.from, list: &Page{Keys: test.items}}), name)
	}
}
