package filelimiter

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// bootID differs for each start of the machine.
var bootID = sync.OnceValue(func() [16]byte {
	text, _ := unix.Sysctl("kern.bootsessionuuid")
	return identify(text)
})

// readClock reads the time since the machine was started: it is the same for
// all processes and goes on in its sleep.
func readClock() reading {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC_RAW, &t) // fails for unknown clocks only
	return reading{boot: bootID(), up: time.Duration(t.Nano()), wall: time.Now()}
}
