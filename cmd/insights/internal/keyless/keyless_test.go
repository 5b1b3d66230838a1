package keyless

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWriter(t *testing.T) {
	for key, want := range map[string]string{"quartz": "-region **** and ****", "": "-region quartz and quartz"} {
		var out strings.Builder
		n, err := fmt.Fprint(Writer(&out, key), "-region quartz and quartz")
		assert.NoError(t, err)
		assert.Equal(t, len("-region quartz and quartz"), n)
		assert.Equal(t, want, out.String())
	}
}
