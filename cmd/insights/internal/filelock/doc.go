// Package filelock keeps other processes of a machine away, by a lock on a file that
// ends with the process that has it, however that ends. The file stays, and does no
// harm.
package filelock

import "errors"

// ErrTaken says that another process has the lock.
var ErrTaken = errors.New("another process has it")
