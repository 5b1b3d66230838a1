// Package keyless keeps the access key out of what the command prints: it may
// have got into the wrong flag or variable, and so into the error about it.
package keyless

import (
	"bytes"
	"io"
)

// Writer writes to w, with asterisks for the key. An empty key is none.
func Writer(w io.Writer, key string) io.Writer {
	if key == "" {
		return w
	}
	return &writer{w, []byte(key)}
}

type writer struct {
	w   io.Writer
	key []byte
}

// Write takes p for a whole line: a key that is cut in two is not found.
func (w *writer) Write(p []byte) (int, error) {
	if _, err := w.w.Write(bytes.ReplaceAll(p, w.key, []byte("****"))); err != nil {
		return 0, err
	}
	return len(p), nil
}
