package wire

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScannerRepeated(t *testing.T) {
	texts := newInterned()
	a, b := texts.text([]byte("Linux")), texts.text([]byte("Linux"))
	assert.Same(t, unsafe.StringData(a), unsafe.StringData(b))
	for i := range 10 * internedTexts {
		text := fmt.Sprint("text ", i)
		require.Equal(t, text, texts.text([]byte(text)), "however many there are")
	}
	for length := range 40 {
		text := strings.Repeat("x", length)
		require.Equal(t, text, texts.text([]byte(text)))
		assert.Same(t, unsafe.StringData(texts.text([]byte(text))), unsafe.StringData(texts.text([]byte(text))), "of %d bytes", length)
	}
	long := []byte(strings.Repeat("x", internedLength+1))
	longest := long[1:]
	assert.Same(t, unsafe.StringData(texts.text(longest)), unsafe.StringData(texts.text(longest)))
	assert.NotSame(t, unsafe.StringData(texts.text(long)), unsafe.StringData(texts.text(long)), "long ones are not kept")
}
