package filelimiter

import "time"

// reading is what the clocks of the machine show.
type reading struct {
	boot [16]byte      // identifies the start of the machine, where the system tells
	up   time.Duration // since then, sleep included: nobody can set it
	wall time.Time
}

// state is what the file holds.
type state struct {
	schedule
	sequence int64  // of the save
	limits   limits // of who saved it
	boot     [16]byte
	offset   time.Duration // from the time since boot to that of the schedule
	seen     time.Duration // when it was last looked at
	wall     time.Time     // then
}

func newState(r reading, l limits) *state {
	return &state{limits: l, boot: r.boot, seen: r.up, wall: r.wall}
}

// now is the time of the schedule. It never goes back, and goes on when the
// machine was started anew: only then is the clock trusted that can be set, and
// only if it went forward.
func (s *state) now(r reading) time.Duration {
	if s.boot != r.boot || r.up+s.offset < s.seen {
		s.boot = r.boot
		s.offset = s.seen + max(0, r.wall.Sub(s.wall)) - r.up
	}
	s.seen, s.wall = r.up+s.offset, r.wall
	return s.seen
}
