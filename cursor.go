package insights

// Cursor says where an [Client.AllTests] loop ended.
type Cursor struct{ text string }

// IsZero reports whether c is no cursor.
func (c Cursor) IsZero() bool { return c == Cursor{} }
