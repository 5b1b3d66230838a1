package paging

import (
	"errors"
	"sync/atomic"

	"github.com/sauceinsights/insights/internal/fault"
)

// The sizes of pages that grow: a loop that is left soon costs a small page.
const (
	firstSize = 100
	grownSize = 1_000
)

// Sizes is what loops over the same service have learned of its largest page.
// It may be used by several loops at once.
type Sizes struct {
	largest atomic.Int64 // 0: not known
}

func (s *Sizes) learn(n int) {
	s.largest.Store(int64(max(n, firstSize)))
}

// pageSize is the size of the pages of one loop.
type pageSize struct {
	fixed   int    // as the caller wants it; 0: pages grow
	learned *Sizes // of all loops
	began   bool   // a page has come
	proven  bool   // a page of the grown size has come
	small   bool   // pages no longer grow
}

func newPageSize(fixed int, learned *Sizes) pageSize {
	if learned == nil {
		learned = new(Sizes)
	}
	if fixed == 1 {
		fixed = 2 // neighbours share a record
	}
	return pageSize{fixed: fixed, learned: learned}
}

// next is the size to ask for.
func (s *pageSize) next() int {
	switch largest := int(s.learned.largest.Load()); {
	case s.fixed > 0:
		return s.fixed
	case !s.began || s.small:
		return firstSize
	case largest > 0:
		return largest
	}
	return grownSize
}

// isTrial reports whether a page of this size is the first grown one: more of
// them are asked for when it has come.
func (s *pageSize) isTrial(size int) bool {
	return s.fixed == 0 && size > firstSize && !s.proven
}

// came learns from a page, of which n records came though so many were asked
// for. Whether a short page is the last, or all that the service gives at a
// time, tells what it says.
func (s *pageSize) came(size, n int, goesOn bool) {
	s.began = true
	if !s.isTrial(size) {
		return
	}
	s.proven = true
	if n < size && goesOn {
		s.learned.learn(n)
	}
}

// shrink reports whether a page that failed may come if it is smaller.
func (s *pageSize) shrink(size int, err error) bool {
	if s.fixed > 0 || size <= firstSize {
		return false
	}
	switch {
	case errors.Is(err, fault.InvalidRequest) && !s.proven:
		s.learned.learn(firstSize)
	case errors.Is(err, fault.ResponseTooLarge), errors.Is(err, fault.Timeout):
	default:
		return false
	}
	s.small = true
	return true
}
