package filelimiter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// The file is a preamble and two records, of which the valid one with the
// higher sequence counts. A save overwrites the other one: a process that is
// killed in the middle of it leaves the state as it was. The size is fixed when
// the file is made, so that a save needs no further room on the disk.
//
// A record is its head and the slots, each a moment << 1, or'd with 1 if the
// slot is free. Numbers are little-endian, times are in nanoseconds.
const (
	magic        = "insights limiter"
	version      = 1
	preambleSize = 64
	headSize     = 128
	slotSize     = 8
)

type preamble struct {
	Magic    [len(magic)]byte
	Version  int64
	Capacity int64
	Checksum uint32 // of what is before it
	_        [28]byte
}

type head struct {
	Checksum                 uint32 // of what is behind it, slots included
	_                        [4]byte
	Slots                    int64
	Sequence                 int64
	Interval, Burst, PerHour int64
	Boot                     [16]byte
	Offset, Seen, Wall, Debt int64
	_                        [32]byte
}

var (
	errForeign = errors.New("the file is not a state file of this package: name another one, or remove it")
	errNewer   = errors.New("the file was written by a newer version of this package: update this program, or name another file")
	errDamaged = errors.New("the state file is damaged")
	errEmpty   = errors.New("the state file is empty")
)

var (
	little    = binary.LittleEndian
	crc32cTab = crc32.MakeTable(crc32.Castagnoli)
)

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32cTab) }

// capacity is how many slots there are at most: those of an hour, and those
// reserved up to the horizon.
func (l limits) capacity() int {
	return l.perHour + int(horizon/l.interval) + l.burst + 1
}

func recordSize(capacity int) int { return headSize + slotSize*capacity }

func fileSize(capacity int) int { return preambleSize + 2*recordSize(capacity) }

// maxCapacity is that of the highest limits.
var maxCapacity = limits{interval: time.Second / maxPerSecond, burst: maxBurst, perHour: maxPerHour}.capacity()

func formatPreamble(capacity int) []byte {
	b := encode(nil, preamble{Magic: [len(magic)]byte([]byte(magic)), Version: version, Capacity: int64(capacity)})
	little.PutUint32(b[32:], checksum(b[:32]))
	return b
}

// encode appends the fields of v.
func encode(b []byte, v any) []byte {
	b, err := binary.Append(b, little, v)
	if err != nil {
		panic("filelimiter: a type has no fixed size: " + err.Error())
	}
	return b
}

// decode sets v from the first bytes of b, which must be enough.
func decode(b []byte, v any) {
	if _, err := binary.Decode(b, little, v); err != nil {
		panic("filelimiter: a type has no fixed size: " + err.Error())
	}
}

// parsePreamble returns the capacity of the file that begins with b.
func parsePreamble(b []byte) (capacity int, err error) {
	switch {
	case len(bytes.Trim(b, "\x00")) == 0:
		return 0, errEmpty
	case !bytes.HasPrefix([]byte(magic), b[:min(len(b), len(magic))]):
		return 0, errForeign
	case len(b) < preambleSize:
		return 0, errDamaged
	}
	var p preamble
	decode(b, &p)
	switch {
	case p.Version > version:
		return 0, fmt.Errorf("%w (version %d, this one knows %d)", errNewer, p.Version, version)
	case p.Checksum != checksum(b[:32]) || p.Capacity < 1 || p.Capacity > int64(maxCapacity):
		return 0, errDamaged
	}
	return int(p.Capacity), nil
}

func appendRecord(b []byte, s *state) []byte {
	start := len(b)
	b = encode(b, head{
		Slots:    int64(len(s.slots)),
		Sequence: s.sequence,
		Interval: int64(s.limits.interval), Burst: int64(s.limits.burst), PerHour: int64(s.limits.perHour),
		Boot:   s.boot,
		Offset: int64(s.offset), Seen: int64(s.seen), Wall: s.wall.UnixNano(), Debt: int64(s.debt),
	})
	b = encode(b, encodeSlots(s.slots))
	little.PutUint32(b[start:], checksum(b[start+4:]))
	return b
}

func encodeSlots(slots []slot) []int64 {
	encoded := make([]int64, len(slots))
	for i, t := range slots {
		encoded[i] = int64(t.at) << 1
		if t.free {
			encoded[i] |= 1
		}
	}
	return encoded
}

// parseRecord returns nil if b does not begin with a whole record.
func parseRecord(b []byte) *state {
	var h head
	decode(b, &h)
	if h.Slots < 0 || h.Slots > int64(len(b)-headSize)/slotSize {
		return nil
	}
	n := int(h.Slots)
	if h.Checksum != checksum(b[4:headSize+slotSize*n]) {
		return nil
	}
	return &state{
		schedule: schedule{slots: decodeSlots(b[headSize:], n), debt: time.Duration(h.Debt)},
		sequence: h.Sequence,
		limits:   limits{interval: time.Duration(h.Interval), burst: int(h.Burst), perHour: int(h.PerHour)},
		boot:     h.Boot,
		offset:   time.Duration(h.Offset),
		seen:     time.Duration(h.Seen),
		wall:     time.Unix(0, h.Wall),
	}
}

func decodeSlots(b []byte, n int) []slot {
	encoded := make([]int64, n)
	decode(b, encoded)
	slots := make([]slot, n, n+1)
	for i, v := range encoded {
		slots[i] = slot{at: time.Duration(v >> 1), free: v&1 == 1}
	}
	return slots
}
