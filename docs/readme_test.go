package docs_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Details are in this folder: the README is read from its beginning to its end.
func TestREADMEIsShort(t *testing.T) {
	assert.LessOrEqual(t, bytes.Count(read(t, "../README.md"), []byte("\n")), 200)
}
