package paging

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A page that was asked for ahead fails the loop where it is the next one only.
func TestAnErrorCountsWhereItsPageIsDue(t *testing.T) {
	l := &Loop{next: 10}
	for name, test := range map[string]struct {
		page  page
		isDue bool
	}{
		"before it":         {page{from: 9}, true},
		"the next":          {page{from: 10}, true},
		"behind it":         {page{from: 11}, false},
		"of another window": {page{from: 0, move: new(move)}, true},
		"far into that":     {page{from: 20, move: new(move)}, true},
	} {
		assert.Equal(t, test.isDue, l.ifDue(&test.page, errEndless) != nil, name)
	}
}

// A first page must show, before From, that no run of its first time is hidden.
func TestAFirstPageMustShowWhereItsTimeBegins(t *testing.T) {
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
		assert.Equal(t, test.clear, l.beginsClear(&page{from: test.from, list: &Page{Keys: test.items}}), name)
	}
}
