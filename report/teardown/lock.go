package teardown

import (
	"errors"
	"path/filepath"
	"time"
)

// A lock is held for some milliseconds, and ends with the process that has it. Who
// gives up is by itself, and its report is without the others' runs.
const (
	maxLockWait = 3 * time.Second
	lockPause   = 5 * time.Millisecond
)

var errLocked = errors.New("another package holds the lock")

// locked does work that no other package does at the same time.
func (b *build) locked(work func() error) error {
	name := filepath.Join(b.folder, "lock")
	for began := time.Now(); ; time.Sleep(lockPause) {
		release, err := takeLock(name)
		switch {
		case err == nil:
			defer release()
			return work()
		case !errors.Is(err, errLocked), time.Since(began) >= maxLockWait:
			return err
		}
	}
}
