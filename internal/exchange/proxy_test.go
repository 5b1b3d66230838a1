package exchange

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestResultOfProxies(t *testing.T) {
	t.Run("a proxy that connects refuses nothing", func(t *testing.T) {
		assert.NoError(t, nameRefusal(t.Context(), nil, nil, &http.Response{StatusCode: 200}))
		assert.Equal(t, &tunnelRefusal{407, "407 who are you"}, nameRefusal(t.Context(), nil, nil, &http.Response{StatusCode: 407, Status: "407 who are you"}))
	})

	t.Run("a refusal may pass, or stays", func(t *testing.T) {
		for status, passes := range map[int]bool{0: true, 302: false, 403: false, 407: false, 429: true, 499: false, 500: true, 501: true, 503: true} {
			assert.Equal(t, passes, (&tunnelRefusal{status: status}).mayPass(), status)
		}
	})

	t.Run("a status is known by its words", func(t *testing.T) {
		for text, status := range map[string]int{"Multiple Choices": 300, "Forbidden": 403, "Network Authentication Required": 511, "OK": 0, "": 0, "forbidden": 0} {
			assert.Equal(t, status, statusOf(text), text)
		}
	})
}
