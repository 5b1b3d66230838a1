//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package export

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTwoProcessesDoNotWriteToOneFile(t *testing.T) {
	t.Parallel()
	srv, _ := serve(t, 10)
	file := in(t, "week.ndjson")
	unlock, err := lock(file + ".lock")
	require.NoError(t, err)
	status, _, stderr := start(t, askFor(srv, file))
	assert.Equal(t, failed, status)
	assert.Equal(t, fmt.Sprintf("export: %s.lock is locked: another process exports to the same file\n", file), stderr)
	unlock()
	status, _, _ = start(t, askFor(srv, file))
	assert.Equal(t, complete, status)
}
