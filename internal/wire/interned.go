package wire

import "hash/maphash"

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
	places := &t.texts[maphash.Bytes(t.seed, b)%uint64(len(t.texts))]
	if places[0] == string(b) {
		return places[0]
	}
	if places[1] != string(b) {
		places[1] = string(b)
	}
	places[0], places[1] = places[1], places[0]
	return places[0]
}
