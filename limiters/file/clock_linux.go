package filelimiter

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// bootID differs for each start of the machine and each time namespace. Without
// /proc it is zero.
var bootID = sync.OnceValue(func() [16]byte {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return [16]byte{}
	}
	offsets, _ := os.ReadFile("/proc/self/timens_offsets") // not there before Linux 5.6
	return identify(string(text) + string(offsets))
})

// readClock reads the time since the machine was started: it is the same for
// all processes and goes on in its sleep. Without a boot ID, as in a sandbox, it
// can be another time for each process, and the wall clock stands in for it.
func readClock() reading {
	r := reading{boot: bootID(), wall: time.Now()}
	if r.boot == [16]byte{} {
		r.up = time.Duration(r.wall.UnixNano())
		return r
	}
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) // there since Linux 2.6.39, older than what Go supports
	r.up = time.Duration(t.Nano())
	return r
}
