package main

import (
	"bytes"
	"io"
)

// hiding writes to w without the access key, which may have got into the wrong
// flag or variable, and so into the error about it.
func hiding(w io.Writer, key string) io.Writer {
	if key == "" {
		return w
	}
	return &hidingWriter{w, []byte(key)}
}

type hidingWriter struct {
	w   io.Writer
	key []byte
}

func (h *hidingWriter) Write(p []byte) (int, error) {
	_, err := h.w.Write(bytes.ReplaceAll(p, h.key, []byte("****")))
	return len(p), err
}
