package exchange

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/redact"
)

// Bounds of what is read, kept and used again.
const (
	maxErrorBody = 64 << 10 // of a body that is not a success
	firstBuffer  = 8 << 10
	maxPooled    = 1 << 20
)

// bodyBuffer is a body that was read as far as it came and its bound allowed.
type bodyBuffer struct {
	data []byte
	err  error // why the rest is missing; nil: it is whole
}

var bodyPool = sync.Pool{New: func() any { return new(bodyBuffer) }}

// errBodyTooLarge is the end of a body at its bound.
var errBodyTooLarge = errors.New("the body is beyond its bound")

// readBody reads the body of resp until ctx ends, up to limit bytes of a success
// and 64 KiB of anything else.
func readBody(ctx context.Context, resp *http.Response, limit int64) *bodyBuffer {
	body := bodyPool.Get().(*bodyBuffer)
	switch {
	case IsSuccess(resp.StatusCode):
		body.err = body.readAll(ctx, resp.Body, resp.ContentLength, limit)
	case resp.StatusCode != http.StatusSwitchingProtocols: // whose body is the connection
		body.err = body.readAll(ctx, resp.Body, min(resp.ContentLength, maxErrorBody), maxErrorBody)
	}
	if resp.Uncompressed && isWhole(body) {
		body.err = nil
	}
	return body
}

// isWhole reports whether a body that was compressed is all there, and what is
// missing or damaged is behind it: some servers send bytes behind the end, of
// which gzip takes ten for another header, and fewer for a half of one.
func isWhole(b *bodyBuffer) bool {
	switch {
	case errors.Is(b.err, gzip.ErrHeader):
		return len(b.data) > 0 // their checksum was right
	case errors.Is(b.err, io.ErrUnexpectedEOF):
		return json.Valid(b.data)
	}
	return false
}

// maxLateReads is how often a body is read after the end of ctx: what is there
// already is the answer. The body of a caller's transport may not heed ctx.
const maxLateReads = 2

// readAll reads r to its end or its bound. size is what the body announces to
// have, or less than zero.
func (b *bodyBuffer) readAll(ctx context.Context, r io.Reader, size, limit int64) error {
	if size > limit {
		return errBodyTooLarge
	}
	b.grow(clamp(size+bytes.MinRead, firstBuffer, maxPooled))
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

// maxEmptyReads is how often a body may give nothing and no reason.
const maxEmptyReads = 100

var errMiscounted = errors.New("the body claims to have given more than there was room for, or less than nothing")

// readSome reads at least a byte, or says why it can't.
func readSome(r io.Reader, into []byte) (int, error) {
	for range maxEmptyReads {
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
func (b *bodyBuffer) grow(size int64) {
	if int64(cap(b.data)) >= size {
		return
	}
	grown := make([]byte, len(b.data), size)
	copy(grown, b.data)
	b.data = grown
}

// release hands the buffer to the next exchange. Nothing of it may be used
// afterwards.
func (b *bodyBuffer) release() {
	if cap(b.data) > maxPooled {
		return
	}
	b.data, b.err = b.data[:0], nil
	bodyPool.Put(b)
}

func tooLarge(limit int64) error {
	return &fault.Error{
		Kind: fault.ResponseTooLarge,
		Text: fmt.Sprintf("%s: more than %d bytes", fault.ResponseTooLarge, limit),
		Hint: fault.HintTooLarge,
	}
}

// IsSuccess reports whether the whole answer is there: 206 has a part of it.
func IsSuccess(status int) bool {
	return status >= 200 && status <= 299 && status != http.StatusPartialContent
}

// release gives the body back. Nothing of it may be used afterwards.
func (r *response) release() {
	if r.body != nil {
		r.body.release()
		r.body = nil
	}
}

// shownBody is the beginning of the body, without credentials.
func (r *response) shownBody(mask redact.Masker) []byte {
	if r.body == nil {
		return nil
	}
	shown := bytes.Clone(r.body.data[:min(len(r.body.data), maxErrorBody)])
	mask(shown)
	return shown
}
