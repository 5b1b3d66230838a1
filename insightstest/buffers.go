package insightstest

import "sync"

// bufferPool hands out the memory of answers again.
type bufferPool struct{ pool sync.Pool }

// largestKept is the largest buffer that is used again.
const largestKept = 1 << 20

func (p *bufferPool) take() []byte {
	if buf, ok := p.pool.Get().(*[]byte); ok {
		return (*buf)[:0]
	}
	return make([]byte, 0, 4<<10)
}

func (p *bufferPool) put(buf []byte) {
	if buf != nil && cap(buf) <= largestKept {
		p.pool.Put(&buf)
	}
}
