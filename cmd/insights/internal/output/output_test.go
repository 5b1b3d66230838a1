package output

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWriteNDJSON(t *testing.T) {
	t.Run("gives a row to the reader before it asks for the next", func(t *testing.T) {
		r, w := io.Pipe()
		rows := func(yield func(string, error) bool) {
			for _, row := range []string{"first", "second"} {
				if !yield(row, nil) {
					return
				}
			}
			_ = w.Close() // after all rows were read
		}
		go func() { _ = Write(w, NDJSON, Sheet[string]{Rows: rows}) }()
		for _, want := range []string{"\"first\"\n", "\"second\"\n"} {
			line := make([]byte, len(want))
			n, err := r.Read(line)
			require.NoError(t, err)
			assert.Equal(t, want, string(line[:n]))
		}
	})
	t.Run("ends with the error of a reader who has gone", func(t *testing.T) {
		r, w := io.Pipe()
		require.NoError(t, r.Close())
		asked := 0
		err := Write(w, NDJSON, Sheet[int]{Rows: func(yield func(int, error) bool) {
			for i := range 1000 {
				asked++
				if !yield(i, nil) {
					return
				}
			}
		}})
		assert.ErrorIs(t, err, io.ErrClosedPipe)
		assert.Equal(t, 1, asked)
	})
}
