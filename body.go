package insights

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/sauceinsights/insights/internal/fault"
)

// Bounds of what is read, kept and used again.
const (
	maxErrorBody  = 64 << 10 // of a body that is not a success
	firstBuffer   = 8 << 10
	largestPooled = 1 << 20
)

// received is a body that was read as far as it came and its bound allowed.
// It stands in for the body of a response, for which it is already at its end.
type received struct {
	data []byte
	err  error // why the rest is missing; nil: it is whole
}

var receivedPool = sync.Pool{New: func() any { return new(received) }}

// errBodyTooLarge is the end of a body at its bound.
var errBodyTooLarge = errors.New("the body is beyond its bound")

// receiveBody reads the body of resp until ctx ends, up to limit bytes of a success
// and 64 KiB of anything else.
func receiveBody(ctx context.Context, resp *http.Response, limit int64) *received {
	body := receivedPool.Get().(*received)
	switch {
	case isSuccess(resp.StatusCode):
		body.err = body.readAll(ctx, resp.Body, resp.ContentLength, limit)
	case resp.StatusCode != http.StatusSwitchingProtocols: // whose body is the connection
		body.err = body.readAll(ctx, resp.Body, min(resp.ContentLength, maxErrorBody), maxErrorBody)
	}
	return body
}

// maxLateReads is how often a body is read after the end of ctx: what is there
// already is the answer. The body of a caller's transport may not heed ctx.
const maxLateReads = 2

// readAll reads r to its end or its bound. size is what the body announces to
// have, or less than zero.
func (b *received) readAll(ctx context.Context, r io.Reader, size, limit int64) error {
	if size > limit {
		return errBodyTooLarge
	}
	b.grow(clamp(size+bytes.MinRead, firstBuffer, largestPooled))
	for late := 0; ; {
		if ctx.Err() != nil {
			late++
		}
		n, err := readSome(r, b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+n]
		switch {
		case int64(len(b.data)) > limit:
			b.data = b.data[:limit]
			return errBodyTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case late > maxLateReads:
			return ctx.Err()
		case len(b.data) == cap(b.data):
			b.grow(larger(int64(cap(b.data)), limit))
		}
	}
}

// mostEmptyReads is how often a body may give nothing and no reason.
const mostEmptyReads = 100

var errMiscounted = errors.New("the body claims to have given more than there was room for, or less than nothing")

// readSome reads at least a byte, or says why it can't.
func readSome(r io.Reader, into []byte) (int, error) {
	for range mostEmptyReads {
		n, err := r.Read(into)
		if n < 0 || n > len(into) {
			return 0, errMiscounted
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// larger is the size of the buffer after one of that size: twice it, or enough
// to see the end of the largest body.
func larger(size, limit int64) int64 {
	if 2*size >= limit {
		return limit + bytes.MinRead
	}
	return 2 * size
}

func clamp(n, low, high int64) int64 {
	return min(max(n, low), high)
}

// grow makes room for size bytes in all.
func (b *received) grow(size int64) {
	if int64(cap(b.data)) >= size {
		return
	}
	grown := make([]byte, len(b.data), size)
	copy(grown, b.data)
	b.data = grown
}

// Read is at its end: everything there is was read.
func (b *received) Read([]byte) (int, error) { return 0, io.EOF }

// Close does nothing: the body behind it is closed already.
func (b *received) Close() error { return nil }

// release hands the buffer to the next exchange. Nothing of it may be used
// afterwards.
func (b *received) release() {
	if cap(b.data) > largestPooled {
		return
	}
	b.data, b.err = b.data[:0], nil
	receivedPool.Put(b)
}

func tooLarge(limit int64) error {
	return &fault.Error{
		Kind: ErrResponseTooLarge,
		Text: fmt.Sprintf("%s: more than %d bytes", ErrResponseTooLarge, limit),
	}
}

// isSuccess reports whether the whole answer is there: 206 has a part of it.
func isSuccess(status int) bool {
	return status >= 200 && status <= 299 && status != http.StatusPartialContent
}
