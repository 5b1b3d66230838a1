package wire

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// The bounds of a table of texts: what it may hold on to is their product.
const (
	internedTexts  = 1024
	internedLength = 256
)

// interned keeps texts that come again and again, such as owners, builds and
// systems, so that each is stored once. A text has two places, of which the
// second is for the one that was asked for longer ago: so the table never
// grows, and few texts drive each other out.
type interned struct {
	seed  maphash.Seed
	texts [internedTexts / 2][2]string
}

func newInterned() *interned {
	return &interned{seed: maphash.MakeSeed()}
}

// text is b as a string, possibly one that was made before.
func (t *interned) text(b []byte) string {
	if len(b) == 0 || len(b) > internedLength {
		return string(b)
	}
	places := &t.texts[t.hash(b)%uint64(len(t.texts))]
	if places[0] == string(b) {
		return places[0]
	}
	if places[1] != string(b) {
		places[1] = string(b)
	}
	places[0], places[1] = places[1], places[0]
	return places[0]
}

// hash of a text of up to 16 bytes is that of its first and its last eight, which
// is all of it.
func (t *interned) hash(b []byte) uint64 {
	const odd = 0x9e3779b97f4a7c15 // with bits all over
	switch n := len(b); {
	case n > 16:
		return maphash.Bytes(t.seed, b)
	case n >= 8:
		first, last := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
		return (first ^ bits.RotateLeft64(last*odd, 29)) * odd >> 32
	case n >= 4:
		return (uint64(binary.LittleEndian.Uint32(b))<<32 | uint64(binary.LittleEndian.Uint32(b[n-4:]))) * odd >> 32
	}
	return (uint64(b[0])<<16 | uint64(b[len(b)/2])<<8 | uint64(b[len(b)-1])) * odd >> 32
}
