//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package export

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock keeps other processes away until unlock. The lock of a process that is
// killed is gone; its file stays, and does no harm.
func lock(file string) (unlock func(), err error) {
	for {
		f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o666)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && isStill(f) {
			return func() { _ = errors.Join(os.Remove(file), f.Close()) }, nil
		}
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s is locked: another process exports to the same file", file)
		}
		if err != nil {
			return nil, fmt.Errorf("locking %s: %w", file, err)
		}
	}
}

// isStill reports whether f has the name that it was opened by: the process
// that had the lock before removes the file.
func isStill(f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.Name())
	return err == nil && os.SameFile(opened, named)
}
