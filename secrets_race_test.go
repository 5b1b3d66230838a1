//go:build race

package insights

// secretShare is the part of the places in which a key is looked for that the
// race detector is told to look at: one in so many.
const secretShare = 4
