package exchange

import (
	"errors"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestResultError(t *testing.T) {
	t.Run("the url is taken off an error", func(t *testing.T) {
		inner := errors.New("refused")
		wrapped := &url.Error{Op: "Get", URL: "https://x/?secret", Err: &url.Error{Op: "Get", URL: "https://y/?secret", Err: inner}}
		assert.Equal(t, inner, withoutURL(wrapped))
		assert.NoError(t, withoutURL(nil))
	})
}
