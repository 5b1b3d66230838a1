package insights

import "hash/maphash"

// The bounds of a table of texts: what it may hold on to is their product.
const (
	internedTexts  = 1024
	internedLength = 128
)

// interned keeps texts that come again and again, such as owners, builds and
// systems, so that each is stored once. A text has one place, and puts out the
// one that was there: so the table never grows.
type interned struct {
	seed  maphash.Seed
	texts [internedTexts]string
}

func newInterned() *interned {
	return &interned{seed: maphash.MakeSeed()}
}

// text is b as a string, possibly one that was made before.
func (t *interned) text(b []byte) string {
	if len(b) == 0 || len(b) > internedLength {
		return string(b)
	}
	place := &t.texts[maphash.Bytes(t.seed, b)%internedTexts]
	if *place != string(b) {
		*place = string(b)
	}
	return *place
}
