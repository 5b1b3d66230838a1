package filelock

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTake(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.lock")
	release, err := Take(name)
	require.NoError(t, err)
	_, err = Take(name)
	require.ErrorIs(t, err, ErrTaken)
	assert.ErrorContains(t, err, name)
	release()
	release, err = Take(name)
	require.NoError(t, err)
	release()
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = Take(filepath.Join(t.TempDir(), "no such folder", "x.lock"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
