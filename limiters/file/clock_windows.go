package filelimiter

import (
	"time"

	"golang.org/x/sys/windows"
)

// readClock reads the time since the machine was started, in steps of about
// 16 ms: it is the same for all processes and goes on in its sleep. A new start
// shows by a time that went back.
func readClock() reading {
	return reading{up: windows.DurationSinceBoot(), wall: time.Now()}
}
