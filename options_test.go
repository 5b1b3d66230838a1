package insights

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithClock(t *testing.T) {
	t.Run("fixes a Last period of AllTests by that clock", func(t *testing.T) {
		var asked string
		transport := inMemory(func(request *http.Request) (*http.Response, error) {
			asked = request.URL.Query().Get("start") + " " + request.URL.Query().Get("end")
			return reply(200, `{"items":[],"has_more":false}`), nil
		})
		noon := time.Date(2021, 5, 1, 12, 0, 0, 0, time.UTC)
		c := clientOver(t, transport, WithClock(func() time.Time { return noon }))
		for _, err := range c.AllTests(t.Context(), TestsOptions{Period: Last(time.Hour)}) {
			require.NoError(t, err)
		}
		assert.Equal(t, "2021-05-01T11:00:00Z 2021-05-01T12:00:00Z", asked)
	})
}
