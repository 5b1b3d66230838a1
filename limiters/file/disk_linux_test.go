package filelimiter

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=512k"); err != nil {
		t.Skip("a small disk can't be mounted here:", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(disk, 0)) })
	early := newLimiter(t, filepath.Join(disk, "early.limit"), WithFailClosed(), WithRateLimit(100, 1))
	filler, err := os.Create(filepath.Join(disk, "filler"))
	require.NoError(t, err)
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	require.NoError(t, filler.Close())

	t.Run("is an error", func(t *testing.T) {
		path := filepath.Join(disk, "late.limit")
		_, err := New(path)
		assert.EqualError(t, err, "filelimiter: write "+path+": no space left on device")
	})

	t.Run("does not matter to a limiter that was there before", func(t *testing.T) {
		for range 20 {
			assert.NoError(t, early.Wait(t.Context()))
		}
	})
}
