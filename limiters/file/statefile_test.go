package filelimiter

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNew(t *testing.T) {
	t.Run("makes a file that only its user can read", func(t *testing.T) {
		path := stateName(t)
		newLimiter(t, path)
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode())
		assert.Equal(t, int64(64_032), info.Size())
	})

	t.Run("refuses a file that something else has written, and leaves it as it is", func(t *testing.T) {
		for _, content := range []string{"x", "a letter to a friend", string(make([]byte, 20)) + "data", magic[:5] + "?"} {
			path := stateName(t)
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := New(path)
			assert.EqualError(t, err, "filelimiter: read "+path+": the file is not a state file of this package: name another one, or remove it")
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, content, string(kept))
		}
	})

	t.Run("refuses a file of a newer version, and leaves it as it is", func(t *testing.T) {
		path := stateName(t)
		newLimiter(t, path)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		b[16] = 2
		require.NoError(t, os.WriteFile(path, b, 0o600))
		_, err = New(path)
		assert.EqualError(t, err, "filelimiter: read "+path+": the file was written by a newer version of this package: update this program, or name another file (version 2, this one knows 1)")
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, b, kept)
	})

	t.Run("says what is wrong with the path", func(t *testing.T) {
		dir := t.TempDir()
		for path, want := range map[string]string{
			filepath.Join(dir, "missing", "f"): "no such file or directory: the directory has to be made first",
			dir:                                "is a directory",
			os.DevNull:                         "it is not a regular file",
			"":                                 "no such file or directory",
		} {
			_, err := New(path)
			assert.ErrorContains(t, err, want)
			assert.ErrorContains(t, err, path)
		}
	})

	t.Run("waits for no other process", func(t *testing.T) {
		path := stateName(t)
		newLimiter(t, path)
		defer lockFile(t, path)()
		_, err := New(path)
		assert.NoError(t, err)
	})

	t.Run("makes room for higher limits, and keeps what is there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			l := newTestLimiter(t, path, WithHourlyLimit(10))
			for range 10 {
				require.NoError(t, l.Wait(t.Context()))
			}
			l = newTestLimiter(t, path, WithHourlyLimit(1000), WithLogger(quiet))
			for range 990 {
				require.NoError(t, l.Wait(t.Context()))
			}
			assert.Equal(t, 999*125*time.Millisecond, time.Since(testStart))
			require.NoError(t, l.Wait(t.Context()))
			assert.Equal(t, time.Hour+time.Second, time.Since(testStart))
		})
	})
}

func TestWaitWithTheFile(t *testing.T) {
	t.Run("begins anew when it was removed, with a Warn", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			path := stateName(t)
			l := newTestLimiter(t, path, log.option())
			require.NoError(t, os.Remove(path))
			require.NoError(t, l.Wait(t.Context()))
			start := time.Now()
			require.NoError(t, l.Wait(t.Context()))
			assert.Equal(t, 125*time.Millisecond, time.Since(start))
			assert.Regexp(t, `^\S+ level=WARN msg="filelimiter: what was sent in the last hour is not known, so the limits begin anew" error="the state file is empty" file=\S+\n$`, log.String())
		})
	})

	t.Run("takes a file that was put in its place while it waited for the lock", func(t *testing.T) {
		path := stateName(t)
		l := newLimiter(t, path, WithRateLimit(100, 1))
		release := lockFile(t, path)
		done := make(chan error)
		go func() { done <- l.Wait(t.Context()) }()
		time.Sleep(20 * time.Millisecond)
		require.NoError(t, os.Rename(path, path+".old"))
		require.NoError(t, <-done, "the new file has a lock of its own")
		release()
		old, err := os.ReadFile(path + ".old")
		require.NoError(t, err)
		current, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, len(old), len(current))
		assert.NotEqual(t, old, current)
	})

	t.Run("loses nothing to a save that broke off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			l := newTestLimiter(t, path)
			for i := range 50 {
				before, err := os.ReadFile(path)
				require.NoError(t, err)
				require.NoError(t, l.Wait(t.Context()))
				after, err := os.ReadFile(path)
				require.NoError(t, err)
				// Of the save only the first bytes arrive, and then the process is dead.
				n := firstDifference(before, after) + 1 + rand.IntN(8*i+1)
				require.NoError(t, os.WriteFile(path, append(bytes.Clone(after[:n]), before[n:]...), 0o600))
				broken, err := newTestState(t, path)
				require.NoError(t, err)
				assert.Len(t, broken.slots, i, "the state is the one before the save")
				require.NoError(t, os.WriteFile(path, after, 0o600))
			}
		})
	})

	t.Run("survives any damage", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := stateName(t)
			l := newTestLimiter(t, path, WithLogger(quiet))
			for range 20 {
				require.NoError(t, l.Wait(t.Context()))
			}
			whole, err := os.ReadFile(path)
			require.NoError(t, err)
			r := rand.New(rand.NewPCG(1, 2))
			for range 300 {
				require.NoError(t, os.WriteFile(path, damage(r, whole), 0o600))
				l := newTestLimiterUnchecked(t, path)
				start := time.Now()
				for range 3 {
					require.NoError(t, l.Wait(t.Context()))
				}
				assert.Less(t, time.Since(start), 3*time.Second)
			}
		})
	})
}

func firstDifference(a, b []byte) int {
	for i := preambleSize; ; i++ {
		if a[i] != b[i] {
			return i
		}
	}
}

func newTestState(t *testing.T, path string) (*state, error) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { assert.NoError(t, f.Close()) }()
	s, _, err := load(f)
	return s, err
}

// damage changes a few bytes behind the version, or cuts the file off.
func damage(r *rand.Rand, whole []byte) []byte {
	b := bytes.Clone(whole)
	switch r.IntN(4) {
	case 0:
		return b[:r.IntN(len(b))]
	case 1:
		for i := range b {
			b[i] = 0
		}
	default:
		for range 1 + r.IntN(8) {
			b[24+r.IntN(900)] ^= byte(1 + r.IntN(255))
		}
	}
	return b
}
