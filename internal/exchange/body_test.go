package exchange

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResultBody(t *testing.T) {
	t.Run("a body is read to its end or its bound", func(t *testing.T) {
		t.Parallel()
		for _, size := range []int{0, 1, 8<<10 - 1, 8 << 10, 8<<10 + 1, 100_000} {
			for name, read := range map[string]func(io.Reader) io.Reader{
				"at once":      func(r io.Reader) io.Reader { return r },
				"with the EOF": iotest.DataErrReader,
				"in halves":    iotest.HalfReader,
			} {
				want := bytes.Repeat([]byte("x"), size)
				for _, announced := range []int64{int64(size), -1} {
					body := new(bodyBuffer)
					require.NoError(t, body.readAll(t.Context(), read(bytes.NewReader(want)), announced, int64(size)), "%s, %d", name, size)
					assert.True(t, bytes.Equal(want, body.data), "%s, %d", name, size)
					if size > 0 {
						err := new(bodyBuffer).readAll(t.Context(), read(bytes.NewReader(want)), -1, int64(size-1))
						assert.Equal(t, errBodyTooLarge, err, "%s, %d", name, size)
					}
				}
			}
		}
	})

	// A buffer is made once where the size is announced, and else grows by
	// doubling, to no more than what shows that the bound is passed.
	t.Run("a buffer is no larger than it must be", func(t *testing.T) {
		for size, want := range map[int64]int{1: 8 << 10, 100_000: 100_000 + bytes.MinRead, 2 << 20: 1 << 20} {
			body := new(bodyBuffer)
			_ = body.readAll(t.Context(), strings.NewReader("cut off"), size, 16<<20)
			assert.Equal(t, want, cap(body.data), "%d announced", size)
		}
		const limit = 16 << 20
		for size, want := range map[int64]int64{8 << 10: 2 * 8 << 10, limit/2 - 1: limit - 2, limit / 2: limit + bytes.MinRead, limit - 1: limit + bytes.MinRead} {
			assert.Equal(t, want, larger(size, limit), "after %d", size)
		}
	})

	t.Run("what breaks off keeps what came", func(t *testing.T) {
		body := new(bodyBuffer)
		err := body.readAll(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errReset)), 8, 100)
		assert.Equal(t, errReset, err)
		assert.Equal(t, "half", string(body.data))
	})

	t.Run("a large buffer is not kept", func(t *testing.T) {
		large := &bodyBuffer{data: make([]byte, 1<<20+1)}
		large.release()
		small := &bodyBuffer{data: make([]byte, 5, 8), err: errReset}
		small.release()
		assert.Empty(t, small.data)
		assert.NoError(t, small.err)
		assert.NotEmpty(t, large.data)
	})

	t.Run("the largest buffer that is kept", func(t *testing.T) {
		body := &bodyBuffer{data: make([]byte, 1<<20)}
		body.release()
		assert.Empty(t, body.data)
	})

	t.Run("a buffer that has room stays", func(t *testing.T) {
		body := &bodyBuffer{data: make([]byte, 1, 8)}
		before := &body.data[0]
		body.grow(8)
		assert.Same(t, before, &body.data[0])
		body.grow(9)
		assert.NotSame(t, before, &body.data[0])
		assert.Equal(t, 9, cap(body.data))
	})

	t.Run("a success is a whole answer", func(t *testing.T) {
		for status, success := range map[int]bool{0: false, 199: false, 200: true, 204: true, 206: false, 299: true, 300: false, 404: false} {
			assert.Equal(t, success, IsSuccess(status), status)
		}
	})

	t.Run("of a success that is too large no more is read", func(t *testing.T) {
		for status, drained := range map[int]bool{200: false, 400: true} {
			read := 0
			c := over(inTurn(func() *http.Response {
				resp := reply(status, "")
				resp.ContentLength = -1
				resp.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) { read += len(p); return len(p), nil }))
				return resp
			}))
			c.Retry.MaxAttempts, c.MaxBytes = 1, 64<<10
			assert.True(t, get(t.Context(), t, c).Failed)
			assert.Equal(t, drained, read > 1<<20, "%d: %d bytes", status, read)
		}
	})

	t.Run("a part is read up to its bound", func(t *testing.T) {
		for name, test := range map[string]struct {
			read func([]byte) (int, error)
			want error
		}{
			"nothing for ever":         {func([]byte) (int, error) { return 0, nil }, io.ErrNoProgress},
			"more than there is room":  {func(p []byte) (int, error) { return len(p) + 1, nil }, errMiscounted},
			"less than nothing":        {func([]byte) (int, error) { return -1, nil }, errMiscounted},
			"nothing, and then a byte": {inTurns(100-1, 1), nil},
			"nothing once too often":   {inTurns(100, 1), io.ErrNoProgress},
		} {
			n, err := readSome(readerFunc(test.read), make([]byte, 8))
			assert.Equal(t, test.want, err, name)
			assert.Equal(t, test.want == nil, n == 1, name)
		}
	})
}

// inTurns reads nothing so many times, and then n.
func inTurns(empty, n int) func([]byte) (int, error) {
	return func([]byte) (int, error) {
		if empty--; empty >= 0 {
			return 0, nil
		}
		return n, nil
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
