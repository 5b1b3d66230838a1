//go:build dragonfly || freebsd || openbsd

package filelimiter

import (
	"time"

	"golang.org/x/sys/unix"
)

// readClock reads the time since the machine was started, which is the same
// for all processes. A new start shows by a time that went back.
func readClock() reading {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // fails for unknown clocks only
	return reading{up: time.Duration(t.Nano()), wall: time.Now()}
}
